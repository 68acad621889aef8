"""What is shown in place of one value, so that it says no more than its mask allows.

A value is bytes as a database sends it; what comes back is of the same type, so that programs
can still read it. Where the type can hold nothing that stands for a mask, nothing is shown.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from assent.core.enforcement import MaskHow

REDACTED = b"***"

# Of ASCII letters where it begins: half of another one could not be shown.
_EMAIL = re.compile(
    rb"([!-?A-~])([^@\s]*+)@([!-\-/-?A-~])((?:[^@\s.]*+\.)*?[^@\s.]*+)(\.[!-\-/-?A-~]{2,63}+)"
)
_LONGEST_EMAIL = 320
# Of SHA-256, as HMAC needs it.
_BLOCK_BYTES = 64
# Shorter ones would be half shown.
_SHOWN_CHARACTERS = 4
_LONGEST_HIDDEN = 8
_STRICTNESS = {MaskHow.PARTIAL: 0, MaskHow.HASH: 1, MaskHow.REDACT: 2, MaskHow.NULL: 3}


class Family(StrEnum):
    """What a type can hold, as far as masks are concerned. OTHER: nothing but NULL is safe."""

    TEXT = "text"
    INTEGER = "integer"
    UUID = "uuid"
    BYTES = "bytes"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ValueKind:
    """How a value is written. size_bytes: of an integer. binary: not as text."""

    family: Family
    binary: bool = False
    size_bytes: int = 0


OTHER = ValueKind(Family.OTHER)


def overall(hows: Iterable[MaskHow]) -> MaskHow | None:
    """Return the one that hides most, None of none: NULL, then REDACT, HASH and PARTIAL."""
    return max(hows, key=_STRICTNESS.__getitem__, default=None)


def of_expression(how: MaskHow) -> MaskHow:
    """Return how something is masked that is computed from a value masked so.

    Its end, or a hash of it, says something else than that of the value itself: it is hidden.
    """
    return how if _STRICTNESS[how] > _STRICTNESS[MaskHow.REDACT] else MaskHow.REDACT


def constant(kind: ValueKind, how: MaskHow) -> tuple[bool, bytes | None]:
    """Return whether all values look the same masked so, and then as what; None is NULL."""
    if how is MaskHow.NULL or kind.family is Family.OTHER:
        return True, None
    if how is MaskHow.HASH:
        return False, None
    if kind.family is not Family.TEXT:
        return True, None
    return how is MaskHow.REDACT, REDACTED


def masked(value: bytes, kind: ValueKind, how: MaskHow, key: bytes) -> bytes | None:
    """Return what is shown for a value, None for NULL; see `masking`."""
    return masking(kind, how, key)(value)


def masking(kind: ValueKind, how: MaskHow, key: bytes) -> Callable[[bytes], bytes | None]:
    """Return what masks values of one kind: chosen once, since it is called for each of them.

    key: what hashes are made with; the same value then looks the same in each type of its
    family. Source of the hash: HMAC-SHA-256 (RFC 2104).
    """
    same, shown = constant(kind, how)
    if same:
        return lambda _: shown
    if how is MaskHow.PARTIAL:
        return _partial
    digest = _keyed(key)
    if kind.family is Family.TEXT:
        return lambda value: digest(value)[:8].hex().encode()
    return lambda value: _of_digest(digest(_plain(value, kind)), kind)


def _keyed(key: bytes) -> Callable[[bytes], bytes]:
    """Return HMAC-SHA-256 of one key, its two halves begun once: `hmac.digest` takes thrice."""
    padded = (sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
    inner = sha256(bytes(byte ^ 0x36 for byte in padded)).copy
    outer = sha256(bytes(byte ^ 0x5C for byte in padded)).copy

    def digest(value: bytes) -> bytes:
        one, other = inner(), outer()
        one.update(value)
        other.update(one.digest())
        return other.digest()

    return digest


def _of_digest(digest: bytes, kind: ValueKind) -> bytes:
    """Return a value of the kind that stands for a digest."""
    match kind.family:
        case Family.INTEGER:
            most = (1 << (8 * kind.size_bytes - 1)) - 1
            number = int.from_bytes(digest[:16]) % most + 1
            return number.to_bytes(kind.size_bytes) if kind.binary else b"%d" % number
        case Family.UUID:
            # The bits that say "of no meaning" (RFC 9562, version 8).
            made = bytearray(digest[:16])
            made[6] = made[6] & 0x0F | 0x80
            made[8] = made[8] & 0x3F | 0x80
            return bytes(made) if kind.binary else str(UUID(bytes=bytes(made))).encode()
        case _:
            return digest[:8] if kind.binary else b"\\x" + digest[:8].hex().encode()


def _plain(value: bytes, kind: ValueKind) -> bytes:
    """Return the value in one form for both of its formats, so that a hash does not tell them."""
    if not kind.binary or kind.family is Family.TEXT:
        return value
    match kind.family:
        case Family.INTEGER:
            return b"%d" % int.from_bytes(value, signed=True)
        case Family.UUID if len(value) == 16:
            return str(UUID(bytes=value)).encode()
        case _:
            return b"\\x" + value.hex().encode()


def _partial(value: bytes) -> bytes:
    if len(value) <= _LONGEST_EMAIL:
        mail = _EMAIL.fullmatch(value)
        if mail is not None:
            first, rest, domain, more, ending = mail.groups()
            # One letter alone would be all of it.
            return b"%b***@%b***%b" % (first if rest else b"", domain if more else b"", ending)
    if value.isascii():
        hidden = len(value) <= _LONGEST_HIDDEN
        return REDACTED if hidden else REDACTED + value[-_SHOWN_CHARACTERS:]
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return REDACTED
    return REDACTED if len(text) <= _LONGEST_HIDDEN else _end_of(text)


def _end_of(text: str) -> bytes:
    return REDACTED + text[-_SHOWN_CHARACTERS:].encode()
