"""Rows as a server answers them, and the snapshot that is made of them."""

from dataclasses import replace

import pytest

from assent.protocols.postgres.catalogue.build import build
from assent.protocols.postgres.catalogue.model import NOT_READ, UNLIMITED
from assent.protocols.postgres.catalogue.rows import Rows

PROC, OPERATOR, TYPE = 1255, 2617, 1247
ROWS = Rows(
    schemas=[("public",), ("empty",)],
    relations=[
        (20_001, "public", "orders", "r", None, 2, "", True, 7),
        (20_002, "public", "totals", "v", " SELECT 1;", 0, "", False, -1),
        (20_003, "public", "far", "f", None, 0, "elsewhere", False, -1),
    ],
    columns=[
        (20_001, ["id", "total"], [1, 3], [20, 23]),
        (20_002, ["id", "total"], [1, 3], [20, 23]),
    ],
    inheritance=[(20_001, 20_003)],
    triggers=[(20_001, "told", 4 | 16 | 1, 30_001), (20_001, "emptied", 32, 30_001)],
    rules=[(20_001, "also", "4", "CREATE RULE also …")],
    keys=[(20_001, 20_002, "of_order", [3], [1], "c", "n")],
    routines=[
        (30_001, "public", "told", "f", 2, 1, False, "sql", "v", False, "select 1",
         ["a", "b", "c"], ["i", "b", "o"], ["work_mem=1MB", 'search_path="", A, "B ""c"""'], False),
    ],
)  # fmt: skip


def routine(**changes: object) -> Rows:
    fields = dict(
        zip(
            (
                "oid", "schema", "name", "kind", "inputs", "defaults", "variadic", "language",
                "volatility", "definer", "body", "names", "modes", "settings", "returns_set",
            ),
            (30_001, "public", "f", "f", 2, 0, False, "sql", "v", False, "", None, None, None,
             True),
            strict=True,
        )
    )  # fmt: skip
    return replace(ROWS, routines=[tuple({**fields, **changes}.values())])


def test_a_relation_holds_what_all_the_queries_say_of_it() -> None:
    catalogue = build(ROWS)
    orders = catalogue.relations["public", "orders"]
    assert (orders.columns, orders.numbers, orders.types) == (("id", "total"), (1, 3), (20, 23))
    assert (orders.indexes, orders.rows, orders.row_security) == (2, 7, True)
    assert orders.children == (20_003,)
    assert catalogue.by_oid[20_003].parents == (20_001,)
    assert catalogue.by_oid[20_003].server == "elsewhere"
    assert [set(one.events) for one in orders.triggers] == [{"insert", "update"}, {"truncate"}]
    assert [(one.name, one.event) for one in orders.rules] == [("also", "delete")]
    (key,) = orders.referenced_by
    assert (key.table, key.columns, key.referenced) == (20_002, ("total",), ("id",))
    assert (key.on_delete, key.on_update) == ("cascade", "set null")


def test_a_definition_ends_where_the_query_does() -> None:
    assert build(ROWS).by_oid[20_002].definition == "SELECT 1"


def test_columns_that_are_alike_are_kept_once() -> None:
    catalogue = build(ROWS)
    assert catalogue.by_oid[20_001].columns is catalogue.by_oid[20_002].columns


def test_a_schema_with_nothing_in_it_is_known() -> None:
    assert build(ROWS).schemas == {"public", "empty"}


def test_a_function_takes_its_inputs_and_leaves_out_its_defaults() -> None:
    found = build(ROWS).routine(30_001)
    assert found is not None
    assert found.arguments == (1, 2)
    assert found.argument_names == ("a", "b")
    assert found.search_path == ("a", 'B "c"')


