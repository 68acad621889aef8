"""The use cases of devices for a plane in memory: the real ones, decided on by nobody."""

from typing import TYPE_CHECKING, cast

from assent.control.audit_actions import AuditActions
from assent.control.decide import Decider
from assent.control.device_evidence import DeviceEvidence, DeviceRules
from assent.control.devices import Devices, devices_of
from assent.control.live import LiveSessions
from assent.core.ports import Store

if TYPE_CHECKING:
    from memory_plane import MemoryPlane


def devices_in(plane: "MemoryPlane") -> Devices:
    store = cast(Store, plane.store)
    actions = AuditActions(
        store=store,
        decider=cast(Decider, None),
        waiting=plane.waiting,
        sign_in=plane.sign_in,
        ids=plane.ids,
    )
    return devices_of(
        store=store,
        directory=plane.directory,
        keys=plane.device_keys,
        evidence=DeviceEvidence(
            store=store, directory=plane.directory, clock=plane.clock, rules=DeviceRules()
        ),
        actions=actions,
        outbox=plane.outbox,
        live=LiveSessions(),
        clock=plane.clock,
        ids=plane.ids,
    )
