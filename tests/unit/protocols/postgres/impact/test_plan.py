"""Reading plans."""

import json

import pytest

from assent.protocols.postgres.impact.plan import Plan, Planned, read_plan


def node(kind: str, rows: float, *below: dict[str, object], **more: object) -> dict[str, object]:
    """Return a node of a plan."""
    return {
        "Node Type": kind, "Plan Rows": rows, "Total Cost": 12.75, "Plans": list(below), **more,
    }  # fmt: skip


SCAN = {"Schema": "public", "Relation Name": "orders", "Parent Relationship": "Outer"}


def read(top: dict[str, object]) -> Plan | None:
    """Return the reading of a plan with this at its top."""
    return read_plan(json.dumps([{"Plan": top}]))


def test_a_query_returns_what_its_top_returns() -> None:
    plan = read(node("Limit", 10, node("Seq Scan", 5000, **SCAN)))
    assert plan == Plan(10, 12, (Planned("sql.read", ("public", "orders"), 5000),))


def test_a_change_hits_what_reaches_it_and_not_what_it_returns() -> None:
    top = node("ModifyTable", 0, node("Seq Scan", 400, **SCAN), Operation="Delete", **SCAN)
    plan = read(top)
    assert plan is not None
    assert plan.rows == 400
    assert Planned("sql.delete", ("public", "orders"), 400) in plan.tables


def test_a_table_that_is_read_in_two_places_adds_up() -> None:
    plan = read(node("Append", 7, node("Seq Scan", 3, **SCAN), node("Index Scan", 4, **SCAN)))
    assert plan is not None
    assert plan.tables == (Planned("sql.read", ("public", "orders"), 7),)


def test_an_estimate_beyond_all_numbers_is_the_largest_that_the_log_holds() -> None:
    plan = read(node("Result", 1e300))
    assert plan is not None
    assert plan.rows == 2**53 - 1


@pytest.mark.parametrize("text", ["", "null", "[]", '[{"Plan": {}}]', '[{"Plan": 3}]', "{"])
def test_what_is_no_plan_is_none(text: str) -> None:
    assert read_plan(text) is None
