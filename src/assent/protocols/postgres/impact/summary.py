"""Puts together what a plan says and what the catalogue knows of the tables in it."""

from collections.abc import Iterator

from assent.core.action import Statement, Touch
from assent.core.impact import Impact, TableImpact
from assent.protocols.postgres.catalogue.model import Catalogue, Relation
from assent.protocols.postgres.impact.plan import Plan
from assent.protocols.postgres.statements.names import quoted, split_full

MOST_TABLES = 20
CHANGES = frozenset({"sql.insert", "sql.update", "sql.delete", "sql.truncate"})


def summary(
    statement: Statement,
    catalogue: Catalogue | None,
    plan: Plan | None,
    exact_rows: int | None,
    unavailable: str,
) -> Impact:
    """Return the impact of a statement; without a plan, what the catalogue alone says of it."""
    names = {touch.resource.name for touch in statement.touches if touch.resource.kind == "Table"}
    found = {name: _relation(catalogue, name) for name in names}
    relations = {name: relation for name, relation in found.items() if relation is not None}
    tables = tuple(_tables(statement, relations, plan))
    ordered = sorted(tables, key=lambda one: (one.verb not in CHANGES, bool(one.through)))
    return Impact(
        rows=plan.rows if plan else None,
        exact_rows=exact_rows,
        cost=plan.cost if plan else None,
        tables=tuple(ordered[:MOST_TABLES]),
        triggers=tuple(dict.fromkeys(_triggers(statement, relations)))[:MOST_TABLES],
        same_snapshot=plan is not None,
        unavailable=unavailable,
    )


def _tables(
    statement: Statement, relations: dict[str, Relation], plan: Plan | None
) -> Iterator[TableImpact]:
    planned = {}
    for one in plan.tables if plan else ():
        planned[one.verb, ".".join(map(quoted, one.table))] = one.rows
    direct_changes = {
        touch.resource.name for touch in statement.touches if _changes(touch) and not touch.through
    }
    for touch in statement.touches:
        name = touch.resource.name
        if touch.resource.kind != "Table" or not (_changes(touch) or touch.verb == "sql.read"):
            continue
        if touch.verb == "sql.read" and name in direct_changes:
            continue
        relation = relations.get(name)
        rows = planned.get((touch.verb, name))
        if rows is None and touch.through.startswith("foreign key") and plan is not None:
            rows = _share(plan.rows, relation, [relations.get(one) for one in direct_changes])
        yield TableImpact(
            verb=touch.verb,
            table=name,
            rows=rows,
            total_rows=relation.rows if relation and relation.rows >= 0 else None,
            indexes=relation.indexes if relation and _changes(touch) else 0,
            through=touch.through,
        )


def _share(rows: int, referring: Relation | None, referred: list[Relation | None]) -> int | None:
    """Return how many rows a key takes along, if each referred row has as many as any other."""
    total = sum(one.rows for one in referred if one is not None and one.rows > 0)
    if referring is None or referring.rows < 0 or total <= 0:
        return None
    return -(-rows * referring.rows // total)


def _triggers(statement: Statement, relations: dict[str, Relation]) -> Iterator[str]:
    for touch in statement.touches:
        relation = relations.get(touch.resource.name)
        if relation is None or not _changes(touch):
            continue
        event = touch.verb.removeprefix("sql.")
        for trigger in relation.triggers:
            if event in trigger.events:
                yield f"{trigger.name} on {touch.resource.name}"


def _changes(touch: Touch) -> bool:
    return touch.verb in CHANGES


def _relation(catalogue: Catalogue | None, name: str) -> Relation | None:
    key = split_full(name)
    return None if catalogue is None or key is None else catalogue.relations.get(key)
