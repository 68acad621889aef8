"""What somebody is told of their session: why it ended, or why something in it is refused."""

from assent.control import databases
from assent.control.decide import Outcome
from assent.control.live import LiveSession
from assent.core.action import Action
from assent.core.clock import isoformat
from assent.core.decision import Deny
from assent.core.faults import Fault
from assent.core.grant import Grant
from assent.core.plugins import RefusalKind, Refused
from assent.core.resource import Target


def time_over(live: LiveSession) -> str:
    """Return that the time of a session is over, and how to go on."""
    return (
        f"your time on `{live.target.name}` is over: it ended at "
        f"{isoformat(live.session.ends_at)[:19]}Z (grant {live.session.grant}); "
        f"ask again with `assent connect {live.target.name}`"
    )


def fewer(live: LiveSession, grant: Grant, because: str) -> str:
    """Return what goes on after one of several grants is over.

    because: stands behind the words, such as `: left the team`; may be empty.
    """
    what = "was revoked" + because if grant.revoked_at else "is over"
    ends_at = isoformat(live.session.ends_at)[:19]
    return f"grant {grant.id} {what}; your other access to `{live.target.name}` ends at {ends_at}Z"


def access_over(target: Target) -> Refused:
    """Return the refusal of a credential whose grant is over."""
    hint = f"ask again: assent connect {target.name}"
    return Refused(RefusalKind.DENIED, "the access behind this credential is over", "", hint)


def denied(target: Target, action: Action, decision: Deny, outcome: Outcome) -> Refused:
    """Return the refusal of an action that nobody could assent to, with the entry to quote."""
    hint = f"see why: assent explain {outcome.entry}"
    if decision.code == "no-such-database":
        hint = f"connect to {databases.offered(target)}"
    return Refused(
        RefusalKind.DENIED,
        decision.messages[0] if decision.messages else "not permitted",
        detail="; ".join((*decision.messages[1:], *action.statement.problems))[:2_000],
        hint=hint,
        entry=outcome.entry,
    )


def unavailable(fault: Fault) -> Refused:
    """Return the refusal of what cannot be decided because of a fault."""
    return Refused(
        RefusalKind.UNAVAILABLE,
        "this cannot be decided now, so it is denied",
        detail=fault.code,
        hint="nothing was sent to the target; try again, and tell the operator if it stays so",
    )


def done(rows: int) -> str:
    """Return that it was done. rows: -1 where the target did not say."""
    if rows < 0:
        return "done"
    return f"done, {rows} row" + ("s" if rows != 1 else "")
