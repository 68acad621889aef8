"""Sessions of doors that await answers: attempts, what came of them, and their end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from assent.control.live import Patience
from assent.control.opening import Proof
from assent.core.evidence import Connection
from assent.core.faults import OutsideFault
from assent.core.plugins import Held, RefusalKind, Refused
from assent.core.request import RequestState, Verdict
from assent.gateway.leases import Leases
from assent.gateway.sessions import Attempt, Client, GatewayParts, GatewaySession
from builders import (
    ANA,
    BEN,
    MINUTE,
    POLICIES,
    World,
    a_caller,
    a_statement,
    a_world,
    policies,
    until,
)

OPENING_HELD = """
@id("openings") @require("approve: 1 of dba")
forbid (principal, action == Action::"session.open", resource);
"""


class Bench:
    """A session at a control plane, and what its client was told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cuts: list[str] = []
        self.told: list[Held] = []
        self.given_back: list[str] = []
        parts = GatewayParts(
            world.sessions,
            cast(Any, world.recorder),
            cast(Leases, self),
            world.clock,
            asyncio.ensure_future,
        )
        self.session: GatewaySession = parts.begin(Client(Connection(), self.cuts.append))

    async def give_back(self, session: str) -> None:
        self.given_back.append(session)

    async def open(self) -> Any:
        await self.world.opened()
        candidate = await self.world.candidate()
        proof = Proof(candidate.credentials[0])
        return await self.session.open(candidate, proof, tell=self.told.append)

    async def read(self, shape: str | None = None) -> Attempt | Refused:
        statement = a_statement("sql.read")
        return await self.session.attempt(statement, "select 1", shape=shape)

    def deleting(self, patience: Patience | None = None) -> "asyncio.Task[Attempt | Refused]":
        statement = a_statement("sql.delete", has_where=False)
        attempt = self.session.attempt(
            statement, "delete from orders", tell=self.told.append, patience=patience
        )
        return asyncio.ensure_future(attempt)

    async def held(self) -> Any:
        await until(lambda: self.told)
        return self.told[-1].request

    def frames(self) -> list[tuple[str, str]]:
        assert self.session.live is not None
        kept = self.world.recorder.kept[self.session.live.session.id]
        return [(one.kind, getattr(one, "verdict", "")) for one in kept]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with a_world(tmp_path) as found:
        yield found


@pytest.fixture
async def bench(world: World) -> Bench:
    found = Bench(world)
    await found.open()
    return found


def begun(attempt: Attempt | Refused) -> Attempt:
    assert isinstance(attempt, Attempt), attempt
    return attempt


async def outcomes(world: World) -> list[str]:
    text = await world.log()
    return [name for name in ("done", "error", "unknown", "not-run") if f'"{name}"' in text]


async def test_what_is_permitted_is_recorded_before_it_is_begun(bench: Bench) -> None:
    attempt = begun(await bench.read())
    assert bench.frames() == [("statement", "permit")]
    assert attempt.sequence == 1
    assert attempt.permitted.entry.startswith("ent_")


async def test_what_came_of_it_is_kept_once(bench: Bench) -> None:
    attempt = begun(await bench.read())
    attempt.finish(rows=3, bytes=30)
    attempt.finish(rows=4, bytes=40)
    attempt.lose()
    await bench.session.end("the client hung up")
    assert bench.frames() == [("statement", "permit"), ("result", "")]
    assert bench.world.journal[-2:] == ["result", "session.ended"]


async def test_what_is_refused_is_recorded_too(bench: Bench) -> None:
    refused = await bench.session.attempt(a_statement("sql.unknown"), "vacuum full")
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.DENIED
    assert bench.frames() == [("statement", "refuse")]


async def test_a_decision_serves_again_for_its_shape_and_no_other(bench: Bench) -> None:
    for _ in range(4):  # The first times are risky in themselves.
        begun(await bench.read("one")).finish()
        await asyncio.sleep(0)
    assert bench.frames()[-2:] == [("statement", "reuse"), ("result", "")]
    begun(await bench.read("another")).finish()
    assert bench.frames()[-2] == ("statement", "permit")
    begun(await bench.read()).finish()
    assert bench.frames()[-2] == ("statement", "permit")


async def test_nothing_serves_again_once_the_session_is_decided_anew(bench: Bench) -> None:
    for _ in range(4):
        begun(await bench.read("one")).finish()
    assert bench.session.live is not None
    bench.session.live.epoch.bump()
    begun(await bench.read("one")).finish()
    assert bench.frames()[-2] == ("statement", "permit")


async def test_a_held_attempt_goes_on_when_people_assent(bench: Bench) -> None:
    waits = bench.deleting()
    request = await bench.held()
    assert not waits.done()
    await bench.world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    attempt = begun(await waits)
    assert attempt.permitted.request == request
    attempt.finish(rows=7)
    await bench.session.end("the client hung up")
    assert (await bench.world.stored(request)).state is RequestState.COMPLETED


async def test_hanging_up_withdraws_what_is_held(bench: Bench) -> None:
    waits = bench.deleting()
    request = await bench.held()
    bench.session.hang_up()
    assert isinstance(await waits, Refused)
    assert (await bench.world.stored(request)).state is RequestState.WITHDRAWN


