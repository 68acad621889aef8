"""Labels: what waits for an owner, what is in force and what that hides, and scanning for more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from starlette.responses import RedirectResponse

from assent.core.clock import isoformat
from assent.core.faults import Fault, MissingFault
from assent.core.label import Label, LabelState
from assent.core.resource import Target
from assent.core.role import Permission
from assent.policy.mask_entries import MaskEntry
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, from_htmx, status_of
from assent.web.label_masks import masks_in
from assent.web.pages import segment

router = APIRouter(prefix="/labels", route_class=PageRoute)

MOST_SHOWN = 500
SAMPLE = 200
Sees = Annotated[Seat, Depends(needs(Permission.ASK, Permission.READ_ACCESS))]
Changes = Annotated[Seat, Depends(acts(Permission.ASK))]
NamePath = Annotated[str, Path(max_length=128)]
Name = Annotated[str, Form(max_length=300)]


@dataclass(frozen=True, slots=True)
class TargetLabels:
    """A target of the list. owns: whether the caller decides."""

    name: str
    environment: str
    owns: bool
    suggested: int
    approved: int


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label of one name. masked: how policies hide it, empty for not. looked: of how many."""

    name: str
    label: str
    state: str
    source: str
    looked: str
    masked: str
    by: str
    at: str


@router.get("")
async def targets(seat: Sees) -> Response:
    """Return the targets whose labels the caller may see, those that wait first."""
    rows = [_target(seat, one) for one in _seen(seat)]
    rows.sort(key=lambda one: (not one.suggested, one.name))
    return seat.desk.pages.page("labels.html", {"seat": seat, "rows": rows})


@router.get("/{name}")
async def page(
    seat: Sees, name: NamePath, text: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """Return the labels of one target. text: a part of a name or a label."""
    return _shown(seat, name, text)


@router.get("/{name}/scan")
async def progress(request: Request, seat: Sees, name: NamePath) -> Response:
    """Return how the newest scan stands, as a part of the page."""
    if not from_htmx(request):
        return RedirectResponse(f"/labels/{segment(name)}", status_code=303)
    state = seat.desk.plane.label_scans.state(seat.caller, name)
    values = {"seat": seat, "scan": state, "name": name, "renewed": True}
    return seat.desk.pages.page("labels_scan.html", values)


@router.post("/{name}/scan")
async def scan(
    seat: Changes, name: NamePath, sample: Annotated[int, Form(ge=10, le=10_000)] = SAMPLE
) -> Response:
    """Begin to look at values of every column."""
    try:
        await seat.desk.plane.label_scans.begin(seat.caller, name, sample)
    except Fault as fault:
        return _refused(seat, name, fault)
    return RedirectResponse(f"/labels/{segment(name)}", status_code=303)


@router.post("/{name}/decide")
async def decide(
    seat: Changes,
    name: NamePath,
    verdict: Annotated[Literal["approve", "reject"], Form()],
    column: Name = "",
    label: Name = "",
) -> Response:
    """Approve or reject what was suggested; it counts at once."""
    state = LabelState.APPROVED if verdict == "approve" else LabelState.REJECTED
    try:
        await seat.desk.plane.labels.decide(seat.caller, name, column, label, state)
    except Fault as fault:
        return _refused(seat, name, fault)
    return RedirectResponse(f"/labels/{segment(name)}", status_code=303)


def _refused(seat: Seat, name: str, fault: Fault) -> Response:
    if fault.code in ("not-signed-in", "no-such-target") or not _may_see(seat, name):
        raise fault
    return _shown(seat, name, "", fault.detail, status_of(fault)[0])


def _seen(seat: Seat) -> Sequence[Target]:
    everything = seat.desk.plane.directory.targets()
    return [one for one in everything if seat.caller.oversees or _owns(seat, one)]


def _owns(seat: Seat, target: Target) -> bool:
    return bool(seat.caller.subject.groups & target.owners) and seat.caller.may(Permission.ASK)


def _may_see(seat: Seat, name: str) -> bool:
    return any(one.name == name for one in _seen(seat))


def _target(seat: Seat, target: Target) -> TargetLabels:
    labels = seat.desk.plane.labels.list(seat.caller, target.name)
    return TargetLabels(
        target.name,
        target.environment,
        _owns(seat, target),
        sum(one.state is LabelState.SUGGESTED for one in labels),
        sum(one.state is LabelState.APPROVED for one in labels),
    )


def _shown(seat: Seat, name: str, text: str = "", error: str = "", status: int = 200) -> Response:
    plane = seat.desk.plane
    labels = plane.labels.list(seat.caller, name)
    target = plane.directory.target_named(name)
    if target is None:
        raise MissingFault("no-such-target", f"there is no target `{name[:80]}`")
    masks = masks_in(plane.configuring.sources)
    fits = [one for one in labels if text.casefold() in f"{one.name} {one.label}".casefold()]
    rows = [_row(seat, one, masks) for one in fits]
    in_force = [one for one in rows if one.state == LabelState.APPROVED]
    values = {
        "seat": seat,
        "name": target.name,
        "environment_name": target.environment,
        "scans": target.protocol == "postgres",
        "text": text,
        "owns": _owns(seat, target),
        "owner_names": sorted(target.owners),
        "suggested": [one for one in rows if one.state == LabelState.SUGGESTED][:MOST_SHOWN],
        "in_force": in_force[:MOST_SHOWN],
        "further": max(0, len(in_force) - MOST_SHOWN),
        "rejected": [one for one in rows if one.state == LabelState.REJECTED][:MOST_SHOWN],
        "scan": plane.label_scans.state(seat.caller, name),
        "renewed": False,
        "sample": SAMPLE,
        "error": error,
    }
    return seat.desk.pages.page("labels_target.html", values, status)


def _row(seat: Seat, one: Label, masks: Sequence[MaskEntry]) -> LabelRow:
    names = seat.desk.plane.directory.names
    hows = sorted({str(entry.how) for entry in masks if _covers(entry, one)})
    return LabelRow(
        one.name,
        one.label,
        one.state.value,
        one.source.value,
        f"{one.matched:,} of {one.sampled:,} values look like it" if one.sampled else "",
        ", ".join(hows),
        names.get(one.by, "") if one.by else "",
        isoformat(one.at) if one.at else "",
    )


def _covers(entry: MaskEntry, label: Label) -> bool:
    return entry.covers(label.label) or entry.what == label.name
