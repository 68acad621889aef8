"""Why a score: found by any of its ids, made again from the log, told to those who may know."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from assent.control.risk import Explained
from assent.core.canonical import canonical_bytes
from assent.core.faults import ConflictFault, MissingFault
from assent.core.ports import StoredEntry
from assent.core.request import Verdict
from builders import (
    ANA,
    BEN,
    CARL,
    DELETE_ALL,
    DORA,
    MINUTE,
    NOON,
    READ,
    TIM,
    World,
    a_caller,
    a_subject,
    asking_to,
)

UPDATE = asking_to("sql.update", "update orders set cents = 0 where id = 1")
OLGA = a_subject("olga", "auditors")


async def read(world: World) -> tuple[str, str]:
    """Let Ana read the orders; return the action's id and its decision's entry."""
    client = await world.connect()
    action, outcome = await world.decided(world.did(client, READ))
    return action.id, outcome.entry


def changed(world: World, entry: str, change: Any) -> None:
    """Let the store hand out an entry's payload as it would be after somebody changed it."""
    every, single = world.store.entries, world.store.entry

    def seen(found: StoredEntry) -> StoredEntry:
        if json.loads(found.leaf)["id"] != entry or found.content is None:
            return found
        content = json.loads(found.content)
        change(content)
        return replace(found, content=canonical_bytes(content))

    async def entries(start: int = 0, limit: int = 256) -> Sequence[StoredEntry]:
        return [seen(one) for one in await every(start, limit)]

    async def one(name: str) -> StoredEntry | None:
        found = await single(name)
        return None if found is None else seen(found)

    world.store.entries, world.store.entry = entries, one


async def test_an_action_is_explained_by_its_own_id_its_entry_and_its_request(
    world: World,
) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    held = await world.stored(request)
    by_request = await world.risk.explain(a_caller(ANA), request)
    assert by_request == await world.risk.explain(a_caller(ANA), held.action.id)
    assert by_request == await world.risk.explain(a_caller(ANA), by_request.entry)
    assert by_request.action == held.action.id
    assert (by_request.subject, by_request.target, by_request.verb) == ("ana", "shop", "sql.delete")
    assert (by_request.permitted, by_request.at) == (False, NOON)
    assert by_request.assessment == held.assessment
    await world.requests.withdraw(a_caller(ANA), request)
    await asking


async def test_of_an_action_that_was_decided_twice_the_last_decision_is_explained(
    world: World,
) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    first = await world.risk.explain(a_caller(ANA), request)
    world.clock.advance(MINUTE)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "go on")
    await asking
    for about in (request, first.action):
        last = await world.risk.explain(a_caller(ANA), about)
        assert (last.permitted, last.replayed_same) == (True, True)
        assert (last.entry == first.entry, last.at) == (False, NOON + MINUTE)


async def test_what_happens_later_does_not_change_how_a_score_is_made_again(
    world: World,
) -> None:
    client = await world.connect()
    action, outcome = await world.decided(world.did(client, READ))
    await world.sessions.ending.end(client.session, "done")
    await world.learning.flush()
    world.clock.advance(timedelta(days=40))
    await world.risk.disown(a_caller(ANA), client.session.session.id)
    await world.risk.forget(a_caller(CARL), "ana")
    again = await world.risk.explain(a_caller(CARL), action.id)
    assert again.assessment == outcome.assessment
    assert (again.replayed_score, again.replayed_same) == (outcome.assessment.score, True)
    assert sum(factor.points for factor in again.assessment.factors) == again.replayed_score


def _more_sessions(content: dict[str, Any]) -> None:
    content["evidence"]["known"]["sessions"] = 9_000


def _another_headline(content: dict[str, Any]) -> None:
    content["assessment"]["headline"] = "all is well"


def _another_level(content: dict[str, Any]) -> None:
    score = sum(factor["points"] for factor in content["assessment"]["factors"])
    content["evidence"]["medium_from"] = max(1, score)


@pytest.mark.parametrize("change", [_more_sessions, _another_headline, _another_level])
async def test_evidence_that_was_changed_afterwards_is_told(world: World, change: Any) -> None:
    client = await world.connect()
    done, outcome = await world.decided(world.did(client, UPDATE))
    action, entry = done.id, outcome.entry
    assert outcome.assessment.score > 0
    assert (await world.risk.explain(a_caller(ANA), action)).replayed_same
    changed(world, entry, change)
    for about in (action, entry):
        assert not (await world.risk.explain(a_caller(ANA), about)).replayed_same


def _no_levels(content: dict[str, Any]) -> None:
    content["evidence"]["medium_from"] = 0


