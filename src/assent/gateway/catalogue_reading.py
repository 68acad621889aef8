"""Reads a catalogue over a connection of the gateway's own, all of it as of one moment."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeAlias

import asyncpg

from assent.core.faults import OutsideFault
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.gateway.own_connection import own_connection
from assent.protocols.postgres.catalogue import expression_queries, queries
from assent.protocols.postgres.catalogue.build import build
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.catalogue.rows import Rows

READ_WITHIN_S = 30.0

Fetch: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was read. stamp: differs once the target has changed; empty when parts were locked."""

    catalogue: Catalogue
    stamp: str


@asynccontextmanager
async def reading(
    target: Target, database: str, user: str, password: Secret[str]
) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection inside of a read-only transaction that sees one moment.

    Raises OutsideFault `target-unreachable` or `catalogue-unreadable`.
    """
    try:
        async with (
            asyncio.timeout(READ_WITHIN_S),
            own_connection(target, database, user, password) as connection,
        ):
            await connection.execute(queries.BEGIN)
            yield connection
            await connection.execute("rollback")
    except TimeoutError as fault:
        raise _unreadable(target, database, f"within {READ_WITHIN_S:.0f} s") from fault
    except asyncpg.PostgresError as fault:
        raise _unreadable(target, database, f"(SQLSTATE {fault.sqlstate})") from fault
    except (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError) as fault:
        raise _unreadable(target, database, "before the connection ended") from fault


async def stamp(connection: asyncpg.Connection) -> str:
    """Return what differs once anything was changed that a catalogue holds."""
    rows = await connection.fetch(queries.STAMP)
    return sha256(repr(sorted(tuple(row) for row in rows)).encode()).hexdigest()


async def snapshot(connection: asyncpg.Connection, before: Catalogue | None) -> Snapshot:
    """Return all that the database holds. before: stands for definitions that are locked now."""
    seen = await stamp(connection)
    rows, locked = await _rows(connection)
    # The loop has sessions to serve meanwhile.
    catalogue = await asyncio.to_thread(build, rows, before)
    return Snapshot(catalogue, "" if locked else seen)


async def _rows(connection: asyncpg.Connection) -> tuple[Rows, bool]:
    """Return the rows of all queries, and whether there are locked definitions."""
    fetch: Fetch = connection.fetch
    version = connection.get_server_version().major
    locked: Sequence[int] = [oid for (oid,) in await fetch(queries.LOCKED)]
    rows = Rows(
        schemas=await fetch(queries.SCHEMAS),
        relations=await fetch(queries.RELATIONS, locked),
        columns=await fetch(queries.COLUMNS),
        inheritance=await fetch(queries.INHERITANCE),
        triggers=await fetch(queries.TRIGGERS),
        rules=await fetch(queries.RULES, locked),
        keys=await fetch(queries.KEYS),
        generated=await fetch(expression_queries.GENERATED),
        sequences=await fetch(expression_queries.SEQUENCES),
        runs=await fetch(expression_queries.RUNS),
        builtin_runs=await fetch(expression_queries.BUILTIN_RUNS),
        policy_reads=await fetch(expression_queries.POLICY_READS),
        types=await fetch(queries.types(version)),
        type_names=await fetch(queries.type_names(version)),
        type_runs=await fetch(expression_queries.TYPE_RUNS),
        builtin_type_runs=await fetch(expression_queries.BUILTIN_TYPE_RUNS),
        routines=await fetch(queries.routines(version), locked),
        defaults=await fetch(expression_queries.DEFAULTS),
        builtin_defaults=await fetch(expression_queries.BUILTIN_DEFAULTS),
        aggregates=await fetch(queries.AGGREGATES),
        operators=await fetch(queries.OPERATORS),
        casts=await fetch(queries.CASTS),
        event_triggers=await fetch(queries.EVENT_TRIGGERS),
        builtins=await fetch(queries.BUILTINS),
    )
    return rows, bool(locked)


def _unreadable(target: Target, database: str, why: str) -> OutsideFault:
    return OutsideFault(
        "catalogue-unreadable",
        f"the names that `{database[:80]}` of target `{target.name}` holds could not be read {why}",
    )
