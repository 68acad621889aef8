"""A store that does not add up is not opened, and signs nothing."""

import sqlite3
from pathlib import Path

import pytest

from assent.core.changes import PutRequest
from assent.core.faults import OperatorFault, OutsideFault
from assent.stores import SqlStore, open_store
from assent.stores.database import FILE_NAME
from conformance.store_builders import MASTER, SIGNER, CountedIds, StoppedClock, entry, request


async def _open(folder: Path) -> SqlStore:
    return await open_store(folder, SIGNER, CountedIds(), StoppedClock(), MASTER)


async def _log_of_three(folder: Path) -> None:
    store = await _open(folder)
    await store.commit([PutRequest(request())], [entry(f"ent_{n}", text="x") for n in range(3)])
    await store.publish()
    await store.close()


def _tamper(folder: Path, sql: str) -> None:
    connection = sqlite3.connect(folder / FILE_NAME)
    connection.executescript(sql)
    connection.close()


async def test_a_store_that_is_opened_again_goes_on_where_it_was(tmp_path: Path) -> None:
    await _log_of_three(tmp_path)
    store = await _open(tmp_path)
    before = await store.checkpoint()
    assert before is not None
    assert await store.publish() == before
    await store.commit([], [entry("ent_3")])
    assert [each.index for each in await store.entries()] == [0, 1, 2, 3]
    await store.close()


@pytest.mark.parametrize(
    "sql",
    [
        "drop trigger entries_refuse_delete; drop trigger payloads_refuse_delete;"
        "delete from payloads where leaf_index = 1; delete from entries where leaf_index = 1",
        "update frontier set size = 2, hashes = zeroblob(32)",
        "update frontier set hashes = zeroblob(31)",
        "delete from frontier",
        "drop trigger entries_refuse_delete; delete from payloads; delete from entries;"
        "update frontier set size = 0, hashes = x''",
    ],
)
async def test_a_log_that_does_not_add_up_is_not_opened(tmp_path: Path, sql: str) -> None:
    await _log_of_three(tmp_path)
    if "delete from payloads;" in sql:
        sql = "drop trigger payloads_refuse_delete;" + sql
    _tamper(tmp_path, sql)
    with pytest.raises(OperatorFault, match="restore the newest backup"):
        await _open(tmp_path)


async def test_a_second_root_for_a_signed_size_is_not_signed(tmp_path: Path) -> None:
    await _log_of_three(tmp_path)
    _tamper(tmp_path, "update frontier set hashes = zeroblob(64)")
    store = await _open(tmp_path)
    with pytest.raises(OperatorFault):
        await store.publish()
    await store.close()


async def test_a_file_that_is_no_database_is_an_outside_fault(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database" * 1_000)
    with pytest.raises(OutsideFault, match="cannot be opened"):
        await _open(tmp_path)


async def test_a_row_that_cannot_be_read_is_a_fault_and_not_a_guess(tmp_path: Path) -> None:
    await _log_of_three(tmp_path)
    _tamper(tmp_path, "update requests set state = 'odd'")
    store = await _open(tmp_path)
    with pytest.raises(OutsideFault, match="store-unreadable"):
        await store.requests()
    await store.close()
