"""Unit tests of signals/first_time.py."""

from collections.abc import Mapping
from datetime import UTC, datetime

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.evidence import Evidence
from assent.core.ids import ActionId, SubjectId
from assent.core.resource import Resource
from assent.core.signal import Signal, SignalStatus
from assent.core.subject import Subject, SubjectKind
from assent.signals.first_time import FIRST_CHANGE, FIRST_READ, measure

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ANA = Subject(SubjectId("sub_ana"), "ana")
NOTHING: Mapping[str, int] = {}


def touch(verb: str, name: str = "public.orders", kind: str = "Table") -> Touch:
    operation = Operation.READ if verb == "sql.read" else Operation.WRITE
    return Touch(verb, operation, Resource(kind, name))


def measured(
    *touches: Touch,
    history: Mapping[str, int] = NOTHING,
    unavailable: frozenset[str] = frozenset(),
    complete: bool = True,
    subject: Subject = ANA,
) -> Signal:
    action = Action(ActionId("act_1"), ANA.id, Statement("sql.read", touches, complete))
    evidence = Evidence(at=NOW, subject=subject, history=history, unavailable=unavailable)
    return measure(action, evidence, NOW)


def test_a_first_change_is_strongest() -> None:
    signal = measured(
        touch("sql.read"), touch("sql.delete"), history={"sql.delete public.orders": 0}
    )
    assert (signal.status, signal.strength) == (SignalStatus.OBSERVED, FIRST_CHANGE)
    assert signal.reason == "this person never did DELETE on public.orders before"


def test_a_first_read_weighs_less() -> None:
    assert measured(touch("sql.read")).strength == FIRST_READ < FIRST_CHANGE


def test_what_was_done_before_is_absent() -> None:
    signal = measured(touch("sql.read"), history={"sql.read public.orders": 3})
    assert signal.status is SignalStatus.ABSENT


def test_another_table_or_another_verb_is_a_first_time_still() -> None:
    history = {"sql.read public.customers": 3, "sql.delete public.orders": 3}
    assert measured(touch("sql.read"), history=history).status is SignalStatus.OBSERVED


def test_a_history_that_cannot_be_read_is_unavailable() -> None:
    signal = measured(touch("sql.read"), unavailable=frozenset({"history"}))
    assert signal.status is SignalStatus.UNAVAILABLE


def test_a_statement_not_understood_is_unavailable_and_keeps_what_was_found() -> None:
    signal = measured(touch("sql.delete"), complete=False)
    assert (signal.status, signal.strength) == (SignalStatus.UNAVAILABLE, FIRST_CHANGE)


def test_reading_the_catalogue_is_nobodys_first_time() -> None:
    assert measured(touch("sql.read", "pg_catalog.pg_class")).status is SignalStatus.ABSENT


def test_changing_the_catalogue_is_a_first_time() -> None:
    signal = measured(touch("sql.update", "pg_catalog.pg_authid"))
    assert signal.status is SignalStatus.OBSERVED


def test_only_tables_are_looked_up() -> None:
    assert measured(touch("sql.read", "now", "Function")).status is SignalStatus.ABSENT


def test_an_agent_is_called_one_and_many_tables_are_shortened() -> None:
    robot = Subject(SubjectId("sub_bot"), "bot", SubjectKind.AGENT)
    reads = [touch("sql.read", f"public.t{n}") for n in range(4)]
    assert (
        measured(*reads, subject=robot).reason
        == "this agent never did READ on public.t0, public.t1 and 2 more before"
    )
