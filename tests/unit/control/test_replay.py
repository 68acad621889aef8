"""Replay: the entries of a decision give its assessment again, and of no other."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from assent.control.entries import assessment_json
from assent.control.replay import action_of, replay
from assent.core.evidence import evidence_from_json
from assent.signals import SIGNALS
from builders import CARL, OFFICE, READ, Client, World, a_caller, asking_to

WRITE = asking_to("sql.update", "update orders set cents = $1", parameters=("7", None))


async def entries_of(world: World, client: Client, question: Any) -> list[Mapping[str, Any]]:
    """Return attempt and decision of a question, as they are read from the log."""
    _, outcome = await world.decided(world.did(client, question))
    told: Mapping[str, Any] = await world.explain.explain(a_caller(CARL), outcome.entry)
    return [entry for entry in told["entries"] if entry["kind"] in ("attempt", "decision")]


@pytest.mark.parametrize("question", [READ, WRITE])
async def test_a_decision_is_assessed_again_bit_for_bit(world: World, question: Any) -> None:
    client = await world.connect(address=OFFICE)
    for _ in range(3):
        attempt, decision = await entries_of(world, client, question)
        again = replay(attempt, decision, SIGNALS)
        assert again.score == decision["facts"]["score"]
        assert again.level.value == decision["facts"]["level"]
        assert json.loads(json.dumps(assessment_json(again))) == decision["payload"]["assessment"]


async def test_the_action_of_an_attempt_is_the_one_that_was_decided_on(world: World) -> None:
    client = await world.connect(address=OFFICE)
    action, outcome = await world.decided(world.ask(client, WRITE))
    told: Mapping[str, Any] = await world.explain.explain(a_caller(CARL), outcome.entry)
    attempt = next(entry for entry in told["entries"] if entry["kind"] == "attempt")
    assert action_of(attempt, outcome.evidence) == action
    assert action_of(attempt, outcome.evidence).digest() == attempt["facts"]["digest"]


async def test_fewer_signals_say_what_they_would_have_said(world: World) -> None:
    client = await world.connect(address=OFFICE)
    attempt, decision = await entries_of(world, client, READ)
    fewer = replay(attempt, decision, ())
    assert {factor.name for factor in fewer.factors} <= {"base_rate"}


async def test_what_is_not_kept_any_more_cannot_be_replayed(world: World) -> None:
    client = await world.connect(address=OFFICE)
    attempt, decision = await entries_of(world, client, READ)
    for broken in ({**decision, "payload": None}, {**decision, "payload": {"evidence": {}}}):
        with pytest.raises(msgspec.ValidationError):
            replay(attempt, broken, SIGNALS)
    with pytest.raises(msgspec.ValidationError):
        replay({**attempt, "payload": None}, decision, SIGNALS)
    with pytest.raises(msgspec.ValidationError):
        evidence_from_json({"at": "never"})