def _fewer_counts(content: dict[str, Any]) -> None:
    for seen in content["evidence"]["known"]["dimensions"].values():
        seen[2:5] = [[1], [1], [1]]


def _no_sum(content: dict[str, Any]) -> None:
    content["assessment"]["factors"] = []


@pytest.mark.parametrize("change", [_no_levels, _fewer_counts, _no_sum])
async def test_evidence_that_makes_no_sense_any_more_is_a_conflict_and_no_crash(
    world: World, change: Any
) -> None:
    client = await world.connect()
    _, outcome = await world.decided(world.did(client, UPDATE))
    changed(world, outcome.entry, change)
    with pytest.raises(ConflictFault) as caught:
        await world.risk.explain(a_caller(ANA), outcome.entry)
    assert caught.value.code == "not-replayable"


async def test_a_payload_that_is_gone_is_a_conflict_that_says_so(world: World) -> None:
    _, entry = await read(world)
    every = world.store.entries

    async def without(start: int = 0, limit: int = 256) -> Sequence[StoredEntry]:
        return [replace(one, payload=None, content=None) for one in await every(start, limit)]

    world.store.entries = without
    with pytest.raises(ConflictFault) as caught:
        await world.risk.explain(a_caller(ANA), entry)
    assert caught.value.code == "payload-gone"


def _older(content: dict[str, Any]) -> None:
    """Make a decision's payload what version 0.1 wrote."""
    content["factors"] = content.pop("assessment")["factors"]
    content["evidence"] = {
        "connection": {"address": "10.0.0.7", "application": "psql", "door": "gateway"},
        "groups": ["engineers"],
        "history": [["sql.read public.orders", 3]],
        "unavailable": [],
    }


async def test_an_entry_of_the_older_format_is_told_apart_from_a_changed_one(
    world: World,
) -> None:
    _, entry = await read(world)
    changed(world, entry, _older)
    with pytest.raises(ConflictFault) as caught:
        await world.risk.explain(a_caller(ANA), entry)
    assert caught.value.code == "not-replayable"


async def test_a_score_is_for_its_person_and_those_who_oversee(world: World) -> None:
    world.replace_people(OLGA)
    for about in await read(world):
        for who in (ANA, CARL, OLGA):
            assert isinstance(await world.risk.explain(a_caller(who), about), Explained)
        for stranger in (BEN, TIM):
            with pytest.raises(MissingFault):
                await world.risk.explain(a_caller(stranger), about)


async def test_whoever_is_asked_may_know_why_a_request_scored_as_it_did(world: World) -> None:
    client = await world.connect()
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    assert (await world.risk.explain(a_caller(DORA), request)).replayed_same
    with pytest.raises(MissingFault):
        await world.risk.explain(a_caller(TIM), request)
    await world.requests.withdraw(a_caller(ANA), request)
    await asking


async def test_somebody_elses_action_is_told_no_differently_from_one_that_never_was(
    world: World,
) -> None:
    action, _ = await read(world)
    said = []
    for about in (action, action.replace("act_0", "act_1")):
        with pytest.raises(MissingFault) as caught:
            await world.risk.explain(a_caller(BEN), about)
        said.append((caught.value.code, caught.value.detail.replace(about, "…")))
    assert said[0] == said[1]


@pytest.mark.parametrize("about", ["act_", 'act_"}', "act_" + "x" * 10_000, "x" * 10_000, "../etc"])
async def test_what_was_never_decided_is_missing_and_not_echoed_at_length(
    world: World, about: str
) -> None:
    await read(world)
    with pytest.raises(MissingFault) as caught:
        await world.risk.explain(a_caller(CARL), about)
    assert len(caught.value.detail) < 200


async def test_an_entry_that_decided_nothing_has_no_score(world: World) -> None:
    await read(world)
    leaves = [json.loads(stored.leaf) for stored in await world.store.entries(0, 1000)]
    opened = next(leaf for leaf in leaves if leaf["kind"] == "session.opened")
    with pytest.raises(MissingFault, match="nothing was decided"):
        await world.risk.explain(a_caller(ANA), opened["id"])


async def test_an_old_action_is_found_over_many_pages_of_the_log(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assent.control.risk._PAGE", 4)
    first, entry = await read(world)
    for _ in range(5):
        await read(world)
    assert (await world.risk.explain(a_caller(ANA), first)).entry == entry
    monkeypatch.setattr("assent.control.risk._MOST_LOOKED_AT", 8)
    with pytest.raises(MissingFault):
        await world.risk.explain(a_caller(ANA), first)
