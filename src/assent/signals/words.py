"""How verbs, resources, numbers and people are named in a signal's reason."""

import re
from collections.abc import Sequence

from assent.core.evidence import Evidence

_LONGEST_NAME = 80
_LONGEST_PERSON = 40
_LONGEST_REASON = 300

# Control characters, and those that hide or turn the text around them.
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def verb_words(verb: str) -> str:
    """Return a verb as people write it: `sql.delete` as `DELETE`, `http.get` as `GET`.

    Others are as they are.
    """
    family, dot, name = verb.partition(".")
    return name_words(name.upper() if dot and family in ("sql", "http") else verb)


def name_words(name: str, longest: int = _LONGEST_NAME) -> str:
    """Return a name on one line, cut when it is too long to be read in a notice."""
    if len(name) <= longest and name.isprintable():
        return name
    plain = _UNPRINTABLE.sub("�", name[: longest + 1])
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def reason_words(reason: str) -> str:
    """Return a reason on one line, of 300 characters at most."""
    return name_words(reason, _LONGEST_REASON)


def list_words(names: Sequence[str], joint: str = "and") -> str:
    """Return `a`, `a and b` or `a, b and 3 more`. names: at least one, most important first."""
    if len(names) == 1:
        return name_words(names[0])
    if len(names) == 2:
        return f"{name_words(names[0])} {joint} {name_words(names[1])}"
    return f"{name_words(names[0])}, {name_words(names[1])} {joint} {len(names) - 2} more"


def all_words(names: Sequence[str]) -> str:
    """Return `a`, `a and b` or `a, b and c`. names: at least one, our own words."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def person_words(evidence: Evidence) -> str:
    """Return whom the action is of, such as `ana`."""
    return name_words(evidence.subject.name, _LONGEST_PERSON)


def count_words(count: float, noun: str) -> str:
    """Return `1 time` or `41 times`; what is there in part is 1."""
    whole = max(1, round(count))
    return f"{whole:,} {noun}" if whole == 1 else f"{whole:,} {noun}s"


def share_words(part: float, whole: float) -> str:
    """Return `12 %`, `0.3 %` or `less than 0.1 %`. part, whole: more than 0."""
    percent = 100.0 * part / whole
    if percent < 0.1:
        return "less than 0.1 %"
    return f"{min(100.0, percent):.{0 if percent >= 10.0 else 1}f} %"


def bytes_words(count: int) -> str:
    """Return `812 bytes`, `3.4 MB`, …, in powers of 1000."""
    if count < 1000:
        return f"{count} bytes"
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count / 1000:,.1f} kB"


def age_words(days: float) -> str:
    """Return `less than an hour`, `5 hours` or `12 days`."""
    if days < 1.0 / 24.0:
        return "less than an hour"
    return count_words(int(days * 24.0), "hour") if days < 2.0 else count_words(int(days), "day")
