"""What the templates show of a request: every string is made here, templates only place it."""

from dataclasses import dataclass
from datetime import timedelta

from assent.control.plane import ControlPlane
from assent.control.sign_in import Caller
from assent.control.signing import needs_signature
from assent.core.action import Action
from assent.core.assessment import Assessment
from assent.core.clock import isoformat
from assent.core.decision import ReasonRemedy, StepUpRemedy, TicketRemedy, describe
from assent.core.faults import ForbiddenFault, MissingFault
from assent.core.impact import describe as impact_words
from assent.core.request import Request, RequestState
from assent.core.resource import Target
from assent.core.signal import SignalStatus
from assent.web.answer_views import (
    ApprovalView,
    CommentView,
    approval_views,
    behalf_words,
    can_retract,
    comment_views,
    person_words,
    task_words,
    term_words,
)
from assent.web.around_views import Around, around
from assent.web.inbox_rows import target_words
from assent.web.laid_out import LaidOut, laid_out
from assent.web.target_views import command_to
from assent.web.texts import protocol_of, text_pieces
from assent.web.words import (
    Piece,
    asking_words,
    column_words,
    duration_words,
    named_words,
    pieces,
    touch_words,
)
from assent.workflow.narrowing import ACCESS
from assent.workflow.request import TERMINAL

_STATE_WORDS = {
    RequestState.PENDING: "waits for people",
    RequestState.APPROVED: "assented to, about to run",
    RequestState.RELEASED: "released",
    RequestState.COMPLETED: "done",
    RequestState.REJECTED: "rejected",
    RequestState.WITHDRAWN: "withdrawn",
    RequestState.EXPIRED: "too late",
    RequestState.INTERRUPTED: "interrupted, did not run",
    RequestState.OUTCOME_UNKNOWN: "outcome unknown",
}
MOST_WHOLE = 3
"""Requests that the inbox shows whole from the start; each other one opens from its line."""
MOST_ROWS = 500
"""Requests that one page lists; the others come when these are answered."""
_MOST_SHADES = 6
_LONG_LINES = 24
_LONG_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True)
class TouchView:
    """One touch in words: `deletes rows of table` `public.orders` (`every column`).

    through: by which view, function, trigger, rule or key, empty where the text says it.
    """

    words: str
    resource: str
    columns: str
    verb: str
    through: str


@dataclass(frozen=True, slots=True)
class FactorView:
    """One factor and its segment of the bar: `left` and `width` in hundredths of it.

    points: with their sign, as people read them. width: of those that raise the score, their
    part of it; 0 for those that lower it, which shorten the others. source, at: of the evidence.
    """

    name: str
    points: str
    left: float
    width: float
    shade: int
    reason: str
    measured: bool
    source: str
    at: str


@dataclass(frozen=True, slots=True)
class Card:
    """One request as one person sees it.

    is_held: a client waits for it; detached: it did, and its connection is gone. origin: where it
    comes from, empty when that is not for this person to see. size: how
    long the statement is, in words, only where it is too long to be seen at a glance. shown:
    digest of what an answer is bound to. digest: of the action. sum_words: how the factors make
    the score. around: only for who answers or oversees. must_sign: an assent without a signature
    does not count. made_for: what a program was made for; task: what it says that it does now.
    on_behalf_of: for whom a program acts, empty for people. wants: what of the target, in words.
    laid_out: the fields of a request or a call. named: what access can be limited to by name.
    command: goes to its target.
    """

    id: str
    state: RequestState
    state_words: str
    is_access: bool
    is_held: bool
    detached: bool
    requester: str
    requester_name: str
    on_behalf_of: str
    wants: str
    target: str
    environment: str
    origin: str
    lasts_for: str
    protocol: str
    named: tuple[str, str]
    command: str
    text: tuple[Piece, ...]
    laid_out: LaidOut | None
    odd: bool
    size: str
    parameters: tuple[tuple[Piece, ...] | None, ...]
    touches: tuple[TouchView, ...]
    impact: tuple[str, ...]
    score: int
    level: str
    factors: tuple[FactorView, ...]
    sum_words: str
    headline: str
    confidence: str
    otherwise: str
    unknown: tuple[str, ...]
    messages: tuple[str, ...]
    policies: tuple[str, ...]
    unmet: tuple[str, ...]
    asked: tuple[str, ...]
    approvals: tuple[ApprovalView, ...]
    comments: tuple[CommentView, ...]
    terms: tuple[str, ...]
    can_offer: bool
    can_comment: bool
    can_retract: bool
    asks_read_only: bool
    reason: str
    ticket: str
    made_for: str
    task: str
    created_at: str
    deadline_at: str
    changed_at: str
    outcome: str
    can_answer: bool
    shown: str
    digest: str
    around: Around | None
    must_sign: bool
    is_mine: bool
    wants_reason: bool
    wants_ticket: bool
    wants_step_up: bool

    @property
    def pending(self) -> bool:
        """Return whether it still waits."""
        return self.state is RequestState.PENDING


