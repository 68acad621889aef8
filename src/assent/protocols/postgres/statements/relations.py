"""What is behind the tables that a text names: the server's own part of what it does."""

from collections.abc import Iterator
from typing import Final

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.catalogue.model import Catalogue, Relation
from assent.protocols.postgres.statements import keys, triggers, views
from assent.protocols.postgres.statements.definitions import note_effects
from assent.protocols.postgres.statements.findings import Findings, Key
from assent.protocols.postgres.statements.names import CATALOGUE, TEMPORARY, full_name, split_full
from assent.protocols.postgres.statements.walk import Reader

MAX_CHILDREN: Final = 1_000
MAX_FOLLOWED: Final = 4_000

_DOWN: Final = ("partition of ", "inherits ")
_UP: Final = ("partition ", "inherited by ")
_REACH_CHILDREN: Final = frozenset(
    f"sql.{verb}"
    for verb in (
        "read", "update", "delete", "truncate", "lock", "maintain", "alter", "drop", "insert",
    )
)  # fmt: skip
_SYSTEM: Final = frozenset({CATALOGUE, "information_schema", TEMPORARY, "pg_toast"})


def look_behind(reader: Reader, _: pb.ParseResult) -> None:
    """Add what the server does because of what has been found, until nothing more comes."""
    if reader.names.catalogue is None:
        return
    done: dict[Key, int] = {}
    waiting = _waiting(reader.findings, done)
    while waiting:
        for key in waiting:
            done[key] = len(reader.findings.touched[key])
            _follow(reader, key)
        if len(done) > MAX_FOLLOWED:
            problem = "too much happens because of it: partitions, foreign keys and triggers"
            reader.findings.unknown("Object", "statement", problem)
            break
        waiting = _waiting(reader.findings, done)
    triggers.on_definition(reader)
    note_effects(reader)


def _waiting(findings: Findings, done: dict[Key, int]) -> list[Key]:
    """Return touches on tables that are new, or have got more columns since."""
    return [
        key
        for key, columns in findings.touched.items()
        if key[1].kind == "Table" and key not in findings.settled and done.get(key) != len(columns)
    ]


def _follow(reader: Reader, key: Key) -> None:
    verb, resource, through = key
    catalogue = reader.names.catalogue
    relation = reader.names.find_full(resource.name)
    if relation is None or catalogue is None:
        _unresolved(reader.findings, verb, resource.name)
        return
    is_below = through.startswith(_DOWN)
    if through.startswith(_UP) and not is_below:
        # The parent's name is there for what is written about the parent.
        return
    columns = set(reader.findings.touched[key])
    if not is_below:
        _above(reader, catalogue, verb, relation, columns)
    _below(reader, catalogue, verb, relation, columns, is_below=is_below)
    if verb == "sql.read":
        _computed(reader, relation, columns, through)
    views.follow(reader, verb, relation, columns)
    triggers.follow(reader, verb, relation, _parents(catalogue, relation) if is_below else ())
    keys.follow(reader, verb, relation, columns)
    if relation.server and not _only_locked(reader.findings, resource.name):
        with reader.findings.by(f"foreign table {resource.name}"):
            reader.findings.touch("sql.execute", "Object", relation.server)


def _unresolved(findings: Findings, verb: str, full: str) -> None:
    """Note a name that the target is not known to have; one that is made here is none."""
    parts = split_full(full)
    made = any(("sql.create", kind, full) in _created(findings) for kind in ("Table", "Object"))
    renamed = any(full == new for new, _ in findings.renames)
    if verb == "sql.create" or made or parts is None or renamed:
        return
    if parts[0] not in _SYSTEM and not parts[0].startswith("pg_temp_"):
        findings.unresolved.add(full)


def _created(findings: Findings) -> Iterator[tuple[str, str, str]]:
    for verb, resource, _ in findings.touched:
        yield verb, resource.kind, resource.name


def _parents(catalogue: Catalogue, relation: Relation) -> tuple[Relation, ...]:
    found = (catalogue.by_oid.get(oid) for oid in relation.parents)
    return tuple(parent for parent in found if parent is not None)


def _above(
    reader: Reader, catalogue: Catalogue, verb: str, relation: Relation, columns: set[str]
) -> None:
    """Note a parent, and its own, where a table below it is named: its rules hold for both."""
    waiting, seen = [relation], {relation.oid}
    while waiting:
        child = waiting.pop()
        for parent in _parents(catalogue, child):
            if parent.oid in seen:
                continue
            seen.add(parent.oid)
            waiting.append(parent)
            word = "partition" if parent.kind == "p" else "inherited by"
            with reader.findings.by(f"{word} {full_name(relation)}"):
                known = columns & {"*", *parent.columns}
                reader.findings.touch(verb, "Table", full_name(parent), known)


def _below(
    reader: Reader,
    catalogue: Catalogue,
    verb: str,
    relation: Relation,
    columns: set[str],
    *,
    is_below: bool,
) -> None:
    """Note tables right below one; what is below those follows when they are looked at."""
    full = full_name(relation)
    findings = reader.findings
    if not relation.children or verb not in _REACH_CHILDREN:
        return
    if (full in findings.only and full not in findings.whole and not is_below) or (
        verb == "sql.insert" and relation.kind != "p"
    ):
        return
    if not is_below and _count_below(catalogue, relation) > MAX_CHILDREN:
        problem = f"more than {MAX_CHILDREN} tables are below `{full}`, which are not looked at"
        findings.unknown("Table", full, problem)
        return
    word = "partition of" if relation.kind == "p" else "inherits"
    for oid in relation.children:
        child = catalogue.by_oid.get(oid)
        if child is not None:
            with findings.by(f"{word} {full}"):
                findings.touch(verb, "Table", full_name(child), columns & {"*", *child.columns})
            if _only_locked(findings, full):
                findings.locked.add(full_name(child))
            else:
                findings.whole.add(full_name(child))


def _computed(reader: Reader, relation: Relation, columns: set[str], through: str) -> None:
    """Note what a computed column that is read is computed from."""
    wanted = {one for name, used in relation.generated if name in columns for one in used}
    if wanted - columns and "*" not in columns:
        full = full_name(relation)
        with reader.findings.by(through or f"computed column of {full}"):
            reader.findings.touch("sql.read", "Table", full, wanted)


def _only_locked(findings: Findings, full: str) -> bool:
    return full in findings.locked and full not in findings.whole and full not in findings.only


def _count_below(catalogue: Catalogue, relation: Relation) -> int:
    """Return how many tables are below one, no further than the bound."""
    seen: set[int] = set()
    waiting = list(relation.children)
    while waiting and len(seen) <= MAX_CHILDREN:
        oid = waiting.pop()
        child = catalogue.by_oid.get(oid)
        if oid not in seen and child is not None:
            seen.add(oid)
            waiting += child.children
    return len(seen)
