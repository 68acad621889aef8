"""Checkpoints come as the log grows, not faster than their pace, and grow fewer with age."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from assent.audit.rotating_signer import RotatingSigner
from assent.core.changes import PutCosignature
from assent.core.entry import Checkpoint, Cosignature
from assent.core.faults import OperatorFault, OutsideFault
from assent.core.secret import Secret
from assent.stores import open_store, publishing
from assent.stores.publishing import Growth, Publishing, superfluous
from conformance.store_builders import MASTER, NOON, SIGNER, CountedIds, entry

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@dataclass
class MovedClock:
    """Stands wherever it was put."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Signing:
    """Signs over all that has grown; raises first what it is to raise."""

    growth: Growth
    faults: list[Exception] = field(default_factory=list)
    signed: list[int] = field(default_factory=list)

    async def publish(self) -> Checkpoint:
        if self.faults:
            raise self.faults.pop(0)
        self.signed.append(self.growth.size)
        return Checkpoint(self.growth.size, b"", "", NOON)


@pytest.fixture(autouse=True)
def no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "PACE_S", 0.0)


async def _settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_it_signs_when_the_log_has_grown_and_not_otherwise() -> None:
    growth = Growth(0)
    signing = Signing(growth)
    running = asyncio.create_task(Publishing(growth, signing.publish).run())
    await _settled()
    assert signing.signed == []
    growth.grow(3)
    growth.grow(5)
    await _settled()
    growth.grow(5)
    await _settled()
    assert signing.signed == [5]
    running.cancel()


async def test_it_keeps_its_pace_however_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "PACE_S", 3_600.0)
    growth = Growth(2)
    signing = Signing(growth)
    asked = Publishing(growth, signing.publish)
    found = await asyncio.gather(*(asked.covering(1, within_s=30) for _ in range(50)))
    assert {each.size for each in found} == {2}
    growth.grow(3)
    with pytest.raises(OutsideFault, match="over 3 entries"):
        await asked.covering(3, within_s=0.01)
    assert signing.signed == [2]


async def test_a_fault_is_tried_again() -> None:
    growth = Growth(1)
    faults = [OutsideFault("store-unavailable", "away"), OperatorFault("x", "odd"), ValueError("x")]
    signing = Signing(growth, faults)
    running = asyncio.create_task(Publishing(growth, signing.publish).run())
    await _settled()
    assert signing.signed == [1]
    running.cancel()


async def test_a_log_that_is_smaller_again_wakes_nobody() -> None:
    growth = Growth(5)
    waiting = asyncio.create_task(growth.beyond(5))
    growth.grow(4)
    await _settled()
    assert not waiting.done()
    growth.grow(6)
    assert await waiting == 6


def test_of_an_hour_and_later_of_a_day_the_last_one_is_retained() -> None:
    now = NOON + 100 * DAY
    lately = [(size, now - 2 * DAY + size * MINUTE, False) for size in range(120)]
    gone = superfluous(lately, now)
    assert sorted(set(range(120)) - set(gone)) == [59, 119]
    long_ago = [(size, NOON + size * 60 * MINUTE, False) for size in range(48)]
    assert sorted(set(range(48)) - set(superfluous(long_ago, now))) == [11, 35, 47]


def test_of_an_hour_the_last_one_that_a_witness_saw_is_retained() -> None:
    now = NOON + 100 * DAY
    known = [(size, now - 2 * DAY + size * MINUTE, size % 25 == 0) for size in range(120)]
    assert sorted(set(range(120)) - set(superfluous(known, now))) == [50, 100]


async def test_what_is_new_or_was_seen_outside_is_never_thinned(tmp_path: Path) -> None:
    clock = MovedClock(NOON.replace(minute=0))
    store = await open_store(tmp_path, SIGNER, CountedIds(), clock, MASTER)
    for number in range(4):
        await store.commit([], [entry(f"ent_{number}")])
        await store.publish()
        clock.at += MINUTE
    seen = Cosignature(1, "witness.example/w", "— witness.example/w AAAA", clock.at)
    later = Cosignature(2, "witness.example/w", "— witness.example/w AAAA", clock.at)
    await store.commit([PutCosignature(seen), PutCosignature(later)], [])
    assert await store.thin_checkpoints() == 0
    clock.at += 2 * DAY
    assert await store.thin_checkpoints() == 2
    assert await store.checkpoint_sizes(9) == [2, 4]
    assert await store.cosignatures(1) == []
    assert await store.thin_checkpoints() == 0
    await store.close()


async def test_a_checkpoint_that_two_keys_signed_is_never_thinned(tmp_path: Path) -> None:
    clock = MovedClock(NOON.replace(minute=0))
    signer = RotatingSigner("log.example/audit", Secret(b"k" * 32), Secret(b"n" * 32))
    store = await open_store(tmp_path, signer, CountedIds(), clock, MASTER)
    for number in range(3):
        await store.commit([], [entry(f"ent_{number}")])
        await store.publish()
    clock.at += 2 * DAY
    assert await store.thin_checkpoints() == 0
    await store.close()
