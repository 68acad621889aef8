"""A session goes on as long as any of its grants does, and hears in time that it ends."""

from datetime import timedelta

from assent.core.grant import GrantKind
from assent.core.ids import GrantId
from assent.core.scope import Budget, Scope
from assent.workflow.wishes import Wish, window_of
from builders import ANA, CARL, MINUTE, NOON, SHOP, Client, World, a_caller

SECOND = timedelta(seconds=1)


async def asked(world: World, minutes: int, wish: Wish | None = None) -> GrantId:
    request = await world.access.ask(
        a_caller(ANA), "shop", minutes * MINUTE, "", "", wish or Wish()
    )
    assert request.grant is not None
    return request.grant


def listening(client: Client) -> list[str]:
    heard: list[str] = []
    client.session.say = lambda lines: heard.extend(lines)
    return heard


async def test_a_session_ends_with_the_last_of_its_grants(world: World) -> None:
    await asked(world, 5)
    client = await world.connect()
    assert client.session.session.ends_at == NOON + 5 * MINUTE
    heard = listening(client)
    await asked(world, 12)
    assert client.session.session.ends_at == NOON + 12 * MINUTE
    assert "goes on until 2026-03-04T12:12:00Z" in heard[0]
    world.clock.advance(6 * MINUTE)
    await world.sweep.once()
    assert client.cuts == []
    stored = await world.store.session(client.session.session.id)
    assert stored.ends_at == NOON + 12 * MINUTE


async def test_no_grant_carries_a_session_longer_than_its_opening_is_permitted(
    world: World,
) -> None:
    await asked(world, 5)
    client = await world.connect()
    await asked(world, 30)
    # `open` has @max_duration("20m").
    assert client.session.session.ends_at == NOON + 20 * MINUTE


async def test_revoking_one_grant_leaves_a_session_what_the_others_cover(world: World) -> None:
    first, second = await asked(world, 5), await asked(world, 9)
    client = await world.connect()
    heard = listening(client)
    await world.grants.revoke(a_caller(CARL), second, "too much")
    assert client.cuts == []
    assert client.session.session.ends_at == NOON + 5 * MINUTE
    assert "was revoked: too much; your other access to `shop` ends at" in heard[0]
    await world.grants.revoke(a_caller(CARL), first, "all of it")
    assert "was revoked: all of it" in client.cuts[0]


async def test_a_session_hears_once_that_its_end_is_near(world: World) -> None:
    await asked(world, 10)
    client = await world.connect()
    heard = listening(client)
    world.clock.advance(8 * MINUTE - SECOND)
    world.sessions.ending.expire(world.clock.now())
    assert heard == []
    world.clock.advance(SECOND)
    for _ in range(3):
        world.sessions.ending.expire(world.clock.now())
    assert heard == [
        "your time on `shop` ends at 2026-03-04T12:10:00Z, in 2 min",
        "to go on without a cut: assent extend shop --for 30m",
    ]


async def test_an_extension_covers_what_was_extended_and_its_session_hears_of_the_new_end_again(
    world: World,
) -> None:
    scope = Scope(resources=frozenset({"public.orders"}))
    first = await asked(world, 5, Wish(scope=scope))
    client = await world.connect()
    heard = listening(client)
    world.clock.advance(4 * MINUTE)
    request = await world.access.extend(a_caller(ANA), "", 6 * MINUTE, "not done", "")
    grant = world.grants.get(request.grant)
    assert grant is not None
    assert (grant.scope, grant.extends) == (scope, first)
    assert client.session.session.ends_at == NOON + 10 * MINUTE
    world.clock.advance(5 * MINUTE)
    await world.sweep.once()
    assert client.cuts == []
    assert "your time on `shop` ends at 2026-03-04T12:10:00Z, in 60 s" in heard


async def test_a_clock_that_starts_at_first_use_starts_with_the_session(world: World) -> None:
    grant_id = await asked(world, 10, Wish(first_use=True))
    waiting = world.grants.get(grant_id)
    assert waiting is not None
    assert waiting.ends_at == NOON + timedelta(days=1)
    world.clock.advance(timedelta(hours=3))
    client = await world.connect()
    begun = world.grants.get(grant_id)
    assert begun is not None
    assert begun.began_at == NOON + timedelta(hours=3)
    assert begun.ends_at == begun.began_at + 10 * MINUTE == client.session.session.ends_at
    kept = await world.store.grant(grant_id)
    assert (kept.began_at, kept.ends_at) == (begun.began_at, begun.ends_at)


async def test_a_clock_does_not_start_while_another_grant_covers_all_that_is_done(
    world: World,
) -> None:
    waiting = await asked(world, 10, Wish(first_use=True))
    await asked(world, 10)
    await world.connect()
    found = world.grants.get(waiting)
    assert found is not None
    assert found.began_at is None


async def test_a_session_ends_with_the_hours_of_its_grant(world: World) -> None:
    hours = Wish(window=window_of("wed 11:00-12:10 UTC"))
    await asked(world, 30, hours)
    client = await world.connect()
    assert client.session.session.ends_at == NOON + 10 * MINUTE
    world.clock.advance(10 * MINUTE)
    world.sessions.ending.expire(world.clock.now())
    assert "is over" in client.cuts[0]
    assert world.grants.valid(ANA.id, SHOP.id, world.clock.now()) == []


async def test_what_is_given_back_is_over_and_nobody_elses_is(world: World) -> None:
    await asked(world, 10, Wish(budget=Budget(rows=5)))
    client = await world.connect()
    ended = await world.grants.give_back(a_caller(ANA), "shop", "done")
    assert [grant.kind for grant in ended] == [GrantKind.ACCESS]
    assert client.cuts
