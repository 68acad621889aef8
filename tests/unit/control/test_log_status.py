from datetime import timedelta
from pathlib import Path

import pytest

from assent.control.health import HowWell
from assent.core.changes import PutLegalHold
from assent.core.data_key import LegalHold
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ForbiddenFault
from assent.core.ids import EntryId, LegalHoldId
from assent.core.observing import Observer
from assent.edges.log_keys import LogKeysOnDisk
from builders import ANA, CARL, MINUTE, NOON, World, a_caller, a_world


async def grow(world: World) -> None:
    at = world.clock.now()
    await world.store.commit((), [Entry(EntryId(world.ids.mint("entry")), EntryKind.STEP_UP, at)])
    await world.store.publish()


async def test_who_oversees_sees_how_the_log_stands(tmp_path: Path) -> None:
    keys = LogKeysOnDisk(tmp_path, "assent.example/audit")
    async with a_world(tmp_path / "store", log_keys=keys) as world:
        status = world.plane.custody.status
        await grow(world)
        hold = LegalHold(LegalHoldId("hld_1"), None, "a case", CARL.id, NOON)
        await world.store.commit([PutLegalHold(hold)], ())
        status.observed_by(lambda: [Observer("w1", "witness", 1, NOON)])
        report = await status.report(a_caller(CARL))
        assert report.keys == keys.public
        assert report.checkpoint is not None
        assert (report.checkpoint.size, report.minimum, report.holds) == (1, 0, 1)
        assert [one.name for one in report.observers] == ["w1"]
        assert world.plane.audit.verifier_key == keys.public[0]


async def test_nobody_else_does(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        with pytest.raises(ForbiddenFault):
            await world.plane.custody.status.report(a_caller(ANA))


async def test_the_health_of_the_server_says_when_nobody_outside_looks(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        health, status = world.plane.health, world.plane.custody.status
        await grow(world)
        names = {one.name for one in (await health.report(a_caller(CARL))).checks}
        assert "observed" not in names
        status.observed_by(lambda: [Observer("w1", "witness", 1, NOON, "cannot be reached")])
        world.clock.advance(timedelta(minutes=7))
        await grow(world)
        found = {one.name: one for one in (await health.report(a_caller(CARL))).checks}
        assert found["observed"].how is HowWell.WARN
        assert "seen by w1 7 min ago" in found["observed"].says
        assert found["witness w1"].says == "cannot be reached"
        status.fresh_within = 10 * MINUTE
        found = {one.name: one for one in (await health.report(a_caller(CARL))).checks}
        assert found["observed"].how is HowWell.OK
