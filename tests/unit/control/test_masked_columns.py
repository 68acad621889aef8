"""Which columns are masked: by their labels, by what they lie in, and with their partitions."""

from dataclasses import replace

import pytest

from assent.control.masked_columns import Masks, masks_for, masks_of
from assent.core.decision import Obligation, Permit
from assent.core.enforcement import MaskHow
from assent.core.resource import Target
from policy_builders import SHOP, action, evidence, touch

LABELLED = replace(
    SHOP,
    database="sales",
    labels={
        "public.customers.email": frozenset({"pii.email"}),
        "public.customers.card": frozenset({"pci.card", "pii"}),
        "public.customers.name": frozenset({"name"}),
        "hr": frozenset({"pii.staff"}),
        "archive.public.customers.email": frozenset({"pii.email"}),
    },
    databases=("archive",),
)


def permit(*masks: str) -> Permit:
    return Permit("rev", ("p",), tuple(Obligation("mask", mask, "p") for mask in masks))


def masks(*words: str, target: Target = LABELLED) -> Masks:
    return masks_of(permit(*words), target)


def test_a_column_is_masked_by_its_labels_and_what_they_begin_with() -> None:
    found = masks("pii: hash")
    assert found["public.customers.email"] is MaskHow.HASH
    assert found["public.customers.card"] is MaskHow.HASH
    assert "public.customers.name" not in found
    assert found.get("public.orders.id") is None
    with pytest.raises(KeyError):
        found["public.orders.id"]


def test_of_several_entries_what_hides_most_counts() -> None:
    found = masks("pii: partial", "pci: null", "public.customers.email: redact")
    assert found["public.customers.card"] is MaskHow.NULL
    assert found["public.customers.email"] is MaskHow.REDACT


def test_a_column_without_a_label_is_masked_by_its_full_name() -> None:
    assert masks("public.orders.note: null")["public.orders.note"] is MaskHow.NULL


def test_what_lies_in_a_labelled_schema_or_database_is_masked() -> None:
    assert masks("pii")["hr.staff.anything"] is MaskHow.REDACT
    whole = masks("crown", target=replace(LABELLED, labels={"sales": frozenset({"crown"})}))
    assert whole["public.orders.id"] is MaskHow.REDACT
    assert "pg_catalog.pg_class.relname" not in whole
    assert "archive.public.orders.id" not in whole


def test_going_through_masks_gives_columns_and_tables_that_are_masked_whole() -> None:
    labels = {**LABELLED.labels, "public.notes": frozenset({"pii"})}
    target = replace(LABELLED, labels=labels)
    plain = masks("pii: hash", target=target)
    assert {"public.customers.email", "public.customers.card", "public.notes.*"} <= set(plain)
    assert "public.customers.*" not in set(plain)
    assert set(plain.values()) == {MaskHow.HASH}


def test_a_table_that_is_touched_in_a_labelled_schema_is_among_those_masked_whole() -> None:
    what = action(touch("sql.read", "hr.staff", "id"))
    found = masks_for(permit("pii: hash"), what, replace(evidence(), target=LABELLED))
    assert "hr.staff.*" in set(found)
    assert masks_for(permit("pii: hash"), what, replace(evidence(), target=LABELLED)) is found


def test_every_column_at_once_is_masked_as_the_strictest_of_them() -> None:
    found = masks("pii.email: partial", "pci: null")
    assert found["public.customers.*"] is MaskHow.NULL
    assert masks("pii")["hr.staff.*"] is MaskHow.REDACT
    assert "public.orders.*" not in found


def test_in_another_database_names_are_found_without_it() -> None:
    inside = masks("pii").inside("archive.")
    assert "public.customers.email" in inside
    assert "public.customers.card" not in inside
    assert list(inside) == ["public.customers.email"]
    assert masks("pii").inside("") == masks("pii")


def test_nothing_is_masked_where_no_permit_says_so_or_nothing_is_labelled() -> None:
    assert not masks()
    assert not masks_of(permit("pii"), None)
    assert not masks("pii", target=replace(SHOP, labels={}))


def test_masks_are_kept_until_the_labels_are_replaced() -> None:
    assert masks("pii") is masks("pii")
    assert masks("pii", target=replace(LABELLED, labels=dict(LABELLED.labels))) is not masks("pii")


@pytest.mark.parametrize(
    ("labelled", "read", "through"),
    [
        # The text names the partition, and its table is labelled; then the other way round.
        ("public.customers", "public.customers_1", "partition public.customers_1"),
        ("public.customers_1", "public.customers", "partition of public.customers"),
        ("public.customers_1", "public.customers", "inherits public.customers"),
    ],
)
@pytest.mark.parametrize("columns", [("email",), ("*",)])
def test_a_partition_and_its_table_are_masked_alike(
    labelled: str, read: str, through: str, columns: tuple[str, ...]
) -> None:
    target = replace(SHOP, labels={f"{labelled}.email": frozenset({"pii.email"})})
    other = replace(touch("sql.read", labelled, *columns), through=through)
    what = action(touch("sql.read", read, *columns), other)
    found = masks_for(permit("pii: hash"), what, replace(evidence(), target=target))
    assert found[f"{read}.email"] is MaskHow.HASH
    assert f"{read}.id" not in found


def test_a_labelled_table_masks_all_of_its_partition() -> None:
    target = replace(SHOP, labels={"public.customers": frozenset({"pii"})})
    other = replace(touch("sql.read", "public.customers", "id"), through="partition public.c_1")
    what = action(touch("sql.read", "public.c_1", "id"), other)
    found = masks_for(permit("pii"), what, replace(evidence(), target=target))
    assert found["public.c_1.anything"] is MaskHow.REDACT


def test_partitions_in_another_database_are_masked_there() -> None:
    other = replace(
        touch("sql.read", "archive.public.customers", "email"), through="partition public.c_1"
    )
    what = action(touch("sql.read", "archive.public.c_1", "email"), other)
    found = masks_for(permit("pii"), what, replace(evidence(), target=LABELLED))
    assert "archive.public.c_1.email" in found
    assert "public.c_1.email" in found.inside("archive.")
