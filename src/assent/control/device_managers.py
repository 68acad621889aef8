"""Asking those who manage devices what they know: their word outweighs a device's own."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from assent.control.device_evidence import DeviceEvidence
from assent.control.device_reports import DeviceReports
from assent.core.device import Device
from assent.core.device_key import DeviceKey
from assent.core.faults import OutsideFault
from assent.core.ids import DeviceKeyId
from assent.core.ports import PostureSource, Store

_log = structlog.get_logger("devices")


class DeviceManagers:
    """Asks every source about every device that was admitted as managed, again and again.

    The first source that knows a device counts. What one said last counts while it is away, for
    as long as a report does.
    """

    def __init__(
        self,
        *,
        store: Store,
        evidence: DeviceEvidence,
        reports: DeviceReports,
        sources: Sequence[PostureSource],
        every: timedelta,
    ) -> None:
        self._store = store
        self._evidence = evidence
        self._reports = reports
        self._sources = sources
        self._every_s = every.total_seconds()

    async def run(self) -> None:
        """Ask until cancelled."""
        while self._sources:
            await self.ask()
            await asyncio.sleep(self._every_s)

    async def ask(self) -> None:
        """Ask once; open sessions on a device of which something else is said now hear of it."""
        for key in await self._store.device_keys():
            managed_as = key.details.get("managed_as", "")
            if managed_as and key.admitted_at is not None and key.revoked_at is None:
                await self._ask_about(key, managed_as)

    async def _ask_about(self, key: DeviceKey, managed_as: str) -> None:
        known: dict[DeviceKeyId, Device] = dict(self._evidence.managed)
        for source in self._sources:
            try:
                said = await source.posture(managed_as)
            except OutsideFault as fault:
                _log.warning("device-manager-away", source=source.name, code=fault.code)
                return
            if said is not None:
                known[key.id] = said
                break
        else:
            known.pop(key.id, None)
        if known.get(key.id) != self._evidence.managed.get(key.id):
            self._evidence.managed = known
            await self._reports.taken(key)
