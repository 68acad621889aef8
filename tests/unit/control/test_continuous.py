"""Continuous evaluation: what changes is heard by the open sessions that it touches, and how."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

import builders
from assent.control.continuous import EVERY, REFUSED_AFTER
from assent.control.opening import Proof
from assent.control.standing import StandingKind
from assent.core.plugins import Permitted, RefusalKind, Refused
from assent.core.request import RequestState, Verdict
from assent.core.resource import Target
from assent.core.security_event import SecurityEvent
from assent.core.subject import Subject
from assent.policy import PolicySet, load
from builders import (
    ANA,
    BEN,
    DELETE_ALL,
    DORA,
    GROUPS,
    MINUTE,
    POLICIES,
    READ,
    SHOP,
    Client,
    World,
    a_caller,
    a_world,
    asking_to,
    disabled,
    until,
)

SQL = replace(builders.SQL, honours=builders.SQL.honours | {"read_only"})
STEP_UP = """
@id("fresh") @require("step-up: 15m") @message("confirm who you are")
forbid (principal in Group::"engineers", action == Action::"session.open", resource);
"""
ASSENT = """
@id("watched") @require("approve: 1 of dba") @message("a DBA must look on")
forbid (principal in Group::"engineers", action == Action::"session.open", resource);
"""
NOBODY = """
@id("closed") @message("the shop is closed")
forbid (principal, action == Action::"session.open", resource);
"""
READ_ONLY = """
@id("only-reading") @read_only
permit (principal in Group::"engineers", action == Action::"session.open", resource);
"""
ENGINEERS_ONLY = """
@id("engineers-only") @message("engineers only")
forbid (principal, action == Action::"session.open", resource)
unless { principal in Group::"engineers" };
"""
RISKY = """
@id("risky") @require("step-up: 15m") @message("this session looks risky")
forbid (principal, action == Action::"session.open", resource)
when { context.risk.score >= 20 };
"""
DURING_THE_DAY = """
@id("day") @message("only until one o'clock")
forbid (principal, action == Action::"session.open", resource)
when { context.time.hour >= 13 };
"""
INSERT = asking_to("sql.insert", "insert into orders values (1)")


def policies(*texts: str) -> PolicySet:
    return load({f"{number:02}.cedar": text for number, text in enumerate(texts)}, [SQL], GROUPS)


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as built:
        built.decider._honours |= {"read_only"}
        yield built


async def again(world: World, *texts: str) -> None:
    """Put other policies in force, and have all that is due done."""
    world.policies.replace(policies(POLICIES, *texts))
    await world.continuous.settle()


def said(client: Client) -> str:
    return "\n".join(line for lines in client.said for line in lines)


async def test_a_session_for_which_nothing_changes_hears_nothing(world: World) -> None:
    client = await world.connect()
    entries = len(world.journal)
    await again(world, "")
    assert (client.said, client.cuts, len(world.journal)) == ([], [], entries)


async def test_a_policy_that_asks_for_a_step_up_holds_the_next_action_for_it(world: World) -> None:
    client = await world.connect()
    await again(world, STEP_UP)
    assert client.session.standing.kind is StandingKind.HELD
    assert "confirm who you are" in said(client)
    assert "the policies were changed" in said(client)
    assert "assent step-up" in said(client)
    asking = world.asking(client, READ)
    request = await world.held(client)
    await world.step_up(ANA)
    assert isinstance(await asyncio.wait_for(asking, 10), Permitted)
    assert (await world.stored(request)).state is RequestState.RELEASED
    await world.continuous.settle()
    assert client.session.standing.kind is StandingKind.OPEN
    assert "you may go on" in said(client)
    assert isinstance(await world.ask(client, READ), Permitted)


async def test_a_policy_that_asks_for_assent_holds_each_action_and_asks_for_all_at_once(
    world: World,
) -> None:
    client = await world.connect()
    await again(world, ASSENT)
    for question in (READ, DELETE_ALL):
        client.held.clear()
        asking = world.asking(client, question)
        request = await world.held(client)
        stored = await world.stored(request)
        assert "a DBA must look on" in stored.messages
        assert ("a DBA must assent" in stored.messages) == (question is DELETE_ALL)
        await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
        assert isinstance(await asyncio.wait_for(asking, 10), Permitted)
    await again(world, "")
    assert "you may go on" in said(client)
    assert isinstance(await world.ask(client, READ), Permitted)


async def test_what_nothing_lifts_cuts_the_session_with_the_reason(world: World) -> None:
    client = await world.connect()
    await again(world, NOBODY)
    assert "the shop is closed" in client.cuts[0]
    assert "the policies were changed" in client.cuts[0]
    assert client.session.cut_since == world.clock.now()
    answer = await world.ask(client, READ)
    assert isinstance(answer, Refused)
    assert answer.kind is RefusalKind.DENIED


async def test_a_session_is_downgraded_to_reading_and_back(world: World) -> None:
    client = await world.connect()
    assert isinstance(await world.ask(client, INSERT), Permitted)
    await again(world, READ_ONLY)
    assert client.session.standing.kind is StandingKind.READ_ONLY
    assert "from now on you may only read" in said(client)
    assert isinstance(await world.ask(client, READ), Permitted)
    refused = await world.ask(client, INSERT)
    assert isinstance(refused, Refused)
    assert "you may only read" in refused.message
    await again(world, "")
    assert "you may write on `shop` again" in said(client)
    assert isinstance(await world.ask(client, INSERT), Permitted)


async def test_what_a_session_opened_without_is_not_taken_off_it(world: World) -> None:
    await again(world, READ_ONLY)
    client = await world.connect()
    assert client.session.standing.kind is StandingKind.READ_ONLY
    await again(world, READ_ONLY)
    assert client.said == []
    assert isinstance(await world.ask(client, INSERT), Refused)


async def test_a_change_is_in_the_log_with_the_decision_that_it_rests_on(world: World) -> None:
    await world.connect()
    before = len(world.journal)
    await again(world, STEP_UP)
    assert world.journal[before:] == ["attempt", "decision", "session.standing"]
    await again(world, STEP_UP)
    assert len(world.journal) == before + 3
    await again(world, "")
    assert world.journal[before + 3 :] == ["attempt", "decision", "session.standing"]


async def test_what_is_given_back_waits_for_the_log(world: World) -> None:
    client = await world.connect()
    await again(world, STEP_UP)
    world.store.away = True
    await again(world, "")
    assert client.session.standing.kind is StandingKind.HELD
    world.store.away = False
    await world.continuous.settle()
    assert client.session.standing.kind is StandingKind.OPEN


async def test_what_is_taken_away_does_not_wait_for_the_log(world: World) -> None:
    client = await world.connect()
    world.store.away = True
    await again(world, NOBODY)
    assert client.cuts
    world.store.away = False
    await world.continuous.settle()
    assert world.journal[-1] == "session.standing"


async def test_what_was_given_back_and_taken_away_meanwhile_stays_away(world: World) -> None:
    client = await world.connect()
    await again(world, STEP_UP)
    world.store.away = True
    await again(world, "")
    world.policies.replace(policies(POLICIES, STEP_UP))
    world.store.away = False
    await world.continuous.settle()
    await world.continuous.settle()
    assert client.session.standing.kind is StandingKind.HELD


async def test_a_session_that_cannot_be_decided_again_reuses_nothing_and_then_does_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await world.connect()
    epoch = client.session.epoch.value
    consider = world.decider.consider

    async def away(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(world.decider, "consider", away)
    await again(world, "")
    assert client.session.epoch.value > epoch
    assert client.session.standing.kind is StandingKind.OPEN
    world.clock.advance(REFUSED_AFTER)
    await world.continuous.settle()
    assert client.session.standing.kind is StandingKind.UNDECIDED
    monkeypatch.setattr(world.decider, "consider", consider)
    answer = await world.ask(client, READ)
    assert isinstance(answer, Refused)
    assert "cannot be decided now" in answer.message
    await world.continuous.settle()
    assert client.session.standing.kind is StandingKind.OPEN
    assert isinstance(await world.ask(client, READ), Permitted)


@pytest.mark.parametrize(
    ("people", "targets"),
    [
        ((replace(ANA, groups=frozenset({"dba"})), BEN, DORA), (SHOP,)),
        ((disabled(ANA), BEN, DORA), (SHOP,)),
    ],
    ids=["groups", "disabled"],
)
async def test_a_change_of_somebody_cuts_only_their_sessions(
    world: World, people: Sequence[Subject], targets: Sequence[Target]
) -> None:
    await again(world, ENGINEERS_ONLY)
    ana, ben = await world.connect(), await world.connect(BEN)
    world.directory.replace(people, targets)
    await world.continuous.settle()
    assert "disabled" in ana.cuts[0] or "your groups were changed" in ana.cuts[0]
    assert (ben.cuts, ben.said) == ([], [])


async def test_a_relabelled_target_is_looked_at_again(world: World) -> None:
    client = await world.connect()
    epoch = client.session.epoch.value
    labels = {"public.orders": frozenset({"pci"})}
    world.directory.replace(world.directory.subjects(), (replace(SHOP, labels=labels),))
    assert client.session.epoch.value > epoch
    await world.continuous.settle()
    assert (client.cuts, client.said) == ([], [])


async def test_a_security_event_that_makes_a_session_risky_asks_for_a_step_up(world: World) -> None:
    await again(world, RISKY)
    client, other = await world.connect(), await world.connect(BEN)
    now = world.clock.now()
    await world.warnings.warn(SecurityEvent("account-purged", ANA.id, now, "feed"))
    await world.continuous.settle()
    assert "this session looks risky" in said(client)
    assert "was reported" in said(client)
    assert other.said == []


async def test_a_compromise_revokes_what_the_person_was_granted(world: World) -> None:
    client, other = await world.connect(), await world.connect(BEN)
    now = world.clock.now()
    await world.warnings.warn(SecurityEvent("credential-compromise", ANA.id, now, "feed"))
    assert "credential-compromise" in client.cuts[0]
    assert world.grants.valid(ANA.id, SHOP.id, now) == []
    assert world.journal[-1] == "grant.revoked"
    assert other.cuts == []
    assert world.grants.valid(BEN.id, SHOP.id, now)


async def test_risk_that_crosses_a_line_in_the_session_is_heard(world: World) -> None:
    await again(world, RISKY)
    client = await world.connect()
    client.session.so_far.suspicion_mb = 60_000
    await world.ask(client, READ)
    await world.continuous.settle()
    assert "this session looks risky" in said(client)
    assert client.session.standing.kind is StandingKind.HELD
    await world.step_up(ANA)
    await world.continuous.settle()
    assert client.session.standing.kind is StandingKind.OPEN


async def test_networks_and_devices_have_their_own_words(world: World) -> None:
    client = await world.connect()
    world.policies.current = policies(POLICIES, STEP_UP)
    world.continuous.device_reported(ANA.id)
    await world.continuous.settle()
    assert "your device reported another state" in said(client)


async def test_time_alone_is_looked_at_every_half_minute(world: World) -> None:
    await again(world, DURING_THE_DAY)
    world.clock.advance(50 * MINUTE)
    client = await world.connect()
    world.clock.advance(9 * MINUTE + timedelta(seconds=59))
    await world.continuous.settle()
    assert client.cuts == []
    world.clock.advance(EVERY)
    await world.continuous.settle()
    assert "only until one o'clock" in client.cuts[0]


async def test_what_changes_while_a_session_opens_is_not_missed(world: World) -> None:
    await world.opened()
    candidate = await world.candidate()
    client = Client()
    world.store.gated_kinds = {"session.opened"}

    async def open_it() -> None:
        client.live = await world.sessions.opening.open(
            candidate,
            Proof(candidate.credentials[0]),
            "",
            builders.Connection(),
            client.handles(),
            client.held.append,
        )

    opening = asyncio.create_task(open_it())
    await until(lambda: world.store.waiting == 1)
    await again(world, NOBODY)
    world.store.gate.set()
    await opening
    await world.continuous.settle()
    assert "the shop is closed" in client.cuts[0]


async def test_an_opening_that_people_assented_to_stays_assented_to(world: World) -> None:
    await again(world, ASSENT)
    await world.opened()
    candidate = await world.candidate()
    client = Client()

    async def open_it() -> None:
        client.live = await world.sessions.opening.open(
            candidate,
            Proof(candidate.credentials[0]),
            "",
            builders.Connection(),
            client.handles(),
            client.held.append,
        )

    opening = asyncio.create_task(open_it())
    await until(lambda: client.held)
    request = await world.held(client)
    await world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    await opening
    await again(world, ASSENT)
    assert client.session.standing.kind is StandingKind.OPEN
    assert client.said == []


async def test_five_hundred_sessions_are_looked_at_without_starving_anybody(world: World) -> None:
    clients = []
    for _ in range(25):
        await world.opened(connections=20)
        candidate = await world.candidate()
        for _ in range(20):
            client = Client()
            client.live = await world.sessions.opening.open(
                candidate,
                Proof(candidate.credentials[0]),
                "",
                builders.Connection(),
                client.handles(),
                client.held.append,
            )
            clients.append(client)
    turns = 0

    async def breathe() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    breathing = asyncio.create_task(breathe())
    await again(world, NOBODY)
    breathing.cancel()
    assert all(client.cuts for client in clients)
    assert turns >= 500 // 64
