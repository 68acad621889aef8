"""What a server says before roles are made or taken away. All names are pg_catalog's, in full."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from assent.core.lease import Privileges
from assent.credentials.quoting import table_parts
from assent.credentials.role_statements import SESSION_PREFIX, SET_PREFIX, Relation

_PRIVILEGES = ("select", "insert", "update", "delete", "truncate")

SERVER = """
select pg_catalog.current_setting('server_version_num')::int,
       pg_catalog.floor(extract(epoch from pg_catalog.now()))::bigint
"""

_RELATIONS = """
select c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text,
       pg_catalog.has_table_privilege(c.oid, 'select with grant option'),
       pg_catalog.has_table_privilege(c.oid, 'insert with grant option'),
       pg_catalog.has_table_privilege(c.oid, 'update with grant option'),
       pg_catalog.has_table_privilege(c.oid, 'delete with grant option'),
       pg_catalog.has_table_privilege(c.oid, 'truncate with grant option')
from unnest($1::text[], $2::text[]) as w(schema, name)
join pg_catalog.pg_namespace n on n.nspname = w.schema
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.name
where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and pg_catalog.has_schema_privilege(n.oid, 'usage')
"""

_COLUMNS = """
select a.attrelid::bigint, a.attname::text, a.attnum::int from pg_catalog.pg_attribute a
where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
"""

# What the defaults of a table's columns count with: an insert draws from it.
_SEQUENCES = """
select distinct s.oid::bigint, n.nspname::text, s.relname::text,
       pg_catalog.has_sequence_privilege(s.oid, 'usage with grant option')
from pg_catalog.pg_attrdef f
join pg_catalog.pg_depend d
  on d.classid = 'pg_catalog.pg_attrdef'::regclass and d.objid = f.oid
 and d.refclassid = 'pg_catalog.pg_class'::regclass
join pg_catalog.pg_class s on s.oid = d.refobjid and s.relkind = 'S'
join pg_catalog.pg_namespace n on n.oid = s.relnamespace
where f.adrelid = any($1::oid[])
"""

_ROLES = """
select r.rolname::text, pg_catalog.shobj_description(r.oid, 'pg_authid')
from pg_catalog.pg_roles r where pg_catalog.starts_with(r.rolname, $1)
"""

_IDLE_SETS = """
select r.rolname::text, pg_catalog.shobj_description(r.oid, 'pg_authid')
from pg_catalog.pg_roles r where pg_catalog.starts_with(r.rolname, $1)
 and not exists (
   select from pg_catalog.pg_auth_members m join pg_catalog.pg_roles s on s.oid = m.member
   where m.roleid = r.oid and pg_catalog.starts_with(s.rolname, $2))
"""

EXISTS = "select oid::bigint from pg_catalog.pg_roles where rolname = $1"

TERMINATE = """
select pg_catalog.pg_terminate_backend(a.pid, 5000) from pg_catalog.pg_stat_activity a
where a.usesysid = (select oid from pg_catalog.pg_roles where rolname = $1)
"""

# What belongs to a role or names it, by database; empty for what all databases share.
LEFT = """
select coalesce(d.datname::text, ''), pg_catalog.bool_or(s.deptype = 'o')
from pg_catalog.pg_shdepend s left join pg_catalog.pg_database d on d.oid = s.dbid
where s.refclassid = 'pg_catalog.pg_authid'::regclass and s.refobjid = $1::oid
 and s.classid <> 'pg_catalog.pg_auth_members'::regclass
group by 1
"""


@asynccontextmanager
async def plainly(connection: Any) -> AsyncIterator[None]:
    """Run a transaction in which nothing of the target's can stand in for what is meant."""
    async with connection.transaction():
        await connection.execute("set local search_path to ''")
        yield


async def session_roles(connection: Any) -> list[tuple[str, str | None]]:
    """Return the names of all roles of sessions, with their comments."""
    return [tuple(row) for row in await connection.fetch(_ROLES, SESSION_PREFIX)]


async def idle_sets(connection: Any) -> list[tuple[str, str | None]]:
    """Return the names of all roles of sets that no session's role is in, with their comments."""
    return [tuple(row) for row in await connection.fetch(_IDLE_SETS, SET_PREFIX, SESSION_PREFIX)]


async def relations(
    connection: Any, privileges: Privileges
) -> list[tuple[Relation, Mapping[str, frozenset[str]]]]:
    """Return the relations that are there of those that privileges name, with their verbs."""
    named = {
        parts: verbs for name, verbs in privileges.tables.items() if (parts := table_parts(name))
    }
    schemas, names = [parts[0] for parts in named], [parts[1] for parts in named]
    rows = await connection.fetch(_RELATIONS, schemas, names)
    by_column = [row[0] for row in rows if _names_columns(named[row[1], row[2]])]
    numbers: dict[int, dict[str, int]] = {}
    if by_column:
        for oid, column, number in await connection.fetch(_COLUMNS, by_column):
            numbers.setdefault(oid, {})[column] = number
    found = []
    for oid, schema, name, kind, *may in rows:
        grantable = frozenset(p for p, yes in zip(_PRIVILEGES, may, strict=True) if yes)
        relation = Relation(oid, schema, name, kind, grantable, numbers.get(oid, {}))
        found.append((relation, named[schema, name]))
    return found


def _names_columns(verbs: Mapping[str, frozenset[str]]) -> bool:
    return any(columns and "*" not in columns for columns in verbs.values())


async def sequences(connection: Any, tables: list[int]) -> list[Relation]:
    """Return the sequences that inserting into tables draws from."""
    if not tables:
        return []
    rows = await connection.fetch(_SEQUENCES, tables)
    return [
        Relation(oid, schema, name, "S", frozenset({"usage"} if may else ()), {})
        for oid, schema, name, may in rows
    ]
