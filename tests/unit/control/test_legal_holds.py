"""Legal holds: placed and lifted by decided actions, and in the way of erasing meanwhile."""

import pytest

from assent.control.legal_holds import refuse_held
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.request import RequestState
from builders import ANA, BEN, CARL, World, a_caller
from unit.control.audit_orders import asked, assented, at_once


async def test_a_hold_stands_until_it_is_lifted_and_both_are_in_the_log(world: World) -> None:
    holds = at_once(world).plane.legal_holds
    placed = await holds.place(a_caller(CARL), "ana", "case 7")
    name = str(placed.told["hold"])
    (hold,) = await holds.all(a_caller(CARL))
    assert (hold.id, hold.subject, hold.because, hold.placed_by) == (
        name,
        ANA.id,
        "case 7",
        CARL.id,
    )
    with pytest.raises(ConflictFault, match=name):
        await refuse_held(world.plane.store, ANA.id)
    with pytest.raises(ConflictFault):
        await refuse_held(world.plane.store, None)
    await refuse_held(world.plane.store, BEN.id)
    lifted = await holds.lift(a_caller(CARL), name, "closed")
    assert lifted.told == {"hold": name, "stands": False}
    await refuse_held(world.plane.store, ANA.id)
    kinds = [kind for kind in world.journal if kind.startswith("legal-hold")]
    assert kinds == ["legal-hold.placed", "legal-hold.lifted"]
    with pytest.raises(ConflictFault, match="lifted before"):
        await holds.lift(a_caller(CARL), name, "again")


async def test_a_hold_on_everybody_holds_everybody(world: World) -> None:
    holds = at_once(world).plane.legal_holds
    await holds.place(a_caller(CARL), None, "case 8")
    with pytest.raises(ConflictFault):
        await refuse_held(world.plane.store, BEN.id)
    assert (await holds.all(a_caller(CARL)))[0].subject is None


async def test_a_hold_can_need_assent(world: World) -> None:
    holds = asked(world).plane.legal_holds
    ordered = await holds.place(a_caller(BEN), "ana", "case 7")
    assert await holds.all(a_caller(CARL)) == []
    assert ordered.request is not None
    assert "legal hold" in ordered.request.action.text
    assert await assented(world, ordered) is RequestState.COMPLETED
    (hold,) = await holds.all(a_caller(CARL))
    assert hold.placed_by == BEN.id


async def test_who_may_not_is_refused(world: World) -> None:
    holds = at_once(world).plane.legal_holds
    with pytest.raises(ForbiddenFault):
        await holds.place(a_caller(BEN), "ana", "x")
    with pytest.raises(ForbiddenFault):
        await holds.all(a_caller(BEN))
    with pytest.raises(MissingFault):
        await holds.place(a_caller(CARL), "nobody", "x")
    with pytest.raises(MissingFault):
        await holds.lift(a_caller(CARL), "hld_none", "x")
