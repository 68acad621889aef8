"""What holds for any policies: a forbid only denies, order is nothing, less evidence is less."""

from dataclasses import dataclass, replace
from datetime import timedelta

import cedarpy
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.control.obligations import keep
from assent.core.action import Action, Operation, Touch
from assent.core.decision import Deny, Permit
from assent.core.device_key import ApprovalSignature
from assent.core.evidence import Evidence
from assent.core.ids import DeviceKeyId
from assent.policy import PolicySet, load
from assent.policy.entities import Scene, entities
from assent.policy.facts import EVERY_FACT, Moment, context
from assent.policy.labels import labels_of
from policy_builders import (
    ANA,
    BEN,
    CARL,
    DORA,
    NOW,
    SHOP,
    SQL,
    action,
    decide,
    evidence,
    person,
    risk,
    touch,
)

HEADS = (
    "action",
    'action == Action::"sql.read"',
    'action in Action::"write"',
    'action in [Action::"sql.delete", Action::"unknown"]',
    'action == Action::"sql.unknown"',
)
CONDITIONS = (
    "true",
    "context.risk.score >= 40",
    "!context.statement.has_where",
    'context.touch.labels.contains("pii")',
    'resource in Environment::"prod"',
    'principal in Group::"dba"',
    # Overflows where the score is not zero: an error.
    "9223372036854775807 + context.risk.score > 0",
)
REQUIREMENTS = (
    "reason",
    "ticket",
    "approve: 1 of dba",
    "approve: 2 of dba",
    "approve: 1 of security > 1 of owners",
    "reason; approve: 1 of dba, 1 of security",
    "approve: 1 of dba or security, signed",
    "approve: 1 of dba|owners, by-requester > 1 of security, outside-line",
)
EVE = person("eve", "dba", "security")
PEOPLE = (ANA, BEN, CARL, DORA, EVE)


@dataclass(frozen=True)
class Draft:
    """A policy but for its id."""

    effect: str
    head: str
    condition: str
    require: str
    more: str = ""

    @property
    def is_soft(self) -> bool:
        """Whether a forbid may be satisfied and deny nothing."""
        return bool(self.require) or "downgrade" in self.more

    def text(self, id: str) -> str:
        required = f'@require("{self.require}") {self.more}' if self.require else self.more
        head = f"{self.effect} (principal, {self.head}, resource)"
        return f'@id("{id}") {required} {head} when {{ {self.condition} }};'


permits = st.builds(
    Draft, st.just("permit"), st.sampled_from(HEADS), st.sampled_from(CONDITIONS), st.just("")
)
ASKING = tuple(one for one in REQUIREMENTS if "approve" in one)
forbids = st.one_of(
    st.builds(
        Draft,
        st.just("forbid"),
        st.sampled_from(HEADS),
        st.sampled_from(CONDITIONS),
        st.sampled_from(("", *REQUIREMENTS)),
    ),
    st.builds(
        Draft,
        st.just("forbid"),
        st.sampled_from(HEADS),
        st.sampled_from(CONDITIONS),
        st.sampled_from(ASKING),
        st.just('@escalate("10m: security; 1h: dba")'),
    ),
    st.builds(
        Draft,
        st.just("forbid"),
        st.sampled_from(HEADS),
        st.sampled_from(CONDITIONS),
        st.just(""),
        st.just('@downgrade("read_only")'),
    ),
)
liftable = st.builds(
    Draft,
    st.just("forbid"),
    st.sampled_from(HEADS),
    st.sampled_from(CONDITIONS[:-1]),
    st.sampled_from(REQUIREMENTS),
)
everything = Draft("permit", "action", "true", "")
drafts = st.lists(st.one_of(permits, forbids), max_size=5).map(lambda some: [everything, *some])
touches = st.lists(
    st.sampled_from(
        [
            touch("sql.read"),
            touch("sql.read", "public.customers", "*"),
            touch("sql.delete"),
            touch("sql.unknown"),
        ]
    ),
    min_size=1,
    max_size=3,
    unique=True,
)


def signed(facts: Evidence) -> Evidence:
    signature = ApprovalSignature("ed25519", DeviceKeyId("dky_1"), "shown", "c2ln")
    approvals = tuple(replace(one, signature=signature) for one in facts.approvals)
    return replace(facts, approvals=approvals)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Action, Evidence, int]:
    touched: list[Touch] = draw(touches)
    what = action(*touched, has_where=draw(st.booleans()))
    approvers = draw(st.lists(st.sampled_from(PEOPLE), unique=True))
    facts = evidence(what, *approvers, reason=draw(st.sampled_from(["", "because"])))
    ticket = draw(st.sampled_from(["", "OPS-1"]))
    if draw(st.booleans()):
        facts = signed(facts)
    waited = draw(st.sampled_from([0, 10, 60]))
    facts = replace(facts, asked_at=NOW - timedelta(minutes=waited))
    return what, replace(facts, ticket=ticket), draw(st.sampled_from([0, 40, 90]))


def loaded(some: list[Draft], names: list[int] | None = None) -> PolicySet:
    """Return the drafts as one file each; `names` shuffles the files, not the ids."""
    order = names or list(range(len(some)))
    files = {f"{order[n]:02}.cedar": draft.text(f"p{n}") for n, draft in enumerate(some)}
    return load(files, [SQL])


@settings(deadline=None, max_examples=60)
@given(drafts, forbids, situations())
def test_adding_a_forbid_never_turns_a_deny_into_a_permit(
    some: list[Draft], more: Draft, situation: tuple[Action, Evidence, int]
) -> None:
    before = decide(loaded(some), *situation)
    after = decide(loaded([*some, more]), *situation)
    assert not (isinstance(before, Deny) and isinstance(after, Permit))


