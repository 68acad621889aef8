"""A credential for the day: it says who somebody is, is bounded, listed and ended by its name."""

from datetime import timedelta

import pytest

from assent.control.personal_credentials import LASTS_FOR, MOST_EACH, PersonalCredentials
from assent.core.faults import ConflictFault, MissingFault
from builders import ANA, BEN, SHOP, World, a_caller


@pytest.fixture
def credentials(world: World) -> PersonalCredentials:
    return PersonalCredentials(
        store=world.store,  # type: ignore[arg-type]
        directory=world.directory,
        verifiers=world.verifiers,
        clock=world.clock,
        ids=world.ids,
    )


async def test_it_has_no_grant_and_lasts_for_a_working_day(
    world: World, credentials: PersonalCredentials
) -> None:
    minted = await credentials.mint(a_caller(ANA), "shop", None, 20)
    assert minted.credential.grant is None
    assert minted.credential.expires_at == world.clock.now() + LASTS_FOR
    assert minted.credential.connections_left == 20
    assert minted.password is not None
    assert world.grants.valid(ANA.id, SHOP.id, world.clock.now()) == []
    assert '"personal":true' in await world.log()
    assert minted.password.reveal() not in await world.log()


@pytest.mark.parametrize("lasts_for", [timedelta(0), timedelta(hours=12, seconds=1)])
async def test_it_lasts_for_twelve_hours_at_most(
    credentials: PersonalCredentials, lasts_for: timedelta
) -> None:
    if lasts_for:
        with pytest.raises(ConflictFault, match="12 h at most"):
            await credentials.mint(a_caller(ANA), "shop", lasts_for, 1)
    else:
        minted = await credentials.mint(a_caller(ANA), "shop", timedelta(hours=12), 1)
        assert minted.password is not None


@pytest.mark.parametrize("connections", [0, 1_001])
async def test_it_opens_a_bounded_number_of_connections(
    credentials: PersonalCredentials, connections: int
) -> None:
    with pytest.raises(ConflictFault, match="1 to 1000"):
        await credentials.mint(a_caller(ANA), "shop", None, connections)


async def test_nobody_has_more_than_a_few_of_them(credentials: PersonalCredentials) -> None:
    for _ in range(MOST_EACH):
        await credentials.mint(a_caller(ANA), "shop", None, 1)
    with pytest.raises(ConflictFault, match="revoke"):
        await credentials.mint(a_caller(ANA), "shop", None, 1)
    await credentials.mint(a_caller(BEN), "shop", None, 1)


async def test_a_target_that_is_not_there_is_named(credentials: PersonalCredentials) -> None:
    with pytest.raises(MissingFault, match="`nothing`"):
        await credentials.mint(a_caller(ANA), "nothing", None, 1)


async def test_each_sees_and_ends_only_their_own(credentials: PersonalCredentials) -> None:
    mine = await credentials.mint(a_caller(ANA), "shop", None, 1)
    assert [one.credential.id for one in await credentials.list(a_caller(ANA))] == [
        mine.credential.id
    ]
    assert await credentials.list(a_caller(BEN)) == []
    with pytest.raises(MissingFault):
        await credentials.revoke(a_caller(BEN), mine.credential.id)
    ended = await credentials.revoke(a_caller(ANA), mine.credential.id)
    assert [one.credential.id for one in ended] == [mine.credential.id]
    assert await credentials.list(a_caller(ANA)) == []


async def test_all_of_a_target_end_by_its_name(
    world: World, credentials: PersonalCredentials
) -> None:
    for _ in range(3):
        await credentials.mint(a_caller(ANA), "shop", None, 1)
    await world.opened()
    assert len(await credentials.revoke(a_caller(ANA), "shop")) == 3
    # What was minted for a grant is none of these.
    assert len(await world.store.credentials(ANA.id, SHOP.id, world.clock.now())) == 1
