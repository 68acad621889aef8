"""Followers see every entry, whatever fails, and stop at nothing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from assent.control.following import PROBE_S, Follower, Resting
from assent.core.changes import Change, MoveCursor
from assent.core.entry import Entry
from assent.core.faults import OutsideFault
from assent.core.ports import StoredEntry
from assent.stores import SqlStore, open_store
from conformance.store_builders import MASTER, SIGNER, CountedIds, StoppedClock, entry

AWAY = OutsideFault("away", "somebody is away")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    store = await open_store(tmp_path, SIGNER, CountedIds(), StoppedClock(), MASTER)
    yield store
    await store.close()


async def fill(store: SqlStore, count: int, start: int = 0) -> None:
    entries: list[Entry] = [entry(f"ent_{start + number}") for number in range(count)]
    await store.commit((), entries)


class Handler:
    """Notes indexes. stumbles: over these it raises ValueError; away: so often it raises AWAY."""

    def __init__(self, *stumbles: int, away: int = 0) -> None:
        self.seen: list[int] = []
        self.pages: list[int] = []
        self._stumbles = stumbles
        self._away = away

    async def __call__(self, found: Sequence[StoredEntry]) -> Sequence[Change]:
        if self._away:
            self._away -= 1
            raise AWAY
        if any(one.index in self._stumbles for one in found):
            raise ValueError("poisoned")
        self.seen += [one.index for one in found]
        self.pages.append(len(found))
        return (MoveCursor("made", found[-1].index),)


async def test_entries_come_in_order_in_pages_and_the_cursor_moves_with_what_was_made(
    store: SqlStore,
) -> None:
    await fill(store, 10)
    handler = Handler()
    follower = Follower("mine", store, handler, page=4)
    await follower.catch_up()
    assert handler.seen == list(range(10))
    assert handler.pages == [4, 4, 2]
    assert (await store.cursor("mine"), await store.cursor("made")) == (10, 9)
    assert (follower.progress.position, follower.progress.behind) == (10, 0)


async def test_another_follower_of_that_name_goes_on_where_it_stopped(store: SqlStore) -> None:
    await fill(store, 3)
    await Follower("mine", store, Handler()).catch_up()
    await fill(store, 2, start=3)
    later, other = Handler(), Handler()
    await Follower("mine", store, later).catch_up()
    await Follower("other", store, other).catch_up()
    assert later.seen == [3, 4]
    assert other.seen == [0, 1, 2, 3, 4]


async def test_an_entry_that_it_stumbles_over_is_passed_over_and_counted(store: SqlStore) -> None:
    await fill(store, 9)
    handler = Handler(3, 7)
    follower = Follower("mine", store, handler, page=5)
    await follower.catch_up()
    assert handler.seen == [0, 1, 2, 4, 5, 6, 8]
    assert (follower.progress.skipped, await store.cursor("mine")) == (2, 9)


async def test_what_is_away_is_waited_for_longer_each_time_and_nothing_is_passed_over(
    store: SqlStore,
) -> None:
    await fill(store, 4)
    handler, pauses, seen_all = Handler(away=3), list[float](), asyncio.Event()

    async def sleep(for_s: float) -> None:
        pauses.append(for_s)
        await asyncio.sleep(0)
        if handler.seen:
            seen_all.set()

    follower = Follower("mine", store, handler, rests=1.0, sleep=sleep, worked=lambda: 0.0)
    task = asyncio.create_task(follower.run())
    async with asyncio.timeout(10):
        await seen_all.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert handler.seen == [0, 1, 2, 3]
    assert pauses[:3] == [0.25, 0.5, 1.0]
    assert follower.progress.skipped == 0
    assert follower.progress.waiting_for == ""


@pytest.mark.parametrize(("share", "rests"), [(0.0, 0), (0.5, 1), (1.0, 3)])
async def test_the_more_others_work_while_it_sleeps_the_longer_it_rests(
    monkeypatch: pytest.MonkeyPatch, share: float, rests: int
) -> None:
    now, worked, slept = 0.0, 0.0, list[float]()
    monkeypatch.setattr("assent.control.following.time.perf_counter", lambda: now)

    async def sleep(for_s: float) -> None:
        nonlocal now, worked
        slept.append(for_s)
        now, worked = now + for_s, worked + share * for_s

    await Resting(9.0, sleep, lambda: worked).after(0.5)
    assert [for_s for for_s in slept if for_s != PROBE_S] == [4.5] * rests


async def test_it_wakes_when_the_log_grows(store: SqlStore) -> None:
    handler = Handler()

    async def sleep(for_s: float) -> None:
        await asyncio.sleep(0)

    task = asyncio.create_task(Follower("mine", store, handler, sleep=sleep).run())
    async with asyncio.timeout(10):
        for number in range(2):
            await fill(store, 1, start=number)
            while len(handler.seen) <= number:
                await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert handler.seen == [0, 1]
