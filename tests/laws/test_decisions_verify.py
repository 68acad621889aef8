"""What the gateway decides, the verifier finds right; what is changed afterwards, it finds."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assent.control import entries
from assent.control.decide import considered
from assent.core.action import Action
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.canonical import canonical_bytes
from assent.core.decision import Permit
from assent.core.entry import Entry
from assent.core.evidence import Authentication, Evidence
from assent.core.grant import Delegation
from assent.core.ids import EntryId, SubjectId
from assent.core.request import Verdict
from assent_verify.report import Findings, Status
from assent_verify.story.decisions import APPROVALS, DECISIONS, Judge, Told
from builders import CountingIds
from policy_builders import ANA, NOW, SHOP, action, evidence, person, policies, touch

POLICIES = """
@id("all") permit (principal, action, resource) when { context.network.country != "XX" };
@id("masked") @mask("pii: partial") @max_rows("9") @record @decide("each")
permit (principal, action in Action::"read", resource);
@id("unknown") permit (principal in Group::"security", action == Action::"sql.unknown", resource);
@id("reason") @require("reason; ticket") forbid (principal, action in Action::"write", resource)
unless { context.statement.has_where };
@id("two") @require("approve: 1 of a|b > 1 of c, 1 of owners; step-up: 5m") @escalate("2m: d")
forbid (principal, action == Action::"sql.delete", resource) when { context.risk.score >= 10 };
@id("more") @require("approve: 2 of a or c, signed")
forbid (principal, action == Action::"sql.drop", resource);
@id("manager") @require("approve: 1 of manager, by-requester")
forbid (principal, action == Action::"sql.alter", resource);
@id("line") @require("approve: 1 of a, outside-line")
forbid (principal, action == Action::"sql.grant", resource);
@id("narrow") @downgrade("read_only") forbid (principal, action == Action::"sql.read", resource)
when { context.risk.level == "medium" };
@id("final") forbid (principal, action == Action::"sql.truncate", resource)
when { context.time.hour == 3 && resource.labels.contains("pii") };
"""
TEXTS = {"00.cedar": POLICIES}
IN_FORCE = policies(POLICIES)
HONOURS = frozenset(
    {"mask", "mask_inference", "max_rows", "record", "read_only", "more", "decide_each"}
)

GROUPS = ["a", "b", "c", "d", "dba", "platform", "engineers"]
NAMES = ["ana", "ben", "carl", "dora", "eve"]
groups = st.frozensets(st.sampled_from(GROUPS), min_size=1, max_size=4)
people = st.fixed_dictionaries(dict.fromkeys(NAMES, groups))
VERBS = """
    sql.read sql.read sql.update sql.delete sql.delete sql.drop sql.drop sql.alter sql.grant
    sql.truncate sql.unknown http.get
