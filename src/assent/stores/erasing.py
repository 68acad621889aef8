"""Data keys destroyed for good: in memory, in the table, and in what the database leaves behind."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from assent.core.changes import Change, DestroyDataKeys
from assent.core.faults import ConflictFault, OperatorFault
from assent.core.ids import DataKeyId
from assent.stores.audit_tables import data_keys
from assent.stores.database import Database
from assent.stores.keyring import Keyring

_log = structlog.get_logger("store")


def destroyed(changes: Sequence[Change]) -> tuple[DataKeyId, ...] | None:
    """Return the keys that these changes destroy, None where they destroy nothing."""
    found = [each for each in changes if isinstance(each, DestroyDataKeys)]
    return tuple(key for each in found for key in each.keys) if found else None


@asynccontextmanager
async def destroying(
    keys: Sequence[DataKeyId], keyring: Keyring, database: Database
) -> AsyncIterator[None]:
    """Seal nothing under these keys from now on; in the block it is written that they are gone.

    Where that is refused they stand as before.
    """
    # Before it is written: an entry behind the one that says so must not need them.
    keyring.forget(keys)
    try:
        yield
    except ConflictFault:
        keyring.restore(keys)
        raise
    await tidied(database)


async def tidied(database: Database) -> None:
    """Leave no copy of keys that are destroyed; what cannot be cut out now is cut out later."""
    try:
        if await database.tidy():
            return
        why = "somebody was reading"
    except (SQLAlchemyError, OSError) as cause:
        why = str(cause)
    # They are destroyed; a copy may lie in the write-ahead log until it is written over.
    _log.warning("store-not-tidied", why=why)


def refuse_foreign(connection: Connection, master: str) -> None:
    """Raise OperatorFault where another master key wrapped keys that are in use."""
    columns = data_keys.c
    count = (
        select(columns.master, func.count().label("keys"))
        .where(columns.wrapped.is_not(None), columns.master != master)
        .group_by(columns.master)
    )
    found = connection.execute(count).first()
    if found is not None:
        raise OperatorFault(
            "master-key",
            f"`{found.master}` wrapped {found.keys} keys of the log, and the configuration names "
            f"`{master}`; restore that one, or name it as `former_master_key` to have them "
            "wrapped anew",
            "[audit] master_key",
        )
