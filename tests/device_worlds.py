"""Devices of people in a world of tests: enrolled, admitted, reporting, with keys that count."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assent.audit.approval_signatures import encoded, enrolment_message
from assent.audit.device_statements import connect_message, report_message, report_of
from assent.control.device_proofs import CONNECT, REPORT, Possession
from assent.control.sign_in import Caller
from assent.core.device import Device
from assent.core.device_key import DeviceKey
from assent.core.secret import Secret
from assent.core.subject import Subject
from builders import BEN, CARL, PASSWORD, World

KEPT = Device("", patch_age_days=3, disk_encrypted=True, screen_lock=True, firewall=True)


def a_key(seed: int = 1) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)


def signed(message: bytes, seed: int = 1) -> str:
    return encoded(a_key(seed).sign(message))


async def signed_in(world: World, person: Subject = BEN) -> Caller:
    token, _ = await world.sign_in.login(person.name, Secret(PASSWORD), "127.0.0.1")
    caller = await world.sign_in.authenticate(token, "127.0.0.1", "api")
    await world.sign_in.step_up(caller, Secret(PASSWORD))
    return caller


async def enrolled(world: World, caller: Caller, seed: int = 1) -> DeviceKey:
    keys = world.plane.device_keys
    public = encoded(a_key(seed).public_key().public_bytes_raw())
    begun = await keys.challenge(caller)
    message = enrolment_message(begun.subject, begun.text, "ed25519", public)
    proof = signed(message, seed)
    return await keys.enrol(caller, "laptop", "ed25519", public, begun.text, proof, "file")


async def admitted(world: World, caller: Caller, seed: int = 1) -> DeviceKey:
    key = await enrolled(world, caller, seed)
    by = await signed_in(world, CARL)
    return (await world.plane.devices.admission.admit(by, key.id)).key


async def report(
    world: World,
    caller: Caller,
    key: DeviceKey,
    kept: Device = KEPT,
    *,
    when: datetime | None = None,
    seed: int = 1,
    **more: Any,
) -> Device:
    begun = await world.plane.devices.proofs.challenge(caller, key.id, REPORT)
    said = report_of(
        key.id, begun.text, replace(kept, reported_at=when or world.clock.now()), "tests"
    )
    said |= more
    return await world.plane.devices.reports.report(
        caller, key.id, said, signed(report_message(said), seed)
    )


async def possession(
    world: World, caller: Caller, key: DeviceKey, target: str = "shop", seed: int = 1
) -> Possession:
    begun = await world.plane.devices.proofs.challenge(caller, key.id, CONNECT)
    message = connect_message(caller.subject.id, key.id, begun.text, target, 1, "")
    return Possession(key.id, begun.text, signed(message, seed))
