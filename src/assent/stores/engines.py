"""Connections: how SQLite and PostgreSQL are opened so that they keep what they took.

Reading and writing have engines of their own, so that no reader waits for the disk.
"""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from assent.core.faults import OperatorFault, OutsideFault

FILE_NAME = "assent.db"
_BUSY_FOR_MS = 5_000
_POOL_WAIT_S = 10
_READERS = 3
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}


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
    except ArgumentError as cause:
        raise OperatorFault("store-address", "the store's address is not a URL") from cause
    backend = url.get_backend_name()
    if backend not in _DRIVERS:
        raise OperatorFault(
            "store-address", f"the store cannot be `{backend}`; use `sqlite` or `postgresql`"
        )
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


def writing_engine(url: URL) -> AsyncEngine:
    """Return an engine of one connection, whose transactions take the write lock at once.

    The driver's own way of beginning (at the first write) lets two read-then-write
    transactions lose an update in silence.
    """
    if url.get_backend_name() != "sqlite":
        return create_async_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True)
    engine = create_async_engine(
        url, pool_size=1, max_overflow=0, pool_timeout=_POOL_WAIT_S, pool_reset_on_return=None
    )
    event.listen(engine.sync_engine, "connect", _prepare_writer)
    event.listen(engine.sync_engine, "begin", _begin_immediate)
    return engine


def reading_engine(url: URL) -> AsyncEngine:
    """Return an engine of a few connections that cannot write.

    Each statement is a snapshot of its own; no read of ours needs more than one statement.
    """
    pool: dict[str, Any] = {
        "pool_size": _READERS,
        "max_overflow": 0,
        "pool_timeout": _POOL_WAIT_S,
        "isolation_level": "AUTOCOMMIT",
        "skip_autocommit_rollback": True,
    }
    if url.get_backend_name() != "sqlite":
        settings = {"default_transaction_read_only": "on"}
        return create_async_engine(
            url, **pool, pool_pre_ping=True, connect_args={"server_settings": settings}
        )
    engine = create_async_engine(url, **pool)
    event.listen(engine.sync_engine, "connect", _prepare_reader)
    return engine


def _prepare_writer(connection: Any, _record: object) -> None:
    # None means that nobody but us begins a transaction.
    connection.isolation_level = None
    _pragmas(connection, "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")


def _prepare_reader(connection: Any, _record: object) -> None:
    _pragmas(connection, "query_only = ON")


def _pragmas(connection: Any, *settings: str) -> None:
    cursor = connection.cursor()
    for setting in (f"busy_timeout = {_BUSY_FOR_MS}", *settings):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
