"""Tries policies on cases: given who and where, when they do this, then that must be the answer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from assent.core.action import Action, Operation, Phase, Statement, Touch
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.decision import Decision, Permit, describe
from assent.core.device_key import ApprovalSignature
from assent.core.evidence import Authentication, Connection, Evidence
from assent.core.faults import OperatorFault
from assent.core.grant import Grant, GrantKind
from assent.core.ids import (
    ActionId,
    ApprovalId,
    DeviceKeyId,
    GrantId,
    RequestId,
    SubjectId,
    TargetId,
)
from assent.core.impact import Impact
from assent.core.network import Network
from assent.core.request import Approval, Verdict
from assent.core.resource import Resource, Target
from assent.core.subject import Subject, SubjectKind
from assent.policy.case_files import Case, CaseFile
from assent.policy.evaluation import evaluate
from assent.policy.policy_set import PolicySet

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
"""When a case happens that does not say: a Wednesday at noon, UTC."""

Read = Callable[[str, Target], Statement]
"""Returns what a text does, by the protocol of its target."""

_OWN_TARGET_VERBS = ("session.open", "access.", "plan.")
_SYSTEM = {
    "audit.erase": "audit",
    "audit.hold": "audit",
    "audit.prune": "audit",
    "audit.rotate-key": "audit",
    "policy.change": "policies",
    "target.change": "targets",
    "delegation.give": "delegations",
}
# Whether it is a good one was seen when it came in; a case says that it was.
_SIGNED = ApprovalSignature("ed25519", DeviceKeyId("key_case"), "sha256:0", "")
_READING = (".read", ".select", ".session", ".lock", ".get", ".head", ".options", ".list")
_EXECUTING = (
    ".execute", ".shell", ".forward", ".listen", ".agent", ".upgrade", ".call", ".connect",
)  # fmt: skip
_ADMINISTERING = (".elevate", ".administer", ".admit")
# What is sent, as a case says it, and the protocol that it is of.
_TEXTS = {"sql": "postgres", "command": "ssh", "request": "http"}


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a case. problems: where it is not as expected, empty when it passed.

    decided_by: the policies that settled it. answer: for people.
    """

    case: Case
    problems: tuple[str, ...]
    decided_by: tuple[str, ...]
    answer: str

    @property
    def passed(self) -> bool:
        """Whether all is as the case expects."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which policies settled some case, and which never did, by id."""

    exercised: tuple[str, ...]
    never: tuple[str, ...]


def run(file: CaseFile, policies: PolicySet, read: Read) -> Iterator[Result]:
    """Yield the results of a file's cases, in order. Raises OperatorFault for a broken case."""
    for case in file.cases:
        action, evidence, assessment = _scene(file, case, read)
        decision = evaluate(policies, action, evidence, assessment, evidence.at)
        yield Result(
            case, tuple(_problems(case.then, decision)), _decided_by(decision), _said(decision)
        )


def coverage(policies: PolicySet, results: Sequence[Result]) -> Coverage:
    """Return which of the policies the results rest on."""
    exercised = {id for result in results for id in result.decided_by}
    ids = [rule.id for rule in policies.rules]
    return Coverage(
        tuple(id for id in ids if id in exercised), tuple(id for id in ids if id not in exercised)
    )


def _decided_by(decision: Decision) -> tuple[str, ...]:
    return decision.permitted_by if isinstance(decision, Permit) else decision.denied_by


def _said(decision: Decision) -> str:
    if isinstance(decision, Permit):
        obligations = "; ".join(_obligations(decision))
        return "permit" + (f" ({obligations})" if obligations else "")
    words = "; ".join(decision.messages)
    return f"deny ({decision.code}): {words}"


def _obligations(permit: Permit) -> list[str]:
    return [f"{one.name}: {one.value}".rstrip(": ") for one in permit.obligations]


def _problems(then: Mapping[str, Any], decision: Decision) -> Iterator[str]:
    """Yield where a decision is not what was expected, each as two lines."""
    answer = "permit" if isinstance(decision, Permit) else "deny"
    if then["answer"] != answer:
        yield _differ("answer", then["answer"], _said(decision))
        return
    found: dict[str, Sequence[str]] = {"policies": sorted(_decided_by(decision))}
    if isinstance(decision, Permit):
        found["obligations"] = sorted(_obligations(decision))
    else:
        found["code"] = [decision.code]
        found["needs"] = sorted(describe(remedy) for remedy in decision.remedies)
    for key in ("code", "policies", "obligations", "needs"):
        if key not in then:
            continue
        wanted = [then[key]] if isinstance(then[key], str) else sorted(then[key])
        if wanted != list(found.get(key, [])):
            yield _differ(key, ", ".join(wanted) or "none", ", ".join(found.get(key, ())) or "none")
    messages = "" if isinstance(decision, Permit) else "\n".join(decision.messages)
    for words in then.get("says", ()):
        if words not in messages:
            yield _differ("says", words, messages or "nothing")


