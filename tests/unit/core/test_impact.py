"""What people are told of an impact."""

from assent.core.impact import Impact, TableImpact, Waiter, describe

CASCADE = TableImpact("sql.delete", "public.items", 300, 9_000, 1, "foreign key items_order")


def test_a_change_is_told_with_its_share_and_what_it_takes_along() -> None:
    impact = Impact(
        rows=100,
        exact_rows=98,
        tables=(TableImpact("sql.delete", "public.orders", 100, 1_000, 2), CASCADE),
        triggers=("audit on public.orders",),
        waiters=(Waiter("ben", "psql", 12), Waiter("cal", "", 3)),
    )
    assert describe(impact) == (
        "would delete about 100 of 1,000 rows (counted now: 98) of `public.orders`, 2 indexes",
        "with it, by foreign key items_order: delete about 300 of 9,000 rows of `public.items`, "
        "1 index",
        "fires: audit on public.orders",
        "waiting now for locks of this session: ben (psql) for 12 s, cal (no name) for 3 s",
    )


def test_a_query_is_told_by_how_much_it_reads() -> None:
    assert describe(Impact(rows=12_345)) == ("would read about 12,345 rows",)


def test_what_is_not_known_is_said_and_never_left_out() -> None:
    impact = Impact(
        tables=(TableImpact("sql.update", "public.orders"),), unavailable="the target was busy"
    )
    assert describe(impact) == (
        "would update an unknown number of rows of `public.orders`",
        "how much is not known: the target was busy",
    )


def test_nothing_measured_is_nothing_told() -> None:
    assert describe(Impact()) == ()


def test_rows_that_are_added_are_no_share_of_those_that_are_there() -> None:
    added = TableImpact("sql.insert", "public.log", None, 0, 0, "trigger note on public.orders")
    changed = TableImpact("sql.update", "public.orders", None, 1_000)
    assert describe(Impact(tables=(changed, added))) == (
        "would update an unknown number of 1,000 rows of `public.orders`",
        "with it, by trigger note on public.orders: insert an unknown number of rows into "
        "`public.log`",
    )
    few = TableImpact("sql.insert", "public.log", 3, 50, 1)
    assert describe(Impact(tables=(few,))) == (
        "would insert about 3 rows into `public.log`, 1 index",
    )
