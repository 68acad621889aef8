"""Recovery codes: written down once, good once each, for the day when the other device is gone."""

from hashlib import sha256

from assent.core.ids import Ids

HOW_MANY = 10
# Crockford's alphabet: no letter looks like a digit, and no code reads like a word.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_LENGTH = 20


def new_code(number: int, ids: Ids) -> str:
    """Return one of ten codes: its number, and 95 bits that nobody can guess.

    The number says which hash it is to be compared with, so that a guess costs one comparison.
    """
    random = int.from_bytes(sha256(ids.token(32).encode()).digest(), "big")
    signs = [_ALPHABET[random >> shift & 31] for shift in range(0, 5 * (_LENGTH - 1), 5)]
    return grouped(f"{number}{''.join(signs)}")


def grouped(code: str) -> str:
    """Return a code in groups of four, as people copy it."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def plain(text: str) -> str | None:
    """Return a code as it was hashed, however it was typed; None where it cannot be one."""
    code = text.upper().translate(_READ_AS).strip()
    fits = len(code) == _LENGTH and code[0].isdecimal() and set(code) <= set(_ALPHABET)
    return code if fits else None
