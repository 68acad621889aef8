"""A small world to decide in: one target, a few people, and the words of one protocol."""

from collections.abc import Mapping
from datetime import UTC, datetime

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.decision import Decision
from assent.core.evidence import Evidence
from assent.core.ids import ActionId, ApprovalId, RequestId, SubjectId, TargetId
from assent.core.plugins import ProtocolPlugin
from assent.core.request import Approval, Verdict
from assent.core.resource import Resource, Target
from assent.core.subject import Subject, SubjectKind
from assent.policy import PolicySet, evaluate, load

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

VERBS = """
    sql.read sql.insert sql.update sql.delete sql.truncate sql.create sql.alter sql.drop
    sql.grant sql.execute sql.program sql.impersonate sql.configure sql.session sql.notify
    sql.lock sql.maintain sql.unknown
"""
KINDS = """
    Table Schema Database Role Function Setting Type Extension Channel Program File Object
"""
SQL = ProtocolPlugin(
    "postgres",
    verbs=frozenset(VERBS.split()),
    resources=frozenset(KINDS.split()),
    honours=frozenset({"max_duration", "record", "decide_each"}),
)

OPERATIONS = {
    "sql.read": Operation.READ,
    "sql.session": Operation.READ,
    "sql.execute": Operation.EXECUTE,
    "sql.create": Operation.ADMINISTER,
    "sql.grant": Operation.ADMINISTER,
    "sql.impersonate": Operation.ADMINISTER,
    "sql.unknown": Operation.UNKNOWN,
}


def person(name: str, *groups: str, kind: SubjectKind = SubjectKind.HUMAN) -> Subject:
    return Subject(SubjectId(f"sub_{name}"), name, kind, groups=frozenset(groups))


ANA = person("ana", "engineers")
BEN = person("ben", "dba")
DORA = person("dora", "dba")
CARL = person("carl", "security")

SHOP = Target(
    TargetId("tgt_shop"),
    "shop",
    "postgres",
    "db",
    5432,
    "shop",
    "app",
    "env:SHOP",
    environment="prod",
    owners=frozenset({"platform", "dba"}),
    labels={
        "shop": frozenset({"crown"}),
        "public.customers": frozenset({"pii"}),
        "public.customers.card_number": frozenset({"pci.pan"}),
    },
)


def touch(verb: str, name: str = "public.orders", *columns: str, kind: str = "Table") -> Touch:
    operation = OPERATIONS.get(verb, Operation.WRITE)
    return Touch(verb, operation, Resource(kind, name), frozenset(columns))


def action(
    *touches: Touch,
    subject: Subject = ANA,
    has_where: bool = True,
    complete: bool = True,
    text: str = "select 1",
    details: Mapping[str, str] | None = None,
) -> Action:
    statement = Statement(touches[0].verb if touches else "", touches, complete, has_where)
    return Action(
        ActionId("act_1"), subject.id, statement, SHOP.id, text=text, details=details or {}
    )


def risk(score: int) -> Assessment:
    level = RiskLevel.LOW if score < 25 else RiskLevel.MEDIUM if score < 60 else RiskLevel.HIGH
    return Assessment(score, level, (Factor("statement", score, "what it does"),))


def assents(to: Action, *people: Subject) -> tuple[tuple[Approval, ...], dict[str, Subject]]:
    approvals = tuple(
        Approval(
            ApprovalId(f"apr_{one.name}"),
            RequestId("req_1"),
            one.id,
            Verdict.APPROVE,
            to.digest(),
            NOW,
        )
        for one in people
    )
    return approvals, {one.id: one for one in people}


def evidence(
    of: Action | None = None, *approvers: Subject, subject: Subject = ANA, reason: str = ""
) -> Evidence:
    approvals, known = assents(of, *approvers) if of else ((), {})
    return Evidence(NOW, subject, SHOP, approvals=approvals, approvers=known, reason=reason)


def policies(*texts: str) -> PolicySet:
    return load({f"{number:02}.cedar": text for number, text in enumerate(texts)}, [SQL])


def decide(
    loaded: PolicySet, what: Action, facts: Evidence | None = None, score: int = 0
) -> Decision:
    return evaluate(loaded, what, facts or evidence(), risk(score), NOW)
