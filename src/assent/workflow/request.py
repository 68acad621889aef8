"""How a request moves: one table, and the one function that follows it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from assent.core.clock import isoformat
from assent.core.faults import ConflictFault
from assent.core.ids import GrantId, SubjectId
from assent.core.request import Approval, Request, RequestState


class RequestEvent(StrEnum):
    """What happens to a request.

    ANSWERED: somebody approved, and more is needed. SATISFIED: all remedies are met.
    REOPENED: more is demanded than when it was approved; answers that were given stay, for
    they are bound to the same action (another action is another request). REJECTED: a person
    said no, or the policies now say a final no. INTERRUPTED: the gateway stopped.
    """

    ANSWERED = "answered"
    SATISFIED = "satisfied"
    REOPENED = "reopened"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    RELEASED = "released"
    COMPLETED = "completed"
    INTERRUPTED = "interrupted"


TRANSITIONS: Mapping[RequestState, Mapping[RequestEvent, RequestState]] = {
    RequestState.PENDING: {
        RequestEvent.ANSWERED: RequestState.PENDING,
        RequestEvent.SATISFIED: RequestState.APPROVED,
        RequestEvent.REOPENED: RequestState.PENDING,
        RequestEvent.REJECTED: RequestState.REJECTED,
        RequestEvent.WITHDRAWN: RequestState.WITHDRAWN,
        RequestEvent.EXPIRED: RequestState.EXPIRED,
        RequestEvent.INTERRUPTED: RequestState.INTERRUPTED,
    },
    RequestState.APPROVED: {
        RequestEvent.REOPENED: RequestState.PENDING,
        RequestEvent.REJECTED: RequestState.REJECTED,
        RequestEvent.WITHDRAWN: RequestState.WITHDRAWN,
        RequestEvent.EXPIRED: RequestState.EXPIRED,
        RequestEvent.RELEASED: RequestState.RELEASED,
        RequestEvent.INTERRUPTED: RequestState.INTERRUPTED,
    },
    RequestState.RELEASED: {
        RequestEvent.COMPLETED: RequestState.COMPLETED,
        RequestEvent.INTERRUPTED: RequestState.OUTCOME_UNKNOWN,
    },
    RequestState.COMPLETED: {},
    RequestState.REJECTED: {},
    RequestState.WITHDRAWN: {},
    RequestState.EXPIRED: {},
    RequestState.INTERRUPTED: {},
    RequestState.OUTCOME_UNKNOWN: {},
}
"""State → event → next state. A state without events is for ever."""

TERMINAL = frozenset(state for state, events in TRANSITIONS.items() if not events)

_IN_TIME = frozenset({RequestEvent.ANSWERED, RequestEvent.SATISFIED})
_ANSWERS = _IN_TIME | {RequestEvent.REJECTED}

_OUTCOMES: Mapping[RequestState, str] = {
    RequestState.COMPLETED: "it ran",
    RequestState.REJECTED: "it was rejected",
    RequestState.WITHDRAWN: "it was withdrawn by the one who asked",
    RequestState.EXPIRED: "nobody answered in time",
    RequestState.INTERRUPTED: "the gateway stopped before it was released; it did not run",
    RequestState.OUTCOME_UNKNOWN: "the gateway stopped after it was released; it ran at most once",
}


def advance(
    request: Request,
    event: RequestEvent,
    now: datetime,
    *,
    approval: Approval | None = None,
    outcome: str = "",
    by: SubjectId | None = None,
    grant: GrantId | None = None,
) -> Request:
    """Return the request as it is after `event`.

    approval: added to its approvals; the event must be an answer. outcome: one sentence, when
    the event settles it; a default is there for each. by: the person who settled it.
    grant: what was minted at its release.
    Raises ConflictFault where the event does not fit its state, an answer comes at or after
    the deadline, or the deadline is not there yet for `expired`.
    """
    state = _next(request, event)
    if event in _IN_TIME and now >= request.deadline_at:
        raise ConflictFault(
            "request-expired",
            f"request `{request.id}` could be answered until {isoformat(request.deadline_at)}; "
            "ask again to open a new one",
        )
    if event is RequestEvent.EXPIRED and now < request.deadline_at:
        raise ConflictFault(
            "request-not-expired",
            f"request `{request.id}` may be answered until {isoformat(request.deadline_at)}",
        )
    settled = state in TERMINAL
    return replace(
        request,
        state=state,
        # A clock that was set back must not make a later change look like an earlier one.
        changed_at=max(now, request.changed_at),
        approvals=_answers(request, event, approval),
        outcome=(outcome or _OUTCOMES[state]) if settled else request.outcome,
        settled_by=by if settled and by is not None else request.settled_by,
        grant=grant if event is RequestEvent.RELEASED and grant else request.grant,
    )


def _next(request: Request, event: RequestEvent) -> RequestState:
    state = TRANSITIONS[request.state].get(event)
    if state is not None:
        return state
    if request.state in TERMINAL:
        raise ConflictFault(
            "request-settled",
            f"request `{request.id}` is {request.state.value} already, for ever; "
            "ask again to open a new one",
        )
    raise ConflictFault(
        "request-state",
        f"request `{request.id}` is {request.state.value}, so it cannot be {event.value} now",
    )


def _answers(
    request: Request, event: RequestEvent, approval: Approval | None
) -> tuple[Approval, ...]:
    if approval is None:
        return request.approvals
    if event not in _ANSWERS or approval.request != request.id:
        raise ConflictFault(
            "approval-misplaced", f"`{approval.id}` is no answer to request `{request.id}`"
        )
    return (*request.approvals, approval)
