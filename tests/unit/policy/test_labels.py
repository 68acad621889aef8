"""Labels of names: their own, those of what they lie in, and what these begin with."""

from dataclasses import replace

import pytest

from assent.policy.labels import above, labels_of, parts_of, quoted
from policy_builders import SHOP

LABELLED = replace(
    SHOP,
    database="sales",
    labels={
        "sales": frozenset({"crown"}),
        "hr": frozenset({"hr.any"}),
        "public.customers": frozenset({"pii"}),
        "public.customers.card_number": frozenset({"pci.pan"}),
        'public.customers."e.mail"': frozenset({"pii.email"}),
        "archive": frozenset({"old"}),
    },
    databases=("archive",),
)


def test_labels_are_of_the_resource_and_of_the_columns_touched() -> None:
    assert labels_of(LABELLED, "public.customers") == ["crown", "pii"]
    assert labels_of(LABELLED, "public.customers", frozenset({"email"})) == ["crown", "pii"]
    card = labels_of(LABELLED, "public.customers", frozenset({"card_number"}))
    assert card == ["crown", "pci", "pci.pan", "pii"]


def test_a_star_touches_the_labels_of_every_column() -> None:
    assert "pci.pan" in labels_of(LABELLED, "public.customers", frozenset({"*"}))
    assert labels_of(LABELLED, "public.custom", frozenset({"*"})) == ["crown"]


def test_a_column_with_a_dot_in_its_name_has_its_labels() -> None:
    assert "pii.email" in labels_of(LABELLED, "public.customers", frozenset({"e.mail"}))


def test_what_lies_in_a_labelled_schema_has_its_labels() -> None:
    assert labels_of(LABELLED, "hr.staff") == ["crown", "hr", "hr.any"]


def test_another_database_has_its_own_labels_and_not_those_of_the_usual_one() -> None:
    assert labels_of(LABELLED, "archive.public.customers") == ["old"]


@pytest.mark.parametrize("name", ["pg_catalog.pg_class", "information_schema.tables", "now"])
def test_the_servers_own_has_no_labels_of_the_database(name: str) -> None:
    assert labels_of(LABELLED, name) == []


def test_without_a_target_or_labels_there_are_none() -> None:
    assert labels_of(None, "public.customers", frozenset({"*"})) == []
    assert labels_of(replace(SHOP, labels={}), "public.customers", frozenset({"*"})) == []


def test_labels_that_are_replaced_are_not_remembered() -> None:
    everything = frozenset({"*"})
    for label in ("one", "two"):
        target = replace(SHOP, labels={"public.orders.note": frozenset({label})})
        assert labels_of(target, "public.orders", everything) == [label]


def test_a_name_is_cut_at_the_dots_outside_of_quotes() -> None:
    assert parts_of('public."a.b"."c""d.e"') == ["public", '"a.b"', '"c""d.e"']
    assert above('public."a.b".c', 3, "my.db") == ['public."a.b"', "public", '"my.db"']
    assert [quoted(part) for part in ("a", "a.b", 'a"b')] == ["a", '"a.b"', '"a""b"']
