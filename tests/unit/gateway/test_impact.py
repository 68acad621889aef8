"""When the target is asked what a statement would do, and what comes of its answers."""

import asyncio
import json
from typing import Any, cast

from assent.core.action import Operation, Phase, Statement, Touch
from assent.core.faults import OutsideFault
from assent.core.ids import TargetId
from assent.core.impact import Impact, Waiter
from assent.core.plugins import Authorize, Inquired
from assent.core.resource import Resource, Target
from assent.gateway.drive import Conversation
from assent.gateway.impact import MOST_COST_TO_COUNT, Impacts
from assent.protocols.postgres import PostgresRelay
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements import Classifier

EMPTY = Catalogue("v", ())
DELETE = "DELETE FROM orders WHERE id < 10"


def target(**more: Any) -> Target:
    return Target(
        TargetId("tgt_shop"), "shop", "postgres", "127.0.0.1", 1, "shop", "app", "env:X", **more
    )


def asked(text: str, **more: Any) -> Authorize:
    usual: dict[str, Any] = {"parameters": (), "phase": Phase.EXECUTE, "in_transaction": False}
    return Authorize(Classifier().classify(text), text, **(usual | more))


def plan(rows: int, cost: float = 10.0) -> str:
    return json.dumps([{"Plan": {"Node Type": "Seq Scan", "Plan Rows": rows, "Total Cost": cost}}])


class Relay(PostgresRelay):
    """A relay in a transaction, with a target that it could cancel at."""

    in_transaction = True  # type: ignore[assignment]
    target_key = (4711, b"key")  # type: ignore[assignment]


class Line:
    """A conversation whose target answers by itself: a plan, and a number for a count."""

    def __init__(self, *answers: str, error: str = "", relay: type[PostgresRelay] = Relay) -> None:
        self.closed = False
        self.relay = relay(
            lambda _: Classifier(), lambda: "nonce", tls_available=False, require_tls=False
        )
        self.queries: list[tuple[str, ...]] = []
        self._answers = answers
        self._error = error
        self.impacts: Impacts | None = None

    def inquire(self, number: int, queries: tuple[str, ...]) -> None:
        self.queries.append(queries)
        results = []
        for query in queries:
            if query.startswith("EXPLAIN") and not self._error:
                results.append(((self._answers[0],),))
            elif query.startswith("SELECT count"):
                results.append(((self._answers[1],),))
            elif not query.startswith("EXPLAIN"):
                results.append(())
        assert self.impacts is not None
        inquired = Inquired(number, tuple(results), self._error)
        asyncio.get_running_loop().call_soon(self.impacts.answered, inquired)


async def nobody(*_: object) -> tuple[Waiter, ...]:
    return ()


async def measured(
    line: Line,
    question: Authorize,
    where: Target,
    waiters: Any = nobody,
    catalogue: Catalogue | None = EMPTY,
) -> Any:
    line.impacts = Impacts(waiters)
    return await line.impacts.measure(cast(Conversation, line), where, "shop", catalogue, question)


async def test_a_change_is_planned_and_nothing_is_counted_unasked() -> None:
    line = Line(plan(9))
    impact = await measured(line, asked(DELETE), target())
    assert (impact.rows, impact.exact_rows) == (9, None)
    assert not any("count(" in query for query in line.queries[0])


async def test_it_is_counted_in_a_transaction_where_the_operator_allows_it() -> None:
    line = Line(plan(9), "8")
    question = asked(DELETE, in_transaction=True)
    impact = await measured(line, question, target(count_exactly=True))
    assert (impact.rows, impact.exact_rows) == (9, 8)


async def test_what_is_dear_is_not_counted() -> None:
    line = Line(plan(9, MOST_COST_TO_COUNT + 1.0), "8")
    question = asked(DELETE, in_transaction=True)
    impact = await measured(line, question, target(count_exactly=True))
    assert (impact.rows, impact.exact_rows) == (9, None)
    assert len(line.queries) == 1


async def test_what_was_not_understood_to_the_end_is_never_planned() -> None:
    line = Line(plan(9))
    impact = await measured(line, asked("SELECT f() FROM orders"), target())
    assert line.queries == []
    assert impact.rows is None
    assert "not understood to the end" in impact.unavailable


async def test_what_the_planner_refuses_is_said() -> None:
    line = Line(error="42P01 no such table")
    impact = await measured(line, asked(DELETE), target())
    assert impact.rows is None
    assert "42P01" in impact.unavailable


async def test_nothing_is_asked_about_what_touches_no_rows_or_does_not_run_yet() -> None:
    for question, where in (
        (asked("SET timezone = 'UTC'"), target()),
        (asked("SELECT oid FROM pg_catalog.pg_class"), target()),
        (asked(DELETE, phase=Phase.PREPARE), target()),
        (asked(DELETE), target(estimate="off")),
        (asked("SELECT 1 FROM orders"), target(estimate="writes")),
    ):
        line = Line(plan(9))
        assert await measured(line, question, where) is None
        assert line.queries == []


async def test_who_waits_is_asked_in_a_transaction_and_a_fault_means_nobody_is_known() -> None:
    async def ben(where: Target, database: str, process: int) -> tuple[Waiter, ...]:
        assert (database, process) == ("shop", 4711)
        return (Waiter("ben", "psql", 3),)

    async def away(*_: object) -> tuple[Waiter, ...]:
        raise OutsideFault("target-unreachable", "gone")

    question = asked(DELETE, in_transaction=True)
    told = await measured(Line(plan(9)), question, target(), ben)
    assert told.waiters == (Waiter("ben", "psql", 3),)
    assert (await measured(Line(plan(9)), question, target(), away)).waiters == ()


async def test_an_impact_without_a_plan_still_names_the_tables() -> None:
    touch = Touch("sql.truncate", Operation.WRITE, Resource("Table", "public.orders"))
    statement = Statement("sql.truncate", (touch,), complete=True)
    question = Authorize(statement, "TRUNCATE orders", (), Phase.EXECUTE, False)
    impact: Impact = await measured(Line(plan(9)), question, target())
    assert [one.table for one in impact.tables] == ["public.orders"]
    assert impact.unavailable


async def test_without_a_catalogue_the_planner_is_not_asked_since_views_hide_functions() -> None:
    line = Line(plan(9))
    impact = await measured(line, asked(DELETE), target(), catalogue=None)
    assert line.queries == []
    assert "is not known" in impact.unavailable
