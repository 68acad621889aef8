"""What a target's further databases are called, and what lies in them.

Policies and labels know the tables of a target by name. A table of another database on the same
server must not be taken for the target's own of that name: its name begins with its database.
"""

from dataclasses import replace

from assent.core.action import Statement, Touch
from assent.core.flows import Flows
from assent.core.resource import Resource, Target
from assent.policy.labels import quoted

LONGEST = 200
"""More of a name than any server knows, and little enough for the log."""

# One for the whole server, or for the connection, whichever database is open.
_SHARED_KINDS = frozenset(
    {"Account", "Address", "Database", "File", "Program", "Role", "Setting", "Target"}
)
_SHARED_OBJECTS = frozenset({"session", "statement"})
# Of the same form in each, and partly one for the whole server: a rule on `pg_catalog.pg_authid`
# must hold wherever it is read.
_CATALOGUES = ("pg_catalog.", "information_schema.")


def placed(statement: Statement, target: Target, database: str) -> Statement:
    """Return the statement with what it touches where it is: `archive.public.orders`.

    The very statement for the target's own database.
    """
    if database == target.database:
        return statement
    touches = tuple(_placed(touch, quoted(database)) for touch in statement.touches)
    flows = statement.flows and _flowing(statement.flows, prefix(target, database))
    return replace(statement, touches=touches, flows=flows)


def prefix(target: Target, database: str) -> str:
    """Return what names of that database begin with, beside those of the target's own."""
    return "" if database == target.database else f"{quoted(database)}."


def shown(target: Target, database: str) -> str:
    """Return what a client names to open another database than the usual one, or nothing."""
    return "" if database == target.database else f"{target.name}/{database[:LONGEST]}"


def offered(target: Target) -> str:
    """Return what clients may name, in words: `shop` or `shop/archive`, `deploy@web1`."""
    names = [target.name, *(f"{target.name}/{name}" for name in target.databases)]
    if target.protocol == "ssh":
        names = [f"{name}@{target.name}" for name in (target.user, *target.databases)]
    return " or ".join(f"`{name}`" for name in names)


def _placed(touch: Touch, database: str) -> Touch:
    kind, name = touch.resource.kind, touch.resource.name
    if (
        kind in _SHARED_KINDS
        or (kind == "Object" and name in _SHARED_OBJECTS)
        or name.startswith(_CATALOGUES)
    ):
        return touch
    part_of = f"{database}.{touch.part_of}" if touch.part_of else ""
    return replace(touch, resource=Resource(kind, f"{database}.{name}"), part_of=part_of)


def _flowing(flows: Flows, before: str) -> Flows:
    def moved(columns: frozenset[str]) -> frozenset[str]:
        return frozenset(
            name if name.startswith(_CATALOGUES) else before + name for name in columns
        )

    outputs = flows.outputs and tuple(map(moved, flows.outputs))
    return Flows(outputs, moved(flows.read), moved(flows.tested), moved(flows.stored))
