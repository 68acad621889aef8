"""Watching: what a session may teach, and what its actions say of who acts in it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from assent.control import watching as module
from assent.control.watching import FRESH_PROOF, Watching, sighting
from assent.core.action import Phase
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.evidence import Authentication
from assent.core.faults import OutsideFault
from assent.core.frame import ResultFrame
from assent.core.ids import ApprovalId, RequestId
from assent.core.lesson import Lesson
from assent.core.network import Network
from assent.core.plugins import Authorize, Permitted, Refused
from assent.core.request import Approval, Verdict
from assent.core.session import Session
from builders import (
    ANA,
    BEN,
    DELETE_ALL,
    NOON,
    OFFICE,
    POLICIES,
    READ,
    Client,
    World,
    a_caller,
    asking_to,
    policies,
    until,
)

DELETE_SOME = asking_to("sql.delete", "delete from orders where id = 1")
UNKNOWN = asking_to("sql.unknown", "do something")
RISKY = replace(Assessment(40, RiskLevel.MEDIUM, (Factor("what", 40, "odd"),)), odds_mb=2_000)
STEP_UP = """
@id("step") @require("step-up: 15m") @message("confirm who you are")
forbid (principal, action == Action::"sql.update", resource);
"""


def watching(world: World) -> Watching:
    return world.sessions.opening._watching


async def lessons(world: World, *clients: Client) -> list[Lesson]:
    """Return what was learned of Ana once these sessions have ended."""
    for client in clients:
        await world.sessions.ending.end(client.session, "done")
    await world.learning.flush()
    return list(await world.learning.lessons(ANA.id))


def verbs(found: list[Lesson]) -> set[str]:
    """Return the verbs of what was taught."""
    aspects = [aspect for lesson in found for aspect in lesson.aspects]
    return {aspect.chain[-1] for aspect in aspects if aspect.dimension == "action"}


async def assessed(
    world: World,
    client: Client,
    question: Authorize,
    assessment: Assessment,
    *,
    stepped_up_ago: timedelta | None = None,
    approved: bool = False,
) -> None:
    """Let an action end well that was permitted on this assessment and these proofs."""
    action, outcome = await world.decided(world.ask(client, question))
    evidence = outcome.evidence
    if stepped_up_ago is not None:
        proof = Authentication("password", NOON, evidence.at - stepped_up_ago)
        evidence = replace(evidence, authentication=proof)
    if approved:
        said = Approval(
            ApprovalId("apr_1"), RequestId("req_1"), BEN.id, Verdict.APPROVE, action.digest(), NOON
        )
        evidence = replace(evidence, approvals=(said,))
    changed = replace(outcome, assessment=assessment, evidence=evidence)
    client.session.untaught[action.id] = changed
    watching(world).finished(client.session, action, well=True)


async def test_what_ended_well_at_low_risk_is_learned(world: World) -> None:
    client = await world.connect()
    assert isinstance(await world.did(client, READ), Permitted)
    found = await lessons(world, client)
    assert verbs(found) == {"session.open", "sql.read"}
    assert {(lesson.strong, lesson.confirmed) for lesson in found} == {(False, False)}
    assert all(lesson.weight_milli <= 1000 for lesson in found)


async def test_nothing_is_learned_of_what_failed(world: World) -> None:
    client = await world.connect()
    await world.did(client, asking_to("sql.insert", "insert"), error="23505")
    assert verbs(await lessons(world, client)) == {"session.open"}


async def test_nothing_is_learned_of_what_was_denied_or_rejected(world: World) -> None:
    client = await world.connect()
    assert isinstance(await world.did(client, UNKNOWN), Refused)
    asking = asyncio.create_task(world.did(client, DELETE_ALL))
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.REJECT, "no")
    await asking
    assert client.session.so_far.denials == 2
    assert verbs(await lessons(world, client)) == {"session.open"}


async def test_nothing_is_learned_of_what_has_no_known_end(world: World) -> None:
    client = await world.connect()
    answer, action = await world.sessions.attempts.authorize(
        client.session, DELETE_SOME, client.held.append
    )
    assert isinstance(answer, Permitted)
    await world.sessions.results.abandon(client.session, action, answer.request, released=True)
    assert verbs(await lessons(world, client)) == {"session.open"}


async def test_preparing_teaches_nothing(world: World) -> None:
    client = await world.connect()
    prepares = asking_to("sql.insert", "insert", phase=Phase.PREPARE)
    await world.did(client, prepares)
    assert client.session.so_far.shown(NOON).tables == 0
    assert verbs(await lessons(world, client)) == {"session.open"}


@pytest.mark.parametrize("level", [RiskLevel.MEDIUM, RiskLevel.HIGH])
async def test_nothing_above_low_is_learned_without_proof_or_assent(
    world: World, level: RiskLevel
) -> None:
    client = await world.connect()
    await assessed(world, client, READ, replace(RISKY, level=level))
    late = FRESH_PROOF + timedelta(microseconds=1)
    await assessed(world, client, READ, replace(RISKY, level=level), stepped_up_ago=late)
    assert verbs(await lessons(world, client)) == {"session.open"}


async def test_a_fresh_step_up_makes_it_strong_and_no_surer(world: World) -> None:
    client = await world.connect()
    await assessed(world, client, READ, RISKY, stepped_up_ago=FRESH_PROOF)
    (strong,) = [lesson for lesson in await lessons(world, client) if lesson.strong]
    assert verbs([strong]) == {"sql.read"}
    assert not strong.confirmed
    # Odds of 2 bits against it: one in five.
    assert strong.weight_milli == 200


async def test_assent_confirms_and_counts_whole(world: World) -> None:
    client = await world.connect()
    await assessed(world, client, READ, RISKY, approved=True)
    (confirmed,) = [lesson for lesson in await lessons(world, client) if lesson.confirmed]
    assert verbs([confirmed]) == {"sql.read"}
    assert (confirmed.strong, confirmed.weight_milli) == (True, 1000)


async def test_assent_to_a_held_statement_is_learned_as_confirmed(world: World) -> None:
    client = await world.connect()
    asking = asyncio.create_task(world.did(client, DELETE_ALL))
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    assert isinstance(await asking, Permitted)
    found = await lessons(world, client)
    assert verbs([lesson for lesson in found if lesson.confirmed]) == {"sql.delete"}
    assert verbs([lesson for lesson in found if not lesson.confirmed]) == {"session.open"}


async def test_what_waits_to_be_taught_is_bounded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_UNTAUGHT", 2)
    client = await world.connect()
    for _ in range(5):
        await world.ask(client, READ)
    assert len(client.session.untaught) == 2
    await world.sessions.ending.end(client.session, "done")
    assert client.session.untaught == {}


async def test_suspicion_rises_with_strange_behaviour_and_falls_by_a_step_up(
    world: World,
) -> None:
    client, other = await world.connect(), await world.connect(BEN)
    client.session.so_far.suspicion_mb = other.session.so_far.suspicion_mb = 7_000
    epoch = client.session.epoch.value
    _, before = await world.decided(world.ask(client, READ))
    assert before.evidence.session is not None
    assert before.evidence.session.suspicion_mb == 7_000
    await world.step_up(ANA)
    assert client.session.epoch.value > epoch
    assert other.session.so_far.suspicion_mb == 7_000
    _, after = await world.decided(world.ask(client, READ))
    assert after.evidence.session is not None
    assert after.evidence.session.suspicion_mb == 0
    assert after.assessment.odds_mb < before.assessment.odds_mb


async def test_what_a_step_up_releases_is_decided_without_suspicion(world: World) -> None:
    world.policies.replace(policies(POLICIES, STEP_UP))
    client = await world.connect()
    client.session.so_far.suspicion_mb = 7_000
    asking = asyncio.create_task(
        world.decided(world.ask(client, asking_to("sql.update", "update")))
    )
    await until(lambda: client.held)
    await world.step_up(ANA)
    _, released = await asking
    assert released.request is not None
    assert released.evidence.session is not None
    assert released.evidence.session.suspicion_mb == 0


async def test_a_session_decides_anew_once_it_has_read_a_lot(world: World) -> None:
    client = await world.connect()
    epoch = client.session.epoch.value
    for rows in (999, 1, 8_999, 1):
        world.sessions.results.ran(client.session, ResultFrame(1, NOON, 1_000, rows, 100))
    assert client.session.epoch.value == epoch + 2


async def test_where_else_the_person_is_names_each_place_once(world: World) -> None:
    first = await world.connect(address=OFFICE)
    await world.connect(address=OFFICE)
    await world.connect(address="192.0.2.77")
    await world.connect(BEN, address="203.0.113.5")
    last = await world.connect(address="192.0.2.88")
    _, outcome = await world.decided(world.ask(last, READ))
    others = [other.address for other in outcome.evidence.presence.others]
    assert others == [OFFICE, "192.0.2.77"]
    _, outcome = await world.decided(world.ask(first, READ))
    others = [other.address for other in outcome.evidence.presence.others]
    assert others == [OFFICE, "192.0.2.77", "192.0.2.88"]


async def test_a_presence_that_the_store_does_not_say_in_time_is_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(*_: object, **__: object) -> list[Session]:
        await asyncio.Event().wait()
        return []

    async def fails(*_: object, **__: object) -> list[Session]:
        raise OutsideFault("store-unavailable", "away")

    monkeypatch.setattr(module, "_DEADLINE_S", 0.01)
    for behave in (hangs, fails):
        world.store.sessions = behave
        assert await watching(world).presence(ANA.id, None, NOON) is None


def test_a_sighting_has_all_that_is_known_of_its_place() -> None:
    zones, lists = frozenset({"office"}), frozenset({"vpn"})
    place = Network(
        OFFICE, "192.0.2.0/24", 64500, "Org", "DE", "Kiel", 543233, 101394, 5, zones, lists
    )
    seen = sighting(place, NOON)
    assert seen.at_s == int(NOON.timestamp())
    assert (seen.address, seen.prefix, seen.asn) == (OFFICE, "192.0.2.0/24", 64500)
    assert (seen.country, seen.city, seen.accuracy_km) == ("DE", "Kiel", 5)
    assert (seen.latitude_e4, seen.longitude_e4) == (543233, 101394)
    assert (seen.zones, seen.lists) == (zones, lists)
