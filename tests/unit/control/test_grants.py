"""Grants: valid to the instant, over for ever, and over at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault, OutsideFault
from assent.core.grant import Grant
from assent.core.ids import GrantId, TargetId
from assent.core.subject import Subject
from builders import ANA, BEN, CARL, DORA, SHOP, TIM, World, a_caller, a_subject

INSTANT = timedelta(microseconds=1)


async def test_a_grant_counts_until_the_instant_at_which_it_ends(world: World) -> None:
    grant = (await world.opened()).grant
    assert world.grants.valid(ANA.id, SHOP.id, grant.ends_at - INSTANT) == [grant]
    assert world.grants.valid(ANA.id, SHOP.id, grant.ends_at) == []
    assert world.grants.valid(BEN.id, SHOP.id, grant.starts_at) == []


async def test_the_grant_that_ends_last_comes_first(world: World) -> None:
    short = await world.access.ask(a_caller(ANA), "shop", timedelta(minutes=5), "", "")
    long = await world.access.ask(a_caller(ANA), "shop", timedelta(minutes=9), "", "")
    found = world.grants.valid(ANA.id, SHOP.id, world.clock.now())
    assert [grant.id for grant in found] == [long.grant, short.grant]


@pytest.mark.parametrize("who", [ANA, BEN, DORA, CARL])
async def test_its_holder_the_owners_and_security_end_a_grant(world: World, who: object) -> None:
    grant = (await world.opened()).grant
    revoked = await world.grants.revoke(a_caller(who), grant.id, "done")  # type: ignore[arg-type]
    assert revoked.revoked_because == "done"
    assert world.grants.valid(ANA.id, SHOP.id, world.clock.now()) == []
    assert world.journal[-1] == "grant.revoked"


async def test_nobody_else_ends_a_grant(world: World) -> None:
    grant = (await world.opened()).grant
    with pytest.raises(ForbiddenFault):
        await world.grants.revoke(a_caller(TIM), grant.id, "")
    with pytest.raises(MissingFault):
        await world.grants.revoke(a_caller(CARL), GrantId("grt_none"), "")


async def test_a_grant_is_revoked_once(world: World) -> None:
    grant = (await world.opened()).grant
    await world.grants.revoke(a_caller(ANA), grant.id, "first")
    with pytest.raises(ConflictFault):
        await world.grants.revoke(a_caller(CARL), grant.id, "second")


async def test_a_revocation_cuts_even_when_the_log_is_away_and_says_that_it_is_not_kept(
    world: World,
) -> None:
    client = await world.connect()
    grant = client.session.session.grant
    world.store.away = True
    with pytest.raises(OutsideFault):
        await world.grants.revoke(a_caller(CARL), grant, "now")
    assert client.cuts
    assert world.grants.valid(ANA.id, SHOP.id, world.clock.now()) == []
    world.store.away = False
    assert (await world.grants.revoke(a_caller(CARL), grant, "now")).revoked_at is not None


async def test_an_expired_grant_is_told_of_and_logged_once(world: World) -> None:
    client = await world.connect()
    heard: list[Grant] = []

    async def listen(grant: Grant) -> None:
        heard.append(grant)

    world.grants.when_over(listen)
    grant = (await world.opened()).grant
    world.clock.at = grant.ends_at
    for _ in range(3):
        await world.grants.expire(world.clock.now())
    assert [one.id for one in heard] == [grant.id]
    assert "is over: it ended at" in client.cuts[0]
    assert world.journal.count("grant.expired") == 1


async def test_an_expiry_that_could_not_be_logged_is_logged_later(world: World) -> None:
    client = await world.connect()
    world.clock.at = (await world.opened()).grant.ends_at
    world.store.away = True
    with pytest.raises(OutsideFault):
        await world.grants.expire(world.clock.now())
    assert client.cuts
    world.store.away = False
    await world.grants.expire(world.clock.now())
    assert world.journal.count("grant.expired") == 1


async def test_a_new_process_reads_the_grants_that_are_valid(world: World) -> None:
    grant = (await world.opened()).grant
    world.grants._live.clear()
    await world.grants.recover()
    assert world.grants.valid(ANA.id, SHOP.id, world.clock.now()) == [grant]


async def test_everybodys_grants_are_for_those_who_oversee(world: World) -> None:
    await world.opened()
    assert len(await world.grants.list(a_caller(CARL), True)) == 1
    assert await world.grants.list(a_caller(BEN), False) == []
    with pytest.raises(ForbiddenFault):
        await world.grants.list(a_caller(BEN), True)


async def test_what_counts_now_is_listed_newest_first(world: World) -> None:
    first = await world.access.ask(a_caller(ANA), "shop", timedelta(minutes=5), "", "")
    second = await world.access.ask(a_caller(ANA), "shop", timedelta(minutes=9), "", "")
    mine = world.grants.counting(a_caller(ANA), everybody=False)
    assert [grant.id for grant in mine] == [second.grant, first.grant]
    world.clock.advance(timedelta(minutes=5))
    mine = world.grants.counting(a_caller(ANA), everybody=False)
    assert [grant.id for grant in mine] == [second.grant]


@pytest.mark.parametrize(
    ("who", "sees", "ends"),
    [
        (ANA, 1, True),
        (DORA, 1, True),
        (CARL, 1, True),
        (a_subject("eve", "auditors"), 1, False),
        (TIM, 0, False),
    ],
)
async def test_owners_and_overseers_alone_see_what_others_hold(
    world: World, who: Subject, sees: int, ends: bool
) -> None:
    grant = (await world.opened()).grant
    assert len(world.grants.counting(a_caller(who), everybody=True)) == sees
    assert world.grants.may_revoke(a_caller(who), grant) is ends
    if who != ANA:
        assert world.grants.counting(a_caller(who), everybody=False) == []


async def test_a_grant_on_what_is_not_there_any_more_is_still_its_holders(world: World) -> None:
    grant = (await world.opened()).grant
    gone = replace(grant, target=TargetId("tgt_gone"))
    assert world.grants.may_revoke(a_caller(ANA), gone)
    assert not world.grants.may_revoke(a_caller(DORA), gone)