@pytest.mark.parametrize(
    ("changes", "arguments", "names"),
    [
        ({"inputs": 0}, (0, 0), ()),
        ({"inputs": 2}, (2, 2), ("", "")),
        ({"inputs": 2, "names": ["x", "y"]}, (2, 2), ("x", "y")),
        ({"inputs": 2, "variadic": True}, (2, UNLIMITED), ("", "")),
        ({"inputs": 2, "variadic": True, "defaults": 1}, (1, UNLIMITED), ("", "")),
        ({"inputs": 1, "names": ["x", "r"], "modes": ["i", "t"]}, (1, 1), ("x",)),
        ({"inputs": 1, "modes": ["i", "o"], "kind": "p"}, (2, 2), ("", "")),
    ],
)
def test_a_call_gives_as_many_arguments_as_the_server_takes(
    changes: dict[str, object], arguments: tuple[int, int], names: tuple[str, ...]
) -> None:
    found = build(routine(**changes)).routine(30_001)
    assert found is not None
    assert (found.arguments, found.argument_names) == (arguments, names)


def test_an_ordered_aggregate_takes_its_direct_arguments_alone() -> None:
    rows = replace(routine(kind="a", inputs=2), aggregates=[(30_001, "o", 1, [30_002, 0, 30_003])])
    found = build(rows).routine(30_001)
    assert found is not None
    assert found.arguments == (1, 2)
    assert found.support == (30_002, 30_003)


def test_operators_of_one_name_are_put_together() -> None:
    rows = replace(ROWS, operators=[(1, "===", 30_009), (2, "===", 30_001), (3, "<~>", 67)])
    catalogue = build(replace(rows, builtins=[(67, "texteq")]))
    assert catalogue.operators == {"===": (30_001, 30_009), "<~>": (67,)}
    assert catalogue.builtins == {67: "texteq"}


def test_casts_and_checks_are_found_by_the_type_that_they_make() -> None:
    # A domain, a domain over it, an array of that, a type that nothing is called for.
    rows = replace(
        ROWS,
        types=[(501, 601, [25]), (502, 602, [501])],
        type_names=[
            (501, "public", "one", 0), (502, "public", "two", 0), (602, "public", "_two", 502),
            (503, "public", "mood", 0), (25, "pg_catalog", "text", 0), (701, "public", "_one", 501),
        ],
        type_runs=[(502, PROC, 30_001)],
        casts=[(501, 30_002, False), (25, 3_999, False), (503, 67, True)],
        builtins=[(67, "texteq")],
        routines=[
            *ROWS.routines,
            *[(30_002, *row[1:]) for row in ROWS.routines],
        ],
    )  # fmt: skip
    catalogue = build(rows)
    assert catalogue.casts == {
        ("public", "one"): (30_002,),
        ("public", "_one"): (30_002,),
        ("public", "two"): (30_001, 30_002),
        ("public", "_two"): (30_001, 30_002),
    }
    assert catalogue.find_casts("", "two", ("other", "public")) == (30_001, 30_002)
    assert catalogue.find_casts("other", "two", ("public",)) == ()


def test_a_cast_that_needs_no_mention_runs_where_rows_of_its_type_are_stored() -> None:
    rows = replace(
        ROWS,
        columns=[(20_001, ["a"], [1], [501]), (20_002, ["b"], [1], [502])],
        casts=[(501, 30_001, True), (502, 30_001, False)],
    )
    catalogue = build(rows)
    assert [catalogue.by_oid[oid].runs for oid in (20_001, 20_002)] == [(30_001,), ()]


def test_policies_are_kept_apart_from_what_runs_when_rows_are_stored() -> None:
    rows = replace(
        ROWS,
        runs=[(20_001, PROC, 30_001, True)],
        policy_reads=[(20_001, 20_002, [0, 3]), (20_001, 999, [1])],
    )
    orders = build(rows).by_oid[20_001]
    assert (orders.runs, orders.policy_runs) == ((), (30_001,))
    assert orders.policy_reads == ((20_002, ("total",)), (999, ("",)))


