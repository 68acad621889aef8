"""Whether digits are what they look like: the check digits and number ranges of the issuers."""

import base64
import binascii
import json
from collections.abc import Iterable

# Prefixes (from, to) and how long such numbers are today: ISO/IEC 7812 ranges as the schemes
# publish them. Visa's 13 digits and Maestro's 12 to 15 are not issued any more, and would find
# article numbers.
_BRANDS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (4, 4, frozenset({16, 19})),
    (51, 55, frozenset({16})),
    (2221, 2720, frozenset({16})),
    (34, 34, frozenset({15})),
    (37, 37, frozenset({15})),
    (300, 305, frozenset({14, 16})),
    (36, 36, frozenset({14, 16})),
    (38, 39, frozenset({14, 16})),
    (3528, 3589, frozenset({16, 17, 18, 19})),
    (60, 60, frozenset({16, 19})),
    (62, 62, frozenset({16, 17, 18, 19})),
    (644, 649, frozenset({16, 19})),
    (65, 65, frozenset({16, 19})),
    (81, 81, frozenset({16, 17, 18, 19})),
    (2200, 2204, frozenset({16, 17, 18, 19})),
    (50, 50, frozenset({16, 18, 19})),
    (56, 58, frozenset({16, 18, 19})),
    (63, 63, frozenset({16, 18, 19})),
    (67, 67, frozenset({16, 18, 19})),
    (9792, 9792, frozenset({16})),
)

# How long an IBAN is, by country: the registry of ISO 13616.
IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ DZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI BF CM DJ FR GR IT MC MR SM",
        28: "AL AZ BJ BY CI CY DO GT HN HU LB MG ML MZ NI PL SN SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
# Shown in advertisements or withdrawn, so never anybody's.
_NOBODYS_SSN = frozenset({"078051120", "219099999", "457555462"})
_MOST_HEADER = 4096


def luhn(digits: str) -> bool:
    """Return whether the last digit fits the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) << (place & 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_card(digits: str) -> bool:
    """Return whether these digits can be the number of a payment card."""
    return _is_issued(digits) and luhn(digits)


def is_iban(text: str) -> bool:
    """Return whether a text without spaces is an IBAN: country, length, modulo 97 (ISO 7064)."""
    text = text.upper()
    if len(text) != IBAN_LENGTHS.get(text[:2]) or not (text.isascii() and text.isalnum()):
        return False
    if not (text[2:4].isdigit() and 2 <= int(text[2:4]) <= 98):
        return False
    return int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 == 1


def is_ssn(digits: str) -> bool:
    """Return whether nine digits can be a social security number of the United States.

    source: the Social Security Administration's rules since 2011.
    """
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    if area in ("000", "666") or area[0] == "9" or group == "00" or serial == "0000":
        return False
    return digits not in _NOBODYS_SSN


def is_north_american(digits: str) -> bool:
    """Return whether ten digits can be a number of the North American Numbering Plan."""
    area, exchange = digits[:3], digits[3:6]
    return (
        area[0] in "23456789"
        and exchange[0] in "23456789"
        and area[1:] != "11"
        and exchange[1:] != "11"
    )


def is_jwt_header(text: str) -> bool:
    """Return whether base64url text is the header of a JSON Web Token (RFC 7515, section 4)."""
    if len(text) > _MOST_HEADER:
        return False
    try:
        header = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return False
    return isinstance(header, dict) and ("alg" in header or "enc" in header)


def luhn_digit(digits: Iterable[str]) -> str:
    """Return the digit that makes these, with it behind them, pass `luhn`."""
    front = "".join(digits)
    return next(last for last in "0123456789" if luhn(front + last))


def _is_issued(digits: str) -> bool:
    for lowest, highest, lengths in _BRANDS:
        if len(digits) in lengths and lowest <= int(digits[: len(str(lowest))]) <= highest:
            return True
    return False
