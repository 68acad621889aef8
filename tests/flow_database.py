"""A catalogue of a real database, as flows need it, read without the gateway."""

from typing import Any

import psycopg

from assent.protocols.postgres.catalogue.model import Catalogue, Relation, Routine

_RELATIONS = """
select c.oid, n.nspname, c.relname, c.relkind::text,
    array(select a.attname::text from pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum),
    array(select a.attnum::int from pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum),
    case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) else '' end
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = any(%s) and c.relkind in ('r', 'p', 'v', 'm', 'f')
"""
_ROUTINES = """
select p.oid, n.nspname, p.proname, p.prokind::text, p.pronargs, l.lanname, p.provolatile::text
from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
where n.nspname = any(%s)
"""


def catalogue_of(connection: psycopg.Connection[Any], *schemas: str) -> Catalogue:
    """Return what the server says that these schemas hold."""
    wanted = list(schemas) or ["public"]
    with connection.cursor() as cursor:
        cursor.execute("set search_path = ''")
        relations = [
            Relation(oid, schema, name, kind, tuple(columns), tuple(numbers), definition=text)
            for oid, schema, name, kind, columns, numbers, text in cursor.execute(
                _RELATIONS, [wanted]
            )
        ]
        routines = [
            Routine(oid, schema, name, kind, (count, count), language, volatility)
            for oid, schema, name, kind, count, language, volatility in cursor.execute(
                _ROUTINES, [wanted]
            )
        ]
        cursor.execute("reset search_path")
    return Catalogue("read for a test", relations, routines)


def described(connection: psycopg.Connection[Any], query: str) -> list[tuple[str, int, int]]:
    """Return name, table and number of each column of a result, without running anything."""
    prepared = connection.pgconn.prepare(b"", query.encode())
    if prepared.error_message:
        raise ValueError(f"`{query}`: {prepared.error_message.decode()}")
    result = connection.pgconn.describe_prepared(b"")
    return [
        ((result.fname(place) or b"").decode(), result.ftable(place), result.ftablecol(place))
        for place in range(result.nfields)
    ]
