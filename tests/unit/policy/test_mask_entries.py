import pytest

from assent.core.enforcement import MaskHow
from assent.policy.mask_entries import MaskEntry, parse_masks, strictest


def test_entries_are_read_in_order_and_redact_where_nothing_is_said() -> None:
    text = 'pii.email: partial, public.customers.ssn:null,secret , public."a,b:c"."x.y" : hash'
    assert parse_masks(text) == (
        MaskEntry("pii.email", MaskHow.PARTIAL),
        MaskEntry("public.customers.ssn", MaskHow.NULL),
        MaskEntry("secret", MaskHow.REDACT),
        MaskEntry('public."a,b:c"."x.y"', MaskHow.HASH),
    )


def test_an_entry_reads_back_as_it_is_written() -> None:
    for entry in parse_masks('pii, public."a,b".c: hash'):
        assert parse_masks(str(entry)) == (entry,)


@pytest.mark.parametrize("text", ["", " ", "a,", ",a", "a b", "a: b: c", "a.*", "a..b", ".a", "a."])
def test_what_names_nothing_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be masked; write a label or a column's full name"):
        parse_masks(text)


def test_a_quote_that_is_not_closed_is_refused() -> None:
    with pytest.raises(ValueError, match="a quote that is not closed"):
        parse_masks('pii, public."a')


@pytest.mark.parametrize("how", ["partialy", "NULL", "", "none"])
def test_an_unknown_way_to_mask_is_named_with_those_that_are_known(how: str) -> None:
    known = "there are `partial`, `hash`, `redact`, `null`"
    with pytest.raises(ValueError, match=f"`{how}` is no way to mask; {known}"):
        parse_masks(f"pii: {how}")


def test_the_same_thing_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="`pii` is masked twice"):
        parse_masks("pii, a, pii: null")


def test_more_entries_than_anybody_reads_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 100 things"):
        parse_masks(",".join(f"l{n}" for n in range(101)))


def test_a_label_stands_for_those_below_it_and_no_others() -> None:
    entry = MaskEntry("pii", MaskHow.NULL)
    assert entry.covers("pii")
    assert entry.covers("pii.email")
    assert not entry.covers("piif")
    assert not MaskEntry("pii.email", MaskHow.NULL).covers("pii")


def test_null_hides_more_than_redact_than_hash_than_partial() -> None:
    order = [MaskHow.PARTIAL, MaskHow.HASH, MaskHow.REDACT, MaskHow.NULL]
    for place, how in enumerate(order):
        assert strictest(order[: place + 1]) is how
    assert strictest([]) is None
