import time

import pytest

from assent.content.column_rules import ColumnRule, ColumnRules
from assent.core.faults import OperatorFault

EMAIL = ColumnRule("(?i)e_?mail", "pii.email")
NAME = ColumnRule("^(first|last)_name$", "pii.name")
PAN = ColumnRule("^pan$", "pci.card", table=r"^payments\.")


def test_columns_are_labelled_by_their_names() -> None:
    rules = ColumnRules([EMAIL, NAME])
    found = rules.of("public.customers", ["id", "E_Mail", "first_name", "nickname"])
    assert found == {"E_Mail": {"pii.email"}, "first_name": {"pii.name"}}


def test_a_rule_may_be_for_some_tables_only() -> None:
    rules = ColumnRules([EMAIL, PAN])
    assert rules.of("payments.cards", ["pan"]) == {"pan": {"pci.card"}}
    assert rules.of("public.cards", ["pan"]) == {}


def test_the_labels_of_all_rules_that_fit_add_up() -> None:
    rules = ColumnRules([EMAIL, ColumnRule("work", "internal")])
    assert rules.of("public.people", ["work_email"]) == {"work_email": {"internal", "pii.email"}}


def test_without_rules_nothing_is_labelled() -> None:
    assert ColumnRules().of("public.customers", ["email"]) == {}


def test_a_pattern_that_is_none_says_where_it_is() -> None:
    with pytest.raises(OperatorFault, match=r"2 table: `\[` is no pattern"):
        ColumnRules([EMAIL, ColumnRule("a", "b", "[", "[[label_rules]] 2")])


def test_a_hundred_thousand_columns_take_less_than_a_second() -> None:
    rules = ColumnRules([EMAIL, NAME, PAN, *(ColumnRule(f"x{n}y", "z") for n in range(50))])
    begun = time.process_time()
    labelled = sum(
        len(rules.of(f"public.t{table}", [f"column_{table}_{n}" for n in range(9)] + ["email"]))
        for table in range(10_000)
    )
    assert labelled == 10_000
    assert time.process_time() - begun < 1
