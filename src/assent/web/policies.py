"""The pages of policies: what is in force, what is being written, and where to start from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Response
from starlette.responses import RedirectResponse

from assent.control.planning import policy_differences
from assent.core.clock import isoformat
from assent.core.decision import describe
from assent.core.faults import MissingFault
from assent.core.role import Permission
from assent.policy import PolicySet, Rule
from assent.policy.highlight import Piece, lines
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, TheSeat
from assent.web.policy_gallery import GALLERY, Example, example

router = APIRouter(route_class=PageRoute)

Reading = Depends(needs(Permission.READ_POLICIES))
Writing = Annotated[Seat, Depends(acts(Permission.READ_POLICIES))]
TABS = (
    ("in-force", "/policies", "In force"),
    ("drafts", "/policies/drafts", "Drafts"),
    ("gallery", "/policies/gallery", "Gallery"),
)


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule in a list. asks: what lifts a guard, or what a permit obliges to, in words."""

    id: str
    effect: str
    line: int
    words: str
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileView:
    """One file with its rules. lines: of its text, in colours; first: its number of the first."""

    name: str
    rules: tuple[RuleRow, ...]
    lines: list[list[Piece]]
    first: int = 1


@router.get("/policies", dependencies=[Reading])
async def in_force(seat: TheSeat) -> Response:
    """Return the policies in force, file by file."""
    policies, sources, _ = seat.desk.plane.configuring.in_force(seat.caller)
    return _page(
        seat,
        "policies.html",
        "in-force",
        files=list(files_of(policies, sources)),
        revision=policies.revision,
        can_write=seat.caller.may(Permission.ASK),
    )


@router.get("/policies/revisions/{revision}", dependencies=[Reading])
async def revision(seat: TheSeat, revision: Annotated[str, Path(max_length=64)]) -> Response:
    """Return the policies as they were, and how what is in force differs."""
    plane = seat.desk.plane
    found = await plane.configuring.revision(seat.caller, revision)
    policies, _, _ = plane.configuring.in_force(seat.caller)
    then = plane.drafting.drafts.read(found.sources)
    return _page(
        seat,
        "policy_revision.html",
        "in-force",
        files=list(files_of(then, found.sources)),
        revision=revision,
        at=isoformat(found.at),
        by=plane.directory.names.get(found.by or "", ""),
        differences=[list(one.lines()) for one in policy_differences(then, policies)],
        is_current=policies.revision == revision,
    )


@router.get("/policies/gallery", dependencies=[Reading])
async def gallery(seat: TheSeat) -> Response:
    """Return the starting policies."""
    return _page(
        seat, "policy_gallery.html", "gallery", examples=[example(name) for name in GALLERY]
    )


@router.get("/policies/gallery/{name}", dependencies=[Reading])
async def from_gallery(seat: TheSeat, name: Annotated[str, Path(max_length=64)]) -> Response:
    """Return one of them with its text and its cases."""
    found = _example(name)
    return _page(
        seat,
        "policy_example.html",
        "gallery",
        example=found,
        lines=lines(found.policies),
        can_write=seat.caller.may(Permission.ASK),
    )


@router.post("/policies/gallery/{name}", dependencies=[Depends(needs(Permission.ASK))])
async def use(
    seat: Writing,
    name: Annotated[str, Path(max_length=64)],
    beside: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Begin a draft with it: of it alone, or beside what is in force."""
    found = _example(name)
    files = {f"{name}.cedar": found.policies, f"{name}.policy-test.toml": found.cases}
    if beside:
        files = {**seat.desk.plane.configuring.sources, **files}
    draft = await seat.desk.plane.drafting.drafts.begin(seat.caller, found.title[:80], files)
    return RedirectResponse(f"/policies/drafts/{draft.id}?file={name}.cedar", status_code=303)


@router.get("/policies/drafts", dependencies=[Reading])
async def drafts(seat: TheSeat) -> Response:
    """Return what this person is writing."""
    found = await seat.desk.plane.drafting.drafts.mine(seat.caller)
    return _page(
        seat,
        "policy_drafts.html",
        "drafts",
        drafts=[
            {
                "id": one.id,
                "name": one.name,
                "at": isoformat(one.changed_at),
                "files": len(one.files),
                "based_on": one.based_on,
                "shadow": seat.desk.plane.drafting.shadows.of(one) is not None,
            }
            for one in found
        ],
        can_write=seat.caller.may(Permission.ASK),
    )


@router.post("/policies/drafts", dependencies=[Depends(needs(Permission.ASK))])
async def begin(seat: Writing, name: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Begin a draft of what is in force."""
    draft = await seat.desk.plane.drafting.drafts.begin(seat.caller, name)
    return RedirectResponse(f"/policies/drafts/{draft.id}", status_code=303)


def files_of(policies: PolicySet, sources: Mapping[str, str]) -> Iterator[FileView]:
    """Yield the files of a set of policies, by name, each with its rules."""
    for name, text in sorted(sources.items()):
        rules = tuple(_row(rule) for rule in policies.rules if rule.file == name)
        yield FileView(name, rules, lines(text))


def _row(rule: Rule) -> RuleRow:
    asks = [f"{one.name}: {one.value}" if one.value else one.name for one in rule.obligations]
    asks += [describe(remedy) for remedy in rule.remedies]
    if rule.downgrade:
        asks.append(f"only {rule.downgrade.replace('_', ' ')}")
    return RuleRow(
        rule.id, rule.effect.value, rule.line, rule.message or rule.description, tuple(asks)
    )


def _example(name: str) -> Example:
    if name not in GALLERY:
        raise MissingFault("no-such-example", f"the gallery has no `{name[:60]}`")
    return example(name)


def _page(seat: Seat, template: str, here: str, **values: object) -> Response:
    shown = {
        "seat": seat,
        "page": "policies",
        "tabs_here": here,
        "tab_items": TABS,
        "now": isoformat(seat.desk.plane.clock.now()),
        **values,
    }
    return seat.desk.pages.page(template, shown)
