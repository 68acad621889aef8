"""The keys with which people sign what they assent to: enrolled, listed, revoked, used.

The private half stays on the person's device. A key is enrolled with a fresh proof of who
they are and a signature over a challenge, and what is enrolled and revoked stands in the log.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hmac import compare_digest
from weakref import WeakValueDictionary

from assent.audit.approval_signatures import (
    WEBAUTHN,
    Site,
    check_kind,
    check_public_key,
    check_signature,
    enrolment_message,
)
from assent.control.outbox import Outbox
from assent.control.sign_in import Caller
from assent.core.changes import Change, PutDeviceKey, RevokeDeviceKey
from assent.core.clock import Clock
from assent.core.device_key import ApprovalSignature, DeviceKey
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import DeviceKeyId, EntryId, Ids, SubjectId
from assent.core.people_changes import DropTokens, EndDeviceCredentials
from assent.core.ports import Store
from assent.core.role import Permission
from assent.core.subject import Subject, SubjectKind

STEPPED_UP_WITHIN = timedelta(minutes=5)
CHALLENGE_LASTS_FOR = timedelta(minutes=5)
MOST_EACH = 20
"""Keys of one person that can sign."""
LONGEST_NAME = 60
_MOST_CHALLENGES = 10_000


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a device signs to prove that it holds its key, once. subject: for whom."""

    text: str
    subject: SubjectId
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class DraftedKey:
    """A new key, and what keeps it and says so once it is committed."""

    key: DeviceKey
    changes: Sequence[Change]
    entries: Sequence[Entry]


