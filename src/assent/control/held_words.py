"""What a client hears of its request while it waits in it, and when it came to no yes."""

from collections.abc import Sequence

from assent.core.clock import isoformat
from assent.core.decision import ReasonRemedy, Remedy, StepUpRemedy, TicketRemedy
from assent.core.plugins import RefusalKind, Refused
from assent.core.request import Request, RequestState
from assent.core.subject import Subject

_REFUSALS = {
    RequestState.REJECTED: RefusalKind.REJECTED,
    RequestState.WITHDRAWN: RefusalKind.WITHDRAWN,
    RequestState.EXPIRED: RefusalKind.TIMED_OUT,
}
_HINTS = {
    RefusalKind.REJECTED: "talk to whoever rejected it, or do it in another way",
    RefusalKind.WITHDRAWN: "send it again when you want it after all",
    RefusalKind.TIMED_OUT: "send it again, and tell those who are asked",
}


def waits(
    request: Request,
    missing: Sequence[str],
    asked: Sequence[Subject],
    *,
    to_end_it: str,
    public_url: str,
) -> tuple[str, ...]:
    """Return what is still needed of whom, until when, and where to look, line by line."""
    people = ", ".join(person.name for person in asked)
    lines = [f"needed: {'; '.join(missing)}" + (f" (asked: {people})" if people else "")]
    lines += _what_to_say(request)
    if request.outcome:
        lines.append(request.outcome)
    if request.approvals:
        lines.append(f"{len(request.approvals)} answered so far")
    left = int((request.deadline_at - request.created_at).total_seconds())
    lines.append(
        f"deadline: {isoformat(request.deadline_at)[:19]}Z ({left} s after it was asked); "
        f"{to_end_it} withdraws it"
    )
    lines.append(f"request {request.id}: {public_url}/requests/{request.id}")
    return tuple(lines)


def refusal(request: Request) -> Refused:
    """Return what the client of a settled request hears where it did not come to a yes."""
    kind = _REFUSALS.get(request.state, RefusalKind.UNAVAILABLE)
    return Refused(
        kind,
        f"{request.outcome or request.state.value} (request {request.id})",
        detail="; ".join(request.messages),
        hint=f"{_HINTS.get(kind, 'try again')}; why: assent explain {request.id}",
        request=request.id,
    )


def restarting(request: Request, again: str = "connect again and send it again") -> Refused:
    """Return what a client hears of its request when the process stops."""
    if request.state not in (RequestState.PENDING, RequestState.APPROVED):
        words = f"the gateway is restarting; it did not run (request {request.id})"
        hint = "its transaction is over: connect again and begin it again"
        return Refused(RefusalKind.UNAVAILABLE, words, "", hint, request.id)
    until = f"{isoformat(request.deadline_at)[:19]}Z"
    words = f"the gateway is restarting; request {request.id} stays open until {until}"
    return Refused(
        RefusalKind.UNAVAILABLE,
        f"{words}: {again}",
        hint="those who assented need not do it again",
        request=request.id,
    )


def still_waiting(request: Request, lines: Sequence[str]) -> Refused:
    """Return what a client hears that did not stay for the answer. lines: what it was told."""
    return Refused(
        RefusalKind.WAITING,
        lines[0] if lines else "this needs assent",
        detail="; ".join(lines[1:]),
        hint="send the same again: it goes on with this request",
        request=request.id,
    )


def _what_to_say(request: Request) -> list[str]:
    """Return how the person themself gives what is asked of them."""
    return [words for remedy in request.remedies if (words := _how(remedy, request))]


def _how(remedy: Remedy, request: Request) -> str:
    match remedy:
        case ReasonRemedy() if not request.reason.strip():
            return f'say why: assent reason {request.id} "…"'
        case TicketRemedy() if not request.ticket.strip():
            return f'name a ticket: assent reason {request.id} "…" --ticket …'
        case StepUpRemedy():
            return "confirm your password: assent step-up"
    return ""
