"""One key for each subject, durable before its first use, and gone once it is destroyed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import pytest

from assent.core.changes import PutDataKey
from assent.core.data_key import DataKey
from assent.core.faults import OperatorFault, OutsideFault
from assent.core.ids import DataKeyId, SubjectId
from assent.core.secret import Secret
from assent.credentials.master_keys import FileMasterKey
from assent.stores.keyring import Keyring
from conformance.store_builders import ANA, BEN, MASTER, NOON, CountedIds, StoppedClock, entry


@dataclass
class Shelf:
    """Where wrapped keys are kept. away: nothing can be written."""

    kept: dict[DataKeyId, DataKey] = field(default_factory=dict)
    asked: int = 0
    away: bool = False

    async def data_keys(
        self, subject: SubjectId | None, *, live_only: bool = False
    ) -> Sequence[DataKey]:
        self.asked += 1
        await asyncio.sleep(0)
        live = [each for each in self.kept.values() if each.wrapped or not live_only]
        return [each for each in live if each.subject == subject][::-1]

    async def data_key(self, key: DataKeyId) -> DataKey | None:
        self.asked += 1
        return self.kept.get(key)

    async def keep(self, change: PutDataKey) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise OutsideFault("store-unavailable", "the store cannot be written")
        self.kept[change.key.id] = change.key

    def destroy(self, key: DataKeyId) -> None:
        self.kept[key] = replace(self.kept[key], wrapped=None, destroyed_at=NOON)


def ring(shelf: Shelf, master: FileMasterKey = MASTER, most: int = 100) -> Keyring:
    return Keyring(master, shelf, shelf.keep, CountedIds(), StoppedClock(), most)


async def test_a_subject_has_one_key_which_is_kept_before_it_is_handed_out() -> None:
    shelf = Shelf()
    keys = ring(shelf)
    name, key = await keys.key_for(ANA)
    assert shelf.kept[name].subject == ANA
    assert shelf.kept[name].master == MASTER.name
    assert key.reveal() not in (shelf.kept[name].wrapped or b"")
    assert (await keys.key_for(ANA)) == (name, key)
    assert (await keys.key_for(BEN))[0] != name
    assert (await keys.key_for(None))[0] != name
    assert len(shelf.kept) == 3


async def test_those_who_come_at_once_share_one_new_key() -> None:
    shelf = Shelf()
    keys = ring(shelf)
    found = await asyncio.gather(*(keys.key_for(ANA) for _ in range(20)))
    assert len({name for name, _ in found}) == len(shelf.kept) == 1


async def test_another_process_takes_the_key_that_stands() -> None:
    shelf = Shelf()
    name, key = await ring(shelf).key_for(ANA)
    again, same = await ring(shelf).key_for(ANA)
    assert (again, same.reveal()) == (name, key.reveal())
    opened = await ring(shelf).open(name)
    assert opened is not None
    assert opened.reveal() == key.reveal()


async def test_a_key_that_could_not_be_kept_is_never_used() -> None:
    shelf = Shelf(away=True)
    keys = ring(shelf)
    with pytest.raises(OutsideFault):
        await keys.key_for(ANA)
    shelf.away = False
    name, _ = await keys.key_for(ANA)
    assert list(shelf.kept) == [name]


async def test_what_is_forgotten_is_read_again_and_a_destroyed_key_is_none() -> None:
    shelf = Shelf()
    keys = ring(shelf)
    name, key = await keys.key_for(ANA)
    keys.forget([name])
    keys.restore([name])
    opened = await keys.open(name)
    assert opened is not None
    assert opened.reveal() == key.reveal()
    keys.forget([name])
    shelf.destroy(name)
    assert await keys.open(name) is None
    assert await keys.open(DataKeyId("dek_never")) is None


async def test_nothing_is_sealed_under_a_forgotten_key() -> None:
    shelf = Shelf()
    keys = ring(shelf)
    old, _ = await keys.key_for(ANA)
    keys.forget([old])
    # It is not destroyed yet: its destruction is being written.
    new, _ = await keys.key_for(ANA)
    assert new != old
    assert await keys.open(old) is not None
    assert await keys.key_for(ANA) == await keys.key_for(ANA)
    assert (await keys.key_for(ANA))[0] == new


async def test_a_key_that_was_forgotten_while_it_was_unwrapped_is_not_taken() -> None:
    shelf = Shelf()
    old, _ = await ring(shelf).key_for(ANA)
    keys = ring(shelf)
    coming = asyncio.ensure_future(keys.key_for(ANA))
    await asyncio.sleep(0)
    keys.forget([old])
    assert (await coming)[0] != old


async def test_no_more_keys_are_held_than_the_bound() -> None:
    shelf = Shelf()
    keys = ring(shelf, most=2)
    names = [(await keys.key_for(SubjectId(f"sub_{number}")))[0] for number in range(5)]
    asked = shelf.asked
    await keys.open(names[4])
    assert shelf.asked == asked
    opened = await keys.open(names[0])
    assert opened is not None
    assert shelf.asked == asked + 1
    assert (await keys.key_for(SubjectId("sub_0")))[0] == names[0]


async def test_a_key_of_another_master_key_is_not_used_and_reading_it_says_so() -> None:
    shelf = Shelf()
    name, _ = await ring(shelf).key_for(ANA)
    foreign = FileMasterKey(Secret(b"o" * 32), CountedIds())
    other = Keyring(foreign, shelf, shelf.keep, CountedIds(count(100)), StoppedClock())
    with pytest.raises(OperatorFault, match="not wrapped by this master key"):
        await other.open(name)
    new, _ = await other.key_for(ANA)
    assert shelf.kept[new].master == foreign.name


async def test_a_sealer_seals_each_under_the_key_of_its_subject() -> None:
    shelf = Shelf()
    keys = ring(shelf)
    sealed = await keys.sealer([entry("ent_1", text="x"), entry("ent_2")])
    assert len(shelf.kept) == 1
    first = sealed(entry("ent_1"), b"{}")
    assert (await keys.key_for(ANA))[0].encode() in first
    assert sealed(entry("ent_1"), b"{}") != first
    await keys.sealer([entry("ent_3")])
    assert len(shelf.kept) == 1
