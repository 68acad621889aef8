"""A catalogue from short literals, as if a target had been asked for it.

Names are `schema.name`; columns are words. Oids and column numbers are assigned in order:
relations from 20000, routines from 30000; `oid_of` tells them.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from msgspec.structs import replace
from postgast import parse

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import (
    Catalogue,
    EventTrigger,
    ForeignKey,
    Relation,
    Routine,
    Rule,
    Trigger,
)

FIRST_RELATION = 20_000
FIRST_ROUTINE = 30_000
_KEY = re.compile(
    r"(?P<name>\w+): (?P<table>[\w.]+)\((?P<columns>[\w ]+)\) -> "
    r"(?P<other>[\w.]+)\((?P<referenced>[\w ]+)\)"
    r"(?: on delete (?P<on_delete>cascade|set null|set default|restrict))?"
    r"(?: on update (?P<on_update>cascade|set null|set default|restrict))?"
)


def a_catalogue(
    tables: Mapping[str, str] | None = None,
    views: Mapping[str, str] | None = None,
    functions: Sequence[Routine] = (),
    *,
    materialized: Mapping[str, str] | None = None,
    foreign: Mapping[str, tuple[str, str]] | None = None,
    partitions: Mapping[str, Sequence[str]] | None = None,
    heirs: Mapping[str, Sequence[str]] | None = None,
    triggers: Mapping[str, Sequence[tuple[str, str, str]]] | None = None,
    rules: Mapping[str, Sequence[tuple[str, str, str]]] | None = None,
    keys: Sequence[str] = (),
    runs: Mapping[str, Sequence[str]] | None = None,
    row_security: Mapping[str, Sequence[str]] | None = None,
    policy_reads: Mapping[str, Sequence[tuple[str, str]]] | None = None,
    sequences: Mapping[str, Sequence[str]] | None = None,
    generated: Mapping[str, Mapping[str, str]] | None = None,
    defaults: Mapping[str, Sequence[str]] | None = None,
    builtins: Mapping[int, str] | None = None,
    operators: Mapping[str, Sequence[str]] | None = None,
    casts: Mapping[str, Sequence[str]] | None = None,
    event_triggers: Sequence[tuple[str, str, str]] = (),
) -> Catalogue:
    """Return a catalogue.

    tables: name → columns. views, materialized: name → query, whose columns need names of their
    own. functions: of `a_function`. foreign: name → columns and server. partitions, heirs: name
    of the parent, itself one of the tables → names of tables below it. triggers: table → (name,
    events, function). rules: relation → (name, event, CREATE RULE). keys: `name: items(order_id)
    -> orders(id) on delete cascade`, all names with their schema. runs: table → functions.
    operators: name → functions. casts: type → functions. row_security: table → functions of its
    policies; policy_reads: table → (other table, columns). sequences: table → relations that
    stand for sequences. generated: table → computed column → columns. defaults: function →
    functions that its arguments need. builtins: oid → name of pg_catalog's; functions may be
    given by such names too.
    """
    relations = _relations(tables or {}, views or {}, materialized or {}, foreign or {})
    routines: list[Routine] = [
        replace(routine, oid=FIRST_ROUTINE + place) for place, routine in enumerate(functions)
    ]
    oids = {f"{one.schema}.{one.name}": one.oid for one in routines}
    oids |= {f"{one.schema}.{one.name}": one.oid for one in relations.values()}
    oids |= {name: oid for oid, name in (builtins or {}).items()}

    def change(name: str, **changes: Any) -> None:
        relations[name] = replace(relations[name], **changes)

    for parent, names in (*(partitions or {}).items(), *(heirs or {}).items()):
        change(parent, children=tuple(oids[name] for name in names))
        for name in names:
            change(name, parents=(*relations[name].parents, oids[parent]))
    for parent in partitions or {}:
        change(parent, kind="p")
    for name, fired in (triggers or {}).items():
        made = (Trigger(one, frozenset(on.split()), oids[by]) for one, on, by in fired)
        change(name, triggers=tuple(made))
    for name, written in (rules or {}).items():
        change(name, rules=tuple(Rule(*one) for one in written))
    for key in keys:
        other, made_key = _key(key, oids)
        change(other, referenced_by=(*relations[other].referenced_by, made_key))
    for name, called in (runs or {}).items():
        change(name, runs=tuple(oids[one] for one in called))
    for name, called in (row_security or {}).items():
        change(name, row_security=True, policy_runs=tuple(oids[one] for one in called))
    for name, read in (policy_reads or {}).items():
        made_reads = tuple((oids[other], tuple(columns.split())) for other, columns in read)
        change(name, row_security=True, policy_reads=made_reads)
    for name, taken in (sequences or {}).items():
        change(name, sequences=tuple(oids[one] for one in taken))
    for name, computed in (generated or {}).items():
        change(name, generated=tuple((one, tuple(by.split())) for one, by in computed.items()))
    for name, called in (defaults or {}).items():
        place = oids[name] - FIRST_ROUTINE
        routines[place] = replace(
            routines[place], arguments=(0, routines[place].arguments[1]),
            defaults=tuple(oids[one] for one in called),
        )  # fmt: skip
    return Catalogue(
        sha256(repr((relations, routines, operators, casts)).encode()).hexdigest(),
        relations.values(),
        routines,
        {name: tuple(oids[one] for one in behind) for name, behind in (operators or {}).items()},
        {
            (schema, name): tuple(oids[one] for one in behind)
            for (schema, _, name), behind in (
                (full.partition("."), behind) for full, behind in (casts or {}).items()
            )
        },
        [EventTrigger(name, event, oids[by]) for name, event, by in event_triggers],
        builtins=builtins,
    )


def a_function(
    signature: str,
    body: str,
    language: str = "sql",
    *,
    kind: str = "f",
    volatility: str = "v",
    definer: bool = False,
    search_path: tuple[str, ...] | None = None,
    support: tuple[int, ...] = (),
    returns_set: bool = True,
) -> Routine:
    """Return a routine from `schema.name(argument, …)`; `a_catalogue` gives it an oid."""
    full, _, arguments = signature.partition("(")
    schema, _, name = full.partition(".")
    names = tuple(arguments.rstrip(")").replace(",", " ").split())
    return Routine(
        0, schema, name, kind, (len(names), len(names)), language, volatility, definer, body,
        names, search_path, support, (), returns_set,
    )  # fmt: skip


def oid_of(catalogue: Catalogue, name: str) -> int:
    """Return the oid of the relation `schema.name`."""
    schema, _, bare = name.partition(".")
    return catalogue.relations[schema, bare].oid


def _relations(
    tables: Mapping[str, str],
    views: Mapping[str, str],
    materialized: Mapping[str, str],
    foreign: Mapping[str, tuple[str, str]],
) -> dict[str, Relation]:
    wanted: list[tuple[str, str, Sequence[str], str, str]] = []
    wanted += [(name, "r", columns.split(), "", "") for name, columns in tables.items()]
    wanted += [(name, "v", _columns_of(query), query, "") for name, query in views.items()]
    wanted += [(name, "m", _columns_of(query), query, "") for name, query in materialized.items()]
    wanted += [(name, "f", columns.split(), "", by) for name, (columns, by) in foreign.items()]
    made = {}
    for place, (full, kind, columns, query, server) in enumerate(wanted):
        schema, _, name = full.partition(".")
        made[full] = Relation(
            FIRST_RELATION + place, schema, name, kind, tuple(columns),
            tuple(range(1, len(columns) + 1)), (25,) * len(columns),
            definition=query, server=server,
        )  # fmt: skip
    return made


def _columns_of(query: str) -> list[str]:
    select = parse(query).stmts[0].stmt.select_stmt
    while select.HasField("larg"):
        select = select.larg
    targets = [item.res_target for item in select.target_list]
    return [
        target.name or target.val.column_ref.fields[-1].string.sval or "?column?"
        for target in targets
    ]


def _key(text: str, oids: Mapping[str, int]) -> tuple[str, ForeignKey]:
    found = _KEY.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is not `name: items(order_id) -> orders(id) on delete …`")
    return found["other"], ForeignKey(
        found["name"], oids[found["table"]], tuple(found["columns"].split()),
        tuple(found["referenced"].split()),
        found["on_delete"] or "no action", found["on_update"] or "no action",
    )  # fmt: skip


def told(statement: Statement, verb: str = "sql.") -> set[str]:
    """Return the touches of a verb as lines: `sql.read public.orders(id total) by view …`."""
    return {
        f"{touch.verb} {touch.resource.name}"
        + (f"({' '.join(sorted(touch.columns))})" if touch.columns else "")
        + (f" by {touch.through}" if touch.through else "")
        for touch in statement.touches
        if touch.verb.startswith(verb)
    }
