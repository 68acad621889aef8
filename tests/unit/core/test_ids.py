"""Ids: UUIDv7 in base32hex, sortable."""

from datetime import UTC, datetime, timedelta

import pytest

from assent.core.ids import PREFIXES, format_id
from builders import NOON

_ALPHABET = "0123456789abcdefghijklmnopqrstuv"


def number(text: str) -> int:
    value = 0
    for letter in text.partition("_")[2]:
        value = value << 5 | _ALPHABET.index(letter)
    return value >> 2


def test_an_id_is_the_uuid_of_the_rfc() -> None:
    # RFC 9562, appendix A.6: this instant and these random bits make this UUID.
    at = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)
    text = format_id("request", at, 0xCC3 << 62 | 0x18C4DC0C0C07398F)
    assert f"{number(text):032x}" == "017f22e279b07cc398c4dc0c0c07398f"


def test_ids_sort_as_their_times_do() -> None:
    ids = [format_id("entry", NOON + timedelta(milliseconds=n), 2**74 - 1 - n) for n in range(99)]
    assert ids == sorted(ids)
    assert {len(one) for one in ids} == {30}


def test_kinds_have_prefixes_of_their_own() -> None:
    assert len(set(PREFIXES.values())) == len(PREFIXES)
    with pytest.raises(KeyError):
        format_id("nothing", NOON, 0)
