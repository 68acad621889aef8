"""Data keys moved from one master key to another: what they sealed stays as it is."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import structlog
from sqlalchemy import Connection, select, update

from assent.core.data_key import DataKey
from assent.core.ports import MasterKey
from assent.stores import audit_rows as rows
from assent.stores.audit_tables import data_keys
from assent.stores.database import Database

_AT_ONCE = 256

_log = structlog.get_logger("store")


async def rewrap(database: Database, former: MasterKey, master: MasterKey) -> None:
    """Wrap anew every key in use that `former` wrapped. It may be stopped and begun again.

    Raises OutsideFault where one of the two cannot be asked, OperatorFault where a key was not
    wrapped by `former`; those before it are moved then.
    """
    moved = 0
    while former.name != master.name:
        found = await database.read(partial(_wrapped_by, master=former.name))
        if not found:
            break
        again = [await _wrapped_anew(key, former, master) for key in found]
        await database.write(partial(_keep, found=found, again=again))
        moved += len(again)
    if moved:
        await database.tidy()
        _log.info("data-keys-wrapped-anew", keys=moved, master=master.name)


async def _wrapped_anew(key: DataKey, former: MasterKey, master: MasterKey) -> DataKey:
    secret = await former.unwrap(key.wrapped or b"", key.id)
    return replace(key, wrapped=await master.wrap(secret, key.id), master=master.name)


def _wrapped_by(connection: Connection, master: str) -> list[DataKey]:
    columns = data_keys.c
    wanted = select(data_keys).where(columns.master == master, columns.wrapped.is_not(None))
    found = connection.execute(wanted.order_by(columns.id).limit(_AT_ONCE))
    return [rows.data_key_of(row._asdict()) for row in found]


def _keep(connection: Connection, found: Sequence[DataKey], again: Sequence[DataKey]) -> None:
    columns = data_keys.c
    for before, after in zip(found, again, strict=True):
        # One that was destroyed meanwhile stays destroyed.
        same = (columns.id == before.id) & (columns.wrapped == before.wrapped)
        moved = update(data_keys).where(same)
        connection.execute(moved.values(wrapped=after.wrapped, master=after.master))
