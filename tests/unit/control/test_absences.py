"""Absences: somebody who says so is away until then, also across a restart."""

from datetime import timedelta
from typing import cast

import pytest

from assent.control.absences import LONGEST, Absences
from assent.core.faults import ConflictFault, OutsideFault
from assent.core.ports import Store
from builders import BEN, DORA, World, a_caller

DAY = timedelta(days=1)


async def test_somebody_is_away_until_the_time_they_said(world: World) -> None:
    now = world.clock.now()
    await world.absences.away(a_caller(BEN), now + DAY)
    assert world.absences.is_away(BEN.id, now)
    assert not world.absences.is_away(BEN.id, now + DAY)
    assert not world.absences.is_away(DORA.id, now)
    assert world.journal[-1] == "absence"


async def test_who_is_back_is_away_no_longer(world: World) -> None:
    await world.absences.away(a_caller(BEN), world.clock.now() + DAY)
    await world.absences.back(a_caller(BEN))
    assert not world.absences.is_away(BEN.id, world.clock.now())
    assert world.absences.current(a_caller(BEN)) is None
    entries = len(world.journal)
    await world.absences.back(a_caller(BEN))
    assert len(world.journal) == entries


async def test_a_time_that_is_past_or_too_far_is_refused(world: World) -> None:
    now = world.clock.now()
    for until in (now, now - DAY, now + LONGEST + DAY):
        with pytest.raises(ConflictFault):
            await world.absences.away(a_caller(BEN), until)


async def test_absences_are_found_again_after_a_restart(world: World) -> None:
    await world.absences.away(a_caller(BEN), world.clock.now() + DAY)
    again = Absences(store=cast(Store, world.store), clock=world.clock, ids=world.ids)
    await again.recover()
    assert again.is_away(BEN.id, world.clock.now())


async def test_what_cannot_be_kept_is_not_believed(world: World) -> None:
    world.store.away = True
    with pytest.raises(OutsideFault):
        await world.absences.away(a_caller(BEN), world.clock.now() + DAY)
    assert not world.absences.is_away(BEN.id, world.clock.now())
