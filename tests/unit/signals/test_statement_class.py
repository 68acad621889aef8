"""Unit tests of signals/statement_class.py."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.evidence import Evidence
from assent.core.ids import ActionId, SubjectId
from assent.core.resource import Resource
from assent.core.signal import Signal, SignalStatus
from assent.core.subject import Subject
from assent.protocols.http.verbs import VERBS as HTTP
from assent.protocols.mcp.verbs import VERBS as MCP
from assent.protocols.ssh.verbs import VERBS as SSH
from assent.signals import SIGNALS
from assent.signals.statement_class import EVERY_ROW, PERCENT, STRENGTHS, measure, with_where

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
EVIDENCE = Evidence(at=NOW, subject=Subject(SubjectId("sub_ana"), "ana"))


def touch(verb: str, operation: Operation, name: str = "public.orders") -> Touch:
    return Touch(verb, operation, Resource("Table", name))


def action(*touches: Touch, complete: bool = True, has_where: bool = True) -> Action:
    problems = () if complete else ("`FROBNICATE` is not known",)
    kind = touches[0].verb if touches else "sql.session"
    statement = Statement(kind, touches, complete, has_where=has_where, problems=problems)
    return Action(ActionId("act_1"), SubjectId("sub_ana"), statement)


def measured(*touches: Touch, complete: bool = True, has_where: bool = True) -> Signal:
    return measure(action(*touches, complete=complete, has_where=has_where), EVIDENCE, NOW)


def harm(strength: int) -> int:
    return (PERCENT * strength + 50) // 100


READ = touch("sql.read", Operation.READ)
DELETE = touch("sql.delete", Operation.WRITE)
UPDATE = touch("sql.update", Operation.WRITE, "public.payments")


def test_a_read_is_absent() -> None:
    assert measured(READ) == Signal(
        "statement_class", SignalStatus.ABSENT, "it only reads or keeps house"
    )


def test_a_statement_that_touches_nothing_is_absent() -> None:
    assert measured().status is SignalStatus.ABSENT


def test_a_delete_without_where_says_that_it_touches_every_row() -> None:
    signal = measured(READ, DELETE, has_where=False)
    assert signal.harm == harm(EVERY_ROW)
    assert signal.reason == "DELETE without WHERE touches every row of public.orders"


def test_what_goes_with_a_delete_without_where_is_not_named_for_it() -> None:
    taken_along = replace(touch("sql.delete", Operation.WRITE, "public.items"), through="a key")
    signal = measured(DELETE, taken_along, has_where=False)
    assert signal.reason == "DELETE without WHERE touches every row of public.orders"
    alone = measured(taken_along, has_where=False)
    assert alone.reason == "DELETE without WHERE touches every row of public.items"


def test_every_table_that_may_lose_its_rows_is_named() -> None:
    signal = measured(UPDATE, DELETE, has_where=False)
    assert (
        signal.reason == "UPDATE or DELETE without WHERE touches every row of "
        "public.payments or public.orders"
    )


def test_a_long_list_of_tables_is_shortened() -> None:
    many = [touch("sql.delete", Operation.WRITE, f"public.t{n}") for n in range(5)]
    assert measured(*many, has_where=False).reason.endswith("public.t0, public.t1 or 3 more")


def test_a_where_lowers_a_delete() -> None:
    assert measured(DELETE).harm < measured(DELETE, has_where=False).harm


def test_an_insert_is_not_judged_by_a_missing_where() -> None:
    insert = touch("sql.insert", Operation.WRITE)
    assert measured(insert, has_where=False) == measured(insert)


@pytest.mark.parametrize("verb", ["sql.grant", "sql.impersonate", "sql.program"])
def test_what_changes_who_may_do_what_is_strongest(verb: str) -> None:
    assert measured(touch(verb, Operation.ADMINISTER)).harm == harm(100)


def test_the_classes_stand_in_order() -> None:
    verbs = ["sql.read", "sql.insert", "sql.delete", "sql.create", "sql.drop", "sql.grant"]
    harms = [measured(touch(verb, Operation.READ)).harm for verb in verbs]
    assert harms == sorted(set(harms))


def test_what_is_not_fully_understood_is_strongest_and_says_why() -> None:
    signal = measured(READ, complete=False)
    assert signal.harm == harm(100)
    assert signal.reason == "it cannot be fully understood: `FROBNICATE` is not known"


def test_an_unknown_operation_is_strongest_whatever_its_verb() -> None:
    signal = measured(touch("sql.read", Operation.UNKNOWN))
    assert signal.harm == harm(100)
    assert signal.reason == "what it does to public.orders is not known"


def test_a_verb_that_is_not_listed_is_as_strong_as_its_operation() -> None:
    assert measured(touch("queue.send", Operation.WRITE)).harm == harm(40)
    assert measured(touch("queue.peek", Operation.READ)).harm == 0
    assert measured(touch("x", Operation.ADMINISTER)).reason == "x acts on public.orders"


def test_asking_for_access_is_not_dangerous_by_itself() -> None:
    assert measured(touch("access.request", Operation.ADMINISTER)).harm == 0


def test_a_long_name_is_cut_in_the_reason() -> None:
    long = touch("sql.drop", Operation.ADMINISTER, "x" * 500)
    assert len(measured(long).reason) < 120


def test_with_where_says_what_a_where_would_change() -> None:
    careful = with_where(action(DELETE, has_where=False))
    assert careful is not None
    assert careful.harm == measured(DELETE).harm


def test_with_where_is_none_where_a_where_would_change_nothing() -> None:
    assert with_where(action(DELETE)) is None
    assert with_where(action(DELETE, complete=False, has_where=False)) is None


def test_signals_have_distinct_names_and_measure_what_they_are_named_after() -> None:
    assert len({plugin.name for plugin in SIGNALS}) == len(SIGNALS) == 27
    for plugin in SIGNALS:
        assert plugin.measure(action(READ), EVIDENCE, NOW).name == plugin.name


@pytest.mark.parametrize(
    ("verb", "operation", "strength", "reason"),
    [
        ("http.get", Operation.READ, 0, "it only reads or keeps house"),
        ("http.post", Operation.READ, 0, "it only reads or keeps house"),
        ("http.post", Operation.WRITE, 30, "POST sends something to x"),
        ("http.post", Operation.ADMINISTER, 80, "POST sends something to x"),
        ("http.delete", Operation.WRITE, 60, "DELETE removes x"),
        ("ssh.execute", Operation.READ, 0, "it only reads or keeps house"),
        ("ssh.execute", Operation.EXECUTE, 20, "it runs x on the server"),
        ("ssh.shell", Operation.EXECUTE, 40, "it opens a shell as x, in which more is done than"),
        ("ssh.elevate", Operation.ADMINISTER, 80, "it goes on as x"),
        ("file.delete", Operation.WRITE, 60, "it deletes x"),
        ("tool.call", Operation.READ, 0, "it only reads or keeps house"),
        ("tool.call", Operation.WRITE, 40, "the tool x adds something, as it says of itself"),
        ("tool.call", Operation.EXECUTE, 50, "the tool x does not say what it does"),
        ("tool.call", Operation.UNKNOWN, 100, "what it does to x is not known"),
        ("document.read", Operation.READ, 0, "it only reads or keeps house"),
        ("tcp.connect", Operation.EXECUTE, 30, "it opens a stream to x, which is not looked into"),
        ("sql.drop", Operation.ADMINISTER, 95, "DROP removes x for good"),
    ],
)
def test_verbs_of_every_protocol_have_a_strength_and_say_it(
    verb: str, operation: Operation, strength: int, reason: str
) -> None:
    signal = measured(touch(verb, operation, "x"))
    assert signal.harm == harm(strength)
    assert signal.reason.startswith(reason)


def test_every_verb_of_every_protocol_is_listed_or_is_as_strong_as_its_operation() -> None:
    listed = STRENGTHS.keys()
    named = {verb for verbs in (HTTP, MCP, SSH) for verb in verbs}
    assert named - listed == {
        *("http.unknown", "ssh.unknown", "mcp.unknown"),
        "tool.call",
    }
