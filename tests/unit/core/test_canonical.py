"""Canonical JSON: one value, one sequence of bytes, and nothing outside of the profile."""

import pytest

from assent.core.canonical import canonical_bytes


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
