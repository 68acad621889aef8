"""A device vouches for a sign-in of a command line, which then ends with the device."""

import pytest

from assent.audit.device_statements import sign_in_message
from assent.control.device_proofs import SIGN_IN, Possession
from assent.control.device_sign_in import vouched
from assent.control.sign_in import Caller
from assent.core.device_key import DeviceKey
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.core.token import Token, TokenKind
from builders import ANA, BEN, MINUTE, PASSWORD, World
from device_worlds import enrolled, signed, signed_in


async def proof(world: World, caller: Caller, key: DeviceKey, sign_in: str = "") -> Possession:
    begun = await world.plane.devices.proofs.challenge(caller, key.id, SIGN_IN)
    about = sign_in or caller.token or ""
    message = sign_in_message(caller.subject.id, key.id, begun.text, about)
    return Possession(key.id, begun.text, signed(message))


async def bound(world: World, caller: Caller, given: Possession) -> tuple[Secret[str], Token]:
    plane = world.plane
    proofs = plane.devices.proofs
    return await vouched(world.sign_in, proofs, world.store, world.clock, caller, given)


async def at_a_command_line(world: World, person: Subject = BEN) -> Caller:
    token, _ = await world.sign_in.login(person.name, Secret(PASSWORD), "192.0.2.4")
    return await world.sign_in.authenticate(token, "192.0.2.4", "api")


async def test_the_token_says_which_device_and_takes_the_place_of_the_first_one(
    world: World,
) -> None:
    key = await enrolled(world, await signed_in(world))
    caller = await at_a_command_line(world)
    first = await world.store.token(caller.token_digest)
    assert first is not None
    world.clock.advance(MINUTE)
    secret, token = await bound(world, caller, await proof(world, caller, key))
    assert token.device == key.id
    assert (token.issued_at, token.expires_at) == (first.issued_at, first.expires_at)
    again = await world.sign_in.authenticate(secret, "192.0.2.4", "api")
    assert again.device == key.id
    assert await world.store.token(caller.token_digest) is None
    assert f'"device":"{key.id}"' in (await world.log()).replace(" ", "")
    with pytest.raises(ConflictFault, match="vouches for it already"):
        await bound(world, again, await proof(world, again, key))


async def test_revoking_the_device_signs_that_command_line_out(world: World) -> None:
    owner = await signed_in(world)
    key = await enrolled(world, owner)
    caller = await at_a_command_line(world)
    secret, _ = await bound(world, caller, await proof(world, caller, key))
    await world.plane.device_keys.revoke(owner, key.id)
    with pytest.raises(ForbiddenFault, match="not-signed-in"):
        await world.sign_in.authenticate(secret, "192.0.2.4", "api")


async def test_what_a_device_signed_counts_for_no_other_sign_in_and_for_nobody_else(
    world: World,
) -> None:
    key = await enrolled(world, await signed_in(world))
    one, other = await at_a_command_line(world), await at_a_command_line(world)
    for_one = await proof(world, one, key)
    with pytest.raises(ForbiddenFault, match="does not fit"):
        await bound(world, other, for_one)
    ana = await at_a_command_line(world, ANA)
    with pytest.raises(MissingFault):
        await proof(world, ana, key)
    # Neither of them was signed out by it.
    assert await world.store.token(one.token_digest) is not None
    assert await world.store.token(other.token_digest) is not None


async def test_a_browser_is_vouched_for_by_no_device(world: World) -> None:
    key = await enrolled(world, await signed_in(world))
    secret, _ = await world.sign_in.issue(BEN, TokenKind.BROWSER, "password")
    caller = await world.sign_in.authenticate(secret, "192.0.2.4", "web")
    with pytest.raises(ForbiddenFault, match="not-a-command-line"):
        await bound(world, caller, await proof(world, caller, key))
