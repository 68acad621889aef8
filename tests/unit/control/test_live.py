"""Open sessions: found by what they rest on, cancelled by exactly their key."""

import pytest

from builders import ANA, BEN, World


async def test_a_session_is_found_by_its_id_and_its_person(world: World) -> None:
    one, other = (await world.connect(ANA)).session, (await world.connect(BEN)).session
    assert world.live.of(BEN.id) == [other]
    assert world.live.get(one.session.id) is one
    assert world.live.get(None) is None
    world.live.remove(one)
    assert list(world.live) == [other]
    assert not world.live.has_key(one.process_id)


async def test_only_the_exact_key_cancels(world: World) -> None:
    client = await world.connect()
    live = client.session
    wrong = bytes(255 - byte for byte in live.secret_key)
    for process_id, key in (
        (live.process_id + 1, live.secret_key),
        (live.process_id, wrong),
        (live.process_id, live.secret_key[:3]),
        (live.process_id, live.secret_key + b"\0"),
        (live.process_id, b""),
    ):
        world.live.cancel(process_id, key)
    assert client.cancels == 0
    world.live.cancel(live.process_id, live.secret_key)
    assert client.cancels == 1
    assert not live.cancelled


async def test_each_session_has_a_key_of_its_own(world: World) -> None:
    keys = {(await world.connect()).session.process_id for _ in range(5)}
    assert len(keys) == 5


@pytest.mark.parametrize("holding", [1, 2])
async def test_while_something_is_held_a_cancel_is_meant_for_it(world: World, holding: int) -> None:
    client = await world.connect()
    live = client.session
    live.holding = holding
    with live.nudged.heard() as nudged:
        world.live.cancel(live.process_id, live.secret_key)
    assert client.cancels == 0
    assert live.cancelled
    assert nudged.is_set()