@settings(deadline=None, max_examples=60)
@given(drafts, situations(), st.data())
def test_the_order_of_files_and_of_policies_in_them_never_matters(
    some: list[Draft], situation: tuple[Action, Evidence, int], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(some))))
    texts = [draft.text(f"p{n}") for n, draft in enumerate(some)]
    one_file = load({"a.cedar": "\n".join(texts[n] for n in order)}, [SQL])
    plain = decide(loaded(some), *situation)
    for other in (decide(loaded(some, order), *situation), decide(one_file, *situation)):
        assert replace(other, revision="") == replace(plain, revision="")


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.one_of(permits, liftable), max_size=5),
    situations(),
    st.sets(st.sampled_from(PEOPLE)),
)
def test_taking_evidence_away_never_turns_a_deny_into_a_permit(
    some: list[Draft], situation: tuple[Action, Evidence, int], gone: set[object]
) -> None:
    what, facts, score = situation
    policies = loaded([everything, *some])
    kept = {id: one for id, one in facts.approvers.items() if one not in gone}
    fewer = tuple(one for one in facts.approvals if one.approver in kept)
    less = (
        replace(facts, approvals=fewer, approvers=kept),
        replace(facts, reason=""),
        replace(facts, ticket=""),
    )
    before = decide(policies, what, facts, score)
    for evidence_left in less:
        after = decide(policies, what, evidence_left, score)
        assert not (isinstance(before, Deny) and isinstance(after, Permit))


@settings(deadline=None, max_examples=50)
@given(drafts, st.sampled_from(["permit", "forbid"]), situations())
def test_an_error_in_any_policy_is_a_deny(
    some: list[Draft], effect: str, situation: tuple[Action, Evidence, int]
) -> None:
    broken = Draft(effect, "action", "9223372036854775807 + context.time.hour > 0", "")
    what, facts, score = situation
    decision = decide(loaded([*some, broken]), what, facts, score)
    if effect == "permit" and all(one.verb == "sql.unknown" for one in what.touches):
        # A permit that does not name the unknown is not even asked about it.
        assert decision == replace(decide(loaded(some), *situation), revision=decision.revision)
        return
    assert isinstance(decision, Deny)
    is_read = all(one.verb != "sql.unknown" for one in what.touches)
    if effect == "forbid" or is_read:
        assert decision.code == "policy-error"
    assert decision.remedies == ()


@settings(deadline=None, max_examples=60)
@given(drafts, situations())
def test_a_deny_that_can_be_lifted_is_lifted_by_what_it_asks_for(
    some: list[Draft], situation: tuple[Action, Evidence, int]
) -> None:
    what, _, score = situation
    policies = loaded(some)
    decision = decide(policies, what, evidence(), score)
    if isinstance(decision, Deny) and decision.remedies:
        people = [person(f"{group}{n}", group) for group in ("dba", "security") for n in range(3)]
        facts = signed(replace(evidence(what, *people, reason="because"), ticket="OPS-1"))
        assert isinstance(decide(policies, what, facts, score), Permit)


def stock_cedar_allows(some: list[Draft], what: Action, facts: Evidence, score: int) -> bool:
    """Ask Cedar itself, with all policies in one set, every fact, and the annotations ignored."""
    texts = [draft.text(f"p{n}") for n, draft in enumerate(some)]
    everything_at_once = cedarpy.PolicySet.from_str("\n".join(texts))
    for one in what.touches:
        labels = tuple(labels_of(SHOP, one.resource.name))
        target = (SHOP.name, SHOP.protocol, SHOP.environment, ())
        scene = Scene(
            ANA, one.verb, one.operation, one.resource.kind, one.resource.name, labels, target
        )
        request = {
            "principal": scene.principal(),
            "action": scene.action(),
            "resource": scene.resource(),
            "context": context(Moment(what, one, facts, risk(score), NOW), EVERY_FACT),
        }
        if not cedarpy.is_authorized(request, everything_at_once, entities(scene)).allowed:
            return False
    return True


@settings(deadline=None, max_examples=100)
@given(drafts, situations())
def test_stock_cedar_agrees_and_is_only_ever_stricter_where_a_forbid_can_be_lifted(
    some: list[Draft], situation: tuple[Action, Evidence, int]
) -> None:
    what, facts, score = situation
    decision = decide(loaded(some), what, facts, score)
    allows = stock_cedar_allows(some, what, facts, score)
    liftable_or_unknown = any(draft.is_soft for draft in some) or any(
        one.verb == "sql.unknown" for one in what.touches
    )
    if isinstance(decision, Permit):
        assert allows or any(draft.is_soft for draft in some)
    elif decision.code == "policy-error":
        assert "overflow" in decision.messages[0]
    elif not liftable_or_unknown:
        assert not allows


@settings(deadline=None, max_examples=60)
@given(drafts, situations())
def test_nothing_but_reading_passes_a_satisfied_forbid_that_narrows(
    some: list[Draft], situation: tuple[Action, Evidence, int]
) -> None:
    what, facts, score = situation
    narrowing = Draft("forbid", "action", "true", "", '@downgrade("read_only")')
    decision = keep(decide(loaded([*some, narrowing]), what, facts, score), what, facts)
    if any(one.operation is not Operation.READ for one in what.touches):
        assert isinstance(decision, Deny)
    elif isinstance(decision, Permit):
        assert any(item.name == "read_only" for item in decision.obligations)
