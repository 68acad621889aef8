"""Data keys are moved to another master key, and read what they sealed as before."""

from dataclasses import replace
from pathlib import Path

import pytest

from assent.core.changes import DestroyDataKeys
from assent.core.faults import OperatorFault
from assent.core.ids import SubjectId
from assent.core.secret import Secret
from assent.credentials.master_keys import FileMasterKey
from assent.stores import SqlStore, open_store
from assent.system.ids import SystemIds
from conformance.store_builders import ANA, MASTER, NOON, SIGNER, StoppedClock, entry

IDS = SystemIds(StoppedClock())
NEW = FileMasterKey(Secret(b"n" * 32), IDS)
OTHER = FileMasterKey(Secret(b"o" * 32), IDS)


async def opened(
    folder: Path, master: FileMasterKey, former: FileMasterKey | None = None
) -> SqlStore:
    return await open_store(folder, SIGNER, IDS, StoppedClock(), master, former)


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A store with many keys, one of which is destroyed."""
    store = await opened(tmp_path, MASTER)
    for number in range(300):
        await store.keyring.key_for(SubjectId(f"sub_{number}"))
    (gone,) = await store.data_keys(SubjectId("sub_7"))
    await store.commit([DestroyDataKeys((gone.id,), NOON)], [entry("ent_1", text="said")])
    await store.close()
    return tmp_path


async def test_all_keys_are_wrapped_by_the_new_one_and_open_what_they_sealed(folder: Path) -> None:
    store = await opened(folder, MASTER)
    (before,) = await store.data_keys(ANA)
    await store.close()
    store = await opened(folder, NEW, MASTER)
    (after,) = await store.data_keys(ANA)
    assert after == replace(before, wrapped=after.wrapped, master=NEW.name)
    assert [each.content for each in await store.entries()] == [b'{"text":"said"}']
    (gone,) = await store.data_keys(SubjectId("sub_7"))
    assert (gone.wrapped, gone.master) == (None, MASTER.name)
    await store.close()
    assert before.wrapped is not None
    files = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    assert before.wrapped not in files
    store = await opened(folder, NEW)
    await store.close()


async def test_a_former_key_that_is_another_one_moves_nothing(folder: Path) -> None:
    with pytest.raises(OperatorFault, match="master_key"):
        await opened(folder, NEW, OTHER)
    store = await opened(folder, MASTER, OTHER)
    assert [each.content for each in await store.entries()] == [b'{"text":"said"}']
    await store.close()


async def test_a_former_key_that_is_the_same_changes_nothing(folder: Path) -> None:
    store = await opened(folder, MASTER, MASTER)
    assert {each.master for each in await store.data_keys(ANA)} == {MASTER.name}
    await store.close()