class DeviceKeys:
    """Keeps people's keys; a key signs from its enrolment until it is revoked, and never after."""

    def __init__(
        self, *, store: Store, outbox: Outbox, clock: Clock, ids: Ids, origin: str = ""
    ) -> None:
        self._store = store
        # Where passkeys have to be used to sign, empty for anywhere on the host they are for.
        self._origin = origin
        self._when_signed: list[Callable[[DeviceKey, ApprovalSignature, str], Awaitable[None]]] = []
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        # By token: what one sign-in began no other one finishes.
        self._challenges: OrderedDict[str, Challenge] = OrderedDict()
        # Whatever a key signs stands in the log before its revocation, or not at all.
        self._locks: WeakValueDictionary[SubjectId, asyncio.Lock] = WeakValueDictionary()
        self._when_enrolled: list[Callable[[DeviceKey], Awaitable[DeviceKey]]] = []
        self._when_revoked: list[Callable[[DeviceKeyId, datetime], None]] = []

    def when_enrolled(self, listener: Callable[[DeviceKey], Awaitable[DeviceKey]]) -> None:
        """Await `listener` with every new key; it returns the key as it is then."""
        self._when_enrolled.append(listener)

    def when_revoked(self, listener: Callable[[DeviceKeyId, datetime], None]) -> None:
        """Call `listener` with every key that is revoked, and since when, at once."""
        self._when_revoked.append(listener)

    def when_signed(
        self, listener: Callable[[DeviceKey, ApprovalSignature, str], Awaitable[None]]
    ) -> None:
        """Await `listener` with each good signature and the address; it may still refuse it."""
        self._when_signed.append(listener)

    async def challenge(self, caller: Caller) -> Challenge:
        """Return a new challenge; an earlier one of the same sign-in is void.

        Raises ForbiddenFault for whoever has not just confirmed who they are.
        """
        await self.check_fresh(caller)
        now = self._clock.now()
        made = Challenge(self._ids.token(32), caller.subject.id, now + CHALLENGE_LASTS_FOR)
        self._challenges.pop(caller.token_digest, None)
        while len(self._challenges) >= _MOST_CHALLENGES:
            self._challenges.popitem(last=False)
        self._challenges[caller.token_digest] = made
        return made

    async def enrol(
        self,
        caller: Caller,
        name: str,
        kind: str,
        public_key: str,
        challenge: str,
        proof: str,
        protection: str = "",
    ) -> DeviceKey:
        """Return the caller's new key. proof: its signature over the challenge.

        protection: where the device says that its private half is, empty where it does not.

        Raises ForbiddenFault (not a person, no fresh step-up, no proof), ConflictFault (too many,
        enrolled before, a kind or a key that cannot be used).
        """
        await self.check_fresh(caller)
        _check_name(name)
        if kind == WEBAUTHN:
            words = "passkeys are made in a browser, on the page `/account/passkeys`"
            raise ConflictFault("bad-kind", words)
        self._check_proof(caller, kind, public_key, challenge, proof)
        details = {"protection": protection} if protection else {}
        return await self.keep(caller.subject, name, kind, public_key, details)

    async def keep(
        self,
        subject: Subject,
        name: str,
        kind: str,
        public_key: str,
        details: Mapping[str, str],
    ) -> DeviceKey:
        """Return a new key of somebody who has proved that they hold it. Raises ConflictFault."""
        _check_name(name)
        async with self.lock_of(subject.id):
            mine = await self._store.device_keys(subject.id)
            if sum(key.revoked_at is None for key in mine) >= MOST_EACH:
                words = f"{MOST_EACH} keys of yours can sign; revoke one: `assent device revoke`"
                raise ConflictFault("too-many-devices", words)
            drafted = self.drafted(subject, name, kind, public_key, details)
            await self._store.commit(drafted.changes, drafted.entries)
        return await self.enrolled(drafted.key)

    def drafted(
        self,
        subject: Subject,
        name: str,
        kind: str,
        public_key: str,
        details: Mapping[str, str],
    ) -> DraftedKey:
        """Return a new key that is not kept yet, for whoever keeps it with more in one unit."""
        _check_name(name)
        now, identity = self._clock.now(), DeviceKeyId(self._ids.mint("device_key"))
        key = DeviceKey(identity, subject.id, kind, public_key, name, now, details=details)
        told = self._outbox.notice(
            "device.enrolled",
            to=(subject.id,),
            headline=_headline(kind, name),
            lines=(f"if that was not you: assent device revoke {identity}",),
            key=f"device.enrolled:{identity}",
        )
        facts = {"key": identity, "kind": kind, "public_key": public_key}
        if kind == WEBAUTHN:
            # What a reader of the log has to know to check what it signs.
            facts["rp_id"] = details["rp_id"]
        entry = self._entry(EntryKind.DEVICE_ENROLLED, subject.id, now, facts, name)
        return DraftedKey(key, (PutDeviceKey(key), told), (entry,))

    async def enrolled(self, key: DeviceKey) -> DeviceKey:
        """Tell of a new key once it is kept; return it as it is then."""
        for listener in self._when_enrolled:
            key = await listener(key)
        return key

    async def mine(self, caller: Caller) -> Sequence[DeviceKey]:
        """Return the caller's keys, revoked ones too, oldest first."""
        return await self._store.device_keys(caller.subject.id)

    async def revoke(self, caller: Caller, key: DeviceKeyId, reason: str = "") -> DeviceKey:
        """Return the key, which signs nothing from now on; what it signed before stays.

        What is open on that device is cut, what it was handed opens nothing more, and whoever
        signed in by it is signed out. reason: why, for the log.

        Raises MissingFault for one that is not the caller's, unless they are of `security`;
        ConflictFault where it is revoked already.
        """
        owner = (await self._theirs(caller, key)).subject
        async with self.lock_of(owner):
            found = await self._theirs(caller, key)
            if found.revoked_at is not None:
                raise ConflictFault("device-revoked", f"device `{found.id}` is revoked already")
            now = max(self._clock.now(), found.enrolled_at)
            told = self._outbox.notice(
                "device.revoked",
                to=(found.subject,),
                headline=f"the device `{found.name}` signs nothing any more",
                lines=(f"{caller.subject.name} revoked it",),
                key=f"device.revoked:{found.id}",
            )
            facts = {"holder": found.subject, "key": found.id}
            entry = self._entry(EntryKind.DEVICE_REVOKED, caller.subject.id, now, facts)
            entry = replace(entry, payload={"reason": reason}) if reason else entry
            gone = [
                DropTokens(token.subject, only=token.id)
                for token in await self._store.tokens(found.subject)
                if token.device == found.id
            ]
            changes = (RevokeDeviceKey(found.id, now), EndDeviceCredentials(found.id, now))
            await self._store.commit((*changes, *gone, told), (entry,))
            for listener in self._when_revoked:
                listener(found.id, now)
        return replace(found, revoked_at=now)

    @asynccontextmanager
    async def signing(
        self, caller: Caller, signature: ApprovalSignature, message: bytes
    ) -> AsyncIterator[ApprovalSignature]:
        """Hold a signature of the caller over `message` as good: its key is not revoked meanwhile.

        Raises ForbiddenFault where it is not good.
        """
        try:
            check_kind(signature.kind)
        except ValueError as error:
            raise ForbiddenFault("bad-signature", str(error)) from None
        async with self.lock_of(caller.subject.id):
            mine = await self._store.device_keys(caller.subject.id)
            key = next((one for one in mine if one.id == signature.key), None)
            if key is None or key.kind != signature.kind:
                words = (
                    f"you have no enrolled device `{signature.key[:60]}`; see `assent device list`"
                )
                raise ForbiddenFault("no-such-device", words)
            if key.revoked_at is not None:
                words = f"device `{key.id}` is revoked; enrol this one with `assent device enroll`"
                raise ForbiddenFault("device-revoked", words)
            try:
                check_signature(
                    key.kind,
                    key.public_key,
                    message,
                    signature.signature,
                    signature.assertion,
                    site=Site(key.details.get("rp_id", ""), self._origin),
                )
            except ValueError as error:
                words = f"the signature by device `{key.id}` is not good: {error}"
                raise ForbiddenFault("bad-signature", words) from None
            for listener in self._when_signed:
                await listener(key, signature, caller.address)
            yield signature

    def lock_of(self, owner: SubjectId) -> asyncio.Lock:
        """Return the lock under which somebody's keys are used and changed."""
        return self._locks.setdefault(owner, asyncio.Lock())

    async def _theirs(self, caller: Caller, key: DeviceKeyId) -> DeviceKey:
        """Return a key that the caller may revoke. Raises MissingFault."""
        found = list(await self._store.device_keys(caller.subject.id))
        if caller.may(Permission.CHANGE_DEVICES):
            found += await self._store.device_keys()
        for one in found:
            if one.id == key:
                return one
        raise MissingFault("no-such-device", f"you have no device `{key[:60]}`")

    async def check_fresh(self, caller: Caller) -> None:
        """Raise ForbiddenFault unless that is a person who has just confirmed who they are."""
        if caller.subject.kind is not SubjectKind.HUMAN:
            words = f"`{caller.subject.name}` is not a person; only people sign"
            raise ForbiddenFault("not-a-person", words)
        if not await self.is_fresh(caller):
            minutes = STEPPED_UP_WITHIN // timedelta(minutes=1)
            words = f"confirm that it is you first: `assent step-up`; it counts for {minutes} min"
            raise ForbiddenFault("step-up-needed", words)

    async def is_fresh(self, caller: Caller) -> bool:
        """Return whether the caller has just confirmed who they are, at this very sign-in.

        Somebody else's token is not proved by the person's own step-up.
        """
        kept = await self._store.token(caller.token_digest)
        at = kept.stepped_up_at if kept else None
        return at is not None and self._clock.now() - at <= STEPPED_UP_WITHIN

    def _check_proof(
        self, caller: Caller, kind: str, public_key: str, challenge: str, proof: str
    ) -> None:
        made = self._challenges.pop(caller.token_digest, None)
        fresh = made is not None and self._clock.now() < made.expires_at
        if made is None or not fresh or not compare_digest(made.text.encode(), challenge.encode()):
            words = "the challenge is over, or was used; begin again with `assent device enroll`"
            raise ConflictFault("no-challenge", words)
        message = enrolment_message(caller.subject.id, made.text, kind, public_key)
        try:
            check_public_key(kind, public_key)
        except ValueError as error:
            raise ConflictFault("bad-key", str(error)) from None
        try:
            check_signature(kind, public_key, message, proof, {})
        except ValueError as error:
            words = f"the device does not prove that it holds this key: {error}"
            raise ForbiddenFault("bad-signature", words) from None

    def _entry(
        self,
        kind: EntryKind,
        by: SubjectId,
        at: datetime,
        facts: dict[str, str],
        name: str = "",
    ) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=kind,
            at=at,
            subject=by,
            facts=facts,
            payload={"name": name} if name else None,
        )


def _headline(kind: str, name: str) -> str:
    if kind == WEBAUTHN:
        return f"the passkey `{name}` can sign in as you, and sign in your name, now"
    return f"the device `{name}` can sign in your name now"


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        words = f"a device's name has 1 to {LONGEST_NAME} characters that can be printed"
        raise ConflictFault("bad-name", words)