async def card_of(plane: ControlPlane, caller: Caller, request: Request) -> Card:
    """Return `request` as `caller` sees it."""
    action = request.action
    asked = plane.requests.asked(request)
    can_answer = plane.requests.may_answer(caller, request)
    mine = action.subject == caller.subject.id
    requester, requester_name = person_words(plane, action.subject)
    target, environment = target_words(plane, request)
    text = text_pieces(action.verb, action.text)
    known = _known(plane, action)
    protocol = protocol_of(action.verb) or (known.protocol if known else "")
    shown = await plane.showing.shown(request) if can_answer else None
    sees_around = can_answer or (caller.oversees and not mine)
    wanted = [type(remedy) for remedy in request.remedies] if mine else []
    return Card(
        id=request.id,
        state=request.state,
        state_words=_STATE_WORDS[request.state],
        is_access=action.verb == ACCESS,
        is_held=action.session is not None and request.state is RequestState.PENDING,
        detached=request.detached,
        requester=requester,
        requester_name=requester_name,
        on_behalf_of=behalf_words(plane, action.subject),
        wants=asking_words(action.verb),
        target=target,
        environment=environment,
        origin=await _origin(plane, caller, action),
        lasts_for=_lasts_for(action),
        protocol=protocol,
        named=named_words(protocol),
        command=command_to(known) if known else "",
        text=text,
        laid_out=laid_out(action.verb, action.text),
        odd=any(piece.odd for piece in text),
        size=_size(action.text),
        parameters=tuple(None if value is None else pieces(value) for value in action.parameters),
        touches=_touches(action),
        impact=impact_words(request.impact) if request.impact else (),
        score=request.assessment.score,
        level=request.assessment.level.value,
        factors=factors_of(request.assessment),
        sum_words=_sum_words(request.assessment),
        headline=request.assessment.headline,
        confidence=request.assessment.confidence_because,
        otherwise=request.assessment.otherwise,
        unknown=request.assessment.unknown,
        messages=request.messages,
        policies=request.denied_by,
        unmet=tuple(plane.requests.unmet(request)),
        asked=tuple(person.display_name or person.name for person in asked),
        approvals=approval_views(plane, request),
        comments=comment_views(plane, request),
        terms=term_words(action),
        can_offer=can_answer and action.verb == ACCESS and not mine,
        can_comment=request.state not in TERMINAL,
        can_retract=can_retract(caller, request),
        asks_read_only=action.details.get("read_only") == "true",
        reason=request.reason,
        ticket=request.ticket,
        made_for=task_words(plane, action.subject),
        task=action.details.get("task", ""),
        created_at=isoformat(request.created_at),
        deadline_at=isoformat(request.deadline_at),
        changed_at=isoformat(request.changed_at),
        outcome=request.outcome,
        can_answer=can_answer,
        shown=shown.digest if shown else "",
        digest=request.action_digest,
        around=await around(plane, caller, request, shown) if sees_around else None,
        must_sign=needs_signature(request),
        is_mine=mine,
        wants_reason=ReasonRemedy in wanted and not request.reason,
        wants_ticket=TicketRemedy in wanted and not request.ticket,
        wants_step_up=any(
            isinstance(remedy, StepUpRemedy) and describe(remedy) in plane.requests.unmet(request)
            for remedy in (request.remedies if mine else ())
        ),
    )


async def _origin(plane: ControlPlane, caller: Caller, action: Action) -> str:
    if action.session is None:
        return ""
    try:
        session = await plane.sessions.get(caller, action.session)
    except (MissingFault, ForbiddenFault):
        return ""
    return " · ".join(word for word in (session.application, session.client_address) if word)


def _lasts_for(action: Action) -> str:
    seconds = action.details.get("for_s", "")
    return duration_words(timedelta(seconds=int(seconds))) if seconds.isdecimal() else ""


def _known(plane: ControlPlane, action: Action) -> Target | None:
    try:
        return plane.directory.target(action.target) if action.target else None
    except MissingFault:
        return None


def _size(text: str) -> str:
    lines = text.count("\n") + 1
    if lines <= _LONG_LINES and len(text) <= _LONG_CHARACTERS:
        return ""
    return f"{lines} lines, {len(text)} characters; scroll to read all of it"


def _touches(action: Action) -> tuple[TouchView, ...]:
    return tuple(
        TouchView(
            touch_words(touch),
            touch.resource.name,
            column_words(touch.columns, "column" if touch.verb.startswith("sql.") else "field"),
            touch.verb,
            touch.through,
        )
        for touch in action.touches
    )


def factors_of(assessment: Assessment) -> tuple[FactorView, ...]:
    """Return the factors of an assessment as a page shows them, in order."""
    found: list[FactorView] = []
    raised = sum(max(0, factor.points) for factor in assessment.factors)
    left = so_far = 0
    for factor in assessment.factors:
        measured = factor.status is not SignalStatus.UNAVAILABLE
        shade = min(len(found), _MOST_SHADES - 1)
        so_far += max(0, factor.points)
        # In hundredths, each end rounded by itself: together the parts are exactly the score.
        right = round(100 * so_far * assessment.score / raised) if raised else 0
        points = f"{factor.points:+d}".replace("-", "−")
        found.append(
            FactorView(
                name=factor.name,
                points=points,
                left=left / 100,
                width=(right - left) / 100,
                shade=shade,
                reason=factor.reason,
                measured=measured,
                source=factor.source,
                at=isoformat(factor.at) if factor.at else "",
            )
        )
        left = right
    return tuple(found)


def _sum_words(assessment: Assessment) -> str:
    """Return how the factors add up: `40 + 24 + 8 − 10 = 62`, empty for a single one."""
    points = [factor.points for factor in assessment.factors if factor.points]
    if len(points) < 2:
        return ""
    signed = "".join(f" {'−' if one < 0 else '+'} {abs(one)}" for one in points)
    total = sum(points)
    capped = "" if total == assessment.score else f", counted as {assessment.score}"
    return f"{signed.removeprefix(' + ').strip()} = {total}{capped}".replace("= -", "= −")