async def test_a_client_that_does_not_stay_hears_so_and_its_request_waits_on(bench: Bench) -> None:
    patience = Patience(until=bench.world.clock.now())
    refused = await bench.deleting(patience)
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.WAITING
    # Nothing was refused yet, so that nothing is recorded as refused.
    assert bench.frames() == []
    await bench.world.requests.answer(
        a_caller(BEN), cast(Any, refused.request), Verdict.APPROVE, ""
    )
    attempt = begun(await bench.deleting(Patience(until=bench.world.clock.now() + MINUTE)))
    assert attempt.permitted.request == refused.request


async def test_hanging_up_one_attempt_leaves_the_session(bench: Bench) -> None:
    patience = Patience()
    waits = bench.deleting(patience)
    request = await bench.held()
    patience.hang_up()
    assert isinstance(await waits, Refused)
    assert (await bench.world.stored(request)).state is RequestState.WITHDRAWN
    begun(await bench.read()).finish()


async def test_an_opening_that_is_held_is_told_and_withdrawn_with_its_client(world: World) -> None:
    world.policies.replace(policies(POLICIES, OPENING_HELD))
    bench = Bench(world)
    opening = asyncio.ensure_future(bench.open())
    request = await bench.held()
    bench.session.hang_up()
    assert isinstance(await opening, Refused)
    assert (await world.stored(request)).state is RequestState.WITHDRAWN
    assert bench.session.live is None


async def test_without_a_recording_nothing_is_begun_and_the_session_is_cut(bench: Bench) -> None:
    bench.world.recorder.full = True
    refused = await bench.read()
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.UNAVAILABLE
    assert bench.cuts == ["the recording cannot be kept, and nothing is done unrecorded"]


async def test_what_could_not_be_recorded_is_in_the_log_as_not_run(bench: Bench) -> None:
    waits = bench.deleting()
    request = await bench.held()
    bench.world.recorder.full = True
    await bench.world.requests.answer(a_caller(BEN), request, Verdict.APPROVE, "")
    assert isinstance(await waits, Refused)
    bench.world.recorder.full = False
    await bench.session.end("cut")
    assert "not-run" in await outcomes(bench.world)
    assert (await bench.world.stored(request)).state is not RequestState.RELEASED


async def test_a_recording_that_fails_at_the_end_cuts_and_the_log_has_it_all_the_same(
    bench: Bench,
) -> None:
    attempt = begun(await bench.read())
    bench.world.recorder.full = True
    attempt.finish(rows=1)
    bench.world.recorder.full = False
    await bench.session.end("cut")
    assert len(bench.cuts) == 1
    assert "done" in await outcomes(bench.world)


async def test_when_the_log_is_away_nothing_is_begun(bench: Bench) -> None:
    bench.world.store.away = True
    refused = await bench.read()
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.UNAVAILABLE
    bench.world.store.away = False
    begun(await bench.read()).finish()


async def test_a_recorder_that_is_behind_is_waited_for(bench: Bench) -> None:
    bench.world.recorder.behind = True
    may_go_on = asyncio.Event()

    async def ready() -> None:
        await may_go_on.wait()
        bench.world.recorder.behind = False

    bench.world.recorder.ready = ready  # type: ignore[method-assign]
    reading = asyncio.ensure_future(bench.read())
    await asyncio.sleep(0)
    assert bench.frames() == []
    may_go_on.set()
    begun(await reading).finish()


async def test_a_recorder_that_stays_behind_cuts(bench: Bench) -> None:
    bench.world.recorder.behind = True

    async def ready() -> None:
        raise OutsideFault("recorder-behind", "it did not keep up")

    bench.world.recorder.ready = ready  # type: ignore[method-assign]
    assert isinstance(await bench.read(), Refused)
    assert len(bench.cuts) == 1


async def test_revoking_the_grant_cuts_the_session_with_words(bench: Bench) -> None:
    live = bench.session.live
    assert live is not None
    await bench.world.grants.revoke(a_caller(ANA), live.session.grant, "the laptop was lost")
    assert len(bench.cuts) == 1
    assert "the laptop was lost" in bench.cuts[0]
    await bench.session.end("cut")
    stored = await bench.world.store.session(live.session.id)
    assert stored is not None
    assert stored.state.value == "cut"


async def test_the_end_waits_for_what_is_settling_and_counts_what_is_under_way_as_unknown(
    bench: Bench,
) -> None:
    bench.world.store.gated_kinds = {"result"}
    begun(await bench.read()).finish()
    begun(await bench.read())
    ending = asyncio.ensure_future(bench.session.end("the client hung up"))
    await until(lambda: bench.world.store.waiting == 2)
    assert not ending.done()
    bench.world.store.gate.set()
    await ending
    assert bench.world.journal[-3:] == ["result", "result", "session.ended"]
    assert "unknown" in await outcomes(bench.world)
    assert bench.session.live is not None
    assert bench.given_back == [bench.session.live.session.id]


async def test_ending_twice_is_one_end(bench: Bench) -> None:
    await asyncio.gather(bench.session.end("one"), bench.session.end("another"))
    assert bench.world.journal.count("session.ended") == 1
    assert len(bench.given_back) == 1


async def test_a_session_that_was_never_opened_ends_without_a_trace(world: World) -> None:
    bench = Bench(world)
    await bench.session.end("the client hung up")
    assert "session.ended" not in world.journal
    with pytest.raises(RuntimeError):
        await bench.read()


async def test_a_session_that_opens_after_it_was_ended_is_ended_then(world: World) -> None:
    bench = Bench(world)
    await bench.session.end("the client hung up")
    opened = await bench.open()
    assert isinstance(opened, Refused)
    assert len(world.live) == 0
