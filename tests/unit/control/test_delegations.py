"""Whose place somebody takes now: never more than who gave it has themself."""

from datetime import timedelta
from typing import cast

from assent.control.delegations import Delegations
from assent.core.changes import PutGrant
from assent.core.grant import Delegation, Grant, GrantKind
from assent.core.ids import GrantId
from assent.core.ports import Store
from assent.core.subject import Subject
from builders import ANA, BEN, DORA, TIM, World, a_grant, a_subject, disabled

DAY = timedelta(days=1)


def given(world: World, by: Subject, to: Subject, group: str = "dba", number: int = 1) -> Grant:
    now = world.clock.now()
    return Grant(
        GrantId(f"grt_{number}"),
        to.id,
        None,
        now,
        now + DAY,
        kind=GrantKind.DELEGATION,
        delegation=Delegation(by.id, group),
    )


async def test_it_counts_while_it_is_valid_and_its_giver_is_in_the_group(world: World) -> None:
    delegations, now = world.delegations, world.clock.now()
    delegations.take_up(given(world, BEN, ANA))
    assert delegations.of(ANA.id, now) == (Delegation(BEN.id, "dba"),)
    assert delegations.of(ANA.id, now + DAY) == ()
    world.replace_people(a_subject("ben", "engineers"))
    assert delegations.of(ANA.id, now) == ()
    world.replace_people(disabled(BEN))
    assert delegations.of(ANA.id, now) == ()


async def test_who_is_gone_from_the_directory_gives_nothing(world: World) -> None:
    world.delegations.take_up(given(world, a_subject("gone", "dba"), ANA))
    assert world.delegations.of(ANA.id, world.clock.now()) == ()


async def test_other_grants_are_no_delegations(world: World) -> None:
    world.delegations.take_up(a_grant(ANA))
    assert world.delegations.about(ANA.id, world.clock.now()) == []
    await world.delegations.over(a_grant(ANA))


async def test_what_is_over_counts_no_longer(world: World) -> None:
    one = given(world, BEN, ANA)
    world.delegations.take_up(one)
    before = world.delegations.revision
    await world.delegations.over(one)
    assert world.delegations.of(ANA.id, world.clock.now()) == ()
    assert world.delegations.revision > before


async def test_both_who_gave_and_who_holds_see_it(world: World) -> None:
    now = world.clock.now()
    one = given(world, BEN, ANA)
    world.delegations.take_up(one)
    assert world.delegations.about(BEN.id, now) == [one]
    assert world.delegations.about(ANA.id, now) == [one]
    assert world.delegations.about(TIM.id, now) == []
    assert world.delegations.delegates(frozenset({"dba"}), now) == {ANA.id}
    assert world.delegations.delegates(frozenset({"security"}), now) == frozenset()


async def test_delegations_are_found_again_after_a_restart(world: World) -> None:
    await world.store.commit((PutGrant(given(world, BEN, ANA)),), ())
    again = Delegations(
        store=cast(Store, world.store), directory=world.directory, clock=world.clock
    )
    await again.recover()
    found = again.assenting(ANA, world.clock.now())
    assert found.delegations == (Delegation(BEN.id, "dba"),)
    assert again.assenting(DORA, world.clock.now()).delegations == ()
