"""Binary values as text; tests/conformance/test_values_on_a_server.py asks a real server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.protocols.postgres.values import _KINDS, text_of


def test_a_type_that_is_not_known_stays_hex() -> None:
    assert text_of(0, b"\x00\x2a") == "\\x002a"
    assert text_of(600, b"ab") == "\\x6162"


def test_a_number_reads_as_one() -> None:
    assert text_of(23, (42).to_bytes(4, "big")) == "42"
    assert text_of(20, (-1).to_bytes(8, "big", signed=True)) == "-1"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (23, b"\0"),
        (16, b"\2"),
        (25, b"\xff"),
        (3802, b"\2{}"),
        (1114, b"\x7f" + b"\xff" * 7),
        (1082, b"\x7f\xff\xff\xff"),
        (1700, b"\0\1\0\0\x12\x34\0\0\0\1"),
        (1700, b"\0\1"),
        (2950, b"short"),
    ],
)
def test_what_is_not_of_its_type_stays_hex(kind: int, value: bytes) -> None:
    assert text_of(kind, value) == "\\x" + value.hex()


@given(st.sampled_from(sorted(_KINDS)), st.binary(max_size=40))
def test_no_bytes_raise(kind: int, value: bytes) -> None:
    assert isinstance(text_of(kind, value), str)


@given(st.sampled_from([16, 20, 21, 23, 26, 1082, 1114, 1184, 2950]), st.data())
def test_other_bytes_are_never_the_same_text(kind: int, data: st.DataObject) -> None:
    size = {16: 1, 20: 8, 21: 2, 23: 4, 26: 4, 1082: 4, 1114: 8, 1184: 8, 2950: 16}[kind]
    values = st.binary(min_size=size, max_size=size)
    one, other = data.draw(values), data.draw(values)
    assert (one == other) == (text_of(kind, one) == text_of(kind, other))
