"""What runs because a table is touched: triggers, rules, defaults, checks and event triggers."""

from collections.abc import Sequence
from typing import Final

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import EventTrigger, Relation, Rule, Trigger
from assent.protocols.postgres.statements import routines
from assent.protocols.postgres.statements.inside import reading, tree_inside
from assent.protocols.postgres.statements.names import full_name
from assent.protocols.postgres.statements.scope import Scope
from assent.protocols.postgres.statements.walk import Reader

_EVENTS: Final = {
    "sql.insert": "insert",
    "sql.update": "update",
    "sql.delete": "delete",
    "sql.truncate": "truncate",
}
_COMPUTES: Final = frozenset({"sql.insert", "sql.update", "sql.maintain", "sql.alter"})
_TAKES_NUMBERS: Final = frozenset({"sql.insert", "sql.update"})
_OF_ROWS: Final = frozenset({"sql.read", "sql.insert", "sql.update", "sql.delete"})
_DEFINITION: Final = frozenset({"sql.create", "sql.alter", "sql.drop", "sql.grant", "sql.maintain"})
# Of the whole server: event triggers are of one database, and do not hear of these.
_SHARED: Final = frozenset({"Role", "Database", "Setting"})


def follow(reader: Reader, verb: str, relation: Relation, parents: Sequence[Relation]) -> None:
    """Note what runs when `verb` is done to a table.

    parents: of a table that is reached through them; their triggers have been read by then.
    """
    event = _EVENTS.get(verb)
    full = full_name(relation)
    inherited = {(one.name, one.function) for parent in parents for one in parent.triggers}
    for trigger in relation.triggers if event else ():
        if event in trigger.events and (trigger.name, trigger.function) not in inherited:
            inner = _trigger(reader, relation, trigger, event)
            reader.findings.behind(inner, f"trigger {trigger.name} on {full}")
    for rule in relation.rules if event else ():
        if rule.event == event:
            reader.findings.behind(_rule(reader, relation, rule), f"rule {rule.name} on {full}")
    with reader.findings.by(f"default or check of {full}"):
        for oid in relation.runs if verb in _COMPUTES else ():
            routines.run(reader, oid)
        for oid in relation.sequences if verb in _TAKES_NUMBERS else ():
            reader.findings.touch("sql.update", "Object", _name(reader, oid) or "*")
    if relation.row_security and verb in _OF_ROWS:
        _follow_policies(reader, relation, full)


def _follow_policies(reader: Reader, relation: Relation, full: str) -> None:
    """Note what policies look at to tell which rows there are; some roles are above them."""
    with reader.findings.by(f"row security of {full}"):
        for oid in relation.policy_runs:
            routines.run(reader, oid)
        for oid, columns in relation.policy_reads:
            name = _name(reader, oid)
            if name:
                reader.findings.touch("sql.read", "Table", name, columns)
            else:
                problem = f"cannot see which table the row security of `{full}` reads"
                reader.findings.unknown("Table", "*", problem)


def _name(reader: Reader, oid: int) -> str:
    known = reader.names.catalogue.by_oid.get(oid) if reader.names.catalogue else None
    return full_name(known) if known else ""


def on_definition(reader: Reader) -> None:
    """Note the event triggers that run when something of the database is made or changed."""
    catalogue = reader.names.catalogue
    if catalogue is None or not catalogue.event_triggers:
        return
    touched = reader.findings.touched
    if not any(verb in _DEFINITION and one.kind not in _SHARED for verb, one, _ in touched):
        return
    for trigger in catalogue.event_triggers:
        if trigger.event != "login":
            inner = _event_trigger(reader, trigger)
            reader.findings.behind(inner, f"event trigger {trigger.name}")


def _trigger(reader: Reader, relation: Relation, trigger: Trigger, event: str) -> Statement:
    """Return the reading of a trigger's function, where `old` and `new` are rows of the table.

    What is inserted is the client's own; a changed row holds what was in it before.
    """
    routine = routines.by_oid(reader, trigger.function)
    if routine is None:
        # One of pg_catalog: they compute, or refuse.
        return Statement("sql.session", (), complete=True)
    full = full_name(relation)
    rows = {"old": (full,), "new": (full,) if event == "update" else ()}
    return routines.reading_of(reader, routine, rows)


def _event_trigger(reader: Reader, trigger: EventTrigger) -> Statement:
    routine = routines.by_oid(reader, trigger.function)
    if routine is None:
        return Statement("sql.session", (), complete=True)
    return routines.reading_of(reader, routine)


def _rule(reader: Reader, relation: Relation, rule: Rule) -> Statement:
    """Return the reading of what a rule does, as CREATE RULE says it."""
    full = full_name(relation)
    what = f"rule {rule.name} on {full}"

    def read(inner: Reader) -> None:
        for raw in tree_inside(inner, rule.definition, what).stmts:
            node = raw.stmt.rule_stmt
            with inner.inside(Scope(None)) as scope:
                scope.name("old", (full,))
                scope.name("new", (full,) if rule.event == "update" else ())
                inner.visit(node.where_clause)
                inner.visit_all(node.actions)

    key = ("rule", relation.oid, rule.name, rule.event)
    return reading(reader, key, reader.names.under(()), read)