def _differ(what: str, expected: str, found: str) -> str:
    return f"{what}: expected {expected}\n{' ' * len(what)}  found    {found}"


def _scene(file: CaseFile, case: Case, read: Read) -> tuple[Action, Evidence, Assessment]:
    given = case.given
    now = given.get("at", NOON)
    subject = _person(file, given["who"], case)
    target = _target(file, given, case)
    statement = _statement(case, target, read)
    system = all(touch.resource.kind == "System" for touch in statement.touches)
    if system and "target" not in given:
        target = None
    action = Action(
        id=ActionId("act_case"),
        subject=subject.id,
        statement=statement,
        target=target.id if target else None,
        text=_text(case.when),
        phase=Phase.PREPARE if given.get("phase") == "prepare" else Phase.EXECUTE,
        in_transaction=given.get("in_transaction", False),
        details={key: str(value) for key, value in case.when.get("details", {}).items()},
        salt="case",
    )
    approvers = [_person(file, name, case) for name in given.get("approvals", ())]
    is_access = statement.kind.startswith(("access.", "policy.", "target.", "delegation."))
    grant = given.get("grant", not is_access)
    evidence = Evidence(
        at=now,
        subject=subject,
        target=target,
        authentication=_authentication(given, now),
        connection=Connection(
            given.get("address", "192.0.2.1"),
            given.get("application", ""),
            given.get("door", "api" if is_access else "gateway"),
        ),
        history=_history(given, statement),
        grants=(_grant(subject, target, given, now),) if grant and target else (),
        approvals=tuple(
            _approval(one, action, given.get("signed", False), now) for one in approvers
        ),
        approvers={one.id: one for one in approvers},
        reason=given.get("reason", ""),
        ticket=given.get("ticket", ""),
        network=_network(given),
        verified_by=subject.verified_by,
        impact=Impact(given["rows"]) if "rows" in given else None,
        ticket_said=given.get("ticket_said", ""),
        asked_at=now - timedelta(seconds=given.get("waited_s", 0)),
    )
    return action, evidence, _assessment(given, case)


def _person(file: CaseFile, name: str, case: Case) -> Subject:
    said = file.people.get(name)
    if said is None:
        words = f"nobody is called `{name[:80]}`; say who it is as `[people.{name[:80]}]`"
        raise OperatorFault("policy-test", words, case.place())
    try:
        kind = SubjectKind(said.get("kind", "human"))
    except ValueError:
        raise OperatorFault("policy-test", "`kind` is no kind of person", case.place()) from None
    return Subject(
        SubjectId(f"sub_{name}"),
        name,
        kind,
        groups=frozenset(said.get("groups", ())),
        verified=said.get("verified", True),
        disabled=said.get("disabled", False),
        reports_to=tuple(SubjectId(f"sub_{one}") for one in said.get("reports_to", ())),
        on_behalf_of=SubjectId(f"sub_{said['on_behalf_of']}") if "on_behalf_of" in said else None,
    )


def _target(file: CaseFile, given: Mapping[str, Any], case: Case) -> Target | None:
    name = given.get("target") or (next(iter(file.targets)) if len(file.targets) == 1 else "")
    if not name:
        return None
    said = file.targets.get(name)
    if said is None:
        words = f"there is no target `{name[:80]}`; describe it as `[targets.{name[:80]}]`"
        raise OperatorFault("policy-test", words, case.place())
    return Target(
        TargetId(f"tgt_{name}"),
        name,
        said.get("protocol", "postgres"),
        "",
        0,
        said.get("database", name),
        said.get("account", ""),
        "",
        environment=said.get("environment", "dev"),
        owners=frozenset(said.get("owners", ())),
        labels={key: frozenset(value) for key, value in said.get("labels", {}).items()},
        search_path=tuple(said.get("search_path", ("public",))),
        options={"routes": tuple(said.get("routes", ()))},
    )


