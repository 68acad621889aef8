"""Each change of facts reaches the sessions that it is about, and a compromise ends grants."""

import pytest

from assent.control.hearing import COMPROMISE
from assent.control.standing import StandingKind
from assent.core.faults import Fault
from assent.core.security_event import SecurityEvent
from builders import ANA, BEN, POLICIES, SHOP, World, a_caller, disabled, policies

HELD = """
@id("fresh") @require("step-up: 15m") @message("confirm who you are")
forbid (principal, action == Action::"session.open", resource);
"""


def hold(world: World) -> None:
    """Put a policy in force that holds every session, and tell nobody of it."""
    world.policies.current = policies(POLICIES, HELD)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("networks_refreshed", "something else is known of networks"),
        ("policies_replaced", "the policies were changed"),
    ],
)
async def test_what_concerns_everybody_is_heard_by_everybody(
    world: World, source: str, words: str
) -> None:
    clients = [await world.connect(), await world.connect(BEN)]
    hold(world)
    getattr(world.hearing, source)()
    await world.continuous.settle()
    for client in clients:
        assert words in "\n".join(client.said[0])


async def test_what_is_about_a_target_is_heard_on_it(world: World) -> None:
    client = await world.connect()
    hold(world)
    world.hearing.relabelled(SHOP.id)
    await world.continuous.settle()
    assert "labelled anew" in "\n".join(client.said[0])
    world.hearing.described(SHOP)
    await world.continuous.settle()
    assert client.session.standing.kind is StandingKind.HELD


async def test_a_disabled_person_is_told_so(world: World) -> None:
    client = await world.connect()
    world.replace_people(disabled(ANA))
    await world.continuous.settle()
    assert "you were disabled" in client.cuts[0]


async def test_a_change_of_others_touches_nobody_else(world: World) -> None:
    client = await world.connect()
    epoch = client.session.epoch.value
    world.replace_people(disabled(BEN))
    assert client.session.epoch.value == epoch


@pytest.mark.parametrize("kind", sorted(COMPROMISE))
async def test_each_compromise_revokes(world: World, kind: str) -> None:
    client = await world.connect()
    now = world.clock.now()
    await world.warnings.warn(SecurityEvent(kind, ANA.id, now, "feed"))
    assert kind in client.cuts[0]
    assert world.grants.valid(ANA.id, SHOP.id, now) == []


async def test_a_compromise_may_be_left_to_the_policies(world: World) -> None:
    world.hearing._revokes = False
    client = await world.connect()
    now = world.clock.now()
    await world.warnings.warn(SecurityEvent("credential-compromise", ANA.id, now, "feed"))
    assert client.cuts == []
    assert world.grants.valid(ANA.id, SHOP.id, now)


async def test_a_compromise_cuts_also_when_the_store_is_away(world: World) -> None:
    client = await world.connect()
    now = world.clock.now()
    event = SecurityEvent("credential-compromise", ANA.id, now, "feed")
    world.store.refused_kinds = {"grant.revoked"}
    try:
        await world.warnings.warn(event)
    except Fault:
        pytest.fail("a store that is away must not keep the others from being cut")
    assert client.cuts
    assert world.grants.valid(ANA.id, SHOP.id, now) == []


async def test_a_compromise_ends_the_passwords_for_the_day_too(world: World) -> None:
    minted = await world.plane.credentials.mint(a_caller(ANA), "shop", None, 10)
    assert await world.plane.credentials.list(a_caller(ANA))
    now = world.clock.now()
    await world.warnings.warn(SecurityEvent("not-me", ANA.id, now, "person"))
    assert await world.plane.credentials.list(a_caller(ANA)) == []
    assert minted.credential.id not in {
        one.id for one in await world.store.credentials(ANA.id, SHOP.id, now)
    }
