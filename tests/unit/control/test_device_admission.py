"""Who admits a device: an administrator, the policies or its owner, as the operator wants."""

from dataclasses import replace

import pytest

from assent.control.device_evidence import DeviceRules
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import DeviceKeyId
from builders import ANA, BEN, CARL, DORA, World, policies
from device_worlds import admitted, enrolled, report, signed_in

ADMIT = """
@id("devices") permit (principal, action == Action::"device.admit", resource == System::"devices");
@id("devices.kept") @message("encrypt its disk first") forbid (principal,
  action == Action::"device.admit", resource) unless { context.device.disk_encrypted };
"""


def rules(world: World, admission: str) -> None:
    evidence = world.plane.devices.evidence
    evidence.rules = DeviceRules(admission, evidence.rules.report_valid_for)


async def test_somebody_who_may_admits_it_and_that_is_in_the_log(world: World) -> None:
    caller = await signed_in(world)
    key = await enrolled(world, caller)
    assert (key.admitted_at, key.details["protection"]) == (None, "file")
    admission = world.plane.devices.admission
    with pytest.raises(ForbiddenFault, match=r"devices\.change"):
        await admission.admit(caller, key.id)
    with pytest.raises(MissingFault):
        await admission.admit(await signed_in(world, DORA), key.id)
    done = (await admission.admit(await signed_in(world, CARL), key.id)).key
    assert (done.admitted_at, done.admitted_by) == (world.clock.now(), CARL.id)
    assert world.journal[-1] == "device.admitted"
    assert [held.key for held in await admission.mine(caller)] == [done]
    with pytest.raises(ConflictFault, match="admitted already"):
        await admission.admit(await signed_in(world, CARL), key.id)


async def test_nobody_admits_their_own_while_somebody_else_can(world: World) -> None:
    carl = await signed_in(world, CARL)
    key = await enrolled(world, carl)
    world.replace_people(*(ANA, BEN, CARL, replace(DORA, groups=frozenset({"security"}))))
    with pytest.raises(ForbiddenFault, match="somebody else"):
        await world.plane.devices.admission.admit(carl, key.id)
    world.replace_people(ANA, BEN, CARL, DORA)
    done = await world.plane.devices.admission.admit(carl, key.id)
    assert done.key.admitted_by == CARL.id


async def test_its_owner_is_enough_where_the_operator_wants_that(world: World) -> None:
    rules(world, "owner")
    key = await enrolled(world, await signed_in(world))
    assert key.admitted_by == BEN.id
    assert "device.admitted" in world.journal


async def test_policies_admit_it_by_what_it_says(world: World) -> None:
    rules(world, "policy")
    world.policies.replace(policies(ADMIT))
    caller = await signed_in(world)
    key = await enrolled(world, caller)
    with pytest.raises(ForbiddenFault, match="encrypt its disk first"):
        await world.plane.devices.admission.admit(caller, key.id)
    await report(world, caller, key)
    done = (await world.plane.devices.admission.admit(caller, key.id)).key
    assert done.admitted_at is not None
    assert done.admitted_by is None


async def test_only_who_admits_says_what_it_is_managed_as(world: World) -> None:
    caller, carl = await signed_in(world), await signed_in(world, CARL)
    key = await enrolled(world, caller)
    admission = world.plane.devices.admission
    with pytest.raises(ForbiddenFault):
        await admission.admit(caller, key.id, managed_as="C02")
    await admission.admit(carl, key.id, managed_as="C02")
    (held,) = await admission.everybodys()
    assert held.key.details["managed_as"] == "C02"


async def test_what_there_is_not_and_what_is_revoked_is_not_admitted(world: World) -> None:
    carl, caller = await signed_in(world, CARL), await signed_in(world)
    with pytest.raises(MissingFault):
        await world.plane.devices.admission.admit(carl, DeviceKeyId("key_none"))
    key = await admitted(world, caller)
    await world.plane.device_keys.revoke(caller, key.id)
    assert await world.plane.devices.evidence.of(BEN.id, key.id) is None
    with pytest.raises(ConflictFault, match="is revoked"):
        await world.plane.devices.admission.admit(carl, key.id)
