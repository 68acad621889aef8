"""What foreign keys do to the tables that refer to one whose rows go or change."""

from collections.abc import Iterator
from typing import Final

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.catalogue.model import ForeignKey, Relation
from assent.protocols.postgres.statements.names import full_name
from assent.protocols.postgres.statements.walk import Reader

_CHANGES_COLUMNS: Final = frozenset({"set null", "set default"})


def follow(reader: Reader, verb: str, relation: Relation, columns: set[str]) -> None:
    """Note what a delete or an update does to rows that refer to these."""
    for key in relation.referenced_by:
        action = key.on_delete if verb == "sql.delete" else key.on_update
        if verb == "sql.update" and not columns & {"*", *key.referenced}:
            continue
        if verb in ("sql.delete", "sql.update"):
            _act(reader, verb, action, key)


def _act(reader: Reader, verb: str, action: str, key: ForeignKey) -> None:
    changes = action in _CHANGES_COLUMNS or (verb == "sql.update" and action == "cascade")
    if not changes and action != "cascade":
        return
    other = reader.names.catalogue.by_oid.get(key.table) if reader.names.catalogue else None
    with reader.findings.by(f"foreign key {key.name}"):
        if other is None:
            problem = f"cannot see which table the foreign key `{key.name}` changes"
            reader.findings.unknown("Table", "*", problem)
        elif changes:
            reader.findings.touch("sql.update", "Table", full_name(other), key.columns)
        else:
            reader.findings.touch("sql.delete", "Table", full_name(other))


def truncate_referring(reader: Reader, node: pb.TruncateStmt) -> None:
    """Note what TRUNCATE … CASCADE empties besides, whatever the keys say of deletes."""
    tables = [reader.names.find_full(reader.table(item.range_var)) for item in node.relations]
    if any(table is None for table in tables):
        reader.findings.touch("sql.truncate", "Table", "*")
    seen: set[int] = set()
    for table in tables:
        for key, other in _referring(reader, table, seen) if table else ():
            with reader.findings.by(f"foreign key {key}"):
                reader.findings.touch("sql.truncate", "Table", full_name(other))


def _referring(
    reader: Reader, relation: Relation, seen: set[int]
) -> Iterator[tuple[str, Relation]]:
    """Yield all tables that refer to one, and to those in turn, with the key's name."""
    catalogue = reader.names.catalogue
    waiting = [relation]
    while waiting and catalogue is not None:
        current = waiting.pop()
        below = (catalogue.by_oid.get(oid) for oid in current.children)
        waiting += [child for child in below if child is not None and child.oid not in seen]
        seen.add(current.oid)
        for key in current.referenced_by:
            other = catalogue.by_oid.get(key.table)
            if other is not None and other.oid not in seen:
                seen.add(other.oid)
                waiting.append(other)
                yield key.name, other
