"""Scans: who may begin one, what they suggest, and how they end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from assent.control import label_scans
from assent.control.label_scans import LabelScans, Scan, suggested
from assent.control.labels import Labels
from assent.core.faults import ConflictFault, Fault, ForbiddenFault, OutsideFault
from assent.core.label import LabelState, Sampled
from assent.core.ports import Store
from assent.core.resource import Target
from builders import ANA, BEN, CARL, SHOP, World, a_caller, a_world

EMAIL = Sampled("public.customers.contact", 200, {"pii.email": 190, "pii.phone": 20})


class FakeSampler:
    """Tells what it is given, then fails if it shall; waits for the gate in between."""

    def __init__(self, *found: Sampled, fault: Fault | None = None) -> None:
        self.found = found
        self.fault = fault
        self.gate = asyncio.Event()
        self.asked: list[tuple[str, tuple[str, ...], int]] = []

    async def sample(
        self,
        target: Target,
        labels: Sequence[str],
        most: int,
        told: Callable[[int, int, int], None],
    ) -> AsyncGenerator[Sampled, None]:
        self.asked.append((target.name, tuple(labels), most))
        told(0, 2, 0)
        for one in self.found:
            yield one
        told(1, 2, 1)
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        told(2, 2, 1)


class Bench:
    """Scans on a real store; `work` is what was spawned."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.work: list[Coroutine[Any, Any, None]] = []
        store = cast(Store, world.store)
        self.labels = Labels(
            store=store, directory=world.directory, clock=world.clock, ids=world.ids
        )
        self.scans = LabelScans(labels=self.labels, store=store, clock=world.clock, ids=world.ids)

    async def begun(self, sampler: FakeSampler) -> Scan:
        await self.labels.recover()
        self.scans.scan_with(sampler, ("pii.email", "pii.phone"), self.work.append)
        return await self.scans.begin(a_caller(BEN), "shop", 200)

    async def ended(self, sampler: FakeSampler) -> Scan:
        await self.begun(sampler)
        sampler.gate.set()
        await self.work.pop()
        return self.scans.state(a_caller(BEN), "shop")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with a_world(tmp_path) as world:
        made = Bench(world)
        yield made
        for work in made.work:
            work.close()


@pytest.mark.parametrize(
    ("sampled", "matched", "expected"),
    [
        (4, 4, []),
        (5, 5, ["pii"]),
        (5, 3, ["pii"]),
        (10, 5, []),
        (200, 119, []),
        (200, 120, ["pii"]),
    ],
)
def test_a_label_is_suggested_where_enough_of_enough_values_look_like_it(
    sampled: int, matched: int, expected: list[str]
) -> None:
    assert suggested(Sampled("public.a.b", sampled, {"pii": matched})) == expected


async def test_a_scan_suggests_what_it_finds(bench: Bench) -> None:
    sampler = FakeSampler(EMAIL, Sampled("public.customers.id", 200, {}))
    assert await bench.ended(sampler) == Scan("done", 2, 2, 2, 1, 1)
    assert sampler.asked == [("shop", ("pii.email", "pii.phone"), 200)]
    (label,) = bench.labels.list(a_caller(BEN), "shop")
    assert (label.name, label.label, label.state) == (
        "public.customers.contact",
        "pii.email",
        LabelState.SUGGESTED,
    )
    assert (label.matched, label.sampled, label.by) == (190, 200, BEN.id)
    assert bench.world.journal[-2:] == ["labels.scanned", "label.suggested"]


async def test_a_second_scan_suggests_nothing_new(bench: Bench) -> None:
    await bench.ended(FakeSampler(EMAIL))
    assert (await bench.ended(FakeSampler(EMAIL))).suggested == 0


async def test_there_is_one_scan_of_a_target_at_a_time(bench: Bench) -> None:
    sampler = FakeSampler()
    assert (await bench.begun(sampler)).state == "running"
    with pytest.raises(ConflictFault, match="is being scanned already"):
        await bench.scans.begin(a_caller(BEN), "shop", 200)


async def test_nothing_is_looked_at_that_the_log_does_not_know(bench: Bench) -> None:
    bench.world.store.refused_kinds = {"labels.scanned"}
    with pytest.raises(OutsideFault):
        await bench.begun(FakeSampler(EMAIL))
    assert bench.work == []
    assert bench.scans.state(a_caller(BEN), "shop").state == "failed"


async def test_a_target_that_goes_away_ends_the_scan_and_keeps_what_was_found(
    bench: Bench,
) -> None:
    fault = OutsideFault("target-unreachable", "target `shop` went away")
    ended = await bench.ended(FakeSampler(EMAIL, fault=fault))
    assert (ended.state, ended.words, ended.suggested) == ("failed", "target `shop` went away", 1)


async def test_a_scan_that_takes_too_long_ends(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_scans, "ENDS_AFTER_S", 0)
    await bench.begun(FakeSampler(EMAIL))
    await bench.work.pop()
    assert "took longer" in bench.scans.state(a_caller(BEN), "shop").words


async def test_a_scan_that_is_interrupted_says_so(bench: Bench) -> None:
    await bench.begun(FakeSampler(EMAIL))
    running = asyncio.create_task(bench.work.pop())
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert bench.scans.state(a_caller(BEN), "shop").state == "failed"


async def test_only_an_owner_scans_and_overseers_see_how_it_stands(bench: Bench) -> None:
    await bench.begun(FakeSampler())
    for who in (ANA, CARL):
        with pytest.raises(ForbiddenFault, match="only an owner"):
            await bench.scans.begin(a_caller(who), "shop", 200)
    assert bench.scans.state(a_caller(CARL), "shop").state == "running"
    with pytest.raises(ForbiddenFault):
        bench.scans.state(a_caller(ANA), "shop")


async def test_a_sample_is_bounded(bench: Bench) -> None:
    bench.scans.scan_with(FakeSampler(), (), bench.work.append)
    for sample in (4, 10_001):
        with pytest.raises(ConflictFault, match="ask for 5 to 10000 values"):
            await bench.scans.begin(a_caller(BEN), "shop", sample)


async def test_a_server_without_a_sampler_says_so(bench: Bench) -> None:
    with pytest.raises(OutsideFault, match="cannot look at values"):
        await bench.scans.begin(a_caller(BEN), "shop", 200)
    assert bench.scans.state(a_caller(BEN), "shop") == Scan("none")
    assert SHOP.owners == {"dba"}
