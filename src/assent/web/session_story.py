"""The story of a session: why it was asked for, how risky that was, who assented, how it went."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from assent.control.plane import ControlPlane
from assent.control.seeing import is_theirs
from assent.control.sign_in import Caller
from assent.core.clock import isoformat
from assent.core.faults import MissingFault
from assent.core.grant import Grant
from assent.core.ids import SubjectId
from assent.core.request import Request, Verdict
from assent.core.session import Session, SessionState
from assent.web.answers import clean
from assent.web.session_timeline import Moment

_PAGE, _MOST_PAGES = 1_000, 20
_TOLD = (b'"kind":"session.steered"', b'"kind":"session.watched"', b'"kind":"session.standing"')
_DID = {
    "pause": ("paused it", "warn"),
    "resume": ("resumed it", "good"),
    "downgrade": ("let it only read from here", "warn"),
    "cut": ("ended it", "danger"),
}
_ANSWERED = {
    Verdict.APPROVE: ("assented", "good"),
    Verdict.REJECT: ("refused", "danger"),
    Verdict.OFFER: ("offered less", "warn"),
}


async def story_of(
    plane: ControlPlane, caller: Caller, session: Session, *, withheld: bool
) -> Sequence[Moment]:
    """Return what led to a session, its opening and its end, in order.

    withheld: what people wrote is not shown to this person.
    """
    is_theirs_too = is_theirs(plane.directory, caller.subject.id, session.subject)
    says = is_theirs_too or not withheld
    moments: list[Moment] = []
    grant = await plane.store.grant(session.grant)
    if grant is not None:
        moments += await _led_to(plane, grant, says=says)
    moments.append(Moment(session.opened_at, "the session was opened", "accent"))
    moments += await _steered(plane, session)
    if session.ended_at is not None:
        tone = "danger" if session.state is SessionState.CUT else "accent"
        words = "it was cut" if session.state is SessionState.CUT else "it ended"
        because = f": {clean(session.ended_because)}" if session.ended_because and says else ""
        moments.append(Moment(session.ended_at, f"{words}{because}", tone))
    return sorted(moments, key=lambda one: one.at)


async def _steered(plane: ControlPlane, session: Session) -> list[Moment]:
    """Return who did something to the session or watched it, by the log's public facts."""
    found: list[Moment] = []
    start = 0
    for _ in range(_MOST_PAGES):
        page = await plane.store.leaves_of(session.id, start, _PAGE)
        for _, leaf in page:
            if any(kind in leaf for kind in _TOLD):
                found += _told(plane, json.loads(leaf))
        if len(page) < _PAGE:
            break
        start = page[-1][0] + 1
    return found


def _told(plane: ControlPlane, leaf: Mapping[str, Any]) -> Sequence[Moment]:
    at, href = datetime.fromisoformat(leaf["at"]), f"/log/{leaf['id']}"
    if leaf["kind"] == "session.standing":
        return [
            Moment(at, f"the session stood {leaf['facts']['standing']} from here", "warn", href)
        ]
    name = _name(plane, leaf["subject"])
    if leaf["kind"] == "session.watched":
        return [Moment(at, f"{name} began to watch", "plain", href)]
    did, tone = _DID[leaf["facts"]["how"]]
    return [Moment(at, f"{name} {did}", tone, href)]


async def _led_to(plane: ControlPlane, grant: Grant, *, says: bool) -> list[Moment]:
    request = await plane.store.request(grant.request) if grant.request is not None else None
    if request is None:
        reason = f": “{clean(grant.reason)}”" if grant.reason and says else ""
        until = isoformat(grant.ends_at)[:16].replace("T", " ")
        words = f"access was permitted at once, until {until}Z{reason}"
        return [Moment(grant.starts_at, words, "good")]
    return _asked(plane, request, says=says)


def _asked(plane: ControlPlane, request: Request, *, says: bool) -> list[Moment]:
    href, risk = f"/requests/{request.id}", request.assessment
    reason = f": “{clean(request.reason)}”" if request.reason and says else ""
    tone = {"low": "good", "medium": "warn"}.get(risk.level.value, "danger")
    found = [
        Moment(request.created_at, f"access was asked for{reason}", "accent", href),
        Moment(request.created_at, f"risk {risk.score} of 100, {risk.level.value}", tone, href),
    ]
    for approval in request.approvals:
        did, tone = _ANSWERED[approval.verdict]
        comment = f": “{clean(approval.comment)}”" if approval.comment and says else ""
        name = _name(plane, approval.approver)
        found.append(Moment(approval.at, f"{name} {did}{comment}", tone, href))
    return found


def _name(plane: ControlPlane, subject: SubjectId) -> str:
    try:
        return plane.directory.subject(subject).name
    except MissingFault:
        return subject
