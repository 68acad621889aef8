"""Unit tests of signals/declared_task.py."""

from dataclasses import replace

import pytest

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.evidence import Connection, Evidence
from assent.core.ids import ActionId
from assent.core.resource import Resource
from assent.core.signal import Signal, SignalStatus
from assent.risk.assess import assess
from assent.signals.declared_task import measure, only_reads
from signal_evidence import ANA, NOON, READ, SHOP, access_request, evidence, sql

WRITE = sql("public.orders", verb="sql.update")
REPORT = "report on orders"


def made_for(task: str, now: str = "", environment: str = "dev") -> Evidence:
    """Return the evidence of a program with that task, which says that of what it does now."""
    return evidence(
        subject=replace(ANA, task=task),
        connection=Connection(task=now),
        target=replace(SHOP, environment=environment),
    )


def measured(action: Action, known: Evidence) -> Signal:
    return measure(action, known, NOON)


def called(verb: str, operation: Operation, kind: str, name: str) -> Action:
    touch = Touch(verb, operation, Resource(kind, name))
    return Action(ActionId("act_1"), ANA.id, Statement(verb, (touch,), complete=True))


@pytest.mark.parametrize(
    "task",
    [
        "report on orders",
        "Read-only analysis of the shop",
        "monthly reports, without changing anything",
        "summarise tickets; never write",
        "look for late orders",
        "read orders and do not update them",
    ],
)
def test_some_tasks_speak_of_reading_alone(task: str) -> None:
    assert only_reads(task)


@pytest.mark.parametrize(
    "task",
    ["", "tidy up old orders", "read and update orders", "report, then archive", "orders", "人"],
)
def test_others_speak_of_changes_or_of_nothing(task: str) -> None:
    assert not only_reads(task)


def test_where_nothing_is_said_nothing_is_measured() -> None:
    signal = measured(WRITE, made_for(""))
    assert (signal.status, signal.weights) == (SignalStatus.ABSENT, ())


def test_a_change_is_against_a_task_that_only_reads() -> None:
    signal = measured(WRITE, made_for(REPORT))
    assert signal.weights == (6000, 6000, 6000, 6000, 3000, 6000, 3000)
    assert signal.reason == (
        "“report on orders” speaks of reading alone, and this is UPDATE on public.orders"
    )
    assert measured(WRITE, made_for("", now=REPORT)).weights == signal.weights
    assert measured(READ, made_for(REPORT)).weights == ()


def test_whatever_else_is_said_now_the_task_it_was_made_for_counts() -> None:
    assert max(measured(WRITE, made_for(REPORT, now="update orders")).weights) == 6000
    assert max(measured(WRITE, made_for("update orders", now=REPORT)).weights) == 6000
    assert measured(WRITE, made_for("update orders", now="fix one order")).weights == ()


def test_administration_is_worse_and_what_only_runs_says_nothing() -> None:
    drop = called("ssh.elevate", Operation.ADMINISTER, "Account", "root")
    assert max(measured(drop, made_for("read logs")).weights) == 8000
    run = called("ssh.execute", Operation.EXECUTE, "Program", "tail")
    assert measured(run, made_for("read logs")).weights == ()


def test_what_a_task_names_is_compared_with_what_is_touched() -> None:
    other = sql("public.customers")
    assert max(measured(other, made_for("report on public.orders")).weights) == 4000
    assert measured(other, made_for("report on public.orders")).reason == (
        "“report on public.orders” does not name public.customers"
    )
    assert measured(READ, made_for("report on public.orders")).weights == ()
    assert measured(other, made_for("report on public.*")).weights == ()
    assert measured(other, made_for("report to report.csv")).weights == ()
    assert max(measured(other, made_for("report on `orders`")).weights) == 4000
    assert measured(READ, made_for("report on `orders`")).weights == ()


@pytest.mark.parametrize(
    ("task", "kind", "name", "bits"),
    [
        ("read /orders", "Route", "/orders/{id}", 0),
        ("read /orders", "Route", "/customers/{id}", 4000),
        ("read /var/log", "File", "/var/log/syslog", 0),
        ("read /var/log", "File", "/var/logs/syslog", 4000),
        ("set the state of `orders` right", "Route", "/orders/{id}", 0),
        ("set the state of `orders` right", "Route", "/v2/orders/{id}/lines", 0),
        ("set the state of `orders` right", "Route", "/reorders/{id}", 4000),
        ("look at `log`", "File", "/var/log/syslog", 0),
        ("read /orders", "Tool", "list_customers", 0),
        ("look after `shop`", "Tool", "list_customers", 0),
        ("call `list_orders`", "Tool", "list_customers", 4000),
        ("call `list_orders`", "Tool", "list_orders", 0),
    ],
)
def test_routes_files_and_tools_are_named_as_well(
    task: str, kind: str, name: str, bits: int
) -> None:
    action = called("document.read", Operation.READ, kind, name)
    assert max(measured(action, made_for(task)).weights, default=0) == bits


def test_work_on_staging_is_not_done_in_production() -> None:
    assert max(measured(READ, made_for("look at staging", environment="prod")).weights) == 5000
    assert measured(READ, made_for("look at staging", environment="staging")).weights == ()
    both = made_for("copy production to staging", environment="prod")
    assert measured(READ, both).weights == ()


def test_all_together_is_bounded() -> None:
    task = "read public.customers of staging"
    assert max(measured(WRITE, made_for(task, environment="prod")).weights) == 10_000


def test_asking_for_access_and_keeping_house_are_nothing_that_is_done() -> None:
    house = sql("pg_catalog.pg_class")
    for action in (access_request(), house):
        assert measured(action, made_for("report on `orders`")).weights == ()


def test_a_task_never_speaks_for_anybody() -> None:
    for action in (READ, WRITE, access_request()):
        for task in ("update orders", REPORT, "x" * 5_000, "`" * 500, "/a" * 500):
            assert min(measured(action, made_for(task)).weights, default=0) >= 0


def test_a_change_against_a_task_of_reading_is_worth_thirteen_points() -> None:
    assert assess([measured(WRITE, made_for(REPORT))]).score == 13
