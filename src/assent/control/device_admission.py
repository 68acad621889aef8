"""Whether a device counts as a known one of its owner: who says so, and that it is in the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assent.control.audit_actions import AuditActions, Order
from assent.control.device_evidence import BINDING_KINDS, DeviceEvidence
from assent.control.directory import Directory
from assent.control.outbox import Outbox
from assent.control.sign_in import Caller
from assent.core.action import Action
from assent.core.canonical import Json
from assent.core.changes import Change
from assent.core.clock import Clock
from assent.core.device import Device
from assent.core.device_key import DeviceKey
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import DeviceKeyId, EntryId, Ids, SubjectId
from assent.core.people_changes import AdmitDeviceKey, PutDeviceDetails
from assent.core.ports import Store
from assent.core.request import Request
from assent.core.role import Permission

ADMIT = "device.admit"
"""The verb by which policies say who admits devices, where they do."""
LONGEST_MANAGED_AS = 128
_MOST_TOLD = 50


@dataclass(frozen=True, slots=True)
class Admitted:
    """What came of asking for a device to be admitted. request: what people are asked, if any."""

    key: DeviceKey
    request: Request | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A device as lists show it. device: what is known of it."""

    key: DeviceKey
    device: Device


class DeviceAdmission:
    """Admits devices, by whom the operator wants."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        evidence: DeviceEvidence,
        actions: AuditActions,
        outbox: Outbox,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._evidence = evidence
        self._actions = actions
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        actions.carry_out(ADMIT, self._permitted)
        actions.devices_of(self._asked_about)

    @property
    def by(self) -> str:
        """Who admits devices here: `administrator`, `policy` or `owner`."""
        return self._evidence.rules.admission

    async def enrolled(self, key: DeviceKey) -> DeviceKey:
        """Return the new device, admitted where its owner is enough; tell whoever may otherwise."""
        if key.kind not in BINDING_KINDS:
            return key
        if self.by == "owner":
            return await self._admit(key, key.subject)
        if self.by == "administrator":
            name = self._directory.names.get(key.subject, key.subject)
            told = self._outbox.notice(
                "device.waits",
                to=self._admitters(key.subject)[:_MOST_TOLD],
                headline=f"the device `{key.name}` of {name} waits to be admitted",
                lines=(f"if it is one of theirs: assent device admit {key.id}",),
                key=f"device.waits:{key.id}",
            )
            await self._store.commit((told,), ())
        return key

    async def admit(
        self, caller: Caller, key: DeviceKeyId, reason: str = "", managed_as: str = ""
    ) -> Admitted:
        """Return the device, which counts from now on, or the request that people must answer.

        managed_as: what the system that manages devices calls it; only who changes devices says.
        Raises MissingFault, ForbiddenFault, ConflictFault `device-not-waiting`.
        """
        found = await self._seen(caller, key)
        if found.revoked_at is not None or found.admitted_at is not None:
            state = "revoked" if found.revoked_at else "admitted already"
            raise ConflictFault("device-not-waiting", f"device `{found.id}` is {state}")
        changes = await self._named(caller, found, managed_as)
        if self.by == "policy":
            return await self._ask(caller, found, reason, changes)
        self._check_may(caller, found)
        return Admitted(await self._admit(found, caller.subject.id, changes))

    async def everybodys(self) -> Sequence[Held]:
        """Return the devices of everybody that can be bound to, newest first."""
        found = [key for key in await self._store.device_keys() if key.kind in BINDING_KINDS]
        return await self._described(found)

    async def mine(self, caller: Caller) -> Sequence[Held]:
        """Return the caller's, newest first, passkeys left out."""
        mine = await self._store.device_keys(caller.subject.id)
        return await self._described([key for key in mine if key.kind in BINDING_KINDS])

    async def _described(self, keys: Sequence[DeviceKey]) -> Sequence[Held]:
        return [Held(key, await self._evidence.said_by(key)) for key in reversed(keys)]

    async def _named(
        self, caller: Caller, key: DeviceKey, managed_as: str
    ) -> tuple[PutDeviceDetails, ...]:
        if not managed_as:
            return ()
        # Its owner could pass off another one's good word as this device's.
        caller.check(Permission.CHANGE_DEVICES)
        if len(managed_as) > LONGEST_MANAGED_AS or not managed_as.isprintable():
            words = f"what it is managed as has at most {LONGEST_MANAGED_AS} printable characters"
            raise ConflictFault("bad-name", words)
        return (PutDeviceDetails(key.id, {**key.details, "managed_as": managed_as}),)

    def _check_may(self, caller: Caller, key: DeviceKey) -> None:
        own = key.subject == caller.subject.id
        if self.by == "owner" and own:
            return
        caller.check(Permission.CHANGE_DEVICES)
        if own and self._admitters(caller.subject.id):
            words = "somebody else who may admit devices must admit your own"
            raise ForbiddenFault("own-device", words)

    def _admitters(self, but: SubjectId) -> list[SubjectId]:
        return sorted(
            one.id
            for one in self._directory.subjects()
            if one.id != but
            and not one.disabled
            and self._directory.may(one, Permission.CHANGE_DEVICES)
        )

    async def _ask(
        self, caller: Caller, key: DeviceKey, reason: str, changes: Sequence[Change]
    ) -> Admitted:
        if changes:
            await self._store.commit(changes, ())
        owner = self._directory.names.get(key.subject, key.subject)
        protection = key.details.get("protection", "unknown")
        ordered = await self._actions.order(
            caller,
            ADMIT,
            f"admit the device `{key.name}` of {owner}, whose key is in: {protection}",
            {"device": key.id, "holder": key.subject},
            reason=reason,
        )
        found = await self._evidence.key(key.subject, key.id)
        return Admitted(found or key, ordered.request)

    async def _permitted(self, order: Order) -> Mapping[str, Json]:
        details = order.action.details
        key = await self._evidence.key(SubjectId(details["holder"]), DeviceKeyId(details["device"]))
        if key is None or key.revoked_at is not None or key.admitted_at is not None:
            raise ConflictFault("device-not-waiting", "the device is admitted already, or revoked")
        change, told, entry = self._admitting(key, None)
        await order.keep((change, told), (entry,), f"the device `{key.name}` was admitted")
        return {"device": key.id}

    async def _asked_about(self, action: Action) -> Device | None:
        """Return the device that an order is about, with what it says of itself."""
        if action.verb != ADMIT:
            return None
        details = action.details
        holder, key = SubjectId(details["holder"]), DeviceKeyId(details["device"])
        found = await self._evidence.key(holder, key)
        return None if found is None else await self._evidence.said_by(found)

    async def _admit(
        self, key: DeviceKey, by: SubjectId, changes: Sequence[Change] = ()
    ) -> DeviceKey:
        change, told, entry = self._admitting(key, by)
        await self._store.commit((*changes, change, told), (entry,))
        return replace(key, admitted_at=change.at, admitted_by=by)

    def _admitting(
        self, key: DeviceKey, by: SubjectId | None
    ) -> tuple[AdmitDeviceKey, Change, Entry]:
        now = max(self._clock.now(), key.enrolled_at)
        told = self._outbox.notice(
            "device.admitted",
            to=(key.subject,),
            headline=f"your device `{key.name}` counts as a known one now",
            lines=(f"if it is not yours: assent device revoke {key.id}",),
            key=f"device.admitted:{key.id}",
        )
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.DEVICE_ADMITTED,
            at=now,
            subject=by,
            facts={"holder": key.subject, "key": key.id},
        )
        return AdmitDeviceKey(key.id, now, by), told, entry

    async def _seen(self, caller: Caller, key: DeviceKeyId) -> DeviceKey:
        found = list(await self._store.device_keys(caller.subject.id))
        if caller.may(Permission.CHANGE_DEVICES):
            found += await self._store.device_keys()
        for one in found:
            if one.id == key and one.kind in BINDING_KINDS:
                return one
        words = f"there is no device `{key[:60]}` that you could admit; see `assent device list`"
        raise MissingFault("no-such-device", words)
