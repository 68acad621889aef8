"""Looks at samples of a target's values, through a connection of the gateway's own.

A value is looked at and let go: none is kept, logged, returned or part of an error.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import asyncpg

from assent.content.detectors import Scanner
from assent.content.patterns import OwnPattern
from assent.core.faults import OutsideFault
from assent.core.label import Sampled
from assent.core.ports import CredentialBroker
from assent.core.resource import Target
from assent.gateway.own_connection import own_connection
from assent.protocols.postgres.statements.names import quoted

MOST_COLUMNS = 20_000
LONGEST_VALUE = 1_024
"""Of a value, so many characters are looked at."""
_MOST_AT_ONCE = 16 << 20
_MOST_COLUMNS_AT_ONCE = 64
_FEW = 5
# From so many rows on, pages are picked at random; of less, the first rows are taken.
_MANY_ROWS = 10_000

# Row security is off so that a table with policies is refused: they may call anything. Views and
# foreign tables are left out because reading one runs what somebody else wrote.
_BEGIN = """
begin transaction read only;
set local search_path = '';
set local row_security = off;
set local lock_timeout = '1s';
set local statement_timeout = '5s';
set local jit = off
"""

_COLUMNS = """
select n.nspname::text, c.relname::text, c.relkind::text, c.reltuples::float8, a.attname::text
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_type b on b.oid = t.typbasetype and t.typtype = 'd'
where c.relkind in ('r', 'p', 'm') and not c.relispartition and c.relpersistence <> 't'
    and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v'
    and coalesce(b.typname, t.typname) = any ('{
        text, varchar, bpchar, name, citext, json, jsonb, xml, inet, int8, numeric
    }'::name[])
    and pg_catalog.has_schema_privilege(n.oid, 'usage')
    and pg_catalog.has_column_privilege(c.oid, a.attnum, 'select')
order by 1, 2, a.attnum
limit $1
"""


@dataclass(frozen=True, slots=True)
class _Table:
    """A table with the columns that can hold text. rows: the server's estimate, -1 for none."""

    schema: str
    name: str
    kind: str
    rows: float
    columns: tuple[str, ...]

    @property
    def full_name(self) -> str:
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def sql(self) -> str:
        return f"{_identifier(self.schema)}.{_identifier(self.name)}"


class LabelScan:
    """`core.ports.ValueSampler` on PostgreSQL. own: operators' own patterns of values."""

    def __init__(self, broker: CredentialBroker, own: Sequence[OwnPattern] = ()) -> None:
        self._broker = broker
        self._own = tuple(own)

    async def sample(
        self,
        target: Target,
        labels: Sequence[str],
        most: int,
        told: Callable[[int, int, int], None],
    ) -> AsyncGenerator[Sampled, None]:
        """Yield what the values of each column look like, in all databases of the target."""
        scanner = Scanner(labels, self._own)
        user, password = await self._broker.standing(target)
        done, known, left_out = 0, 0, 0
        for database in (target.database, *target.databases):
            prefix = "" if database == target.database else f"{quoted(database)}."
            async with own_connection(target, database, user, password) as connection:
                tables = await _tables(connection, target)
                known += len(tables)
                for table in tables:
                    told(done, known, left_out)
                    try:
                        async for found in _sampled(connection, table, scanner, most, prefix):
                            yield found
                    except asyncpg.PostgresError:
                        # Without its text, which may hold a value. The other tables go on.
                        left_out += 1
                    except _AWAY as fault:
                        raise _away(target) from fault
                    done += 1
        told(done, known, left_out)


_AWAY = (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def _away(target: Target) -> OutsideFault:
    words = f"target `{target.name}` went away during the scan; what was found is kept"
    return OutsideFault("target-unreachable", words)


async def _tables(connection: asyncpg.Connection, target: Target) -> list[_Table]:
    try:
        found = await _fetch(connection, _COLUMNS, MOST_COLUMNS)
    except (asyncpg.PostgresError, *_AWAY) as fault:
        raise _away(target) from fault
    columns: dict[tuple[str, str, str, float], list[str]] = {}
    for schema, name, kind, rows, column in found:
        columns.setdefault((schema, name, kind, rows), []).append(column)
    return [_Table(*table, tuple(names)) for table, names in columns.items()]


async def _sampled(
    connection: asyncpg.Connection, table: _Table, scanner: Scanner, most: int, prefix: str
) -> AsyncGenerator[Sampled, None]:
    at_once = max(1, min(_MOST_COLUMNS_AT_ONCE, _MOST_AT_ONCE // (most * LONGEST_VALUE)))
    for start in range(0, len(table.columns), at_once):
        names = table.columns[start : start + at_once]
        rows = await _rows(connection, table, names, most)
        for place, name in enumerate(names):
            values = [row[place] for row in rows if row[place] is not None]
            if len(values) < _FEW and len(rows) >= most:
                # Mostly empty: those that are there have to be looked for.
                values = await _present(connection, table, name, most)
            matched = await asyncio.to_thread(_tally, scanner, values)
            full_name = f"{prefix}{table.full_name}.{quoted(name)}"
            yield Sampled(full_name, len(values), matched)


async def _rows(
    connection: asyncpg.Connection, table: _Table, names: Sequence[str], most: int
) -> list[asyncpg.Record]:
    # Names come from the server's own catalogue, and are quoted.
    wanted = f"select {', '.join(_text(name) for name in names)} from {table.sql}"  # noqa: S608
    if table.rows >= max(_MANY_ROWS, 10 * most):
        percent = min(100.0, max(0.0001, 500.0 * most / table.rows))
        picked = f"{wanted} tablesample pg_catalog.system ({percent:.4f}) limit $1"
        rows = await _fetch(connection, picked, most)
        if rows:
            return rows
    return await _fetch(connection, f"{wanted} limit $1", most)


async def _present(
    connection: asyncpg.Connection, table: _Table, name: str, most: int
) -> list[str]:
    column = _identifier(name)
    wanted = f"select {_text(name)} from {table.sql} where {column} is not null limit $1"  # noqa: S608
    try:
        return [row[0] for row in await _fetch(connection, wanted, most)]
    except asyncpg.QueryCanceledError:
        return []


async def _fetch(connection: asyncpg.Connection, query: str, most: int) -> list[asyncpg.Record]:
    await connection.execute(_BEGIN)
    try:
        found: list[asyncpg.Record] = await connection.fetch(query, most)
    finally:
        if not connection.is_closed():
            await connection.execute("rollback")
    return found


def _tally(scanner: Scanner, values: Iterable[str]) -> dict[str, int]:
    """Return how many of the values look like each label."""
    found: Counter[str] = Counter()
    for value in values:
        found.update(_looks_like(scanner, value.encode("utf-8", "replace")))
    return dict(found)


def _looks_like(scanner: Scanner, value: bytes) -> Iterator[str]:
    if scanner.search(value):
        yield from {label for _, _, label in scanner.spans(value)}


def _text(name: str) -> str:
    return f"pg_catalog.left({_identifier(name)}::pg_catalog.text, {LONGEST_VALUE})"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
