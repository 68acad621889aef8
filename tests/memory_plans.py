"""Plans for tests without a target: texts are read by their first word, and a plane in memory
permits those of ben at once, asks a DBA about those of others, and refuses carl's."""

from collections.abc import Sequence
from typing import Any, cast

from assent.control.decide import Decider, Outcome
from assent.control.gather import Circumstances
from assent.control.plan_actions import PlannedStatement
from assent.control.plans import Plans
from assent.control.timers import Timers
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.decision import ApprovalRemedy, Decision, Deny, Permit, Quorum
from assent.core.evidence import Evidence
from assent.core.faults import ConflictFault
from assent.core.ids import EntryId
from assent.core.ports import Store
from assent.core.resource import Resource, Target

VERBS = {
    "select": ("sql.read", Operation.READ),
    "insert": ("sql.insert", Operation.WRITE),
    "update": ("sql.update", Operation.WRITE),
    "delete": ("sql.delete", Operation.WRITE),
}


async def read_texts(target: Target, database: str, text: str) -> Sequence[PlannedStatement]:
    """Return the statements of a text whose strings hold no `;`; `\\` at a begin is no SQL."""
    if text.lstrip().startswith("\\"):
        raise ConflictFault("plan-unreadable", "the file cannot be read; a plan holds only SQL")
    return [read_text(one.strip()) for one in text.split(";") if one.strip()]


def read_text(text: str) -> PlannedStatement:
    """Return one statement, understood by its first word."""
    verb, operation = VERBS.get(text.split()[0].lower(), ("sql.unknown", Operation.UNKNOWN))
    touch = Touch(verb, operation, Resource("Table", "public.orders"))
    complete = verb != "sql.unknown"
    statement = Statement(verb, (touch,), complete, has_where=" where " in text)
    return PlannedStatement(text, statement)


class _Decider:
    def __init__(self, made: Any) -> None:
        self._made = made
        self.policies = type("Policies", (), {"revision": "rev-1"})()

    async def consider(self, action: Action, circumstances: Circumstances) -> Outcome:
        person = self._made.directory.subject(action.subject)
        decision: Decision
        if person.name == "carl":
            decision = Deny("rev-1", "no-permit", ("no policy permits it",))
        elif person.name == "ben" or action.verb != "plan.propose":
            decision = Permit("rev-1", ("plans",))
        else:
            remedies = (ApprovalRemedy(((Quorum(1, "dba"),),)),)
            decision = Deny("rev-1", "remedy-needed", ("a DBA must assent",), (), remedies)
        evidence = Evidence(self._made.clock.now(), person)
        return Outcome(decision, (), self._made.assessment, evidence, EntryId("ent_0"))

    decide = consider


def plans_of(made: Any) -> Plans:
    """Return the plans of a memory plane that has everything but them."""
    store = cast(Store, made.store)
    plans = Plans(
        store=store,
        directory=made.directory,
        decider=cast(Decider, _Decider(made)),
        waiting=made.waiting,
        grants=made.grants,
        sign_in=made.sign_in,
        timers=Timers(store=store, clock=made.clock),
        clock=made.clock,
        ids=made.ids,
    )
    plans.read_with(read_texts)
    return plans
