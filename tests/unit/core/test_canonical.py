"""Canonical JSON: one value, one sequence of bytes, and nothing outside of the profile."""

from types import MappingProxyType

import pytest

from assent.core.canonical import canonical_bytes
from assent.core.signal import SignalStatus


def test_keys_are_sorted_and_text_stays_as_it_is() -> None:
    value = {"b": [1, None, True], "a": {"z": "é\n\u2028", "y": -1}}
    expected = '{"a":{"y":-1,"z":"é\\n\u2028"},"b":[1,null,true]}'
    assert canonical_bytes(value) == expected.encode()


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        2**53,
        -(2**53),
        b"bytes",
        {"é": 1},
        {1: 2},
        {"a\n": 1},
        "\ud800",
        object(),
        [[{"x": 0.5}]],
    ],
)
def test_what_lies_outside_of_the_profile_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        canonical_bytes(value)  # type: ignore[arg-type]


def test_the_largest_integers_are_inside() -> None:
    assert canonical_bytes([2**53 - 1, -(2**53) + 1]) == b"[9007199254740991,-9007199254740991]"


def test_words_of_a_list_tuples_and_read_only_mappings_are_as_plain_ones() -> None:
    value = MappingProxyType({"status": SignalStatus.ABSENT, "found": (1, (True,))})
    assert canonical_bytes(value) == b'{"found":[1,[true]],"status":"absent"}'


def test_a_key_that_was_refused_once_is_refused_again() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="key outside of the profile"):
            canonical_bytes({"usual": 1, "schlüssel": 2})


def test_a_long_key_is_taken_each_time() -> None:
    long = "k" * 100
    assert canonical_bytes({long: 1}) == canonical_bytes({long: 1}) == f'{{"{long}":1}}'.encode()