def test_functions_of_the_server_count_where_they_do_more_than_compute() -> None:
    rows = replace(
        ROWS,
        builtin_runs=[
            (20_001, 870, "lower", False, False),
            (20_001, 2_624, "pg_read_file", False, False),
            (20_001, 1_574, "nextval", True, False),
            (20_002, 1_574, "nextval", False, True),
        ],
        builtin_type_runs=[(501, 3_293, "lo_get")],
        types=[(501, 601, [25])],
        columns=[(20_003, ["a"], [1], [601])],
        builtin_defaults=[(30_001, 2_626, "pg_sleep")],
        sequences=[(20_002, 20_003)],
    )
    catalogue = build(rows)
    assert catalogue.builtins == {
        2_624: "pg_read_file", 1_574: "nextval", 3_293: "lo_get", 2_626: "pg_sleep"
    }  # fmt: skip
    orders, totals, far = (catalogue.by_oid[oid] for oid in (20_001, 20_002, 20_003))
    assert (orders.runs, orders.policy_runs) == ((2_624,), (1_574,))
    assert (totals.runs, totals.sequences) == ((), (20_003,))
    assert far.runs == (3_293,)
    told = catalogue.routine(30_001)
    assert told is not None
    assert (told.defaults, told.returns_set) == ((2_626,), False)


def test_computed_columns_say_what_they_are_computed_from() -> None:
    rows = replace(ROWS, generated=[(20_001, 3, [1]), (999, 1, [2])])
    assert build(rows).by_oid[20_001].generated == (("total", ("id",)),)


def test_what_an_expression_calls_is_followed_through_operators() -> None:
    rows = replace(
        ROWS,
        operators=[(40_001, "===", 30_001)],
        runs=[
            (20_001, OPERATOR, 40_001, False),
            (20_002, PROC, 30_001, False),
            (20_003, PROC, 999, False),
        ],
    )
    catalogue = build(rows)
    assert [catalogue.by_oid[oid].runs for oid in (20_001, 20_002, 20_003)] == [
        (30_001,), (30_001,), (),
    ]  # fmt: skip


def test_what_a_type_runs_is_followed_through_arrays_and_what_they_are_made_of() -> None:
    # A domain over a domain, an array of it, a composite with that, and one that holds itself.
    rows = replace(
        ROWS,
        types=[(501, 601, [25]), (502, 602, [501]), (503, 603, [602, 603])],
        type_runs=[(501, PROC, 30_001)],
        columns=[(20_001, ["a"], [1], [603]), (20_002, ["b"], [1], [25])],
    )
    catalogue = build(rows)
    assert catalogue.by_oid[20_001].runs == (30_001,)
    assert catalogue.by_oid[20_002].runs == ()


def test_a_check_that_casts_to_a_domain_runs_what_that_runs() -> None:
    rows = replace(
        ROWS,
        types=[(501, 601, [25]), (502, 602, [25])],
        type_runs=[(501, PROC, 30_001), (502, TYPE, 501), (501, TYPE, 502)],
        runs=[(20_001, TYPE, 502, False)],
        columns=[],
    )
    assert build(rows).by_oid[20_001].runs == (30_001,)


def test_what_is_locked_is_as_it_was_before_and_unknown_when_it_is_new() -> None:
    before = build(routine(body="select 1"))
    locked = replace(
        routine(body=None),
        relations=[(20_002, "public", "totals", "v", None, 0, "", False, -1)],
        rules=[(20_002, "also", "4", None)],
    )
    known, unknown = build(locked, before), build(locked)
    assert known.by_oid[20_002].definition == "SELECT 1"
    assert [one.body for one in known.routines["public", "f"]] == ["select 1"]
    assert unknown.by_oid[20_002].definition == NOT_READ
    assert [one.body for one in unknown.routines["public", "f"]] == [NOT_READ]
    assert [one.definition for one in unknown.by_oid[20_002].rules] == [NOT_READ]


def test_the_version_is_of_what_there_is_in_any_order_and_not_of_how_much() -> None:
    version = build(ROWS).version
    turned = replace(
        ROWS,
        relations=list(reversed([(*one[:-1], 1_000) for one in ROWS.relations])),
        columns=list(reversed(ROWS.columns)),
        schemas=list(reversed(ROWS.schemas)),
    )
    assert build(turned).version == version
    assert build(replace(ROWS, schemas=[("public",)])).version != version
    assert build(replace(ROWS, triggers=ROWS.triggers[:1])).version != version
    assert build(replace(ROWS, builtins=[(67, "texteq")])).version != version
