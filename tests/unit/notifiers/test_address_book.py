"""Addresses are found by name and kind."""

from channel_notices import BEN, BOOK, DORA


def test_an_address_is_found_by_name_and_kind() -> None:
    assert BOOK(BEN, "email") == "ben@example.org"
    assert BOOK(BEN, "slack") == "U024BE7LH"


def test_an_empty_address_is_none() -> None:
    assert BOOK(DORA, "email") is None
    assert BOOK(BEN, "fax") is None
