"""The page on which a draft of policies is written, checked, tried, and proposed."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Response
from starlette.responses import RedirectResponse

from assent.control.policy_drafts import Checked, Tried
from assent.control.what_if import KINDS, WhatIf
from assent.core.clock import isoformat
from assent.core.faults import Fault, MissingFault
from assent.core.policy_draft import PolicyDraft
from assent.core.role import Permission
from assent.policy.highlight import lines
from assent.web.answers import clean
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, TheSeat, status_of
from assent.web.policies import TABS
from assent.web.times import moment_of, zone_of

router = APIRouter(prefix="/policies/drafts/{draft_id}", route_class=PageRoute)

LONGEST_TEXT = 256 * 1024

Acting = Annotated[Seat, Depends(acts(Permission.READ_POLICIES))]
DraftPath = Annotated[str, Path(max_length=64)]
FileName = Annotated[str, Form(max_length=80)]
Text = Annotated[str, Form(max_length=LONGEST_TEXT)]


@dataclass(frozen=True, slots=True)
class GroupView:
    """Decisions that change alike. words: how. examples: the first ones; text empty if withheld."""

    words: str
    policies: str
    count: int
    people: str
    examples: tuple[tuple[str, str, str, str, str], ...]


@router.get("", dependencies=[Depends(needs(Permission.READ_POLICIES))])
async def page(
    seat: TheSeat, draft_id: DraftPath, file: Annotated[str, Query(max_length=80)] = ""
) -> Response:
    """Return the editor with one file of the draft open."""
    draft = await seat.desk.plane.drafting.drafts.get(seat.caller, draft_id)
    return await _editor(seat, draft, file)


@router.post("")
async def save(
    seat: Acting,
    draft_id: DraftPath,
    file: FileName = "",
    text: Text = "",
    name: FileName = "",
    does: Annotated[str, Form(max_length=16)] = "save",
) -> Response:
    """Keep what was written. does: `save`, `check`, `add` a file called `name`, or `remove`."""
    drafts = seat.desk.plane.drafting.drafts
    draft = await drafts.get(seat.caller, draft_id)
    files = _with(draft, file, text)
    shown = file
    if does == "remove":
        files.pop(file, None)
        shown = ""
    elif does == "add" and name.strip():
        shown = name.strip()
        files.setdefault(shown, "")
    kept = await drafts.save(seat.caller, draft_id, files)
    if does in ("add", "remove"):
        return RedirectResponse(f"/policies/drafts/{draft_id}?file={shown}", status_code=303)
    return await _editor(seat, kept, shown)


@router.post("/check")
async def check(
    seat: Acting, draft_id: DraftPath, file: FileName = "", text: Text = ""
) -> Response:
    """Say what is wrong with the draft as it is typed; nothing is kept."""
    drafts = seat.desk.plane.drafting.drafts
    files = _with(await drafts.get(seat.caller, draft_id), file, text)
    checked = await _checked(seat, files)
    return _part(seat, "policy_checked.html", draft_id, checked=checked, file=file)


@router.post("/cases")
async def cases(
    seat: Acting, draft_id: DraftPath, file: FileName = "", text: Text = ""
) -> Response:
    """Try the cases of the draft on its policies."""
    drafts = seat.desk.plane.drafting.drafts
    files = _with(await drafts.get(seat.caller, draft_id), file, text)
    try:
        tried = await asyncio.to_thread(drafts.try_cases, seat.caller, files)
        error = ""
    except Fault as fault:
        tried, error = Tried(), _in_place(fault)
    return _part(seat, "policy_tried.html", draft_id, tried=tried, error=error)


@router.post("/past", dependencies=[Depends(needs(Permission.READ_LOG))])
async def past(
    seat: Acting,
    draft_id: DraftPath,
    file: FileName = "",
    text: Text = "",
    since: Annotated[str, Form(max_length=200)] = "7d",
) -> Response:
    """Say what the draft would have answered to what was decided since then."""
    plane = seat.desk.plane
    files = _with(await plane.drafting.drafts.get(seat.caller, draft_id), file, text)
    zone, now = zone_of(seat.caller.subject.time_zone), plane.clock.now()
    groups: list[GroupView] = []
    values: dict[str, object] = {"error": "", "whole": True, "looked_at": 0, "left_out": 0}
    try:
        began = moment_of(clean(since), zone, now) or now - timedelta(days=7)
        found = await plane.drafting.drafts.look_back(seat.caller, files, began)
        groups = groups_of(seat, found.found)
        values |= {"whole": found.whole, "since": isoformat(began)}
        values |= {"looked_at": found.found.looked_at, "left_out": found.found.left_out}
    except Fault as fault:
        values["error"] = _in_place(fault)
    return _part(seat, "policy_past.html", draft_id, groups=groups, **values)


@router.post("/shadow", dependencies=[Depends(needs(Permission.READ_LOG))])
async def shadow(
    seat: Acting, draft_id: DraftPath, does: Annotated[str, Form(max_length=8)] = "begin"
) -> Response:
    """Try the draft on each decision from now on, or no longer."""
    shadows = seat.desk.plane.drafting.shadows
    if does == "end":
        await shadows.end(seat.caller, draft_id)
    else:
        await shadows.begin(seat.caller, draft_id)
    return RedirectResponse(f"/policies/drafts/{draft_id}#shadow", status_code=303)


@router.get("/proposal", dependencies=[Depends(needs(Permission.READ_POLICIES))])
async def proposal(seat: TheSeat, draft_id: DraftPath) -> Response:
    """Return what proposing the draft would change, and whom it would ask."""
    return await _proposal(seat, draft_id, "", 200)


@router.post("/propose", dependencies=[Depends(needs(Permission.ASK))])
async def propose(
    seat: Acting,
    draft_id: DraftPath,
    reason: Annotated[str, Form(max_length=2000)] = "",
    ticket: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Put the draft in force, or open the request that it needs."""
    drafts = seat.desk.plane.drafting.drafts
    try:
        applied = await drafts.propose(seat.caller, draft_id, clean(reason), clean(ticket))
    except MissingFault:
        raise
    except Fault as fault:
        return await _proposal(seat, draft_id, _in_place(fault), status_of(fault)[0])
    if applied.request is not None:
        return RedirectResponse(f"/requests/{applied.request.id}", status_code=303)
    return RedirectResponse("/policies", status_code=303)


