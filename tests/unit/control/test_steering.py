"""Steering: who may pause, resume, downgrade and cut a session, and what comes of it."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from assent.control.standing import StandingKind
from assent.control.steering import Steer
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault, OutsideFault
from assent.core.ids import SessionId
from assent.core.plugins import Permitted, Refused
from assent.core.subject import Subject, SubjectKind
from builders import (
    ANA,
    CARL,
    DELETE_ALL,
    DORA,
    READ,
    TIM,
    Client,
    World,
    a_caller,
    a_subject,
    a_world,
)
from emergency_world import HONOURS

AUDITOR = a_subject("eve", "auditors")


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path, honours=HONOURS | {"read_only"}) as built:
        yield built


async def steer(world: World, client: Client, who: Subject, how: Steer) -> None:
    session = client.session.session.id
    await world.plane.steering.steer(a_caller(who), session, how, "it looks odd")


async def test_a_session_is_cut_with_a_name_and_a_bounded_reason(world: World) -> None:
    client = await world.connect()
    session = client.session.session.id
    await world.plane.steering.steer(a_caller(CARL), session, Steer.CUT, "x" * 5_000)
    assert client.cuts[0].startswith("carl ended this session: x")
    assert len(client.cuts[0]) < 600


@pytest.mark.parametrize("how", [Steer.PAUSE, Steer.DOWNGRADE, Steer.CUT])
@pytest.mark.parametrize("who", [ANA, DORA, CARL])
async def test_its_person_the_owners_and_security_take_away(
    world: World, who: Subject, how: Steer
) -> None:
    client = await world.connect()
    await steer(world, client, who, how)
    assert world.journal[-1] == "session.steered"
    assert [len(client.cuts), len(client.said)] == ([1, 0] if how is Steer.CUT else [0, 1])


@pytest.mark.parametrize("how", list(Steer))
async def test_an_auditor_sees_and_does_not_steer(world: World, how: Steer) -> None:
    client = await world.connect()
    with pytest.raises(ForbiddenFault):
        await steer(world, client, AUDITOR, how)
    assert (client.cuts, client.said, client.session.pause) == ([], [], None)


async def test_for_others_it_is_not_there(world: World) -> None:
    client = await world.connect()
    with pytest.raises(MissingFault):
        await steer(world, client, TIM, Steer.PAUSE)
    with pytest.raises(MissingFault):
        await world.plane.steering.steer(a_caller(CARL), SessionId("ses_no"), Steer.CUT, "why")


async def test_nobody_loosens_on_their_own_behalf(world: World) -> None:
    client = await world.connect()
    await steer(world, client, CARL, Steer.PAUSE)
    with pytest.raises(ForbiddenFault) as fault:
        await steer(world, client, ANA, Steer.RESUME)
    assert fault.value.code == "not-your-own"
    assert client.session.pause is not None
    await steer(world, client, DORA, Steer.RESUME)
    await steer(world, client, ANA, Steer.PAUSE)
    await steer(world, client, ANA, Steer.RESUME)
    assert client.session.pause is None


async def test_an_owner_steers_their_agent_and_resumes_only_what_they_paused(world: World) -> None:
    client = await world.connect()
    agent = replace(ANA, kind=SubjectKind.AGENT, on_behalf_of=TIM.id, owner=TIM.id)
    world.directory.put_subject(agent)
    await steer(world, client, TIM, Steer.PAUSE)
    await steer(world, client, TIM, Steer.RESUME)
    await steer(world, client, CARL, Steer.PAUSE)
    with pytest.raises(ForbiddenFault):
        await steer(world, client, TIM, Steer.RESUME)


async def test_each_has_a_reason_in_the_log_and_its_person_is_told(world: World) -> None:
    client = await world.connect()
    session = client.session.session
    with pytest.raises(ConflictFault):
        await world.plane.steering.steer(a_caller(CARL), session.id, Steer.PAUSE, " \n ")
    await steer(world, client, CARL, Steer.PAUSE)
    leaf = json.loads((await world.store.leaves(0, 1_000))[-1])
    assert (leaf["kind"], leaf["subject"], leaf["session"]) == (
        "session.steered",
        CARL.id,
        session.id,
    )
    assert leaf["facts"] == {"how": "pause", "of": ANA.id}
    assert client.said == [
        (
            "carl paused your session on `shop`: it looks odd",
            "what runs already goes on; what you send next waits until the session is resumed",
        )
    ]


async def test_what_is_so_already_is_a_conflict(world: World) -> None:
    client = await world.connect()
    with pytest.raises(ConflictFault):
        await steer(world, client, CARL, Steer.RESUME)
    for how in (Steer.PAUSE, Steer.DOWNGRADE):
        await steer(world, client, CARL, how)
        with pytest.raises(ConflictFault):
            await steer(world, client, CARL, how)
    await world.sessions.ending.end(client.session, "done")
    with pytest.raises(ConflictFault):
        await steer(world, client, CARL, Steer.CUT)


async def test_a_downgrade_refuses_what_writes_and_lets_reads_pass(world: World) -> None:
    client = await world.connect()
    reused = await world.did(client, READ)
    assert isinstance(reused, Permitted)
    epoch = client.session.epoch.value
    await steer(world, client, CARL, Steer.DOWNGRADE)
    assert client.session.epoch.value > epoch
    assert client.session.standing.kind is StandingKind.READ_ONLY
    assert isinstance(await world.did(client, READ), Permitted)
    refused = await world.ask(client, DELETE_ALL)
    assert isinstance(refused, Refused)
    assert "you may only read here" in refused.message
    assert client.held == []


async def test_a_downgrade_stays_when_the_session_is_decided_again(world: World) -> None:
    client = await world.connect()
    await steer(world, client, CARL, Steer.DOWNGRADE)
    world.continuous.touched("the policies were changed", everybody=True)
    await world.continuous.settle()
    assert client.session.only_reads
    assert client.session.standing.kind is StandingKind.READ_ONLY
    assert len(client.said) == 1


async def test_what_takes_away_holds_although_the_log_is_away(world: World) -> None:
    client = await world.connect()
    await steer(world, client, DORA, Steer.PAUSE)
    world.store.away = True
    with pytest.raises(OutsideFault):
        await steer(world, client, CARL, Steer.RESUME)
    assert client.session.pause is not None
    with pytest.raises(OutsideFault):
        await steer(world, client, CARL, Steer.DOWNGRADE)
    assert client.session.only_reads
