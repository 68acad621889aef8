"""Whether somebody could still change the policies, if others were in force."""

from collections.abc import Sequence
from datetime import datetime

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.assenting import Assenting
from assent.core.assessment import Assessment, RiskLevel
from assent.core.decision import ApprovalRemedy, Permit
from assent.core.evidence import Authentication, Connection, Evidence
from assent.core.ids import ActionId
from assent.core.quorum import unmet
from assent.core.resource import Resource
from assent.core.subject import Subject, SubjectKind
from assent.policy import PolicySet, evaluate
from assent.policy.facts import PASSKEY

_TOUCH = Touch("policy.change", Operation.ADMINISTER, Resource("System", "policies"))
_CALM = Assessment(0, RiskLevel.LOW, ())


def locked_out(policies: PolicySet, people: Sequence[Subject], now: datetime) -> bool:
    """Return whether no enabled human could change policies, with everybody's help.

    Each is taken at their best: just signed in by passkey, at no risk, with a reason and an open
    ticket.
    """
    humans = [one for one in people if one.kind is SubjectKind.HUMAN and not one.disabled]
    return not any(_could(policies, person, humans, now) for person in humans)


def _could(policies: PolicySet, person: Subject, humans: Sequence[Subject], now: datetime) -> bool:
    action = Action(
        ActionId("act_outlook"),
        person.id,
        Statement("policy.change", (_TOUCH,), complete=True),
        text="policies",
    )
    evidence = Evidence(
        at=now,
        subject=person,
        authentication=Authentication(PASSKEY, now, now, PASSKEY),
        connection=Connection(door="api"),
        reason="to change policies",
        ticket="CHANGE-1",
        ticket_said="open",
    )
    decision = evaluate(policies, action, evidence, _CALM, now)
    if isinstance(decision, Permit):
        return True
    helpers = [Assenting(one, signed=True) for one in humans]
    approvals = [one for one in decision.remedies if isinstance(one, ApprovalRemedy)]
    # Whatever else is demanded, a reason or a step-up, everybody can give.
    return bool(decision.remedies) and not any(
        unmet(remedy, person, helpers) for remedy in approvals
    )
