"""Devices that sign: who may enrol one, what proves it, and that a revoked one signs nothing."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assent.audit.approval_signatures import encoded, enrolment_message
from assent.control.device_keys import CHALLENGE_LASTS_FOR, MOST_EACH, STEPPED_UP_WITHIN
from assent.control.sign_in import Caller
from assent.core.device_key import ApprovalSignature, DeviceKey
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import DeviceKeyId
from assent.core.secret import Secret
from assent.core.subject import Subject
from builders import BEN, CARL, DORA, PASSWORD, World, until

SECOND = timedelta(seconds=1)


def a_key(seed: int = 1) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def public(seed: int = 1) -> str:
    return encoded(a_key(seed).public_key().public_bytes_raw())


async def signed_in(world: World, person: Subject = BEN) -> Caller:
    token, _ = await world.sign_in.login(person.name, Secret(PASSWORD), "127.0.0.1")
    return await world.sign_in.authenticate(token, "127.0.0.1", "api")


async def stepped_up(world: World, person: Subject = BEN) -> Caller:
    caller = await signed_in(world, person)
    await world.sign_in.step_up(caller, Secret(PASSWORD))
    return caller


async def enrolled(world: World, caller: Caller, seed: int = 1) -> DeviceKey:
    keys = world.plane.device_keys
    begun = await keys.challenge(caller)
    message = enrolment_message(begun.subject, begun.text, "ed25519", public(seed))
    proof = encoded(a_key(seed).sign(message))
    return await keys.enrol(caller, "laptop", "ed25519", public(seed), begun.text, proof)


def signature_of(key: DeviceKey, message: bytes, seed: int = 1) -> ApprovalSignature:
    signature = encoded(a_key(seed).sign(message))
    return ApprovalSignature(key.kind, key.id, "sha256:shown", signature)


async def test_a_device_is_enrolled_listed_and_stands_in_the_log(world: World) -> None:
    caller = await stepped_up(world)
    key = await enrolled(world, caller)
    assert (key.subject, key.kind, key.public_key) == (BEN.id, "ed25519", public())
    assert list(await world.plane.device_keys.mine(caller)) == [key]
    assert list(await world.plane.device_keys.mine(await signed_in(world, DORA))) == []
    assert world.journal.count("device.enrolled") == 1
    assert public() in await world.log()


async def test_without_a_fresh_step_up_of_this_very_sign_in_nothing_is_enrolled(
    world: World,
) -> None:
    stale = await signed_in(world)
    world.clock.advance(STEPPED_UP_WITHIN + SECOND)
    proved = await stepped_up(world)
    with pytest.raises(ForbiddenFault, match="confirm that it is you"):
        await world.plane.device_keys.challenge(stale)
    world.clock.advance(STEPPED_UP_WITHIN + SECOND)
    with pytest.raises(ForbiddenFault, match="confirm that it is you"):
        await world.plane.device_keys.challenge(proved)


async def test_a_challenge_is_good_once_for_a_while_and_for_who_asked(world: World) -> None:
    keys, caller = world.plane.device_keys, await stepped_up(world)
    begun = await keys.challenge(caller)
    message = enrolment_message(begun.subject, begun.text, "ed25519", public())
    proof = encoded(a_key().sign(message))
    with pytest.raises(ConflictFault, match="the challenge is over"):
        await keys.enrol(await stepped_up(world), "laptop", "ed25519", public(), begun.text, proof)
    await keys.enrol(caller, "laptop", "ed25519", public(), begun.text, proof)
    with pytest.raises(ConflictFault, match="the challenge is over"):
        await keys.enrol(caller, "laptop", "ed25519", public(), begun.text, proof)
    late = await keys.challenge(caller)
    world.clock.advance(CHALLENGE_LASTS_FOR)
    with pytest.raises(ConflictFault, match="the challenge is over"):
        await keys.enrol(caller, "laptop", "ed25519", public(), late.text, proof)


async def test_who_does_not_hold_the_key_does_not_enrol_it(world: World) -> None:
    keys, caller = world.plane.device_keys, await stepped_up(world)
    begun = await keys.challenge(caller)
    proof = encoded(a_key(2).sign(enrolment_message(BEN.id, begun.text, "ed25519", public())))
    with pytest.raises(ForbiddenFault, match="does not prove that it holds this key"):
        await keys.enrol(caller, "laptop", "ed25519", public(), begun.text, proof)
    again = await keys.challenge(caller)
    with pytest.raises(ConflictFault, match="passkeys"):
        await keys.enrol(caller, "laptop", "webauthn", public(), again.text, proof)
    assert "device.enrolled" not in world.journal


async def test_one_key_is_of_one_person_and_names_and_numbers_are_bounded(world: World) -> None:
    caller = await stepped_up(world)
    await enrolled(world, caller)
    with pytest.raises(ConflictFault):
        await enrolled(world, await stepped_up(world, DORA))
    for name in ("", "x" * 61, "a\nb"):
        with pytest.raises(ConflictFault, match="a device's name"):
            await world.plane.device_keys.enrol(caller, name, "ed25519", public(), "", "")
    for seed in range(2, MOST_EACH + 1):
        await enrolled(world, caller, seed)
    with pytest.raises(ConflictFault, match="revoke one"):
        await enrolled(world, caller, MOST_EACH + 1)


async def test_a_revoked_device_signs_nothing_and_its_owner_is_told(world: World) -> None:
    keys, caller = world.plane.device_keys, await stepped_up(world)
    key = await enrolled(world, caller)
    async with keys.signing(caller, signature_of(key, b"one"), b"one") as good:
        assert good.key == key.id
    assert (await keys.revoke(caller, key.id)).revoked_at == world.clock.now()
    with pytest.raises(ForbiddenFault, match="is revoked"):
        async with keys.signing(caller, signature_of(key, b"one"), b"one"):
            pass
    with pytest.raises(ConflictFault, match="revoked already"):
        await keys.revoke(caller, key.id)
    assert world.journal[-1] == "device.revoked"


async def test_only_its_owner_and_security_revoke_a_device(world: World) -> None:
    keys, caller = world.plane.device_keys, await stepped_up(world)
    key = await enrolled(world, caller)
    with pytest.raises(MissingFault):
        await keys.revoke(await signed_in(world, DORA), key.id)
    assert (await keys.revoke(await signed_in(world, CARL), key.id)).revoked_at is not None


async def test_a_signature_that_does_not_fit_is_refused(world: World) -> None:
    keys, caller = world.plane.device_keys, await stepped_up(world)
    key = await enrolled(world, caller)
    good = signature_of(key, b"one")
    bad = (
        (good, b"two", "does not fit"),
        (signature_of(key, b"one", seed=2), b"one", "does not fit"),
        (replace(good, key=DeviceKeyId("key_none")), b"one", "no enrolled device"),
        (replace(good, kind="webauthn"), b"one", "no enrolled device"),
    )
    for signature, message, words in bad:
        with pytest.raises(ForbiddenFault, match=words):
            async with keys.signing(caller, signature, message):
                pass
    with pytest.raises(ForbiddenFault, match="no enrolled device"):
        async with keys.signing(await signed_in(world, DORA), good, b"one"):
            pass


async def test_a_revocation_waits_for_what_is_being_signed_so_the_log_has_them_in_order(
    world: World,
) -> None:
    keys, caller = world.plane.device_keys, await stepped_up(world)
    key = await enrolled(world, caller)
    async with keys.signing(caller, signature_of(key, b"one"), b"one"):
        revoking = asyncio.create_task(keys.revoke(caller, key.id))
        await until(lambda: keys.lock_of(BEN.id)._waiters)
        assert "device.revoked" not in world.journal
    assert (await revoking).revoked_at is not None
