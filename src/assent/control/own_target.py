"""The one target that policies have no say on: the gateway's own, for its canary. Pure."""

from assent.core.action import Action
from assent.core.decision import Decision, Deny, Obligation, Permit
from assent.core.evidence import Evidence
from assent.core.subject import SubjectKind

CANARY = "assent-canary"
"""The name of the gateway's own subject and of its own target; configuration cannot use it."""

POLICY = "assent.canary"
"""What a decision names where a built-in rule decided it."""

_LONGEST = "1m"


def own_decision(revision: str, action: Action, evidence: Evidence) -> Decision | None:
    """Return what is decided whatever policies say, None where that is their business.

    The canary may open its target, which holds nothing, and may do nothing else; nobody else
    may do anything to it.
    """
    subject, target = evidence.subject, evidence.target
    is_canary = subject.name == CANARY and subject.kind is SubjectKind.WORKLOAD
    is_own = target is not None and target.name == CANARY
    if not is_canary and not is_own:
        return None
    fits = subject.id == action.subject and target is not None and target.id == action.target
    opens = [touch.verb for touch in action.touches] == ["session.open"]
    if is_canary and is_own and fits and opens:
        return Permit(revision, (POLICY,), (Obligation("max_duration", _LONGEST, POLICY),))
    words = f"`{CANARY}` is the gateway's own: nothing is done with it but to measure revocation"
    return Deny(revision, "forbidden", (words,), (POLICY,))
