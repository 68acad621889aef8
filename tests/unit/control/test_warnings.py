"""Warnings: events count for a month, and refusals under a name for an hour."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

import pytest

from assent.control.warnings import COUNT_FOR, Warnings
from assent.core.faults import ForbiddenFault, OutsideFault
from assent.core.ids import SubjectId
from assent.core.ports import Store
from assent.core.secret import Secret
from assent.core.security_event import SecurityEvent
from builders import ANA, BEN, MINUTE, NOON, PASSWORD, READ, World, disabled

HOUR = timedelta(hours=1)
WRONG = Secret("wrong")


def an_event(at: datetime = NOON, subject: SubjectId = ANA.id) -> SecurityEvent:
    return SecurityEvent("credential-compromise", subject, at, "https://idp.example")


async def refuse(world: World, name: str = "ana") -> None:
    with pytest.raises(ForbiddenFault, match="sign-in-refused"):
        await world.sign_in.login(name, WRONG, "10.0.0.1")


async def test_an_event_counts_for_thirty_days(world: World) -> None:
    await world.warnings.warn(an_event())
    later = NOON + COUNT_FOR
    assert world.warnings.of(ANA.id, NOON) == (an_event(),)
    assert world.warnings.of(ANA.id, later) == (an_event(),)
    assert world.warnings.of(ANA.id, later + timedelta(microseconds=1)) == ()
    assert world.warnings.of(BEN.id, NOON) == ()


async def test_events_are_kept_and_read_again_newest_first(world: World) -> None:
    for days in (40, 20, 10):
        await world.warnings.warn(an_event(NOON - timedelta(days=days)))
    again = Warnings(cast(Store, world.store), world.clock)
    assert not again.is_ready(ANA.id)
    await again.ready(ANA.id)
    assert again.is_ready(ANA.id)
    found = [(NOON - event.at).days for event in again.of(ANA.id, NOON)]
    assert found == [10, 20]


async def test_an_event_that_cannot_be_kept_is_no_event(world: World) -> None:
    heard: list[SecurityEvent] = []

    async def listen(event: SecurityEvent) -> None:
        heard.append(event)

    world.warnings.when_warned(listen)
    world.store.away = True
    with pytest.raises(OutsideFault):
        await world.warnings.warn(an_event())
    assert (heard, world.warnings.of(ANA.id, NOON)) == ([], ())
    world.store.away = False
    await world.warnings.warn(an_event())
    assert heard == [an_event()]


async def test_events_at_hand_are_bounded(world: World) -> None:
    for second in range(40):
        await world.warnings.warn(an_event(NOON + timedelta(seconds=second)))
    found = world.warnings.of(ANA.id, NOON + MINUTE)
    assert len(found) == 32
    assert found[0].at == NOON + timedelta(seconds=39)


async def test_a_slow_reader_does_not_undo_a_warning_that_came_meanwhile(world: World) -> None:
    """Two doors may read the same person at once, and one of them may be late."""
    gate = asyncio.Event()
    read = world.store.security_events

    async def slow(*asked: object) -> Sequence[SecurityEvent]:
        found: Sequence[SecurityEvent] = await read(*asked)
        await gate.wait()
        return found

    world.store.security_events = slow
    reading = asyncio.create_task(world.warnings.ready(ANA.id))
    await asyncio.sleep(0)
    world.store.security_events = read
    await world.warnings.warn(an_event())
    gate.set()
    await reading
    assert world.warnings.of(ANA.id, NOON) == (an_event(),)


async def test_an_event_reaches_the_next_decision(world: World) -> None:
    client = await world.connect()
    _, before = await world.decided(world.ask(client, READ))
    await world.warnings.warn(an_event())
    _, after = await world.decided(world.ask(client, READ))
    assert (before.evidence.events, after.evidence.events) == ((), (an_event(),))
    assert after.assessment.score > before.assessment.score


async def test_refused_passwords_of_known_names_count_for_an_hour(world: World) -> None:
    await refuse(world)
    world.clock.advance(30 * MINUTE)
    await refuse(world)
    await refuse(world, "nobody")
    assert world.warnings.failures(ANA.id, world.clock.now()) == 2
    assert world.warnings.failures(ANA.id, NOON + HOUR) == 2
    assert world.warnings.failures(ANA.id, NOON + HOUR + timedelta(microseconds=1)) == 1
    assert world.warnings.failures(ANA.id, NOON + 2 * HOUR) == 0
    assert world.warnings.failures(BEN.id, NOON) == 0


async def test_a_right_password_is_no_failure(world: World) -> None:
    await world.sign_in.login("ana", Secret(PASSWORD), "10.0.0.1")
    assert world.warnings.failures(ANA.id, NOON) == 0


async def test_a_refused_step_up_and_a_disabled_name_count_too(world: World) -> None:
    token, _ = await world.sign_in.login("ana", Secret(PASSWORD), "10.0.0.1")
    caller = await world.sign_in.authenticate(token, "10.0.0.1", "api")
    with pytest.raises(ForbiddenFault):
        await world.sign_in.step_up(caller, WRONG)
    world.replace_people(disabled(BEN))
    with pytest.raises(ForbiddenFault):
        await world.sign_in.login("ben", Secret(PASSWORD), "10.0.0.1")
    assert [world.warnings.failures(who.id, NOON) for who in (ANA, BEN)] == [1, 1]


async def test_refusals_are_evidence_in_an_open_session(world: World) -> None:
    client = await world.connect()
    _, before = await world.decided(world.ask(client, READ))
    for _ in range(4):
        await refuse(world)
    _, after = await world.decided(world.ask(client, READ))
    assert (before.evidence.presence.failures, after.evidence.presence.failures) == (0, 4)
    assert after.assessment.odds_mb > before.assessment.odds_mb
    world.clock.advance(HOUR + MINUTE)
    assert world.warnings.failures(ANA.id, world.clock.now()) == 0


def test_names_and_refusals_at_hand_are_bounded(world: World) -> None:
    for _ in range(100):
        world.warnings.refused(ANA.id)
    assert world.warnings.failures(ANA.id, NOON) == 20
    for number in range(10_100):
        world.warnings.refused(SubjectId(f"sub_{number}"))
    assert len(world.warnings._failures) <= 10_001
