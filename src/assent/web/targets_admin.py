"""What is guarded, target by target: how it stands, who has access, and changing what there is."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Response
from starlette.responses import RedirectResponse

from assent.control.configuring import Foreseen
from assent.control.health import CatalogueAge
from assent.control.planning import Content
from assent.core.clock import isoformat
from assent.core.faults import Fault, MissingFault
from assent.core.label import LabelState
from assent.core.resource import Target
from assent.core.role import Permission
from assent.web.answers import Prose, clean
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, status_of
from assent.web.person_views import Line
from assent.web.target_tools import options_of, tools_of

router = APIRouter(prefix="/targets", route_class=PageRoute)

LONGEST_TEXT = 256 * 1024
_MOST_LINES = 50
_TLS = {
    "disable": ("not encrypted", "danger"),
    "prefer": ("encrypted where it can be", "warn"),
    "require": ("encrypted, without knowing to whom", "warn"),
    "verify": ("encrypted, and it proves who it is", "good"),
}
_CREDENTIALS = {
    "env": "a password in the server's environment",
    "file": "a password in a file of the server",
    "vault": "a password from Vault, made for each session",
}
Sees = Annotated[Seat, Depends(needs(Permission.ASK, Permission.READ_ACCESS))]
Changes = Annotated[Seat, Depends(acts(Permission.ASK))]
NamePath = Annotated[str, Path(max_length=128)]


@dataclass(frozen=True, slots=True)
class CatalogueView:
    """What is known of what one database holds. read_at: ISO 8601, empty for never."""

    database: str
    relations: str
    read_at: str
    problem: str


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A target of the list. problem: why its names are not known, empty where all is well.

    has_catalogue: what it holds is looked through, so that names are known before they are used.
    """

    name: str
    protocol: str
    environment: str
    owners: tuple[str, ...]
    labels: int
    grants: int
    problem: str
    read_at: str
    has_catalogue: bool


@router.get("")
async def listing(seat: Sees) -> Response:
    """Return all targets."""
    return _list(seat)


@router.post("/plan")
async def plan(seat: Changes, text: Annotated[str, Form(max_length=LONGEST_TEXT)] = "") -> Response:
    """Show what other targets would change, and what applying them would lead to."""
    try:
        foreseen = await seat.desk.plane.configuring.plan(seat.caller, _content(text))
    except Fault as fault:
        if fault.code == "not-signed-in":
            raise
        return _list(seat, text, fault.detail, status_of(fault)[0])
    return _list(seat, text, foreseen=foreseen)


@router.post("/apply")
async def apply(
    seat: Changes,
    text: Annotated[str, Form(max_length=LONGEST_TEXT)] = "",
    reason: Prose = "",
) -> Response:
    """Put other targets in force, or ask the people whom policies name."""
    try:
        applied = await seat.desk.plane.configuring.apply(
            seat.caller, _content(text), reason=clean(reason)
        )
    except Fault as fault:
        if fault.code == "not-signed-in":
            raise
        return _list(seat, text, fault.detail, status_of(fault)[0])
    path = f"/requests/{applied.request.id}" if applied.request else "/targets"
    return RedirectResponse(path, status_code=303)


@router.get("/{name}")
async def page(seat: Sees, name: NamePath) -> Response:
    """Return the page of one target."""
    plane, caller = seat.desk.plane, seat.caller
    target = plane.directory.target_named(name)
    if target is None or target not in plane.directory.targets():
        raise MissingFault("no-such-target", f"there is no target `{name[:80]}`")
    owns = bool(caller.subject.groups & target.owners)
    sees_all = owns or caller.oversees or caller.may(Permission.READ_POLICIES)
    values = {
        "seat": seat,
        "target": target,
        "owner_names": sorted(target.owners),
        "tls": _TLS.get(target.tls, (target.tls, "")),
        "credential": _credential(target.credential),
        "databases": _databases(target),
        "has_catalogue": _has_catalogue(target),
        "way": seat.desk.way_in(target),
        "options": options_of(target) if sees_all else (),
        "tools": await tools_of(plane, target) if owns or caller.oversees else (),
        "sees_all": sees_all,
        "sees_access": owns or caller.oversees,
        "sees_policies": caller.may(Permission.READ_POLICIES),
        "may_ask": caller.may(Permission.ASK),
        "catalogues": _catalogues(seat, target),
        "labels": _labels(target),
        "suggested": _suggested(seat, target) if owns or caller.oversees else 0,
        "grants": _grants(seat, target) if owns or caller.oversees else (),
        "sessions": await _sessions(seat, target) if owns or caller.oversees else (),
        "policies": _naming(plane.configuring.sources, target.name),
    }
    return seat.desk.pages.page("target_page.html", values)


