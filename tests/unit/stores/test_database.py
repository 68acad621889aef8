"""A store is opened privately, durably, and only where it would not forget."""

from pathlib import Path

import pytest
from sqlalchemy import Connection

from assent.core.faults import OperatorFault, OutsideFault
from assent.stores.database import FILE_NAME, SqliteDatabase, locate


def test_a_new_folder_and_its_file_belong_to_their_owner_alone(tmp_path: Path) -> None:
    locate(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made_is_an_outside_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutsideFault, match="cannot be opened"):
        locate(tmp_path / "file")


@pytest.mark.parametrize("url", ["mysql://x/y", "no url", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_is_no_store_is_refused(url: str) -> None:
    with pytest.raises(OperatorFault):
        locate(url)


async def test_a_commit_is_on_disk_and_references_are_checked(tmp_path: Path) -> None:
    database = SqliteDatabase(locate(tmp_path))

    def settings(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [connection.exec_driver_sql(f"pragma {name}").scalar() for name in names]

    assert await database.write(settings) == ["wal", 2, 1, 5_000]
    await database.close()


async def test_reading_then_writing_loses_no_update(tmp_path: Path) -> None:
    databases = [SqliteDatabase(locate(tmp_path)) for _ in range(3)]
    await databases[0].write(
        lambda connection: connection.exec_driver_sql("create table counter as select 0 as n")
    )

    def count(connection: Connection) -> None:
        number = connection.exec_driver_sql("select n from counter").scalar_one()
        connection.exec_driver_sql("update counter set n = ?", (number + 1,))

    for _ in range(10):
        for database in databases:
            await database.write(count)
    found = await databases[0].read(
        lambda connection: connection.exec_driver_sql("select n from counter").scalar_one()
    )
    for database in databases:
        await database.close()
    assert found == 30
