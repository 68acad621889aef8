"""A device that asks proves that it holds its key, for exactly what is asked, once."""

from dataclasses import replace

import pytest

from assent.control.access import Access
from assent.control.device_proofs import CONNECT, LASTS_FOR, Possession
from assent.control.session_credentials import Opened
from assent.control.sign_in import Caller
from assent.core.changes import DropToken, PutToken
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from builders import ANA, BEN, World
from device_worlds import admitted, possession, signed_in


async def connect(world: World, caller: Caller, proof: Possession | None, target: str) -> Opened:
    access: Access = world.access
    async with world.plane.devices.proofs.connecting(caller, proof, target, 1) as asker:
        opened = await access.connect(asker, target, None, "", "", 1)
    assert isinstance(opened, Opened)
    return opened


async def test_what_a_device_asked_for_is_bound_to_it_and_so_is_the_session(world: World) -> None:
    caller = await signed_in(world, ANA)
    key = await admitted(world, caller)
    await connect(world, caller, await possession(world, caller, key), "shop")
    client = await world.connected(ANA, "127.0.0.1")
    assert client.session.session.device == key.id
    assert client.session.device is not None
    assert client.session.device.key == key.id
    around = world.sessions.surroundings.of(client.session)
    assert around.device == client.session.device


async def test_a_session_of_a_password_that_no_device_asked_for_has_none(world: World) -> None:
    await connect(world, await signed_in(world, ANA), None, "shop")
    client = await world.connected(ANA, "127.0.0.1")
    assert (client.session.session.device, client.session.device) == (None, None)


async def test_a_proof_is_good_once_for_a_while_and_for_what_was_asked(world: World) -> None:
    caller = await signed_in(world, ANA)
    key = await admitted(world, caller)
    proof = await possession(world, caller, key)
    await connect(world, caller, proof, "shop")
    with pytest.raises(ConflictFault, match="was used"):
        await connect(world, caller, proof, "shop")
    with pytest.raises(ForbiddenFault, match="does not fit"):
        await connect(world, caller, await possession(world, caller, key, "other"), "shop")
    with pytest.raises(ForbiddenFault, match="does not fit"):
        await connect(world, caller, await possession(world, caller, key, seed=2), "shop")
    late = await possession(world, caller, key)
    world.clock.advance(LASTS_FOR)
    with pytest.raises(ConflictFault, match="is over"):
        await connect(world, caller, late, "shop")


async def test_nobody_proves_by_a_device_of_somebody_else(world: World) -> None:
    ana, ben = await signed_in(world, ANA), await signed_in(world, BEN)
    key = await admitted(world, ana)
    proof = await possession(world, ana, key)
    with pytest.raises(MissingFault):
        await world.plane.devices.proofs.challenge(ben, key.id, CONNECT)
    with pytest.raises(ConflictFault):
        await connect(world, ben, proof, "shop")


async def test_many_things_at_once_on_one_device_do_not_void_each_other(world: World) -> None:
    caller = await signed_in(world, ANA)
    key = await admitted(world, caller)
    first, second = [await possession(world, caller, key) for _ in range(2)]
    for proof in (first, second):
        await connect(world, caller, proof, "shop")


async def test_a_revoked_device_proves_nothing_and_what_is_open_on_it_is_cut(world: World) -> None:
    caller = await signed_in(world, ANA)
    key = await admitted(world, caller)
    await connect(world, caller, await possession(world, caller, key), "shop")
    await connect(world, caller, await possession(world, caller, key), "shop")
    client = await world.connected(ANA, "127.0.0.1")
    proof = await possession(world, caller, key)
    await world.plane.device_keys.revoke(caller, key.id)
    assert client.session.cut_since == world.clock.now()
    with pytest.raises(ForbiddenFault, match="is revoked"):
        await connect(world, caller, proof, "shop")
    assert await world.store.credentials(ANA.id, client.session.target.id, world.clock.now()) == []


async def test_who_signed_in_by_a_device_is_signed_out_with_it(world: World) -> None:
    caller = await signed_in(world, ANA)
    key = await admitted(world, caller)
    other = await signed_in(world, ANA)
    kept = await world.store.token(other.token_digest)
    assert kept is not None
    await world.store.commit((DropToken(kept.digest), PutToken(replace(kept, device=key.id))), ())
    await world.plane.device_keys.revoke(caller, key.id)
    assert await world.store.token(other.token_digest) is None
    assert await world.store.token(caller.token_digest) is not None
