"""What is destroyed is gone from memory, from the table and from the files; the log stays."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from assent.audit.tree import leaf_hash, root_of
from assent.core.changes import DestroyDataKeys, PutLegalHold
from assent.core.data_key import LegalHold
from assent.core.faults import ConflictFault, OperatorFault
from assent.core.ids import LegalHoldId, SubjectId
from assent.core.secret import Secret
from assent.credentials.master_keys import FileMasterKey
from assent.stores import SqlStore, open_store
from assent.system.ids import SystemIds
from conformance.store_builders import ANA, BEN, MASTER, NOON, SIGNER, StoppedClock, entry, unsealed

IDS = SystemIds(StoppedClock())
MARK = "xyzzy-marker"


async def opened(folder: Path, master: FileMasterKey = MASTER) -> SqlStore:
    return await open_store(folder, SIGNER, IDS, StoppedClock(), master)


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


async def test_no_text_of_a_payload_is_in_the_files(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.commit([], [entry(f"ent_{n}", text=f"{MARK} {n}") for n in range(20)])
    assert MARK.encode() not in on_disk(tmp_path)
    assert [each.content for each in await store.entries(limit=1)] == [b'{"text":"xyzzy-marker 0"}']
    await store.close()
    assert MARK.encode() not in on_disk(tmp_path)


async def test_a_destroyed_key_is_in_no_file_and_what_it_sealed_cannot_be_read(
    tmp_path: Path,
) -> None:
    store = await opened(tmp_path)
    for number in range(300):  # So many that pages of the table are split.
        await store.keyring.key_for(SubjectId(f"sub_{number}"))
    await store.commit([], [entry("ent_1", text=MARK)])
    (kept,) = await store.data_keys(ANA)
    assert kept.wrapped is not None
    assert kept.wrapped in on_disk(tmp_path)
    before = await store.publish()
    await store.commit([DestroyDataKeys((kept.id,), NOON)], [entry("ent_2", text="after")])
    assert kept.wrapped not in on_disk(tmp_path)
    assert kept.wrapped[12:44] not in on_disk(tmp_path)
    first, second = await store.entries()
    assert (first.content, second.content) == (None, b'{"text":"after"}')
    assert first.payload is not None
    assert before.root == root_of([leaf_hash(first.leaf)])
    (gone,) = [each for each in await store.data_keys(ANA) if each.id == kept.id]
    assert (gone.wrapped, gone.destroyed_at) == (None, NOON)
    await store.close()
    again = await opened(tmp_path)
    assert [each.content for each in await again.entries()] == [None, b'{"text":"after"}']
    await again.close()


async def test_where_a_legal_hold_refuses_it_all_stays_as_it_was(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.commit([], [entry("ent_1", text=MARK)])
    (kept,) = await store.data_keys(ANA)
    hold = LegalHold(LegalHoldId("hld_1"), ANA, "a case", BEN, NOON)
    await store.commit([PutLegalHold(hold)], [])
    with pytest.raises(ConflictFault, match="legal hold"):
        await store.commit([DestroyDataKeys((kept.id,), NOON)], [entry("ent_2", text="x")])
    (stored,) = await store.entries()
    assert stored.content is not None
    await store.commit([], [entry("ent_3", text="x")])
    assert len(await store.data_keys(ANA, live_only=True)) <= 2
    await store.close()


async def test_a_reader_only_delays_that_the_files_are_tidied(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.commit([], [entry("ent_1", text=MARK)])
    (kept,) = await store.data_keys(ANA)
    reader = sqlite3.connect(tmp_path / "assent.db", isolation_level=None)
    reader.execute("PRAGMA busy_timeout = 0")
    reader.execute("begin")
    reader.execute("select count(*) from data_keys").fetchone()
    await store._database.write(
        lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 10")
    )
    await store.commit([DestroyDataKeys((kept.id,), NOON)], [])
    assert (await store.entries())[0].content is None
    reader.close()
    await store.close()
    assert kept.wrapped is not None
    assert kept.wrapped not in on_disk(tmp_path)


async def test_a_store_is_not_opened_under_another_master_key(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.commit([], [entry("ent_1", text=MARK)])
    await store.close()
    other = FileMasterKey(Secret(b"o" * 32), IDS)
    with pytest.raises(OperatorFault, match=f"`{MASTER.name}` wrapped 1 keys"):
        await opened(tmp_path, other)


async def test_deleted_payloads_of_the_older_form_are_in_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_seal(_: object) -> object:
        return unsealed

    store = await opened(tmp_path)
    long = [entry(f"ent_{number}", text=MARK * 2_000) for number in range(20)]
    with monkeypatch.context() as older:
        older.setattr(store.keyring, "sealer", no_seal)
        await store.commit([], long)
    assert MARK.encode() in on_disk(tmp_path)
    destroy = DestroyDataKeys((), NOON, ANA, tuple(range(20)))
    hold = LegalHold(LegalHoldId("hld_1"), ANA, "a case", BEN, NOON)
    await store.commit([PutLegalHold(hold)], [])
    with pytest.raises(ConflictFault, match="legal hold"):
        await store.commit([destroy], [])
    lifted = replace(hold, lifted_by=BEN, lifted_at=NOON)
    await store.commit([PutLegalHold(lifted)], [])
    await store.commit([destroy], [entry("ent_gone")])
    assert MARK.encode() not in on_disk(tmp_path)
    assert {each.payload for each in await store.entries()} == {None}
    await store.close()
