"""When catalogues are read: once for all who wait, again after a change, and not on a fault."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from assent.core.faults import OutsideFault
from assent.core.ids import TargetId
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.gateway import catalogue_reading
from assent.gateway.catalogue_reading import Snapshot
from assent.gateway.catalogues import Catalogues
from assent.protocols.postgres.catalogue.model import Catalogue, Relation
from assent.protocols.postgres.statements import Classifier
from builders import NOON, FixedClock

SHOP = Target(TargetId("tgt_shop"), "shop", "postgres", "127.0.0.1", 1, "shop", "app", "env:X")


class Server:
    """What a target would answer. begun: how often it was asked. gate: what readings wait for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.content = 1
        self.begun = self.checked = self.loaded = 0
        self.locked = False
        self.fault: OutsideFault | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.told: list[TargetId] = []
        self.clock = FixedClock()
        for name in ("reading", "stamp", "snapshot"):
            monkeypatch.setattr(catalogue_reading, name, getattr(self, name))
        self.catalogues = Catalogues(
            self.password_of, lambda *_: Classifier(), self.clock, self.told.append, every_s=0.001
        )

    async def password_of(self, target: Target) -> tuple[str, Secret[str]]:
        return target.user, Secret("secret")

    @asynccontextmanager
    async def reading(self, *_: object) -> AsyncIterator[int]:
        self.begun += 1
        # What is read is what there was when the reading began.
        content = self.content
        await self.gate.wait()
        if self.fault:
            raise self.fault
        yield content

    async def stamp(self, content: int) -> str:
        self.checked += 1
        return str(content)

    async def snapshot(self, content: int, before: Catalogue | None) -> Snapshot:
        self.loaded += 1
        relations = (Relation(oid, "public", f"t{oid}", "r") for oid in range(content))
        return Snapshot(Catalogue(str(content), relations), "" if self.locked else str(content))


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(monkeypatch)


async def _turns() -> None:
    """Let everything go on that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_there_is_one_knowledge_for_each_database(server: Server) -> None:
    catalogues = server.catalogues
    assert catalogues.knowledge(SHOP, "shop") is catalogues.knowledge(SHOP, "shop")
    assert catalogues.knowledge(SHOP, "shop") is not catalogues.knowledge(SHOP, "other")
    assert server.begun == 0


async def test_all_who_ask_at_once_wait_for_one_reading(server: Server) -> None:
    server.gate.clear()
    asked = [asyncio.ensure_future(server.catalogues.ensure(SHOP, "shop")) for _ in range(20)]
    await _turns()
    server.gate.set()
    assert len({id(one) for one in await asyncio.gather(*asked)}) == 1
    assert (server.begun, server.loaded) == (1, 1)
    assert server.told == [SHOP.id]


async def test_what_is_known_and_not_doubtful_is_not_read_again(server: Server) -> None:
    await server.catalogues.ensure(SHOP, "shop")
    await server.catalogues.ensure(SHOP, "shop")
    assert server.begun == 1


async def test_a_reading_that_began_before_a_change_is_not_enough(server: Server) -> None:
    knowledge = await server.catalogues.ensure(SHOP, "shop")
    server.gate.clear()
    knowledge.outdated()
    early = asyncio.ensure_future(server.catalogues.ensure(SHOP, "shop"))
    await _turns()
    server.content = 2
    knowledge.outdated()
    late = asyncio.ensure_future(server.catalogues.ensure(SHOP, "shop"))
    await _turns()
    server.gate.set()
    await early
    await late
    assert knowledge.catalogue is not None
    assert knowledge.catalogue.version == "2"
    assert server.begun == 3


async def test_nothing_is_read_again_where_nothing_has_changed(server: Server) -> None:
    knowledge = await server.catalogues.ensure(SHOP, "shop")
    server.clock.advance(timedelta(seconds=30))
    knowledge.outdated()
    await server.catalogues.ensure(SHOP, "shop")
    assert (server.checked, server.loaded) == (1, 1)
    assert not knowledge.stale
    assert server.catalogues.status()[0].read_at == NOON + timedelta(seconds=30)
    assert server.told == [SHOP.id]


async def test_what_had_locked_parts_is_read_again(server: Server) -> None:
    server.locked = True
    await server.catalogues.ensure(SHOP, "shop")
    await server.catalogues.refresh(SHOP, "shop")
    assert (server.checked, server.loaded) == (0, 2)


async def test_a_fault_is_everybodys_who_waits_and_is_tried_again_by_the_next(
    server: Server,
) -> None:
    server.gate.clear()
    server.fault = OutsideFault("target-unreachable", "target `shop` cannot be reached")
    asked = [asyncio.ensure_future(server.catalogues.ensure(SHOP, "shop")) for _ in range(5)]
    await _turns()
    server.gate.set()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert answers == [server.fault] * 5
    assert server.begun == 1
    assert server.catalogues.status()[0].problem == "target `shop` cannot be reached"
    server.fault = None
    assert (await server.catalogues.ensure(SHOP, "shop")).catalogue is not None
    assert server.catalogues.status()[0].problem == ""


async def test_a_refresh_that_fails_leaves_what_was_known_in_force(server: Server) -> None:
    knowledge = await server.catalogues.ensure(SHOP, "shop")
    server.fault = OutsideFault("catalogue-unreadable", "it could not be read")
    server.clock.advance(timedelta(minutes=1))
    await server.catalogues.refresh_all()
    assert knowledge.catalogue is not None
    assert not knowledge.stale
    (status,) = server.catalogues.status()
    assert (status.read_at, status.problem) == (NOON, "it could not be read")
    with pytest.raises(OutsideFault):
        await server.catalogues.refresh(SHOP, "shop")


async def test_somebody_who_gives_up_leaves_the_reading_to_the_next(server: Server) -> None:
    server.gate.clear()
    first = asyncio.ensure_future(server.catalogues.ensure(SHOP, "shop"))
    second = asyncio.ensure_future(server.catalogues.ensure(SHOP, "shop"))
    await _turns()
    first.cancel()
    await _turns()
    server.gate.set()
    assert (await second).catalogue is not None
    assert first.cancelled()
    assert server.begun == 2


async def test_each_is_looked_at_on_a_clock(server: Server) -> None:
    knowledge = await server.catalogues.ensure(SHOP, "shop")
    server.content = 2
    server.told.clear()
    running = asyncio.ensure_future(server.catalogues.run())
    try:
        async with asyncio.timeout(10):
            while not server.told:
                await asyncio.sleep(0)
    finally:
        running.cancel()
    assert knowledge.version == 2
    assert server.catalogues.status()[0].relations == 2


async def test_names_that_nobody_has_do_not_keep_the_target_busy(server: Server) -> None:
    await server.catalogues.ensure(SHOP, "shop")
    await server.catalogues.look_again(SHOP, "shop")
    assert server.begun == 1
    server.clock.advance(timedelta(seconds=2))
    await server.catalogues.look_again(SHOP, "shop")
    assert server.begun == 2


async def test_what_may_have_changed_names_is_looked_at_without_being_asked(
    server: Server,
) -> None:
    begun: list[asyncio.Task[None]] = []
    catalogues = Catalogues(
        server.password_of,
        lambda *_: Classifier(),
        server.clock,
        server.told.append,
        spawn=lambda work: begun.append(asyncio.ensure_future(work)),
    )
    knowledge = await catalogues.ensure(SHOP, "shop")
    server.content = 2
    knowledge.outdated()
    assert knowledge.stale
    await begun[0]
    assert not knowledge.stale
    assert server.told == [SHOP.id, SHOP.id]
