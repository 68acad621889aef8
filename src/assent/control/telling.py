"""What people are told of a request, in words: never more of an action than its page's title."""

from collections.abc import Mapping, Sequence

from assent.core.action import Action
from assent.core.clock import isoformat
from assent.core.ids import SubjectId
from assent.core.impact import describe
from assent.core.request import Request, RequestState, Verdict
from assent.core.resource import Target
from assent.core.subject import Subject
from assent.risk import explain

LONGEST_STATEMENT = 500
_LONGEST_REASON = 300
_MOST_FACTS = 12


def what_is_asked(action: Action, requester: Subject | None, target: Target | None) -> str:
    """Return who asks for what, in a line: `ana: sql.delete on shop`."""
    where = f" on {target.name}" if target else ""
    what = "access" if action.verb == "access.request" else action.verb
    return f"{requester.name if requester else 'somebody'}: {what}{where}"


def asking_lines(request: Request, needed: Sequence[str], *, statements: bool) -> tuple[str, ...]:
    """Return what somebody who is asked should know before they open the page.

    statements: whether the text of the statement is told too. What is in it, policies may mask
    in results, and whoever reads a channel is not always whom it was sent to.
    """
    lines = [*request.messages]
    if request.reason:
        lines.append(f"reason: {request.reason[:_LONGEST_REASON]}")
    if task := request.action.details.get("task", ""):
        lines.append(f"it says that it does: {task[:_LONGEST_REASON]}")
    if request.ticket:
        said = f" ({request.ticket_said})" if request.ticket_said else ""
        lines.append(f"ticket: {request.ticket[:80]}{said}")
    lines += describe(request.impact) if request.impact else ()
    lines += explain(request.assessment)[:4]
    if statements and request.action.text:
        lines.append(request.action.text[:LONGEST_STATEMENT])
    ends = f"until {isoformat(request.deadline_at)[:19]}Z"
    return (*lines[:_MOST_FACTS], f"needed: {'; '.join(needed) or 'nothing'}", ends)


def how_it_ended(request: Request, asked: str, people: Mapping[SubjectId, Subject]) -> str:
    """Return how a request was settled, in a line."""
    said = [
        people[one.approver].name
        for one in request.approvals
        if one.approver in people and one.verdict is not Verdict.REJECT and one.withdrawn_at is None
    ]
    by = f" by {', '.join(dict.fromkeys(said))}" if said else ""
    match request.state:
        case RequestState.RELEASED:
            words = f"assented to{by}"
        case RequestState.COMPLETED:
            words = f"assented to{by}; {request.outcome}"
        case _:
            words = f"{request.state.value}: {request.outcome}"
    return f"settled: {asked} · {words}"
