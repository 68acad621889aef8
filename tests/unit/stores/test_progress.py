"""Readers wait for what was written, and nothing is taken while nobody numbers."""

import asyncio

import pytest

from assent.core.faults import OutsideFault
from assent.stores.progress import BEHIND_S, Progress
from assent.stores.publishing import Growth


class Stopwatch:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def progress(watch: Stopwatch) -> Progress:
    return Progress(Growth(0), watch)


async def test_who_wrote_nothing_waits_for_nothing(progress: Progress) -> None:
    await progress.settled(0)


async def test_a_reader_waits_until_all_that_was_written_is_numbered(progress: Progress) -> None:
    progress.wrote(5)
    reading = asyncio.create_task(progress.settled(60))
    progress.seen(1, written=4, first=None)  # It looked before the fifth was durable.
    await asyncio.sleep(0)
    progress.seen(2, written=5, first=5)
    await asyncio.sleep(0)
    assert not reading.done()
    progress.seen(3, written=5, first=6)
    await reading
    assert progress.growth.size == 3


async def test_a_reader_does_not_wait_for_ever(progress: Progress) -> None:
    progress.wrote(1)
    with pytest.raises(OutsideFault, match="no process numbers"):
        await progress.settled(0)


async def test_a_reader_hears_at_once_that_the_log_is_halted(progress: Progress) -> None:
    progress.wrote(1)
    reading = asyncio.create_task(progress.settled(60))
    await asyncio.sleep(0)
    progress.halt("entry `x` is not ours")
    with pytest.raises(OutsideFault, match="log-broken"):
        await reading
    progress.halt(None)
    progress.check()


async def test_nothing_is_taken_while_the_first_that_waits_stays_the_same(
    progress: Progress, watch: Stopwatch
) -> None:
    for _ in range(4):
        watch.at += BEHIND_S / 2
        progress.seen(0, written=0, first=7)
    assert "not brought up to date" in progress.trouble()
    with pytest.raises(OutsideFault, match="store-unavailable"):
        progress.check()
    progress.seen(4, written=0, first=8)
    progress.check()


async def test_a_long_queue_that_moves_is_no_trouble(progress: Progress, watch: Stopwatch) -> None:
    for first in range(10):
        watch.at += BEHIND_S / 2
        progress.seen(first, written=0, first=first)
        assert progress.trouble() == ""


async def test_nothing_is_taken_while_nobody_looks(progress: Progress, watch: Stopwatch) -> None:
    progress.check()
    watch.at += BEHIND_S + 1
    with pytest.raises(OutsideFault):
        progress.check()
