"""What is shown in place of single values."""

import hmac
import re
from uuid import UUID

import pytest

from assent.content.masks import (
    OTHER,
    Family,
    ValueKind,
    constant,
    masked,
    of_expression,
    overall,
)
from assent.core.enforcement import MaskHow

KEY = b"a key of the target's"
TEXT = ValueKind(Family.TEXT)
INT4 = ValueKind(Family.INTEGER, size_bytes=4)
INT4_BINARY = ValueKind(Family.INTEGER, binary=True, size_bytes=4)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("bob@example.com", "b***@e***.com"),
        ("b@e.com", "***@***.com"),
        ("bob@mail.example.co.uk", "b***@m***.uk"),
        ("4111111111111111", "***1111"),
        ("12345678", "***"),
        ("123456789", "***6789"),
        ("Ångström-Åsa", "***-Åsa"),
        ("", "***"),
    ],
)
def test_partial_keeps_little_of_a_text(value: str, shown: str) -> None:
    assert masked(value.encode(), TEXT, MaskHow.PARTIAL, KEY) == shown.encode()


def test_partial_shows_nothing_of_bytes_that_are_no_text() -> None:
    assert masked(b"\xff" * 20, TEXT, MaskHow.PARTIAL, KEY) == b"***"


@pytest.mark.parametrize("how", [MaskHow.PARTIAL, MaskHow.REDACT])
@pytest.mark.parametrize("kind", [INT4, INT4_BINARY, ValueKind(Family.UUID), OTHER])
def test_what_holds_no_stars_is_null(kind: ValueKind, how: MaskHow) -> None:
    assert masked(b"4111", kind, how, KEY) is None
    assert constant(kind, how) == (True, None)


def test_null_is_null_for_every_type() -> None:
    assert masked(b"bob", TEXT, MaskHow.NULL, KEY) is None


def test_a_hash_is_the_same_for_the_same_value_and_key_alone() -> None:
    one = masked(b"bob@example.com", TEXT, MaskHow.HASH, KEY)
    assert one is not None
    assert re.fullmatch(rb"[0-9a-f]{16}", one)
    assert masked(b"bob@example.com", TEXT, MaskHow.HASH, KEY) == one
    assert masked(b"eve@example.com", TEXT, MaskHow.HASH, KEY) != one
    assert masked(b"bob@example.com", TEXT, MaskHow.HASH, b"another key") != one


@pytest.mark.parametrize("key", [b"", b"k", b"k" * 64, b"k" * 65])
def test_a_hash_is_an_hmac(key: bytes) -> None:
    wanted = hmac.digest(key, b"bob@example.com", "sha256")[:8].hex().encode()
    assert masked(b"bob@example.com", TEXT, MaskHow.HASH, key) == wanted


@pytest.mark.parametrize("size_bytes", [2, 4, 8])
def test_a_hashed_integer_fits_its_type_and_is_the_same_in_both_formats(size_bytes: int) -> None:
    as_text = ValueKind(Family.INTEGER, size_bytes=size_bytes)
    as_binary = ValueKind(Family.INTEGER, binary=True, size_bytes=size_bytes)
    for number in (-5, 0, 1, 32_000):
        text = masked(b"%d" % number, as_text, MaskHow.HASH, KEY)
        data = masked(number.to_bytes(size_bytes, signed=True), as_binary, MaskHow.HASH, KEY)
        assert text is not None
        assert data is not None
        assert 0 < int(text) < 1 << (8 * size_bytes - 1)
        assert int.from_bytes(data, signed=True) == int(text)


def test_a_hashed_uuid_is_a_uuid_and_the_same_in_both_formats() -> None:
    value = UUID("0190c5d6-1111-7abc-8def-000000000001")
    text = masked(str(value).encode(), ValueKind(Family.UUID), MaskHow.HASH, KEY)
    data = masked(value.bytes, ValueKind(Family.UUID, binary=True), MaskHow.HASH, KEY)
    assert text is not None
    assert data is not None
    assert UUID(text.decode()).bytes == data
    assert UUID(bytes=data).version == 8


def test_hashed_bytes_are_bytes_in_both_formats() -> None:
    text = masked(b"\\x0102", ValueKind(Family.BYTES), MaskHow.HASH, KEY)
    data = masked(b"\x01\x02", ValueKind(Family.BYTES, binary=True), MaskHow.HASH, KEY)
    assert data is not None
    assert text == b"\\x" + data.hex().encode()


def test_what_hides_most_wins() -> None:
    assert overall([]) is None
    assert overall([MaskHow.PARTIAL, MaskHow.HASH]) is MaskHow.HASH
    assert overall([MaskHow.REDACT, MaskHow.HASH]) is MaskHow.REDACT
    assert overall(MaskHow) is MaskHow.NULL


def test_an_expression_is_never_shown_in_part_nor_as_a_hash() -> None:
    assert [of_expression(how) for how in (MaskHow.PARTIAL, MaskHow.HASH, MaskHow.NULL)] == [
        MaskHow.REDACT,
        MaskHow.REDACT,
        MaskHow.NULL,
    ]