def _statement(case: Case, target: Target | None, read: Read) -> Statement:
    when = case.when
    for kind, protocol in _TEXTS.items():
        if kind not in when:
            continue
        if target is None or target.protocol != protocol:
            words = f"`{kind}` needs a `target` of protocol `{protocol}`"
            raise OperatorFault("policy-test", words, case.place())
        return read(_text(when), target)
    verb = when["do"]
    touch = Touch(
        verb,
        _operation(when, verb, case),
        _resource(when, verb, target, case),
        frozenset(when.get("columns", ())),
        arguments=frozenset(when.get("arguments", ())),
    )
    return Statement(verb, (touch,), complete=True, has_where=when.get("where", True))


def _text(when: Mapping[str, Any]) -> str:
    """Return what is sent; behind a request stands its body."""
    text = next((str(when[kind]) for kind in _TEXTS if kind in when), "")
    return f"{text}\n{when['body']}" if "request" in when and "body" in when else text


def _operation(when: Mapping[str, Any], verb: str, case: Case) -> Operation:
    if "operation" in when:
        try:
            return Operation(when["operation"])
        except ValueError:
            words = f"`operation` is one of {', '.join(one.value for one in Operation)}"
            raise OperatorFault("policy-test", words, case.place()) from None
    if verb in _SYSTEM:
        return Operation.ADMINISTER
    if verb.endswith(".unknown"):
        return Operation.UNKNOWN
    if verb.startswith(_OWN_TARGET_VERBS):
        return Operation.EXECUTE
    if verb.endswith(_EXECUTING):
        return Operation.EXECUTE
    if verb.endswith(_ADMINISTERING):
        return Operation.ADMINISTER
    return Operation.READ if verb.endswith(_READING) else Operation.WRITE


def _resource(when: Mapping[str, Any], verb: str, target: Target | None, case: Case) -> Resource:
    if "table" in when:
        return Resource("Table", when["table"])
    if "resource" in when:
        kind, _, name = when["resource"].partition(" ")
        return Resource(kind, name)
    if verb in _SYSTEM:
        return Resource("System", _SYSTEM[verb])
    if target is None:
        words = "`when` needs a `table`, or a `resource` such as `Function public.total`"
        raise OperatorFault("policy-test", words, case.place())
    return Resource("Target", target.name)


def _authentication(given: Mapping[str, Any], now: datetime) -> Authentication:
    stepped_up = given.get("step_up_s")
    return Authentication(
        given.get("signed_in_by", "password"),
        now - timedelta(seconds=given.get("signed_in_s", 60)),
        None if stepped_up is None else now - timedelta(seconds=stepped_up),
        given.get("step_up_by", "password") if stepped_up is not None else "",
    )


def _history(given: Mapping[str, Any], statement: Statement) -> dict[str, int]:
    if given.get("first_time", False):
        return {}
    return {f"{touch.verb} {touch.resource.name}": 10 for touch in statement.touches}


def _grant(subject: Subject, target: Target, given: Mapping[str, Any], now: datetime) -> Grant:
    minute = timedelta(minutes=1)
    kind = GrantKind.BREAK_GLASS if given.get("break_glass", False) else GrantKind.ACCESS
    return Grant(
        GrantId("grt_case"), subject.id, target.id, now - minute, now + 30 * minute, kind=kind
    )


def _approval(approver: Subject, action: Action, signed: bool, now: datetime) -> Approval:
    return Approval(
        ApprovalId(f"apr_{approver.name}"),
        RequestId("req_case"),
        approver.id,
        Verdict.APPROVE,
        action.digest(),
        now,
        signature=_SIGNED if signed else None,
    )


def _network(given: Mapping[str, Any]) -> Network | None:
    if not {"zones", "country", "lists", "asn"} & given.keys():
        return None
    return Network(
        given.get("address", "192.0.2.1"),
        asn=given.get("asn"),
        country=given.get("country", ""),
        zones=frozenset(given.get("zones", ())),
        lists=frozenset(given.get("lists", ())),
    )


def _assessment(given: Mapping[str, Any], case: Case) -> Assessment:
    score = given.get("risk", 0)
    if not 0 <= score <= 100:
        raise OperatorFault("policy-test", "`risk` is 0 to 100", case.place())
    usual = RiskLevel.LOW if score < 25 else RiskLevel.MEDIUM if score < 60 else RiskLevel.HIGH
    try:
        level = RiskLevel(given.get("level", usual.value))
    except ValueError:
        words = "`level` is `low`, `medium` or `high`"
        raise OperatorFault("policy-test", words, case.place()) from None
    return Assessment(score, level, (Factor("case", score, "as the case says"),))
