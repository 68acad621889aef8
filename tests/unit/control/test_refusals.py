"""Refused proofs of who somebody is: each is in the log, and nobody can fill it with them."""

import json
from datetime import timedelta
from typing import Any

import pytest

from assent.control.sign_in import Caller
from assent.core.faults import ForbiddenFault, OutsideFault
from assent.core.secret import Secret
from builders import ANA, BEN, PASSWORD, World, a_caller

WRONG = Secret("wrong")


async def refused(world: World, name: str, address: str = "10.0.0.1") -> None:
    with pytest.raises(ForbiddenFault):
        await world.sign_in.login(name, WRONG, address)


async def said(world: World) -> list[tuple[Any, dict[str, Any], Any]]:
    """Return subject, facts and payload of every refusal that the log holds."""
    found = []
    for entry in await world.store.entries(limit=1_000):
        leaf = json.loads(entry.leaf)
        if leaf["kind"] == "login.refused":
            payload = json.loads(entry.content) if entry.content else None
            found.append((leaf["subject"], leaf["facts"], payload))
    return found


async def test_a_refused_password_is_in_the_log_after_the_next_sweep(world: World) -> None:
    await refused(world, "ana")
    await world.sweep.once()
    ((subject, facts, payload),) = await said(world)
    assert subject == ANA.id
    assert facts == {
        "code": "sign-in-refused",
        "count": 1,
        "first_at": "2026-03-04T12:00:00.000000Z",
        "method": "login",
    }
    assert payload == {"addresses": ["10.0.0.1"]}


async def test_one_person_has_one_entry_a_minute_with_a_count(world: World) -> None:
    for number in range(5):
        await refused(world, "ana", f"10.0.0.{number}")
        await world.sweep.once()
    assert [facts["count"] for _, facts, _ in await said(world)] == [1]
    world.clock.advance(timedelta(minutes=1))
    await world.sweep.once()
    assert [facts["count"] for _, facts, _ in await said(world)] == [1, 4]
    _, facts, payload = (await said(world))[1]
    assert facts["first_at"] == "2026-03-04T12:00:00.000000Z"
    assert payload == {"addresses": [f"10.0.0.{number}" for number in range(1, 5)]}


async def test_names_that_nobody_has_share_one_entry_and_are_not_written_down(
    world: World,
) -> None:
    for number in range(50):
        await refused(world, f"hunter{number}", f"10.0.1.{number}")
    await world.sweep.once()
    ((subject, facts, payload),) = await said(world)
    assert (subject, facts["count"]) == (None, 50)
    assert len(payload["addresses"]) == 20
    assert "hunter" not in await world.log()


async def test_guesses_that_are_not_checked_any_more_are_counted_apart(world: World) -> None:
    for _ in range(12):
        await refused(world, "ana")
    await world.sweep.once()
    found = {facts["code"]: facts["count"] for _, facts, _ in await said(world)}
    assert found == {"sign-in-refused": 10, "too-many-attempts": 2}


async def test_a_refused_step_up_is_told_from_a_refused_log_in(world: World) -> None:
    caller: Caller = a_caller(BEN)
    with pytest.raises(ForbiddenFault):
        await world.sign_in.step_up(caller, WRONG)
    await world.sweep.once()
    ((subject, facts, _),) = await said(world)
    assert (subject, facts["method"]) == (BEN.id, "step-up")


async def test_a_refused_proof_at_the_gateway_is_in_the_log_too(world: World) -> None:
    await world.opened()
    world.sessions.opening.refused(await world.candidate(), "192.0.2.7")
    world.sessions.opening.refused(None, "192.0.2.8")
    await world.sweep.once()
    found = [(subject, facts["method"], payload) for subject, facts, payload in await said(world)]
    assert found == [
        (ANA.id, "session", {"addresses": ["192.0.2.7"]}),
        (None, "session", {"addresses": ["192.0.2.8"]}),
    ]


async def test_a_refusal_does_not_wait_for_the_store_and_is_not_lost_with_it(world: World) -> None:
    world.store.away = True
    await refused(world, "ana")
    with pytest.raises(OutsideFault):
        await world.sign_in.refusals.flush()
    world.store.away = False
    await world.sign_in.refusals.flush()
    assert [facts["count"] for _, facts, _ in await said(world)] == [1]


async def test_a_stop_says_what_was_not_said_yet(world: World) -> None:
    await refused(world, "ana")
    await world.sign_in.refusals.flush()
    await refused(world, "ana")
    await world.sign_in.refusals.flush()
    assert len(await said(world)) == 1
    await world.sign_in.refusals.flush(all_of_them=True)
    assert [facts["count"] for _, facts, _ in await said(world)] == [1, 1]


async def test_what_was_said_a_minute_ago_takes_no_room(world: World) -> None:
    await refused(world, "ana")
    await world.sign_in.refusals.flush()
    world.clock.advance(timedelta(minutes=1))
    await world.sign_in.refusals.flush()
    assert world.sign_in.refusals._counted == {}


async def test_signing_out_is_in_the_log(world: World) -> None:
    token, _ = await world.sign_in.login("ana", Secret(PASSWORD), "10.0.0.1")
    await world.sign_in.logout(await world.sign_in.authenticate(token, "10.0.0.1", "web"))
    assert world.journal == ["login", "logout"]