def _content(text: str) -> Content:
    # Browsers send lines as HTTP does; files of configuration end them as the rest of them does.
    return Content(None, text.replace("\r\n", "\n"))


def _list(
    seat: Seat,
    text: str = "",
    error: str = "",
    status: int = 200,
    foreseen: Foreseen | None = None,
) -> Response:
    plane = seat.desk.plane
    values = {
        "seat": seat,
        "rows": [_row(seat, one) for one in plane.directory.targets()],
        "may_propose": seat.caller.may(Permission.ASK),
        "text": text,
        "foreseen": foreseen,
        "error": error,
    }
    return seat.desk.pages.page("targets.html", values, status)


def _row(seat: Seat, target: Target) -> TargetRow:
    ages = _ages(seat, target)
    problem = next((one.problem for one in ages if one.problem), "")
    read = [one.read_at for one in ages if one.read_at]
    return TargetRow(
        target.name,
        target.protocol,
        target.environment,
        tuple(sorted(target.owners)),
        len(target.labels),
        len(_grants(seat, target)),
        problem,
        isoformat(min(read)) if read else "",
        _has_catalogue(target),
    )


def _has_catalogue(target: Target) -> bool:
    return target.protocol == "postgres"


def _databases(target: Target) -> list[str]:
    """Return its databases, or the accounts of a server; what else there is has neither."""
    if target.protocol not in ("postgres", "ssh"):
        return []
    return [one for one in (target.database, *target.databases) if one]


def _ages(seat: Seat, target: Target) -> Sequence[CatalogueAge]:
    found = [one for one in seat.desk.plane.health.catalogues() if one.target == target.id]
    return sorted(found, key=lambda one: one.database)


def _catalogues(seat: Seat, target: Target) -> list[CatalogueView]:
    return [
        CatalogueView(
            one.database,
            f"{one.relations:,}",
            isoformat(one.read_at) if one.read_at else "",
            one.problem,
        )
        for one in _ages(seat, target)
    ]


def _labels(target: Target) -> list[tuple[str, int]]:
    counted = Counter(label for labels in target.labels.values() for label in labels)
    return counted.most_common(_MOST_LINES)


def _suggested(seat: Seat, target: Target) -> int:
    labels = seat.desk.plane.labels.list(seat.caller, target.name)
    return sum(one.state is LabelState.SUGGESTED for one in labels)


def _grants(seat: Seat, target: Target) -> tuple[Line, ...]:
    """Return who has access now, as far as the caller may see it. at: until when."""
    plane = seat.desk.plane
    return tuple(
        Line(
            plane.directory.names.get(one.subject, one.subject),
            about=one.id,
            at=isoformat(one.ends_at),
            tag=one.kind.value,
            tone="danger" if one.kind.value == "break-glass" else "",
        )
        for one in plane.grants.counting(seat.caller, True)
        if one.target == target.id
    )[:_MOST_LINES]


async def _sessions(seat: Seat, target: Target) -> tuple[Line, ...]:
    plane = seat.desk.plane
    found = [one for one in await plane.sessions.seen(seat.caller) if one.target == target.id]
    return tuple(
        Line(
            plane.directory.names.get(one.subject, one.subject),
            f"/sessions/{one.id}",
            " · ".join(word for word in (one.application, one.client_address) if word),
            isoformat(one.opened_at),
            one.state.value,
            "good" if one.state.value == "open" else "",
        )
        for one in found[:10]
    )


def _credential(reference: str) -> str:
    """Return where the gateway's own password is from, and nothing of what is there."""
    kind, _, _ = reference.partition(":")
    return _CREDENTIALS.get(kind, f"by `{kind[:20]}`" if kind else "none")


def _naming(sources: Mapping[str, str], name: str) -> list[tuple[str, int]]:
    """Return the policy files that name a target, with the lines on which each does so first."""
    named = re.compile(rf'Target::"{re.escape(name)}"')
    found = []
    for file, text in sorted(sources.items()):
        match = named.search(text)
        if match:
            found.append((file, text.count("\n", 0, match.start()) + 1))
    return found
