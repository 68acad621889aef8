"""How devices say that they are kept: signed with their keys, dated, and never twice the same."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from assent.audit.device_statements import device_of, report_message
from assent.control.device_evidence import DeviceEvidence, fresh
from assent.control.device_proofs import REPORT, DeviceProofs, Possession
from assent.control.live import LiveSessions
from assent.control.sign_in import Caller
from assent.core.canonical import Json
from assent.core.clock import Clock, parse_instant
from assent.core.device import Device
from assent.core.device_key import DeviceKey
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault
from assent.core.ids import DeviceKeyId, EntryId, Ids, SubjectId
from assent.core.people_changes import PutDeviceReport
from assent.core.ports import Store

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a device's clock may be from ours."""


class DeviceReports:
    """Takes reports in, and lets open sessions on the device be decided on what it says now."""

    def __init__(
        self,
        *,
        store: Store,
        proofs: DeviceProofs,
        evidence: DeviceEvidence,
        live: LiveSessions,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._proofs = proofs
        self._evidence = evidence
        self._live = live
        self._clock = clock
        self._ids = ids
        self._listeners: list[Callable[[SubjectId], None]] = []

    def when_reported(self, listener: Callable[[SubjectId], None]) -> None:
        """Call `listener` with whose device it is after every report."""
        self._listeners.append(listener)

    async def report(
        self, caller: Caller, key: DeviceKeyId, report: Mapping[str, Json], signature: str
    ) -> Device:
        """Return the device as it is known from now on.

        Raises ConflictFault for a report that says nothing that can be, is of another day or was
        sent before; ForbiddenFault where the device did not sign it.
        """
        try:
            at = parse_instant(str(report.get("at", "")))
            said = device_of(report, at)
            message = report_message(report)
        except ValueError as error:
            words = f"this report cannot be read: {error}"
            raise ConflictFault("bad-report", words) from None
        if said.key != key:
            raise ConflictFault("bad-report", "this report is of another device")
        self._check_date(at)
        proof = Possession(key, str(report.get("challenge", "")), signature)
        async with self._proofs.holding(caller, proof, REPORT, message) as holder:
            entry = self._entry(holder, report, signature)
            await self._store.commit((PutDeviceReport(holder.id, said, at),), (entry,))
            return await self.taken(holder)

    async def taken(self, key: DeviceKey) -> Device:
        """Let what is known of a device now count in what is open on it, and return it."""
        device = await self._evidence.said_by(key)
        now, valid_for = self._clock.now(), self._evidence.rules.report_valid_for
        for live in self._live.of(key.subject):
            # A device that nobody admitted has none, and does not get one by talking.
            if live.session.device == key.id and live.device is not None:
                live.device = fresh(device, now, valid_for)
        for listener in self._listeners:
            listener(key.subject)
        return device

    def _check_date(self, at: datetime) -> None:
        apart = abs(self._clock.now() - at)
        if apart > CLOCKS_DIFFER:
            minutes = CLOCKS_DIFFER // timedelta(minutes=1)
            words = (
                f"this report is dated {int(apart.total_seconds())} s from now; set the device's "
                f"clock, {minutes} min are the most"
            )
            raise ConflictFault("report-date", words)

    def _entry(self, key: DeviceKey, report: Mapping[str, Json], signature: str) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.DEVICE_REPORTED,
            at=self._clock.now(),
            subject=key.subject,
            facts={"key": key.id},
            payload={"report": dict(report), "signature": signature},
        )