@router.post("/drop")
async def drop(seat: Acting, draft_id: DraftPath) -> Response:
    """Throw the draft away."""
    await seat.desk.plane.drafting.drafts.drop(seat.caller, draft_id)
    return RedirectResponse("/policies/drafts", status_code=303)


def groups_of(seat: Seat, found: WhatIf) -> list[GroupView]:
    """Return what changes, the most first; texts only for those who may read them now."""
    reads = seat.caller.may(Permission.READ_PAYLOADS) and not seat.caller.asks_reason
    ordered = sorted(found.groups.values(), key=lambda group: -group.count)
    return [
        GroupView(
            words=KINDS[group.kind],
            policies=", ".join(group.policies),
            count=group.count,
            people=", ".join(sorted(group.people)),
            examples=tuple(
                (one.person, one.verb, one.target, one.text if reads else "", one.said)
                for one in group.examples
            ),
        )
        for group in ordered
    ]


async def _proposal(seat: Seat, draft_id: str, error: str, status: int) -> Response:
    drafts = seat.desk.plane.drafting.drafts
    draft = await drafts.get(seat.caller, draft_id)
    foreseen = None
    try:
        foreseen = await drafts.foresee(seat.caller, draft_id)
    except MissingFault:
        raise
    except Fault as fault:
        error = error or _in_place(fault)
    values = {
        **_about(seat, draft),
        "foreseen": foreseen,
        "differences": [list(one.lines()) for one in foreseen.plan.differences] if foreseen else [],
        "error": error,
    }
    return seat.desk.pages.page("policy_proposal.html", values, status)


async def _editor(seat: Seat, draft: PolicyDraft, file: str) -> Response:
    names = sorted(draft.files)
    shown = file if file in draft.files else next(iter(names), "")
    tried = seat.desk.plane.drafting.shadows.of(draft)
    values = {
        **_about(seat, draft),
        "names": names,
        "file": shown,
        "text": draft.files.get(shown, ""),
        "lines": lines(draft.files.get(shown, "")),
        "checked": await _checked(seat, draft.files),
        "is_mine": draft.owner == seat.caller.subject.id and seat.caller.may(Permission.ASK),
        "reads_log": seat.caller.may(Permission.READ_LOG),
        "shadow": tried,
        "shadow_groups": groups_of(seat, tried.found) if tried else [],
        "shadow_until": _moment(draft.shadow_until),
        "most": LONGEST_TEXT,
    }
    return seat.desk.pages.page("policy_editor.html", values)


def _about(seat: Seat, draft: PolicyDraft) -> dict[str, object]:
    current, _, _ = seat.desk.plane.configuring.in_force(seat.caller)
    return {
        "seat": seat,
        "page": "policies",
        "tabs_here": "drafts",
        "tab_items": TABS,
        "now": isoformat(seat.desk.plane.clock.now()),
        "draft": draft,
        "owner": seat.desk.plane.directory.names.get(draft.owner, draft.owner),
        "outdated": current.revision != draft.based_on,
    }


async def _checked(seat: Seat, files: Mapping[str, str]) -> Checked | None:
    # Off the loop: to read thousands of rules takes a while, and statements do not wait for it.
    try:
        return await asyncio.to_thread(seat.desk.plane.drafting.drafts.check, seat.caller, files)
    except Fault:
        return None


def _with(draft: PolicyDraft, file: str, text: str) -> dict[str, str]:
    """Return the files with what is typed in one of them. Browsers send lines ending in CRLF."""
    files = dict(draft.files)
    if file in files:
        files[file] = text.replace("\r\n", "\n")
    return files


def _part(seat: Seat, template: str, draft_id: str, **values: object) -> Response:
    return seat.desk.pages.page(template, {"seat": seat, "draft_id": draft_id, **values})


def _in_place(fault: Fault) -> str:
    place = getattr(fault, "place", "")
    return f"`{place}`: {fault.detail}" if place else fault.detail


def _moment(at: datetime | None) -> str:
    return isoformat(at) if at else ""
