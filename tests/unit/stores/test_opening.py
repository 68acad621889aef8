"""What is stored is opened for readers: sealed, of the older form, destroyed or damaged."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from assent.audit.entry import encode
from assent.core.changes import PutDataKey
from assent.core.data_key import DataKey
from assent.core.faults import OutsideFault
from assent.core.ids import DataKeyId, SubjectId
from assent.core.ports import StoredEntry
from assent.core.secret import Secret
from assent.stores.keyring import Keyring
from assent.stores.opening import opened
from conformance.store_builders import MASTER, CountedIds, StoppedClock, entry, unsealed


@dataclass
class Away:
    """A master key that can be out of reach."""

    is_away: bool = False
    name: str = MASTER.name

    async def wrap(self, key: Secret[bytes], about: str) -> bytes:
        return await MASTER.wrap(key, about)

    async def unwrap(self, wrapped: bytes, about: str) -> Secret[bytes]:
        if self.is_away:
            raise OutsideFault("vault-away", "Vault cannot be reached")
        return await MASTER.unwrap(wrapped, about)


@dataclass
class Shelf:
    kept: dict[DataKeyId, DataKey] = field(default_factory=dict)

    async def data_keys(
        self, subject: SubjectId | None, *, live_only: bool = False
    ) -> Sequence[DataKey]:
        return [each for each in self.kept.values() if each.subject == subject]

    async def data_key(self, key: DataKeyId) -> DataKey | None:
        return self.kept.get(key)

    async def keep(self, change: PutDataKey) -> None:
        self.kept[change.key.id] = change.key


def ring(shelf: Shelf, master: Away | None = None) -> Keyring:
    return Keyring(master or Away(), shelf, shelf.keep, CountedIds(), StoppedClock())


async def sealed(keys: Keyring, *names: str) -> list[StoredEntry]:
    entries = [entry(name, text=f"said in {name}") for name in names]
    seal = await keys.sealer(entries)
    return [StoredEntry(index, *encode(one, seal)) for index, one in enumerate(entries)]


async def test_both_forms_are_opened_and_what_has_no_payload_has_no_content() -> None:
    keys = ring(Shelf())
    older = StoredEntry(7, *encode(entry("ent_old", text="long ago"), unsealed))
    bare = StoredEntry(8, *encode(entry("ent_bare"), unsealed))
    found = await opened([*await sealed(keys, "ent_1"), older, bare], keys)
    assert [each.content for each in found] == [
        b'{"text":"said in ent_1"}',
        b'{"text":"long ago"}',
        None,
    ]
    assert found[1].payload == older.payload


async def test_a_payload_in_the_place_of_another_is_refused() -> None:
    keys = ring(Shelf())
    first, second = await sealed(keys, "ent_1", "ent_2")
    swapped = StoredEntry(0, first.leaf, second.payload)
    with pytest.raises(OutsideFault, match="verify the log"):
        await opened([swapped], keys)
    damaged = StoredEntry(0, first.leaf, (first.payload or b"")[:-1] + b"\0\0")
    with pytest.raises(OutsideFault, match="verify the log"):
        await opened([damaged], keys)
    with pytest.raises(OutsideFault, match="verify the log"):
        await opened([StoredEntry(0, first.leaf, b"\x01")], keys)


async def test_while_the_master_key_is_away_nothing_passes_for_destroyed() -> None:
    shelf = Shelf()
    stored = await sealed(ring(shelf), "ent_1")
    with pytest.raises(OutsideFault, match="Vault"):
        await opened(stored, ring(shelf, Away(is_away=True)))


async def test_while_the_master_key_is_away_those_whose_key_is_held_go_on() -> None:
    shelf, master = Shelf(), Away()
    keys = ring(shelf, master)
    await keys.key_for(SubjectId("sub_ana"))
    master.is_away = True
    stored = await sealed(keys, "ent_1")
    assert (await opened(stored, keys))[0].content == b'{"text":"said in ent_1"}'
