"""What is known of a device when a decision asks: only of one that was admitted, and only fresh."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from assent.audit.device_statements import overlaid
from assent.control.directory import Directory
from assent.core.clock import Clock
from assent.core.device import Device
from assent.core.device_key import DeviceKey
from assent.core.faults import MissingFault
from assent.core.ids import DeviceKeyId, SubjectId
from assent.core.ports import Store

DAY = timedelta(days=1)
_CLOCKS_DIFFER = timedelta(minutes=5)
BINDING_KINDS = frozenset({"ed25519", "ecdsa-p256"})
"""Kinds of keys that stay on one device; a passkey may be on all of its owner's."""


@dataclass(frozen=True, slots=True)
class DeviceRules:
    """What the operator wants of devices.

    admission: who admits one, `administrator`, `policy` or `owner`. report_valid_for: how long
    what a device said of itself counts. client_certificates: whether clients show one, `off`,
    `offer` or `require`.
    """

    admission: str = "administrator"
    report_valid_for: timedelta = DAY
    client_certificates: str = "off"


def fresh(device: Device | None, now: datetime, valid_for: timedelta) -> Device | None:
    """Return the device without what it said too long ago, or for a day that is to come."""
    if device is None or device.reported_at is None:
        return device
    if -_CLOCKS_DIFFER <= now - device.reported_at <= valid_for:
        return device
    return replace(
        device,
        managed=None,
        patch_age_days=None,
        disk_encrypted=None,
        screen_lock=None,
        firewall=None,
    )


class DeviceEvidence:
    """Looks up what is known of a device. managed: what those who manage devices said last.

    revoked: keys that were revoked since this process began.
    """

    def __init__(
        self, *, store: Store, directory: Directory, clock: Clock, rules: DeviceRules
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self.rules = rules
        self.revoked: set[DeviceKeyId] = set()
        self.managed: Mapping[DeviceKeyId, Device] = {}

    def now(self) -> datetime:
        """Return what time it is."""
        return self._clock.now()

    async def key(self, subject: SubjectId, key: DeviceKeyId) -> DeviceKey | None:
        """Return a key of this person, revoked or not; None where there is none such."""
        mine = await self._store.device_keys(subject)
        return next((one for one in mine if one.id == key), None)

    async def of(self, subject: SubjectId, key: DeviceKeyId | None) -> Device | None:
        """Return the person's device as evidence; None unless it is admitted and not revoked."""
        found = await self.key(subject, key) if key is not None else None
        if found is None or found.revoked_at is not None or found.admitted_at is None:
            return None
        return fresh(await self.said_by(found), self._clock.now(), self.rules.report_valid_for)

    async def said_by(self, key: DeviceKey) -> Device:
        """Return what is known of a device, admitted or not, however old."""
        reports = await self._store.device_reports((key.id,))
        now, valid_for = self._clock.now(), self.rules.report_valid_for
        managed = fresh(self.managed.get(key.id), now, valid_for)
        said = overlaid(reports.get(key.id, Device(key.id)), managed)
        return replace(said, key=key.id, owner=self._name_of(key.subject))

    def _name_of(self, subject: SubjectId) -> str:
        try:
            return self._directory.subject(subject).name
        except MissingFault:
            return ""
