"""A held action is let go at most once, only on an assent, whatever happens at the same time.

One control plane on a real store, many held actions; for each, everything that can end it is
started in any order, any number of turns apart, by people who may and people who may not.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assent.core.faults import Fault
from assent.core.ids import RequestId
from assent.core.plugins import Permitted, RefusalKind, Refused
from assent.core.request import RequestState, Verdict
from builders import (
    ANA,
    BEN,
    CARL,
    DELETE_ALL,
    DORA,
    MINUTE,
    POLICIES,
    Client,
    World,
    a_caller,
    a_world,
    policies,
    restarted,
)

REFUSED_AS = {
    RequestState.REJECTED: RefusalKind.REJECTED,
    RequestState.WITHDRAWN: RefusalKind.WITHDRAWN,
    RequestState.EXPIRED: RefusalKind.TIMED_OUT,
}
LOOSE = policies(POLICIES)
STRICT = policies(POLICIES.replace("approve: 1 of dba", "approve: 2 of dba"))
CLOSED = policies(POLICIES, '@id("freeze") forbid (principal, action, resource);')


@dataclass
class Stage:
    """A world with a loop of its own, kept for all examples."""

    runner: asyncio.Runner
    world: World
    clients: list[Client] = field(default_factory=list)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One store for all examples: making one costs more than an example."""
    with asyncio.Runner() as runner:
        building = a_world(tmp_path_factory.mktemp("world"))
        built = Stage(runner, runner.run(building.__aenter__()))
        yield built
        runner.run(building.__aexit__(None, None, None))


ENDS = st.sampled_from(
    [
        "approve ben",
        "approve dora",
        "approve ana",
        "approve carl",
        "reject dora",
        "reject carl",
        "withdraw ana",
        "withdraw ben",
        "cancel",
        "expire early",
        "expire",
        "strict",
        "closed",
        "loose",
        "revoke",
        "hang up",
    ]
)
PLANS = st.lists(st.tuples(ENDS, st.integers(0, 12)), min_size=1, max_size=7)


@settings(max_examples=60, deadline=None)
@given(plan=PLANS)
def test_a_held_action_is_let_go_at_most_once_and_only_on_assent(
    stage: Stage, plan: list[tuple[str, int]]
) -> None:
    async def example() -> None:
        stage.world.policies.replace(LOOSE)
        async with asyncio.timeout(20):
            await _hold_and_end(stage.world, plan)

    stage.runner.run(example())


async def _hold_and_end(world: World, plan: list[tuple[str, int]]) -> None:
    client = await world.connect()
    live, start = client.session, len(await world.store.entries(limit=100_000))
    asking = world.asking(client, DELETE_ALL)
    request = await world.held(client)
    await asyncio.gather(*(_later(world, client, request, *step) for step in plan))
    if not asking.done():
        await asyncio.sleep(0.01)
    if not asking.done():
        world.live.cancel(live.process_id, live.secret_key)
    answer = await asking
    settled = await world.stored(request)
    if isinstance(answer, Permitted):
        assert settled.state is RequestState.RELEASED
        approvers = {one.approver for one in settled.approvals if one.verdict is Verdict.APPROVE}
        assert approvers
        assert approvers <= {BEN.id, DORA.id}
    else:
        assert isinstance(answer, Refused)
        assert REFUSED_AS[settled.state] is answer.kind
    await _check_the_log(world, request, start, isinstance(answer, Permitted))
    await world.sessions.ending.end(live, "the example is over")


HAPPENINGS = st.lists(
    st.one_of(
        ENDS.filter(lambda end: end not in ("hang up", "cancel", "revoke")),
        st.sampled_from(["approve ben", "approve dora", "expire early", "strict", "loose", "send"]),
    ),
    max_size=2,
)
# What happens, how the process ends, and how often the same is sent to the next one.
ACROSS = st.lists(
    st.tuples(HAPPENINGS, st.sampled_from(["kill", "stop"]), st.integers(0, 3)),
    min_size=1,
    max_size=4,
).map(lambda lives: [step for ends, end, sent in lives for step in [*ends, end, *["send"] * sent]])


@settings(max_examples=40, deadline=None)
@given(plan=ACROSS)
def test_what_outlives_its_process_is_let_go_at_most_once_and_only_on_assent(
    stage: Stage, plan: list[str]
) -> None:
    async def example() -> None:
        async with asyncio.timeout(30):
            await _hold_across_processes(stage.world, plan)

    stage.runner.run(example())


