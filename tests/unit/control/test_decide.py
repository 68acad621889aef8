"""The spine: what is answered is in the log, and what may serve again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.control.decide import Outcome, is_reusable, max_duration, permitted_until
from assent.control.gather import Circumstances
from assent.core.action import Action, Operation, Phase
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.decision import Deny, Obligation, Permit
from assent.core.evidence import Evidence
from assent.core.faults import MissingFault, OutsideFault
from assent.core.ids import ApprovalId, EntryId, RequestId
from assent.core.request import Approval, Verdict
from assent.risk import assess
from builders import (
    ANA,
    NOON,
    POLICIES,
    SHOP,
    World,
    a_grant,
    a_statement,
    a_subject,
    a_touch,
    an_action,
    disabled,
    policies,
)

PERMIT = Permit("rev", ("statements",))
LOW = Assessment(5, RiskLevel.LOW, (Factor("what", 5, "it reads"),))
EVIDENCE = Evidence(NOON, ANA, SHOP)
APPROVAL = Approval(
    ApprovalId("apr_1"), RequestId("req_1"), ANA.id, Verdict.APPROVE, "sha256:00", NOON
)


HELD = Circumstances(grants=(a_grant(),))
"""What a session whose access is good brings along."""


def an_outcome(**changes: object) -> Outcome:
    outcome = Outcome(PERMIT, (), LOW, EVIDENCE, EntryId("ent_1"))
    return replace(outcome, **changes)  # type: ignore[arg-type]


def reading(**changes: object) -> Action:
    return replace(an_action("sql.read"), statement=replace(a_statement(), **changes))  # type: ignore[arg-type]


def test_a_plain_read_at_low_risk_may_be_reused() -> None:
    assert is_reusable(reading(), an_outcome())


@pytest.mark.parametrize(
    "changes",
    [
        {"decision": Deny("rev", "no-permit", ())},
        {"decision": replace(PERMIT, obligations=(Obligation("decide_each", "", "p"),))},
        {"assessment": Assessment(40, RiskLevel.MEDIUM, (Factor("what", 40, "odd"),))},
        {"assessment": Assessment(80, RiskLevel.HIGH, (Factor("what", 80, "odd"),))},
        {"evidence": replace(EVIDENCE, unavailable=frozenset({"history"}))},
        {"evidence": replace(EVIDENCE, approvals=(APPROVAL,))},
        {"request": RequestId("req_1")},
    ],
)
def test_a_decision_that_rested_on_more_is_not_reused(changes: dict[str, object]) -> None:
    assert not is_reusable(reading(), an_outcome(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"reusable": False},
        {"complete": False},
        {"touches": (a_touch("sql.update"),)},
        {"touches": (a_touch(), a_touch("sql.delete"))},
        {"touches": (replace(a_touch(), operation=Operation.UNKNOWN),)},
        {"touches": (replace(a_touch(), operation=Operation.EXECUTE),)},
    ],
)
def test_an_action_that_does_more_than_read_is_not_reused(changes: dict[str, object]) -> None:
    assert not is_reusable(reading(**changes), an_outcome())


async def test_a_decision_is_durable_before_it_is_heard(world: World) -> None:
    world.store.refused_kinds = {"decision"}
    with pytest.raises(OutsideFault):
        await world.decider.decide(an_action(), HELD)
    assert world.journal == []
    world.store.refused_kinds = set()
    outcome = await world.decider.decide(an_action(), HELD)
    assert (await world.store.entry(outcome.entry)) is not None


async def test_considering_leaves_no_trace(world: World) -> None:
    outcome = await world.decider.consider(an_action(), HELD)
    assert isinstance(outcome.decision, Permit)
    assert world.journal == []
    assert await world.history.counts(an_action()) == {"sql.read public.orders": 0}


async def test_only_what_is_permitted_and_runs_becomes_a_habit(world: World) -> None:
    await world.decider.decide(an_action("sql.unknown"), HELD)
    await world.decider.decide(replace(an_action(), phase=Phase.PREPARE), HELD)
    assert await world.history.counts(an_action()) == {"sql.read public.orders": 0}
    await world.decider.decide(an_action(), HELD)
    assert await world.history.counts(an_action()) == {"sql.read public.orders": 1}


async def test_an_obligation_that_cannot_be_kept_is_a_denial(world: World) -> None:
    world.decider._honours = frozenset({"max_duration"})
    outcome = await world.decider.decide(an_action(), HELD)
    assert isinstance(outcome.decision, Deny)
    assert outcome.decision.code == "obligation"
    assert outcome.decision.remedies == ()


async def test_a_disabled_person_is_denied_whatever_the_policies_say(world: World) -> None:
    world.replace_people(disabled(ANA))
    outcome = await world.decider.decide(an_action(), HELD)
    assert isinstance(outcome.decision, Deny)
    assert outcome.decision.remedies == ()


async def test_somebody_unknown_is_a_fault_and_not_a_permit(world: World) -> None:
    with pytest.raises(MissingFault):
        await world.decider.decide(an_action(subject=a_subject("eve")), HELD)


async def test_the_policies_of_this_moment_decide(world: World) -> None:
    frozen = '@id("freeze") forbid (principal, action, resource);'
    world.policies.replace(policies(POLICIES, frozen))
    outcome = await world.decider.decide(an_action(), HELD)
    assert outcome.decision.revision == world.policies.current.revision
    assert isinstance(outcome.decision, Deny)


async def test_an_assessment_is_the_one_of_its_signals(world: World) -> None:
    outcome = await world.decider.consider(an_action("sql.delete"), HELD)
    assert outcome.assessment == assess(outcome.signals, outcome.evidence.known)


def test_the_longest_duration_is_read_from_the_obligation() -> None:
    permit = replace(PERMIT, obligations=(Obligation("max_duration", "30m", "p"),))
    assert max_duration(permit) == timedelta(minutes=30)
    assert max_duration(PERMIT) is None


async def test_a_session_whose_grant_is_over_may_do_nothing_more(world: World) -> None:
    over = a_grant(lasts_for=timedelta(seconds=1))
    world.clock.advance(timedelta(seconds=1))
    outcome = await world.decider.decide(an_action(), Circumstances(grants=(over,)))
    assert isinstance(outcome.decision, Deny)
    assert outcome.decision.code == "grant-over"
    assert outcome.decision.remedies == ()


SHORT = """
@id("short") @max_duration("10m")
permit (principal in Group::"engineers", action == Action::"sql.read", resource in Target::"shop");
"""


async def test_what_is_permitted_for_a_shorter_time_than_the_access_ends_earlier(
    world: World,
) -> None:
    world.policies.replace(policies(SHORT))
    world.clock.advance(timedelta(minutes=10) - timedelta(microseconds=1))
    outcome = await world.decider.decide(an_action(), HELD)
    assert isinstance(outcome.decision, Permit)
    assert permitted_until(outcome.decision, outcome.evidence, an_action()) == NOON + timedelta(
        minutes=10
    )
    world.clock.advance(timedelta(microseconds=1))
    outcome = await world.decider.decide(an_action(), HELD)
    assert isinstance(outcome.decision, Deny)
    assert outcome.decision.code == "time-over"
