"""The list of people: who there is, how they sign in, and inviting somebody."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Response

from assent.control.accounts import Invited
from assent.control.local_person import PersonChange
from assent.control.person_page import Listed, people_listed
from assent.core.clock import isoformat
from assent.core.faults import ConflictFault, Fault
from assent.core.role import Permission, Role
from assent.core.subject import Subject
from assent.web.answers import Line, clean
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, status_of

router = APIRouter(route_class=PageRoute)

PAGE = "/people"
MOST_SHOWN = 100
SOURCES = {
    "local": "an administrator, here",
    "configuration": "the configuration",
    "scim": "an identity provider, by SCIM",
}
ROLES = (Role.OPERATOR, Role.SECURITY, Role.AUDITOR, Role.ADMINISTRATOR)
Sees = Annotated[Seat, Depends(needs(Permission.READ_PEOPLE))]
Changes = Annotated[Seat, Depends(acts(Permission.CHANGE_PEOPLE))]
Word = Annotated[str, Query(max_length=128)]
Names = Annotated[str, Form(max_length=4000)]
Roles = Annotated[list[Role], Form(max_length=len(Role))]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which people the list shows; empty for whoever. signs_in: `passkey`, `codes`, `neither`."""

    text: str = ""
    role: str = ""
    group: str = ""
    source: str = ""
    state: str = ""
    signs_in: str = ""
    order: str = "name"
    page: int = 1


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person of the list. at: in ISO 8601, empty for never. signs_in: words and their tone."""

    name: str
    display: str
    roles: tuple[str, ...]
    groups: tuple[str, ...]
    source: str
    state: str
    signs_in: tuple[tuple[str, str], ...]
    seen_at: str
    devices: int
    sessions: int
    level: str


@dataclass(frozen=True, slots=True)
class InviteForm:
    """Who was to be invited, to be shown again beside what is wrong with it."""

    name: str = ""
    display_name: str = ""
    email: str = ""
    groups: str = ""
    roles: frozenset[str] = frozenset()


@router.get(PAGE)
async def listing(
    seat: Sees,
    text: Word = "",
    role: Word = "",
    group: Word = "",
    source: Word = "",
    state: Word = "",
    signs_in: Word = "",
    order: Literal["name", "seen"] = "name",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """Return everybody who fits."""
    wanted = Wanted(text.strip(), role, group, source, state, signs_in, order, page)
    return await _shown(seat, wanted)


@router.post(PAGE)
async def invite(
    seat: Changes,
    name: Line = "",
    display_name: Line = "",
    email: Line = "",
    groups: Names = "",
    roles: Roles = [],  # noqa: B006
) -> Response:
    """Add somebody, and show the link that lets them in, this once."""
    sent = InviteForm(
        clean(name).strip(), clean(display_name), clean(email), clean(groups), frozenset(roles)
    )
    wanted = PersonChange(
        sent.display_name or None,
        sent.email or None,
        groups=names_of(groups),
        roles=frozenset(roles),
    )
    try:
        invited = await seat.desk.plane.local_people.accounts.invite(seat.caller, sent.name, wanted)
    except Fault as fault:
        if fault.code == "not-signed-in":
            raise
        return await _shown(seat, Wanted(), sent, fault.detail, status_of(fault)[0])
    return link_page(seat, invited, "invitation")


def link_page(seat: Seat, invited: Invited, purpose: str) -> Response:
    """Return the page that shows a link; nowhere else is it ever seen again."""
    values = {
        "seat": seat,
        "person": invited.subject,
        "link": invited.link.reveal(),
        "purpose": purpose,
    }
    page = seat.desk.pages.page("people_link.html", values)
    page.headers["cache-control"] = "no-store"
    return page


def names_of(text: str) -> frozenset[str]:
    """Return the groups that somebody wrote, set apart by commas, blanks or lines."""
    return frozenset(text.replace(",", " ").split())


def source_words(source: str) -> str:
    """Return who says what is said of somebody."""
    provider = source.removeprefix("oidc:")
    return SOURCES.get(source, f"the identity provider {provider}")


def state_of(subject: Subject) -> str:
    """Return `suspended`, `disabled` or nothing."""
    return "suspended" if subject.suspended else "disabled" if subject.disabled else ""


async def _shown(
    seat: Seat,
    wanted: Wanted,
    form: InviteForm | None = None,
    error: str = "",
    status: int = 200,
) -> Response:
    everybody = await people_listed(seat.desk.plane, seat.caller)
    fits = [one for one in everybody if _fits(one, wanted)]
    if wanted.order == "seen":
        fits.sort(key=lambda one: isoformat(one.seen_at) if one.seen_at else "", reverse=True)
    pages = max(1, -(-len(fits) // MOST_SHOWN))
    page = min(wanted.page, pages)
    shown = fits[(page - 1) * MOST_SHOWN : page * MOST_SHOWN]
    values = {
        "seat": seat,
        "rows": [_row(one) for one in shown],
        "count": len(fits),
        "all": len(everybody),
        "pages": pages,
        "wanted": replace(wanted, page=page),
        "groups": sorted({group for one in everybody for group in one.subject.groups}),
        "sources": _sources(everybody),
        "all_roles": [role.value for role in ROLES],
        "may_change": seat.caller.may(Permission.CHANGE_PEOPLE),
        "sees_sessions": seat.caller.may(Permission.READ_ACCESS),
        "form": form or InviteForm(),
        "error": error,
    }
    return seat.desk.pages.page("people.html", values, status)


def _sources(everybody: Sequence[Listed]) -> list[tuple[str, str]]:
    found = sorted({one.subject.source for one in everybody})
    return [(source, source_words(source)) for source in found]


def _fits(one: Listed, wanted: Wanted) -> bool:
    subject = one.subject
    words = f"{subject.name} {subject.display_name} {subject.email}".casefold()
    means = {
        "passkey": one.means.passkeys > 0,
        "codes": one.means.codes,
        "neither": not one.means.passkeys and not one.means.codes,
    }
    return (
        wanted.text.casefold() in words
        and (not wanted.role or wanted.role in one.roles)
        and (not wanted.group or wanted.group in subject.groups)
        and (not wanted.source or wanted.source == subject.source)
        and (not wanted.state or wanted.state == (state_of(subject) or "enabled"))
        and means.get(wanted.signs_in, True)
    )


def _row(one: Listed) -> PersonRow:
    subject = one.subject
    return PersonRow(
        subject.name,
        subject.display_name,
        tuple(sorted(role for role in one.roles if role is not Role.REQUESTER)),
        tuple(sorted(subject.groups)),
        source_words(subject.source),
        state_of(subject),
        means_words(one),
        isoformat(one.seen_at) if one.seen_at else "",
        one.devices,
        one.sessions,
        one.level.value if one.level else "",
    )


def means_words(one: Listed) -> tuple[tuple[str, str], ...]:
    """Return what somebody proves who they are with, beside a password, with the tone of each."""
    means, found = one.means, list[tuple[str, str]]()
    if means.passkeys:
        found.append((f"{means.passkeys} passkey{'s' if means.passkeys > 1 else ''}", "good"))
    if means.codes:
        found.append(("app for codes", ""))
    if not found and one.subject.source.startswith("oidc:"):
        found.append(("its provider", ""))
    return tuple(found) or (("password alone", "warn"),)


def reason_of(text: str) -> str:
    """Return why somebody acts, as the log keeps it. Raises ConflictFault for nothing."""
    reason = clean(text).strip()
    if not reason:
        raise ConflictFault("no-reason", "say why; the log keeps it")
    return reason
