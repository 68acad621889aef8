"""Laws of the outbox: a state and its notice are never apart, and nothing is told twice.

The one exception is written down: a channel is told again where the process stopped between the
channel's answer and the commit that says so.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from assent.control.delivering import GIVE_UP_AFTER, Delivering, channels
from assent.control.directory import Directory
from assent.control.events import Events
from assent.core.changes import PutNotice
from assent.core.faults import Fault
from assent.core.ids import NoticeId, RequestId, SubjectId
from assent.core.lesson import Lesson
from assent.core.notice import Notice
from assent.core.ports import Store
from assent.core.request import RequestState
from assent.workflow.request import TERMINAL, RequestEvent
from builders import (
    NOON,
    PEOPLE,
    POLICIES,
    TIM,
    CountingIds,
    FixedClock,
    SpyStore,
    a_caller,
    policies,
)
from builders import _wire as wired
from channels import Channel
from memory_store import MemoryStore

DAY = timedelta(days=9)
POLICY_SET = policies(POLICIES)
KEYS = st.sampled_from(("a", "b", "c"))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("keep"), KEYS),
        st.tuples(st.just("keep, and say it failed"), KEYS),
        st.tuples(
            st.sampled_from(("deliver", "lose the answer", "stop behind the answer", "restart")),
            st.just(""),
        ),
        st.tuples(st.sampled_from(("away", "back")), st.just("")),
    ),
    max_size=30,
)


class Telling:
    """A store, a channel and a process that delivers, which can be stopped anywhere."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.store = SpyStore(cast(Any, MemoryStore()), [])
        self.channel = Channel()
        self.kept: set[str] = set()
        self.stops: Counter[str] = Counter()
        self.numbers = 0
        self.restart()

    def restart(self) -> None:
        self.delivering = Delivering(
            store=cast(Store, self.store),
            channels=channels([self.channel]),
            directory=Directory(PEOPLE),
            events=Events(),
            clock=self.clock,
            jitter=lambda *_: 0.0,
        )

    async def keep(self, key: str) -> None:
        self.numbers += 1
        identity = NoticeId(f"ntc_{self.numbers}")
        notice = Notice("t", self.clock.now(), id=identity, key=key, headline=key)
        await self.store.commit((PutNotice(notice, ("chat",)),), ())
        self.kept.add(key)

    async def deliver(self, *, is_lost: bool = False) -> None:
        self.clock.advance(timedelta(minutes=90))
        started: list[Any] = []
        await self.delivering.due(lambda notice, delivery: started.append((notice, delivery)))
        self.store.away = is_lost
        for notice, delivery in started:
            await self.delivering.send(notice, delivery)
        self.store.away = False

    def told(self) -> Counter[str]:
        return Counter(notice.headline for notice in self.channel.notices)

    async def step(self, name: str, key: str) -> None:
        match name:
            case "keep":
                await self.keep(key)
            case "keep, and say it failed":
                # It was durable and nobody heard of it: whoever asked does it again.
                await self.keep(key)
                await self.keep(key)
            case "deliver":
                await self.deliver()
            case "lose the answer":
                await self.deliver(is_lost=True)
            case "stop behind the answer":
                before = self.told()
                await self.deliver(is_lost=True)
                self.stops += self.told() - before
                self.restart()
            case "restart":
                # Only what was taken and not kept is forgotten with the process.
                self.stops += Counter(self.unkept())
                self.restart()
            case _:
                self.channel.away = name == "away"

    def unkept(self) -> list[str]:
        keys = {notice.id: notice.key for notice in self.channel.notices}
        return [keys[NoticeId(notice)] for notice, _ in self.delivering._taken]


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_a_key_is_told_once_but_for_stops_right_behind_the_channels_answer(
    steps: list[tuple[str, str]],
) -> None:
    async def play() -> None:
        telling = Telling()
        for name, key in steps:
            await telling.step(name, key)
            for told, times in telling.told().items():
                assert times <= 1 + telling.stops[told]
        telling.channel.away = False
        for _ in range(6):
            await telling.deliver()
        told = telling.told()
        dead = {notice.key for notice, _ in await telling.store.dead_deliveries()}
        assert set(told) | dead == telling.kept
        # Only what was tried for a whole day is given up.
        assert not dead or telling.clock.now() - NOON >= GIVE_UP_AFTER

    asyncio.run(play())


class Memory(MemoryStore):
    """Where nothing was ever learned."""

    async def profile(self, subject: SubjectId) -> bytes | None:
        return None

    async def lessons(self, *_: object, **__: object) -> list[Lesson]:
        return []


ACTS = st.lists(
    st.sampled_from(("ask", "settle", "wait", "away", "back", "restart")), min_size=1, max_size=25
)


@given(ACTS)
@settings(max_examples=60, deadline=None)
def test_a_request_and_what_is_told_of_it_are_never_apart(acts: list[str]) -> None:
    async def play() -> None:
        memory, clock, ids, chat = Memory(), FixedClock(), CountingIds(), Channel()
        spy = SpyStore(cast(Any, memory), [])

        def process() -> Any:
            return wired(spy, clock, ids, POLICY_SET, {"notifiers": (chat,)})

        world = process()
        for act in acts:
            match act:
                case "away" | "back":
                    spy.away = act == "away"
                case "ask":
                    with suppress(Fault):
                        await world.access.ask(a_caller(TIM), "shop", None, "", "")
                case "settle":
                    for request in list(memory.found_requests):
                        with suppress(Fault):
                            identity = RequestId(request)
                            await world.waiting.advance(identity, RequestEvent.WITHDRAWN)
                case "restart":
                    world = process()
                    await world.waiting.recover()
                case _:
                    clock.advance(timedelta(minutes=3))
                    await world.timers.once()
                    with suppress(Fault):
                        await world.waiting.expire(clock.now())
            await agree(memory, clock)

    asyncio.run(play())


async def agree(memory: MemoryStore, clock: FixedClock) -> None:
    """Check that what is stored, what is told of it and what is to come fit each other."""
    topics = {(notice.request, notice.topic) for notice in memory.found_notices.values()}
    timers = {timer.about for timer in await memory.due_timers(clock.now() + DAY, limit=10_000)}
    for request in memory.found_requests.values():
        assert request.asked
        assert (request.id, "request.asked") in topics
        is_settled = request.state in TERMINAL
        assert ((request.id, "request.settled") in topics) == is_settled
        assert (request.id in timers) == (request.state is RequestState.PENDING)
    known = set(memory.found_requests)
    assert {request for request, _ in topics} <= known
    assert timers <= known
