"""What would have stopped what was permitted: found by trying, and true when it is tried."""

from typing import Any

import pytest

from assent.control import nearest
from assent.control.nearest import at_score, first_stop, nearest_stop
from assent.core.decision import Decision, Deny, Permit
from assent.policy import evaluate
from builders import ANA, POLICIES, World, a_caller, policies

RISKY = """
@id("risky") @require("approve: 1 of dba") @message("unusual")
forbid (principal, action == Action::"access.request", resource)
when { context.risk.score >= 37 };
"""
LONG = """
@id("long") @require("approve: 1 of dba") @message("long")
forbid (principal, action == Action::"access.request", resource)
when { context.request.for_s > 7200 };
"""


async def test_the_lowest_score_that_asks_is_named_with_the_policy_that_does(world: World) -> None:
    world.policies.replace(policies(POLICIES, RISKY))
    request = await world.access.ask(a_caller(ANA), "shop", None, "a look", "")
    assert "permitted at once by `request`; risk " in request.outcome
    assert "`risky` would ask: assent of 1 of dba" in request.outcome


async def test_the_score_that_is_named_denies_and_the_one_below_permits(world: World) -> None:
    world.policies.replace(policies(POLICIES, RISKY))
    action, outcome = await world.decided(world.access.ask(a_caller(ANA), "shop", None, "", ""))
    evidence, assessment = outcome.evidence, outcome.assessment

    def decided(score: int) -> Permit | Deny:
        tried = at_score(assessment, score, evidence)
        return evaluate(world.policies.current, action, evidence, tried, evidence.at)

    stop = first_stop(decided, assessment.score)
    assert stop is not None
    assert stop[0] == 37
    assert isinstance(decided(37), Deny)
    assert isinstance(decided(36), Permit)


async def test_without_a_score_that_asks_a_longer_duration_is_tried(world: World) -> None:
    world.policies.replace(policies(POLICIES, LONG))
    request = await world.access.ask(a_caller(ANA), "shop", None, "", "")
    assert "for 121 min it would not have been: `long` would ask" in request.outcome


async def test_what_nothing_would_have_stopped_says_so(world: World) -> None:
    request = await world.access.ask(a_caller(ANA), "shop", None, "", "")
    assert request.outcome.endswith("no risk, however high, would have stopped it")


async def test_little_is_tried_so_that_it_takes_milliseconds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.policies.replace(policies(POLICIES, RISKY, LONG))
    action, outcome = await world.decided(world.access.ask(a_caller(ANA), "shop", None, "", ""))
    tried: list[object] = []

    def counted(*given: Any) -> Decision:
        tried.append(given)
        return evaluate(*given)

    monkeypatch.setattr(nearest, "evaluate", counted)
    nearest_stop(world.policies.current, action, outcome.evidence, outcome.assessment)
    # The highest score, seven halvings of 100, and the factors that speak for the person.
    assert 1 <= len(tried) <= 20
