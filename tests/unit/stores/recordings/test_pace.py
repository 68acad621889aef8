"""Unit tests of stores/recordings/pace.py."""

import asyncio

import pytest

from assent.core.faults import OutsideFault
from assent.stores.recordings.pace import LONGEST_BEHIND_S, Pace


class Watch:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 50.0

    def __call__(self) -> float:
        return self.at


async def test_it_is_behind_as_long_as_there_is_a_reason() -> None:
    pace = Pace(Watch())
    await pace.ready()
    pace.bear()
    pace.hold("disk", "the disk is slow")
    pace.hold("place", "the store is away")
    waiting = asyncio.ensure_future(pace.ready())
    pace.release("disk")
    pace.release("disk")
    await asyncio.sleep(0)
    assert pace.behind
    assert not waiting.done()
    pace.release("place")
    assert not pace.behind
    await waiting


async def test_it_is_borne_for_a_while_and_then_told_with_every_reason() -> None:
    watch = Watch()
    pace = Pace(watch)
    pace.hold("disk", "the disk is slow")
    watch.at += LONGEST_BEHIND_S / 2
    pace.hold("disk", "the disk is slow")
    pace.hold("place", "the store is away")
    pace.bear()
    watch.at += LONGEST_BEHIND_S / 2
    with pytest.raises(OutsideFault, match="the disk is slow; the store is away"):
        pace.bear()
    with pytest.raises(OutsideFault, match="cannot be kept"):
        await pace.ready()


async def test_who_was_let_go_and_must_wait_again_waits_from_then_on() -> None:
    watch = Watch()
    pace = Pace(watch)
    pace.hold("disk", "slow")
    watch.at += LONGEST_BEHIND_S
    pace.release("disk")
    pace.hold("disk", "slow")
    pace.bear()
    pace.release("disk")
    await pace.ready()
