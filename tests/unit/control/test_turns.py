"""Turns at what is costly."""

import asyncio

import pytest

from assent.control.turns import Turns
from assent.core.faults import OutsideFault


async def test_few_work_some_wait_and_the_rest_is_sent_away() -> None:
    turns, gate = Turns(at_once=2, waiting=3), asyncio.Event()
    working = most = 0

    async def work() -> None:
        nonlocal working, most
        async with turns.one():
            working += 1
            most = max(most, working)
            await gate.wait()
            working -= 1

    tasks = [asyncio.create_task(work()) for _ in range(8)]
    await asyncio.sleep(0)
    gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    refused = [one for one in results if isinstance(one, OutsideFault)]
    assert (len(refused), most) == (3, 2)
    async with turns.one():
        assert working == 0


async def test_whoever_gives_up_waiting_leaves_no_place_taken() -> None:
    turns = Turns(at_once=1, waiting=1)

    async def wait() -> None:
        async with turns.one():
            raise AssertionError

    async with turns.one():
        for _ in range(3):
            waiting = asyncio.create_task(wait())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
    async with turns.one():
        pass
