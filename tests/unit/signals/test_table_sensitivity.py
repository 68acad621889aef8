"""Unit tests of signals/table_sensitivity.py."""

from collections.abc import Mapping
from datetime import UTC, datetime

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.evidence import Evidence
from assent.core.ids import ActionId, SubjectId, TargetId
from assent.core.resource import Resource, Target
from assent.core.signal import Signal, SignalStatus
from assent.core.subject import Subject
from assent.signals.table_sensitivity import measure

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ANA = Subject(SubjectId("sub_ana"), "ana")
LABELS = {
    "public.customers": frozenset({"crm"}),
    "public.customers.email": frozenset({"pii.email"}),
    "public.customers.card_number": frozenset({"pci.pan"}),
    "public.customers_old.key": frozenset({"secret"}),
}


def target(labels: Mapping[str, frozenset[str]] = LABELS) -> Target:
    return Target(
        TargetId("tgt_shop"), "shop", "postgres", "db", 5432, "shop", "u", "c", labels=labels
    )


def touch(*columns: str, verb: str = "sql.read", name: str = "public.customers") -> Touch:
    operation = Operation.READ if verb == "sql.read" else Operation.WRITE
    return Touch(verb, operation, Resource("Table", name), frozenset(columns))


def measured(*touches: Touch, complete: bool = True, shop: Target | None = None) -> Signal:
    statement = Statement("sql.read", touches, complete)
    action = Action(ActionId("act_1"), ANA.id, statement, target=TargetId("tgt_shop"))
    return measure(action, Evidence(at=NOW, subject=ANA, target=shop or target()), NOW)


def test_card_data_is_strongest() -> None:
    signal = measured(touch("email", "card_number"))
    assert (signal.status, signal.harm) == (SignalStatus.OBSERVED, 25)
    assert signal.reason == "public.customers.card_number is labelled pci.pan"


def test_personal_data_is_medium() -> None:
    assert measured(touch("email")).harm == 13


def test_any_other_label_is_low() -> None:
    assert measured(touch("id")).harm == 5


def test_a_star_counts_every_labelled_column_of_its_table() -> None:
    assert measured(touch("*")).harm == 25


def test_a_table_whose_name_only_begins_alike_is_another_table() -> None:
    assert "customers_old" not in measured(touch("*")).reason


def test_a_delete_touches_all_columns_though_it_names_none() -> None:
    assert measured(touch(verb="sql.delete")).harm == 25


def test_a_read_that_names_no_column_counts_the_label_of_the_table() -> None:
    assert measured(touch()).harm == 5


def test_the_most_sensitive_of_all_touches_counts() -> None:
    both = measured(touch("id"), touch("key", name="public.customers_old"))
    assert both.reason == "public.customers_old.key is labelled secret"


def test_nothing_labelled_is_absent() -> None:
    assert measured(touch("*", name="public.orders")).status is SignalStatus.ABSENT
    assert measured(touch("*"), shop=target({})).status is SignalStatus.ABSENT


def test_an_unknown_target_is_unavailable() -> None:
    action = Action(
        ActionId("act_1"), ANA.id, Statement("sql.read", (touch("*"),), True), TargetId("tgt_x")
    )
    no_target = Evidence(at=NOW, subject=ANA)
    failed = Evidence(at=NOW, subject=ANA, target=target(), unavailable=frozenset({"target"}))
    assert measure(action, no_target, NOW).status is SignalStatus.UNAVAILABLE
    assert measure(action, failed, NOW).status is SignalStatus.UNAVAILABLE


def test_what_touches_nothing_anywhere_is_absent() -> None:
    action = Action(ActionId("act_1"), ANA.id, Statement("policy.read", (), True))
    assert measure(action, Evidence(at=NOW, subject=ANA), NOW).status is SignalStatus.ABSENT


def test_a_statement_not_understood_is_unavailable_and_keeps_what_was_found() -> None:
    signal = measured(touch("card_number"), complete=False)
    assert (signal.status, signal.harm) == (SignalStatus.UNAVAILABLE, 25)
    assert measured(complete=False).status is SignalStatus.UNAVAILABLE
