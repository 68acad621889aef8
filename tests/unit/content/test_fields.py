"""Fields by their paths: one way of writing each, and nothing that is lost on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.content.fields import (
    Fields,
    Number,
    parsed,
    parts_of,
    path_of,
    quoted,
    read_document,
    read_json,
    unquoted,
)


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_a_path_says_the_keys_that_it_was_made_of(keys: list[str]) -> None:
    assert parts_of(path_of(keys)) == tuple(keys)


@pytest.mark.parametrize(
    ("key", "part"),
    [("email", "email"), ("a.b", '"a.b"'), ('a"b', '"a""b"'), ("", '""'), ("*", '"*"')],
)
def test_a_key_is_in_quotes_where_it_could_be_taken_for_something_else(key: str, part: str) -> None:
    assert quoted(key) == part
    assert unquoted(part) == key


def test_a_value_in_no_object_has_a_path_too() -> None:
    fields = Fields()
    assert read_json(b"[1, 2.50, true, null]", fields)
    assert fields.columns == {"$"}
    assert fields.arguments == {"$=1", "$=2.50", "$=true", "$=null", "$=*several"}


def test_empty_objects_and_arrays_are_values() -> None:
    fields = Fields()
    read_document({"a": {}, "b": [], "c": 7, "d": {"e": False}}, fields)
    assert fields.arguments == {"a={}", "b=[]", "c=7", "d.e=false"}
    assert fields.problems == []


def test_a_value_is_cut_and_its_field_is_not() -> None:
    fields = Fields()
    fields.add("a" * 300, "b" * 300)
    assert fields.arguments == {"a" * 300 + "=" + "b" * 200}
    assert not fields.problems
    fields.add("a" * 301, "b")
    assert fields.problems


def test_numbers_stay_as_they_are_written() -> None:
    problems: list[str] = []
    assert parsed(b"[1.10, 1e400, 123456789012345678901]", problems) == [
        Number("1.10"),
        Number("1e400"),
        Number("123456789012345678901"),
    ]
    assert problems == []


@pytest.mark.parametrize("data", [b"", b"{", b"NaN", b"\xff", b"\xef\xbb\xbf1", b"[" * 99_999])
def test_what_is_no_json_is_none(data: bytes) -> None:
    assert not read_json(data, Fields())
