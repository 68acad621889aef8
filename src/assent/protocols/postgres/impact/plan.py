"""Reads what EXPLAIN says: how many rows, of which tables, at what cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

MOST_NODES = 5_000
_CHANGES = {
    "Insert": "sql.insert",
    "Update": "sql.update",
    "Delete": "sql.delete",
    "Merge": "sql.update",
}
_LARGEST = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Planned:
    """What happens to one table by the plan. table: schema and name. rows: an estimate."""

    verb: str
    table: tuple[str, str]
    rows: int


@dataclass(frozen=True, slots=True)
class Plan:
    """rows: changed, or returned where nothing is. cost: the planner's. tables: in its order."""

    rows: int
    cost: int
    tables: tuple[Planned, ...]


def read_plan(text: str) -> Plan | None:
    """Return the plan that a target wrote as JSON, None for what is none."""
    try:
        content = msgspec.json.decode(text)
        top: dict[str, Any] = content[0]["Plan"]
        nodes = list(_nodes(top))
        tables = [planned for node in nodes for planned in _planned(node)]
        changed = sum(_below(node) for node in nodes if node.get("Node Type") == "ModifyTable")
        return Plan(max(changed, _rows(top)), _number(top["Total Cost"]), _merged(tables))
    except (
        msgspec.DecodeError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        RecursionError,
    ):
        return None


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    left, seen = [node], 0
    while left and seen < MOST_NODES:
        one = left.pop()
        seen += 1
        yield one
        left += reversed(one.get("Plans", ()))


def _planned(node: dict[str, Any]) -> Iterator[Planned]:
    table = (str(node.get("Schema", "")), str(node.get("Relation Name", "")))
    if node.get("Node Type") == "ModifyTable":
        verb = _CHANGES.get(str(node.get("Operation")), "sql.unknown")
        yield Planned(verb, table, _below(node))
    elif "Relation Name" in node:
        yield Planned("sql.read", table, _rows(node))


def _below(node: dict[str, Any]) -> int:
    """Return how many rows reach a change: its own estimate is of what it returns."""
    members = [
        child
        for child in node.get("Plans", ())
        if child.get("Parent Relationship") in ("Outer", "Member")
    ]
    return sum(_rows(child) for child in members)


def _rows(node: dict[str, Any]) -> int:
    return _number(node["Plan Rows"])


def _number(value: object) -> int:
    """Return an estimate as a whole number that the log can hold."""
    return min(int(float(str(value))), _LARGEST)


def _merged(tables: list[Planned]) -> tuple[Planned, ...]:
    """Return one for each table and verb: a table is often read in several places."""
    merged: dict[tuple[str, tuple[str, str]], int] = {}
    for one in tables:
        key = (one.verb, one.table)
        merged[key] = min(merged.get(key, 0) + one.rows, _LARGEST)
    return tuple(Planned(verb, table, rows) for (verb, table), rows in merged.items())
