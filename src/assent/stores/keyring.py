"""The data keys, unwrapped and held in memory: one for each subject, made on first use.

A new key is durable before anything is sealed under it. What a destroyed key sealed can never
be read again; while the master key is away, nothing can be sealed for a subject whose key is
not held here, and nothing that such a key sealed can be read.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from hashlib import sha256
from typing import Protocol, TypeAlias
from weakref import WeakValueDictionary

from assent.audit.sealing import NONCE_BYTES, about_payload, key_of, seal
from assent.core.changes import PutDataKey
from assent.core.clock import Clock
from assent.core.data_key import DataKey
from assent.core.entry import Entry
from assent.core.ids import DataKeyId, Ids, SubjectId
from assent.core.ports import MasterKey
from assent.core.secret import Secret

MOST_KEYS = 10_000
_LUCK_BYTES = 32

Key: TypeAlias = tuple[DataKeyId, Secret[bytes]]


class KeysGone(ValueError):
    """Another process destroyed these keys meanwhile; seal anew, under others."""

    def __init__(self, keys: Collection[str]) -> None:
        super().__init__("sealed under keys that are destroyed")
        self.keys = tuple(DataKeyId(key) for key in keys)


def sealed_under(payloads: Iterable[bytes | None]) -> set[DataKeyId]:
    """Return the keys that payloads name."""
    named = (key_of(payload) for payload in payloads if payload is not None)
    return {key for key in named if key is not None}


class KeyReading(Protocol):
    """Where wrapped keys are read."""

    async def data_keys(
        self, subject: SubjectId | None, *, live_only: bool = False
    ) -> Sequence[DataKey]: ...

    async def data_key(self, key: DataKeyId) -> DataKey | None: ...


class Keyring:
    """Hands out data keys. keep: makes a new one durable. most: how many are held.

    shared: other processes may destroy keys, so it is looked at each use whether they stand.
    """

    def __init__(
        self,
        master: MasterKey,
        reading: KeyReading,
        keep: Callable[[PutDataKey], Awaitable[None]],
        ids: Ids,
        clock: Clock,
        most: int = MOST_KEYS,
        *,
        shared: bool = False,
    ) -> None:
        self._shared = shared
        self._master = master
        self._reading = reading
        self._keep_key = keep
        self._ids = ids
        self._clock = clock
        self._most = most
        self._current: OrderedDict[SubjectId | None, Key] = OrderedDict()
        self._held: OrderedDict[DataKeyId, Secret[bytes]] = OrderedDict()
        self._retired: set[DataKeyId] = set()
        self._locks: WeakValueDictionary[SubjectId | None, asyncio.Lock] = WeakValueDictionary()

    async def key_for(self, subject: SubjectId | None) -> Key:
        """Return the key that seals what is about a subject now, durable; None: about nobody.

        Raises OutsideFault where it is not held and the master key or the store is away.
        """
        found = self._current.get(subject)
        if found is not None:
            self._current.move_to_end(subject)
            return found
        lock = self._locks.setdefault(subject, asyncio.Lock())
        async with lock:
            found = self._current.get(subject)
            while found is None:
                found = await self._standing(subject) or await self._made(subject)
                if found[0] in self._retired:  # Forgotten while it was unwrapped.
                    found = None
            self._keep(subject, found)
            return found

    async def keys_for(self, subjects: Collection[SubjectId | None]) -> dict[SubjectId | None, Key]:
        """Return a key for each, all of them current at the moment of return."""
        while missing := [each for each in subjects if each not in self._current]:
            for each in missing:
                await self.key_for(each)
        return {each: self._current[each] for each in subjects}

    async def sealer(self, entries: Iterable[Entry]) -> Callable[[Entry, bytes], bytes]:
        """Return what seals the payloads of these entries, each under its subject's key."""
        keys = await self.keys_for({each.subject for each in entries if each.payload is not None})

        def sealed(entry: Entry, content: bytes) -> bytes:
            name, key = keys[entry.subject]
            return seal(content, name, key, self.nonce(), about_payload(entry.id))

        return sealed

    def nonce(self) -> bytes:
        """Return 12 unpredictable bytes."""
        return self._luck()[:NONCE_BYTES]

    async def open(self, key: DataKeyId) -> Secret[bytes] | None:
        """Return a key, None where it was destroyed.

        Raises OutsideFault where it is not held and the master key or the store is away,
        OperatorFault where another master key wrapped it.
        """
        found = self._held.get(key)
        if found is not None and not self._shared:
            self._held.move_to_end(key)
            return found
        kept = await self._reading.data_key(key)
        if kept is None or kept.wrapped is None:
            self.forget((key,))
            return None
        if found is not None:
            return found
        found = await self._master.unwrap(kept.wrapped, key)
        if key not in self._retired:
            self._hold(key, found)
        return found

    def forget(self, keys: Iterable[DataKeyId]) -> None:
        """Let go of keys, and seal nothing under them from now on."""
        gone = set(keys)
        self._retired |= gone
        for key in gone:
            self._held.pop(key, None)
        for subject in [each for each, (key, _) in self._current.items() if key in gone]:
            del self._current[subject]

    def restore(self, keys: Iterable[DataKeyId]) -> None:
        """Let keys be used again that were forgotten and then not destroyed."""
        self._retired -= set(keys)

    async def _standing(self, subject: SubjectId | None) -> Key | None:
        for kept in await self._reading.data_keys(subject, live_only=True):
            usable = kept.master == self._master.name and kept.id not in self._retired
            if usable and kept.wrapped is not None:
                return kept.id, await self._master.unwrap(kept.wrapped, kept.id)
        return None

    async def _made(self, subject: SubjectId | None) -> Key:
        key = DataKeyId(self._ids.mint("data_key"))
        secret = Secret(self._luck())
        wrapped = await self._master.wrap(secret, key)
        kept = DataKey(key, subject, wrapped, self._master.name, self._clock.now())
        await self._keep_key(PutDataKey(kept))
        return key, secret

    def _keep(self, subject: SubjectId | None, key: Key) -> None:
        self._current[subject] = key
        self._hold(*key)
        if len(self._current) > self._most:
            self._current.popitem(last=False)

    def _hold(self, key: DataKeyId, secret: Secret[bytes]) -> None:
        self._held[key] = secret
        if len(self._held) > self._most:
            self._held.popitem(last=False)

    def _luck(self) -> bytes:
        # Luck comes as text; its hash has as much of it, and always 32 bytes.
        return sha256(self._ids.token(_LUCK_BYTES).encode()).digest()
