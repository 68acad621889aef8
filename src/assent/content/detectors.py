"""What values of a label look like: a pattern finds candidates, a check says which are real.

Nothing here keeps or returns a value; only where in it something was found.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import TypeAlias

from assent.content import patterns
from assent.content.checksums import (
    IBAN_LENGTHS,
    is_card,
    is_iban,
    is_jwt_header,
    is_north_american,
    is_ssn,
)
from assent.content.patterns import OwnPattern, Pattern
from assent.core.faults import OperatorFault

Span: TypeAlias = tuple[int, int]
# From where to where it is, or from where on to look for the next one.
Check: TypeAlias = Callable[[bytes, int, int], Span | int]

_ALNUM = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset(b"0123456789")
# What a value may begin with, so that a length may stand right before it.
_FIRST = frozenset((b"+",))
# Endings of files, none of them a top level domain: `icon@2x.png`.
_FILES = frozenset(
    ("css", "gif", "html", "jpeg", "jpg", "js", "json", "pdf", "png", "scss", "svg", "ts", "webp")
)


@dataclass(frozen=True, slots=True)
class Detector:
    """How values of a label are found.

    trigger: fits whatever holds one, without regard to what stands beside it. shape: a
    candidate, in its first group. check: whether it is one. holds: bytes that are in every one,
    so that most of what holds none is told at the speed of memory; empty for none such.
    """

    label: str
    trigger: bytes
    shape: Pattern
    check: Check
    holds: bytes = b""

    def spans(self, value: bytes) -> Iterable[Span]:
        """Yield where in the value one is, in order."""
        place = 0
        while (found := self.shape.search(value, place)) is not None:
            start = found.start(1)
            answer = self.check(value, start, found.end(1))
            if isinstance(answer, tuple):
                yield answer
                answer = answer[1]
            place = max(answer, place + 1)


class Scanner:
    """Finds values that look like some labels. Immutable; may be shared.

    own: what operators say that values of their own labels look like.
    Raises OperatorFault for a label that nothing is known of, and for a pattern that is none.
    """

    def __init__(self, labels: Iterable[str], own: Iterable[OwnPattern] = ()) -> None:
        self.labels = tuple(sorted(set(labels)))
        own = tuple(item for item in own if item.label in self.labels)
        known = {**LABELS, **{item.label: () for item in own}}
        for label in self.labels:
            if label not in known:
                words = f"nobody says what values of `{label[:80]}` look like; known are "
                words += ", ".join(f"`{name}`" for name in sorted(known))
                raise OperatorFault("label-unknown", words, "[[detectors]]")
        self._ours = tuple(one for label in self.labels for one in LABELS.get(label, ()))
        self._own = tuple((item.label, patterns.own(item.pattern, item.place)) for item in own)
        # One alternation and not a Set: a Set that runs out of memory says that it found nothing.
        triggers = [b"(?:%s)" % one.trigger for one in self._ours if not one.holds]
        self._trigger = patterns.latin(b"|".join(triggers)) if triggers else None
        self._holding = [
            (one.holds, patterns.latin(one.trigger)) for one in self._ours if one.holds
        ]
        self._own_trigger = patterns.anywhere(item.pattern for item in own) if own else None
        self._looks_at_all = bool(own) and self._own_trigger is None

    def search(self, data: bytes) -> bool:
        """Return whether there may be such a value in a chunk of bytes, whatever else is there.

        Never false where `spans` finds something in a value that stands whole in the chunk;
        linear in its length.
        """
        for holds, trigger in self._holding:
            # After a NUL it is none: lengths on the wire have such bytes, 64 is `@`.
            if data.count(holds) == data.count(b"\0" + holds) and holds not in _FIRST:
                continue
            if holds in data and trigger.search(data) is not None:
                return True
        if self._trigger is not None and self._trigger.search(data) is not None:
            return True
        if self._own_trigger is not None and self._own_trigger.search(data) is not None:
            return True
        return self._looks_at_all

    def spans(self, value: bytes) -> list[tuple[int, int, str]]:
        """Return where in one whole value which label is: start, end, label, by start.

        They may overlap where two labels fit.
        """
        found = [(*span, one.label) for one in self._ours for span in one.spans(value)]
        found += [(*span, label) for label, shape in self._own for span in _own(shape, value)]
        return sorted(found)


def _own(shape: Pattern, value: bytes) -> Iterable[Span]:
    place = 0
    while (found := shape.search(value, place)) is not None:
        if found.end() > found.start():
            yield found.start(), found.end()
        place = max(found.end(), place + 1)


def _email(value: bytes, start: int, end: int) -> Span | int:
    at = value.index(b"@", start)
    while end > at + 1 and value[end - 1] in b".-":
        end -= 1
    parts = value[at + 1 : end].decode("latin-1").split(".")
    last = parts[-1].lower()
    if len(parts) < 2 or any(not part or part[0] == "-" or part[-1] == "-" for part in parts):
        return at + 1
    # In another script it is not in ASCII, and its bytes are not all letters as Latin-1.
    is_domain = not last.isascii() or last.isalpha() or last.startswith("xn--")
    if len(last) < 2 or last in _FILES or not is_domain:
        return at + 1
    if value[start:at] == b"git" and value[end : end + 1] in (b":", b"/"):
        return end
    return max(start, at - 64), end


def _phone(value: bytes, start: int, end: int) -> Span | int:
    while end > start:
        digits = _digits(value[start:end])
        if value[start : start + 1] != b"+" and len(digits) in (10, 11):
            fits = digits[:-10] in ("", "1") and is_north_american(digits[-10:])
        elif digits.startswith("1"):
            fits = len(digits) == 11 and is_north_american(digits[1:])
        else:
            fits = 8 <= len(digits) <= 15
        if fits and _ends(value, end, b"x"):
            return start, end
        # What follows a number is cut off word by word: `+44 20 7183 8750 12`.
        while end > start and value[end - 1] in _DIGITS:
            end -= 1
        while end > start and value[end - 1] not in _DIGITS:
            end -= 1
    return start + 1


def _iban(value: bytes, start: int, end: int) -> Span | int:
    length = IBAN_LENGTHS.get(value[start : start + 2].decode("ascii").upper(), 0)
    letters, place = "", start
    while place < end and len(letters) < length:
        if value[place] in _ALNUM:
            letters += chr(value[place])
        place += 1
    if length and _ends(value, place) and is_iban(letters):
        return start, place
    return start + 1


def _ssn(value: bytes, start: int, end: int) -> Span | int:
    same = value[start + 3] == value[start + 6]
    followed = value[end : end + 1] == b"-" and value[end + 1 : end + 2].isdigit()
    if same and not followed and _ends(value, end) and is_ssn(_digits(value[start:end])):
        return start, end
    return start + 1


def _card(value: bytes, start: int, end: int) -> Span | int:
    if b" " in value[start:end] and b"-" in value[start:end]:
        return start + 1
    if value[start - 1 : start] == b"." and value[start - 2 : start - 1].isdigit():
        return end
    # With a group at its end that may belong to it, then without.
    for stop in (end, start + 19):
        if stop > end or (stop < end and value[stop] not in b" -"):
            continue
        if _ends(value, stop) and is_card(_digits(value[start:stop])):
            return start, stop
    return start + 1


def _address_4(value: bytes, start: int, end: int) -> Span | int:
    if not _ends(value, end) or (start > 1 and _is_version(value, start)):
        return start + 1
    try:
        address = IPv4Address(value[start:end].decode("ascii"))
    except AddressValueError:
        return start + 1
    return end if address.is_loopback or address.is_unspecified else (start, end)


def _address_6(value: bytes, start: int, end: int) -> Span | int:
    if value[end - 1] == ord(":") and value[end - 2] != ord(":"):
        end -= 1
    try:
        address = IPv6Address(value[start:end].decode("ascii"))
    except AddressValueError:
        return end
    # Global, local and link-local ones: `a::b` is rather a name in some language.
    is_given = (address.is_global or address.is_private) and not address.is_loopback
    return (start, end) if is_given and _ends(value, end) and value[start] in b"23fF" else end


def _is_version(value: bytes, start: int) -> bool:
    """Return whether it is like the 120.0.0.0 of `Chrome/120.0.0.0`."""
    return value[start - 1] == ord("/") and value[start - 2] in _ALNUM


def _key(value: bytes, start: int, end: int) -> Span | int:
    if value.startswith(b"-----BEGIN ", start):
        closing = value.find(b"-----END ", end)
        last = value.find(b"-----", closing + 9) if closing >= 0 else -1
        return start, last + 5 if last >= 0 else len(value)
    if value.startswith(b"eyJ", start):
        header = value[start : value.index(b".", start)].decode("ascii")
        return (start, end) if is_jwt_header(header) else end
    return (start, end) if _ends(value, end) else end


def _digits(text: bytes) -> str:
    return "".join(chr(byte) for byte in text if byte in _DIGITS)


def _ends(value: bytes, end: int, letters: bytes = b"") -> bool:
    """Return whether something can end here: neither a word nor a decimal number goes on.

    letters: that may follow all the same.
    """
    if end >= len(value):
        return True
    following = value[end]
    if following in _ALNUM:
        return following in letters
    return not (following == ord(".") and value[end + 1 : end + 2].isdigit())


_BEFORE = rb"(?:^|[^0-9A-Za-z])"
_ALONE = rb"(?:^|[^0-9A-Za-z.+-])"
_LOCAL = rb"[0-9A-Za-z!#$%&'*+/=?^_`{|}~.\x80-\xff-]"
_DOMAIN = rb"[0-9A-Za-z\x80-\xff]"
_SSN = rb"[0-8][0-9]{2}[ -][0-9]{2}[ -][0-9]{4}"
_AMERICAN = rb"(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}"
_CARD = (
    rb"[0-9]{14,19}|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{4}(?:[ -][0-9]{2,3})?"
    rb"|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5}"
)
# The issuers' formats: AWS, GitHub, GitLab, Slack, Stripe, Google, npm; RFC 7468; RFC 7519.
_KEYS = (
    rb"(?:AKIA|ASIA)[A-Z2-7]{16}|gh[opsur]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{40,}"
    rb"|glpat-[0-9A-Za-z_-]{20,}|xox[abeoprs]-[0-9A-Za-z-]{10,}"
    rb"|[rs]k_live_[0-9A-Za-z]{16,}|AIza[0-9A-Za-z_-]{35}|npm_[0-9A-Za-z]{36}"
    rb"|-----BEGIN [0-9A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    rb"|eyJ[0-9A-Za-z_-]+\.[0-9A-Za-z_-]*\.[0-9A-Za-z_-]*(?:\.[0-9A-Za-z_-]*){0,2}"
)
_COUNTRIES = "|".join(sorted(IBAN_LENGTHS)).encode()


def _detector(
    label: str, trigger: bytes, before: bytes, shape: bytes, check: Check, holds: bytes = b""
) -> Detector:
    candidate = patterns.latin(before + rb"(" + shape + rb")")
    return Detector(label, trigger, candidate, check, holds)


_DETECTORS = (
    _detector(
        "pii.email",
        _LOCAL + rb"@" + _DOMAIN,
        rb"",
        _LOCAL + rb"+@" + _DOMAIN + rb"[0-9A-Za-z\x80-\xff.-]*",
        _email,
        b"@",
    ),
    _detector(
        "pii.phone",
        rb"\+[1-9](?:[ ()./-]{0,2}[0-9]){7}",
        rb"(?:^|[^0-9A-Za-z+])",
        rb"\+[1-9](?:[ ()./-]{0,2}[0-9]){7,14}",
        _phone,
        b"+",
    ),
    _detector("pii.phone", _AMERICAN, _ALONE, rb"(?:1[ .-])?" + _AMERICAN, _phone),
    _detector(
        "pii.iban",
        rb"(?i:(?:" + _COUNTRIES + rb")[0-9]{2}(?:[ -]?[0-9A-Z]){11})",
        _BEFORE,
        rb"(?i:(?:" + _COUNTRIES + rb")[0-9]{2}(?:[ -]?[0-9A-Z]){11,30})",
        _iban,
    ),
    _detector("pii.ssn", _SSN, _ALONE, _SSN, _ssn),
    _detector(
        "pii.ip",
        rb"(?:[0-9]{1,3}\.){3}[0-9]",
        rb"(?:^|[^0-9A-Za-z.])",
        rb"(?:[0-9]{1,3}\.){3}[0-9]{1,3}",
        _address_4,
        b".",
    ),
    _detector(
        "pii.ip",
        rb"[0-9A-Fa-f]::|(?:[0-9A-Fa-f]{1,4}:){7}",
        rb"(?:^|[^0-9A-Za-z.:])",
        rb"[23Ff][0-9A-Fa-f]{0,3}:[0-9A-Fa-f:]{1,40}",
        _address_6,
        b":",
    ),
    _detector("pci.card", rb"[2-9](?:[ -]?[0-9]){13}", rb"(?:^|[^0-9A-Za-z+])", _CARD, _card),
    _detector("secret.key", _KEYS, _BEFORE, _KEYS, _key),
)

LABELS: Mapping[str, tuple[Detector, ...]] = {
    label: tuple(one for one in _DETECTORS if one.label == label)
    for label in dict.fromkeys(one.label for one in _DETECTORS)
}
"""The labels whose values can be recognised, each with how."""