"""
verbs = st.sampled_from(VERBS.split())
touches = st.tuples(verbs, st.sampled_from(["public.orders", "public.customers"])).map(
    lambda of: touch(*of, "id")
)


@st.composite
def situations(draw: Callable[..., Any]) -> tuple[Action, Evidence, int]:
    """Draw an action, and evidence that holds some of what policies ask for."""
    some = tuple(dict.fromkeys(draw(st.lists(touches, min_size=1, max_size=2))))
    of = action(*some, has_where=draw(st.booleans()), complete=draw(st.integers(0, 5)) > 0)
    known = {
        name: replace(person(name, *found), reports_to=draw(lines))
        for name, found in draw(people).items()
    }
    ana = replace(known["ana"], reports_to=draw(lines))
    approvers = [known[name] for name in draw(st.lists(st.sampled_from(NAMES), unique=True))]
    given = evidence(of, *approvers, subject=ana, reason=draw(st.sampled_from(["", "to mend it"])))
    given = replace(
        given,
        approvals=tuple(
            replace(
                one,
                verdict=draw(st.sampled_from([*[Verdict.APPROVE] * 4, Verdict.REJECT])),
                withdrawn_at=draw(st.sampled_from([*[None] * 5, NOW])),
                action_digest=draw(st.sampled_from([*[one.action_digest] * 5, "sha256:other"])),
            )
            for one in given.approvals
        ),
        delegations=draw(
            st.dictionaries(
                st.sampled_from([f"sub_{name}" for name in NAMES]).map(SubjectId),
                st.tuples(
                    st.builds(
                        Delegation,
                        st.sampled_from([f"sub_{name}" for name in NAMES]).map(SubjectId),
                        st.sampled_from(GROUPS),
                    )
                ),
                max_size=3,
            )
        ),
        ticket=draw(st.sampled_from(["", "OPS-1"])),
        asked_at=draw(st.sampled_from([None, NOW, NOW - timedelta(minutes=3)])),
        authentication=draw(
            st.sampled_from([None, Authentication("password", NOW, NOW - timedelta(minutes=2))])
        ),
        target=replace(SHOP, resource_owners=draw(st.sampled_from([{}, OWNED]))),
    )
    return of, given, draw(st.sampled_from([0, 12, 30, 70]))


lines = st.lists(st.sampled_from([f"sub_{name}" for name in NAMES]).map(SubjectId), max_size=2).map(
    tuple
)
OWNED = {"public.orders": frozenset({"a"}), "public.*": frozenset({"b"})}


def entry_of(of: Action, given: Evidence, score: int) -> tuple[Entry, bool]:
    level = RiskLevel.LOW if score < 25 else RiskLevel.MEDIUM if score < 60 else RiskLevel.HIGH
    made = Assessment(score, level, (Factor("any", score, "it is so"),))
    found = considered(IN_FORCE, of, given, made, (), HONOURS)
    entry = entries.decision(
        EntryId("ent_decision"), of, found.decision, made, given,
        request=None, reusable=False, findings=found.findings,
    )  # fmt: skip
    return entry, isinstance(found.decision, Permit)


def told(place: int, entry: Entry) -> Told:
    """Return an entry as the verifier has it, from its bytes."""
    leaf = {
        name: getattr(entry, name)
        for name in ("id", "kind", "subject", "target", "session", "request", "facts")
    }
    leaf, content = json.loads(canonical_bytes(leaf)), json.loads(canonical_bytes(entry.payload))
    return Told(place, leaf, content)


def judged(attempt: Told, decision: Told) -> Findings:
    findings = Findings()
    Judge(findings, {IN_FORCE.revision: TEXTS}).judge(attempt, decision)
    return findings


def both(found: tuple[Action, Evidence, int]) -> tuple[Told, Told, bool]:
    of, given, score = found
    entry, permitted = entry_of(of, given, score)
    return told(0, entries.attempt(CountingIds(), of, given.at, None)), told(1, entry), permitted


def sentences(findings: Findings) -> list[str]:
    return [
        one.text
        for check in (DECISIONS, APPROVALS)
        for status in Status
        for one in findings.of(check, status)
    ]


thorough = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@given(situations())
@thorough
def test_what_was_decided_is_found_right(found: tuple[Action, Evidence, int]) -> None:
    attempt, decision, _ = both(found)
    assert sentences(judged(attempt, decision)) == []


@given(situations())
@thorough
def test_a_denial_that_is_turned_into_a_permit_is_found(
    found: tuple[Action, Evidence, int],
) -> None:
    attempt, decision, permitted = both(found)
    if permitted:
        return
    facts = decision.leaf["facts"]
    facts["outcome"] = "permit"
    facts["policies"] = sorted(
        {id for one in decision.content["cedar"]["asked"] for id in one.get("permits", ())}
    )
    decision.content["obligations"] = ["mask: ", "max_rows: ", "record: ", "decide_each: "]
    decision.content["obligations"] += ["read_only: "]
    if facts.pop("code") == "obligation":
        return  # Not the policies say that, but what the gateway can keep.
    assert any("permit" in text for text in sentences(judged(attempt, decision)))


def _to_another_touch(attempt: Told, decision: Told) -> None:
    attempt.content["statement"]["touches"][0]["verb"] = "sql.truncate"


def _another_answer(attempt: Told, decision: Told) -> None:
    decision.content["cedar"]["asked"][0]["permits"] = ["unknown"]


def _a_lower_score(attempt: Told, decision: Told) -> None:
    decision.leaf["facts"]["score"] = 1


def _another_person(attempt: Told, decision: Told) -> None:
    decision.content["cedar"]["asked"][0]["principal"]["id"] = "carl"


def _another_group(attempt: Told, decision: Told) -> None:
    decision.content["evidence"]["subject"]["groups"] = ["security"]


def _a_group_in_a_group(attempt: Told, decision: Told) -> None:
    group = {"uid": {"type": "Group", "id": "engineers"}, "attrs": {}, "parents": []}
    group["parents"] = [{"type": "Group", "id": "security"}]
    decision.content["cedar"]["entities"].append(group)
    decision.content["cedar"]["asked"][0]["entities"].append(
        len(decision.content["cedar"]["entities"]) - 1
    )


def _another_environment(attempt: Told, decision: Told) -> None:
    entities = decision.content["cedar"]["entities"]
    target = next(one for one in entities if one["uid"]["type"] == "Target")
    target["parents"] = [{"type": "Environment", "id": "test"}]


def _another_resource(attempt: Told, decision: Told) -> None:
    decision.content["cedar"]["asked"][0]["resource"]["id"] = "shop/public.other"


def _another_text(attempt: Told, decision: Told) -> None:
    attempt.content["text"] = "select 2"


def _another_policy(attempt: Told, decision: Told) -> None:
    decision.leaf["facts"]["policies"] = ["unknown"]


def _no_question(attempt: Told, decision: Told) -> None:
    decision.content["cedar"]["asked"].clear()


def _nonsense(attempt: Told, decision: Told) -> None:
    decision.content["cedar"] = {"asked": 7}


def _no_obligations(attempt: Told, decision: Told) -> None:
    decision.content["obligations"] = []


@pytest.mark.parametrize(
    "change",
    [
        _to_another_touch,
        _another_answer,
        _a_lower_score,
        _another_person,
        _another_group,
        _a_group_in_a_group,
        _another_environment,
        _another_resource,
        _another_text,
        _another_policy,
        _no_question,
        _nonsense,
        _no_obligations,
    ],
)
def test_what_is_changed_of_a_permit_is_found(change: Callable[[Told, Told], None]) -> None:
    of = action(touch("sql.delete"), touch("sql.read"))
    approvers = [person("ben", "a"), person("carl", "c"), person("dora", "dba")]
    given = replace(
        evidence(of, *approvers, subject=ANA),
        authentication=Authentication("password", NOW, NOW),
    )
    attempt, decision, permitted = both((of, given, 12))
    assert permitted
    assert sentences(judged(attempt, decision)) == []
    change(attempt, decision)
    assert sentences(judged(attempt, decision))


def test_the_texts_of_another_revision_are_refused() -> None:
    attempt, decision, _ = both((action(touch("sql.read")), evidence(), 0))
    findings = Findings()
    Judge(findings, {IN_FORCE.revision: {"00.cedar": POLICIES + "\n"}}).judge(attempt, decision)
    decision.leaf["facts"]["revision"] = "pol-other"
    Judge(findings, {"pol-other": TEXTS}).judge(attempt, decision)
    assert any("the texts that are kept for it" in text for text in sentences(findings))


def test_a_permit_without_the_texts_of_its_policies_is_not_called_good() -> None:
    attempt, decision, _ = both((action(touch("sql.read")), evidence(), 0))
    judge = Judge(Findings(), {})
    judge.judge(attempt, decision)
    assert judge.untold == {IN_FORCE.revision: [decision.entry]}
    assert judge.tally.judged == 0
