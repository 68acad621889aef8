"""The word of those who manage devices: it outweighs a device's own, and grows old."""

from dataclasses import replace
from datetime import timedelta

from assent.control.device_managers import DeviceManagers
from assent.core.device import Device
from assent.core.faults import OutsideFault
from builders import BEN, CARL, World
from device_worlds import KEPT, enrolled, report, signed_in


class Manager:
    """Says of every device what it is told to say; away where that is nothing to raise."""

    name = "fleet"

    def __init__(self) -> None:
        self.said: Device | None = None
        self.asked: list[str] = []
        self.away = False

    async def posture(self, managed_as: str) -> Device | None:
        self.asked.append(managed_as)
        if self.away:
            raise OutsideFault("identity-provider-away", "it is away")
        return self.said


async def test_its_word_counts_more_than_the_device_s_own_while_it_is_fresh(world: World) -> None:
    caller, carl = await signed_in(world), await signed_in(world, CARL)
    key = await enrolled(world, caller)
    devices, manager = world.plane.devices, Manager()
    await devices.admission.admit(carl, key.id, managed_as="C02")
    await report(world, caller, key)
    managers = DeviceManagers(
        store=world.store,
        evidence=devices.evidence,
        reports=devices.reports,
        sources=(manager,),
        every=timedelta(minutes=15),
    )
    manager.said = Device("", managed=True, firewall=False, reported_at=world.clock.now())
    await managers.ask()
    assert manager.asked == ["C02"]
    found = await devices.evidence.of(BEN.id, key.id)
    assert found is not None
    assert (found.managed, found.firewall, found.disk_encrypted) == (True, False, True)
    manager.away = True
    await managers.ask()
    assert await devices.evidence.of(BEN.id, key.id) == found
    world.clock.advance(devices.evidence.rules.report_valid_for + timedelta(seconds=1))
    await report(world, await signed_in(world), key, replace(KEPT, firewall=True))
    found = await devices.evidence.of(BEN.id, key.id)
    assert found is not None
    assert (found.managed, found.firewall) == (None, True)
