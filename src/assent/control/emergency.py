"""What access that was taken in an emergency binds to: all of it is recorded, and people hear so.

Pure: it rests on the grants in the evidence, so that a decision can be replayed.
"""

from collections.abc import Iterable
from dataclasses import replace

from assent.core.action import Action
from assent.core.decision import Decision, Obligation, Permit
from assent.core.evidence import Evidence
from assent.core.grant import Grant, GrantKind
from assent.policy.obliging import merged

RECORDED = Obligation("record_results", "", "break-glass")
"""Asked by no policy: nothing is done under break-glass that is not fully recorded."""


def fully_recorded(decision: Decision, action: Action, evidence: Evidence) -> Decision:
    """Return the decision; what is permitted in a session is recorded while the glass is broken.

    All that the person does on the target then, whichever of their grants covers it: nobody can
    choose to go unrecorded by naming another one.
    """
    if (
        action.session is None
        or not isinstance(decision, Permit)
        or not in_emergency(evidence.grants)
    ):
        return decision
    return replace(decision, obligations=merged((*decision.obligations, RECORDED)))


def in_emergency(grants: Iterable[Grant]) -> bool:
    """Return whether one of these was taken in an emergency."""
    return any(grant.kind is GrantKind.BREAK_GLASS for grant in grants)


def emergency_words(target: str) -> tuple[str, ...]:
    """Return what the client of a session hears that is open in an emergency."""
    return (
        f"break-glass on `{target}`: everything you do is recorded, with its results",
        "somebody else will review it; give it back when you are done: "
        f"assent give-back {target} --because …",
    )