async def _hold_across_processes(world: World, plan: list[str]) -> None:
    """Whatever happens, in whichever of several processes: one release, after one assent."""
    world = await restarted(world)
    start = len(await world.store.entries(limit=100_000))
    client = await world.connect()
    asking = [world.asking(client, DELETE_ALL)]
    request = await world.held(client)
    answers: list[object] = []
    for step in [*plan, "send", "approve ben", "approve dora", "rest", "kill"]:
        if step == "send":
            client = await world.connect()
            asking.append(world.asking(client, DELETE_ALL))
            await asyncio.sleep(0.002)
        elif step == "rest":
            await asyncio.sleep(0.01)
        elif step in ("kill", "stop"):
            if step == "stop":
                await world.holding.stop()
            answers += await _kill(asking)
            asking = []
            world = await restarted(world)
        else:
            with suppress(Fault):
                await _do(world, client, request)[step]()
    found = await world.stored(request)
    let_go = [one for one in answers if isinstance(one, Permitted) and one.request == request]
    assert len(let_go) <= 1
    stored = await world.store.entries(start, limit=100_000)
    leaves = [json.loads(one.leaf) for one in stored]
    mine = [leaf for leaf in leaves if leaf["request"] == request]
    states = [leaf["facts"]["state"] for leaf in mine if leaf["kind"].startswith("request.")]
    released = states.count("released")
    assert len(let_go) <= released <= 1
    if released:
        # Nobody heard what came of it, so nobody says that it did not run.
        assert found.state is RequestState.OUTCOME_UNKNOWN
        assert {one.approver for one in found.approvals} & {BEN.id, DORA.id}
        before = mine[: next(n for n, leaf in enumerate(mine) if _is_release(leaf))]
        decided = [leaf for leaf in before if leaf["kind"] == "decision"]
        assert decided[-1]["facts"]["outcome"] == "permit"
    for place in world.waiting:
        with suppress(Fault):
            await world.requests.withdraw(a_caller(ANA), place.request.id)


def _is_release(leaf: dict[str, dict[str, object]]) -> bool:
    return leaf["facts"].get("state") == "released"


async def _kill(asking: "list[asyncio.Task[object]]") -> list[object]:
    """End what waits without a word; return what was answered before that."""
    for one in asking:
        one.cancel()
    ended = await asyncio.gather(*asking, return_exceptions=True)
    return [one for one in ended if not isinstance(one, BaseException)]


async def _check_the_log(world: World, request: RequestId, start: int, permitted: bool) -> None:
    stored = await world.store.entries(start, limit=100_000)
    mine = [leaf for leaf in (json.loads(one.leaf) for one in stored) if leaf["request"] == request]
    states = [leaf["facts"]["state"] for leaf in mine if leaf["kind"].startswith("request.")]
    assert states[0] == "pending"
    assert states.count("released") == int(permitted)
    ends = [state for state in states if state in {"rejected", "withdrawn", "expired"}]
    assert len(ends) == int(not permitted)
    if permitted:
        kinds = [leaf["kind"] for leaf in mine]
        assert kinds.index("approval") < len(kinds) - 1 - kinds[::-1].index("decision")
        released = next(
            n for n, leaf in enumerate(mine) if leaf["facts"].get("state") == "released"
        )
        decided = [leaf for leaf in mine[:released] if leaf["kind"] == "decision"]
        assert decided[-1]["facts"]["outcome"] == "permit"


async def _later(world: World, client: Client, request: RequestId, what: str, turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    with suppress(Fault):
        await _do(world, client, request)[what]()


def _do(
    world: World, client: Client, request: RequestId
) -> dict[str, Callable[[], Awaitable[object]]]:
    live, now = client.session, world.clock.now()

    def answer(who: object, verdict: Verdict) -> Callable[[], Awaitable[object]]:
        return lambda: world.requests.answer(a_caller(who), request, verdict, "")  # type: ignore[arg-type]

    async def call(work: Callable[[], object]) -> None:
        work()

    return {
        "approve ben": answer(BEN, Verdict.APPROVE),
        "approve dora": answer(DORA, Verdict.APPROVE),
        "approve ana": answer(ANA, Verdict.APPROVE),
        "approve carl": answer(CARL, Verdict.APPROVE),
        "reject dora": answer(DORA, Verdict.REJECT),
        "reject carl": answer(CARL, Verdict.REJECT),
        "withdraw ana": lambda: world.requests.withdraw(a_caller(ANA), request),
        "withdraw ben": lambda: world.requests.withdraw(a_caller(BEN), request),
        "cancel": lambda: call(lambda: world.live.cancel(live.process_id, live.secret_key)),
        "expire early": lambda: world.waiting.expire(now + 14 * MINUTE),
        "expire": lambda: _expire(world),
        "strict": lambda: call(lambda: world.policies.replace(STRICT)),
        "closed": lambda: call(lambda: world.policies.replace(CLOSED)),
        "loose": lambda: call(lambda: world.policies.replace(LOOSE)),
        "revoke": lambda: world.grants.revoke(a_caller(CARL), live.session.grant, ""),
        "hang up": lambda: world.sessions.ending.end(live, "the client hung up"),
    }


async def _expire(world: World) -> None:
    world.clock.advance(15 * MINUTE)
    await world.waiting.expire(world.clock.now())
