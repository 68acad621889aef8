"""The rows that a server answered → one snapshot."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import TypeAlias, TypeVar

from msgspec import msgpack
from msgspec.structs import astuple, replace

from assent.protocols.postgres.catalogue.model import (
    NOT_READ,
    Catalogue,
    EventTrigger,
    ForeignKey,
    Relation,
    Rule,
    Trigger,
)
from assent.protocols.postgres.catalogue.routine_rows import routines_of
from assent.protocols.postgres.catalogue.rows import Rows
from assent.protocols.postgres.catalogue.running import Running, with_effects

Kept = TypeVar("Kept", bound=tuple[object, ...])
# Relation → names, numbers and types of its columns.
_Columns: TypeAlias = Mapping[int, tuple[tuple[str, ...], tuple[int, ...], tuple[int, ...]]]

# pg_trigger.tgtype.
_EVENTS = {4: "insert", 8: "delete", 16: "update", 32: "truncate"}
# pg_rewrite.ev_type.
_RULE_EVENTS = {"1": "select", "2": "update", "3": "insert", "4": "delete"}
# pg_constraint.confdeltype and confupdtype.
_ACTIONS = {
    "a": "no action",
    "r": "restrict",
    "c": "cascade",
    "n": "set null",
    "d": "set default",
}
_VERSION_BYTES = 16
_ROWS = Relation.__struct_fields__.index("rows")
_ENCODER = msgpack.Encoder(order="deterministic")


def build(rows: Rows, before: Catalogue | None = None) -> Catalogue:
    """Return the snapshot that rows are of.

    before: the one in force. What could not be asked for is as it was there; what is new
    and could not be asked for is NOT_READ, which nobody understands.
    """
    routines = routines_of(rows, before)
    effects = with_effects(rows)
    running = Running(rows, routines.keys() | effects.keys())
    for oid, called in running.of_defaults(rows).items():
        if oid in routines:
            routines[oid] = replace(routines[oid], defaults=tuple(sorted(called)))
    relations = _relations(rows, running, before)
    operators = _operators(rows)
    casts = running.of_casts(rows)
    event_triggers = tuple(EventTrigger(*row) for row in rows.event_triggers)
    schemas = sorted(name for (name,) in rows.schemas)
    builtins = dict(rows.builtins) | effects
    rest = (
        list(routines.values()),
        operators,
        sorted(casts.items()),
        event_triggers,
        schemas,
        sorted(builtins.items()),
    )
    return Catalogue(
        _version(relations, rest),
        relations,
        routines.values(),
        operators,
        casts,
        event_triggers,
        schemas,
        builtins,
    )


def _relations(rows: Rows, running: Running, before: Catalogue | None) -> list[Relation]:
    columns = _columns(rows)
    children, parents = _inheritance(rows)
    triggers, rules = _triggers(rows), _rules(rows, before)
    keys = _keys(rows, columns)
    runs, policy_runs = running.of_relations(rows), running.of_policies(rows)
    policy_reads = _by_relation(rows.policy_reads, columns)
    generated = _generated(rows, columns)
    sequences: dict[int, list[int]] = defaultdict(list)
    for relation, sequence in rows.sequences:
        sequences[relation].append(sequence)
    schemas: dict[str, str] = {}
    found = []
    for oid, schema, name, kind, query, indexes, server, secured, counted in rows.relations:
        names, numbers, types = columns.get(oid, ((), (), ()))
        found.append(
            Relation(
                oid, schemas.setdefault(schema, schema), name, kind, names, numbers, types,
                tuple(children.get(oid, ())), tuple(parents.get(oid, ())),
                _definition(oid, kind, query, before), tuple(triggers.get(oid, ())),
                tuple(rules.get(oid, ())), tuple(keys.get(oid, ())),
                tuple(sorted(runs.get(oid, ()))), counted, indexes, server, secured,
                tuple(sorted(policy_runs.get(oid, ()))), tuple(policy_reads.get(oid, ())),
                tuple(sequences.get(oid, ())), tuple(generated.get(oid, ())),
            )
        )  # fmt: skip
    found.sort(key=lambda one: one.oid)
    return found


def _columns(rows: Rows) -> _Columns:
    """Return relation → names, numbers and types of its columns.

    Tables tend to look alike: equal names and equal tuples are kept once.
    """
    words: dict[str, str] = {}
    names_kept: dict[tuple[str, ...], tuple[str, ...]] = {}
    oids_kept: dict[tuple[int, ...], tuple[int, ...]] = {}
    found = {}
    for relation, names, numbers, types in rows.columns:
        found[relation] = (
            _once(names_kept, tuple([words.setdefault(name, name) for name in names])),
            _once(oids_kept, tuple(numbers)),
            _once(oids_kept, tuple(types)),
        )
    return found


def _once(kept: dict[Kept, Kept], value: Kept) -> Kept:
    return kept.setdefault(value, value)


def _named(columns: _Columns, relation: int, numbers: Sequence[int]) -> tuple[str, ...]:
    """Return the names of columns; 0 is the relation as such, and none of them."""
    names, places, _ = columns.get(relation, ((), (), ()))
    by_number = dict(zip(places, names, strict=True))
    return tuple(by_number.get(number, "") for number in numbers if number)


def _by_relation(
    rows: Iterable[tuple[int, int, Sequence[int]]], columns: _Columns
) -> Mapping[int, list[tuple[int, tuple[str, ...]]]]:
    found: dict[int, list[tuple[int, tuple[str, ...]]]] = defaultdict(list)
    for relation, other, numbers in rows:
        found[relation].append((other, _named(columns, other, numbers)))
    return found


def _generated(rows: Rows, columns: _Columns) -> Mapping[int, list[tuple[str, tuple[str, ...]]]]:
    found: dict[int, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
    for relation, number, numbers in rows.generated:
        (name,) = _named(columns, relation, (number,))
        found[relation].append((name, _named(columns, relation, numbers)))
    return found


def _inheritance(rows: Rows) -> tuple[Mapping[int, list[int]], Mapping[int, list[int]]]:
    children: dict[int, list[int]] = defaultdict(list)
    parents: dict[int, list[int]] = defaultdict(list)
    for parent, child in rows.inheritance:
        children[parent].append(child)
        parents[child].append(parent)
    return children, parents


def _definition(oid: int, kind: str, query: str | None, before: Catalogue | None) -> str:
    if query is not None:
        return query.strip().removesuffix(";")
    if kind not in ("v", "m"):
        return ""
    known = before.by_oid.get(oid) if before else None
    return known.definition if known else NOT_READ


def _triggers(rows: Rows) -> Mapping[int, list[Trigger]]:
    found: dict[int, list[Trigger]] = defaultdict(list)
    for relation, name, bits, function in rows.triggers:
        events = frozenset(event for bit, event in _EVENTS.items() if bits & bit)
        found[relation].append(Trigger(name, events, function))
    return found


def _rules(rows: Rows, before: Catalogue | None) -> Mapping[int, list[Rule]]:
    found: dict[int, list[Rule]] = defaultdict(list)
    for relation, name, event, text in rows.rules:
        if text is None:
            text = _rule_before(before, relation, name)
        found[relation].append(Rule(name, _RULE_EVENTS.get(event, "select"), text))
    return found


def _rule_before(before: Catalogue | None, relation: int, name: str) -> str:
    known = before.by_oid.get(relation) if before else None
    rules = known.rules if known else ()
    return next((rule.definition for rule in rules if rule.name == name), NOT_READ)


def _keys(rows: Rows, columns: _Columns) -> Mapping[int, list[ForeignKey]]:
    """Return the relation referred to → the keys that refer to it."""
    found: dict[int, list[ForeignKey]] = defaultdict(list)
    for referenced, table, name, own, others, on_delete, on_update in rows.keys:
        found[referenced].append(
            ForeignKey(
                name,
                table,
                _named(columns, table, own),
                _named(columns, referenced, others),
                _ACTIONS[on_delete],
                _ACTIONS[on_update],
            )
        )
    return found


def _operators(rows: Rows) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = defaultdict(set)
    for _, name, function in rows.operators:
        found[name].add(function)
    return {name: tuple(sorted(functions)) for name, functions in found.items()}


def _version(relations: Iterable[Relation], rest: tuple[object, ...]) -> str:
    """Return a digest of everything but how many rows there are."""
    digest = blake2b(digest_size=_VERSION_BYTES)
    for relation in relations:
        fields = astuple(relation)
        digest.update(_ENCODER.encode((*fields[:_ROWS], *fields[_ROWS + 1 :])))
    digest.update(_ENCODER.encode(rest))
    return digest.hexdigest()
