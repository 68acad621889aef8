"""Where the data lives, opened so that it keeps what it took: SQLite or PostgreSQL.

Both take plain functions of a connection, so there is one set of statements for the two.
Reading and writing have connections of their own: no reader waits for the disk.
"""

import asyncio
import errno
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from assent.core.faults import OperatorFault, OutsideFault

Result = TypeVar("Result")

FILE_NAME = "assent.db"
_BUSY_FOR_MS = 5_000
POOL_WAIT_S = 10
READERS = 3
# What is deleted is zeroed in its page: a key that was destroyed must not lie there.
_FORGETFUL = "secure_delete = FAST"
_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+asyncpg"}


def locate(where: Path | str) -> URL:
    """Return the address of the database: a file in the folder `where`, or the URL `where`.

    A folder and its file are created for their owner alone, because the log's payloads hold
    what people wrote. Raises OperatorFault for a URL that is none of ours, OutsideFault when
    the folder cannot be made.
    """
    if isinstance(where, Path):
        return URL.create(_DRIVERS["sqlite"], database=str(_private_file(where)))
    try:
        url = make_url(where)
    except (ArgumentError, ValueError) as cause:
        raise OperatorFault("store-address", "the store's address is not a URL") from cause
    backend = url.get_backend_name()
    if backend not in _DRIVERS:
        raise OperatorFault(
            "store-address", f"the store cannot be `{backend}`; use `sqlite` or `postgresql`"
        )
    if backend == "sqlite" and url.database in (None, "", ":memory:"):
        raise OperatorFault("store-address", "a store in memory would forget; name a file")
    return url.set(drivername=_DRIVERS[backend])


def _private_file(folder: Path) -> Path:
    path = folder / FILE_NAME
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as cause:
        raise OutsideFault(
            "store-unavailable", f"`{path}` cannot be opened: {cause.strerror}"
        ) from cause
    return path


class Database(Protocol):
    """Runs functions on a connection, each in a transaction of its own."""

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returned once it is durable; undo all of it when it raised."""
        ...

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returned; it cannot write, and each statement is a snapshot."""
        ...

    async def tidy(self) -> bool:
        """Leave no copy of what was overwritten where that can be done; return whether it was."""
        ...

    async def close(self) -> None:
        """Let go of all connections."""
        ...


def database_at(url: URL) -> Database:
    """Return the database at `url`; nothing is opened before the first use."""
    if url.get_backend_name() == "sqlite":
        return SqliteDatabase(url)
    # SQLAlchemy's asyncio half imports its ORM; whoever runs on SQLite starts without both.
    from assent.stores.postgres_database import PostgresDatabase

    return PostgresDatabase(url)


def check_open(closed: bool) -> None:
    if closed:
        raise OutsideFault("store-unavailable", "the store is closed")


class SqliteDatabase:
    """SQLite on threads of its own: one that writes, a few that read.

    A whole transaction is one hop to its thread. A driver that hops for every call takes
    five times as long for a small commit (docs/decisions/0002).
    """

    def __init__(self, url: URL) -> None:
        self._writer = _sqlite_engine(url, 1, _prepare_writer)
        event.listen(self._writer, "begin", _begin_immediate)
        self._reader = _sqlite_engine(url, READERS, _prepare_reader)
        self._writing = ThreadPoolExecutor(1, "store-writer")
        self._reading = ThreadPoolExecutor(READERS, "store-reader")
        self._closed = False

    async def write(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returned once it is on disk."""

        check_open(self._closed)

        def transact() -> Result:
            with self._writer.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._writing, transact)

    async def read(self, work: Callable[[Connection], Result]) -> Result:
        """Return what `work` returned."""

        check_open(self._closed)

        def look() -> Result:
            with self._reader.connect() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._reading, look)

    async def tidy(self) -> bool:
        """Write the write-ahead log back and cut it; return False while somebody reads it.

        Raises OSError.
        """
        check_open(self._closed)

        def cut() -> bool:
            connection = self._writer.raw_connection()
            try:
                cursor = connection.cursor()
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                cursor.close()
                return not busy
            except sqlite3.Error as cause:
                raise OSError(errno.EIO, str(cause)) from cause
            finally:
                connection.close()

        return await asyncio.get_running_loop().run_in_executor(self._writing, cut)

    async def close(self) -> None:
        """Wait for what runs, then close the files."""
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        for executor, engine in ((self._reading, self._reader), (self._writing, self._writer)):
            await loop.run_in_executor(executor, engine.dispose)
            executor.shutdown(wait=False)


def _sqlite_engine(url: URL, size: int, prepare: Callable[[Any, object], None]) -> Engine:
    engine = create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        pool_reset_on_return=None,
        connect_args={"check_same_thread": False},
    )
    event.listen(engine, "connect", prepare)
    return engine


def _prepare_writer(connection: Any, _record: object) -> None:
    _prepare(
        connection, "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", _FORGETFUL
    )


def _prepare_reader(connection: Any, _record: object) -> None:
    _prepare(connection, "query_only = ON")


def _prepare(connection: Any, *settings: str) -> None:
    # INVARIANT: nobody but us begins a transaction. The driver's own way, at the first write,
    # lets two read-then-write transactions lose an update in silence.
    connection.isolation_level = None
    cursor = connection.cursor()
    for setting in (f"busy_timeout = {_BUSY_FOR_MS}", *settings):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
