"""An assessment in words, for a terminal."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from assent.core.assessment import Assessment, RiskLevel
from assent.core.evidence import Known
from assent.core.signal import Signal
from assent.risk.assess import assess
from assent.risk.model import MODEL, Model

COLUMNS = 100
"""No line is longer, so that a notice does not wrap in a terminal of common width."""

_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_LONGEST_REASON = 240
_JOINT = " · "
_ALIKE = re.compile(r"(?<!\S)·|·(?!\S)")
"""What of a name would look like the joint between two factors."""

_ORDER = (RiskLevel.LOW, RiskLevel.MEDIUM, RiskLevel.HIGH)


@dataclass(frozen=True, slots=True)
class Alternative:
    """What a person could change. words: `with a WHERE`. replaced: signals as they would be."""

    words: str
    replaced: tuple[Signal, ...]


def explain(assessment: Assessment) -> tuple[str, ...]:
    """Return lines such as `risk 72 of 100 (high): +45 DELETE without WHERE … · -8 …`.

    shape: at most 100 columns a line, later lines indented; the points shown sum to the
    score. Then the headline with the confidence, what would have lowered it, and what is not
    known. Names in it may come from outside: characters that steer a terminal are replaced.
    """
    lines = [*_sum(assessment)]
    if assessment.headline:
        lines.append(f"  {_plain(assessment.headline)} ({_plain(assessment.confidence_because)})")
    if assessment.otherwise:
        lines.append(f"  {_plain(assessment.otherwise)}")
    return tuple(short for long in lines for short in _wrapped(long))


def nearest(
    signals: Sequence[Signal],
    alternatives: Sequence[Alternative],
    known: Known | None = None,
    model: Model = MODEL,
) -> str:
    """Return `with a WHERE: 38 instead of 61 (medium)`, empty where nothing would lower it.

    The first single change that lowers the level counts, otherwise the one that lowers the
    score most. alternatives: the easiest first.
    """
    now = assess(signals, known, model)
    best: tuple[int, int, str] | None = None
    for place, alternative in enumerate(alternatives):
        then = assess(_changed(signals, alternative), known, model)
        if then.score >= now.score:
            continue
        words = f"{alternative.words}: {then.score} instead of {now.score} ({then.level.value})"
        if _ORDER.index(then.level) < _ORDER.index(now.level):
            return words
        found = (then.score, place, words)
        best = found if best is None else min(best, found)
    return best[2] if best else ""


def _changed(signals: Sequence[Signal], alternative: Alternative) -> list[Signal]:
    names = {signal.name for signal in alternative.replaced}
    return [*(signal for signal in signals if signal.name not in names), *alternative.replaced]


def _sum(assessment: Assessment) -> list[str]:
    head = f"risk {assessment.score} of 100 ({assessment.level.value})"
    parts = [
        f"{factor.points:+d} {_ALIKE.sub('�', _plain(factor.reason))}"
        for factor in assessment.factors
    ]
    if not parts:
        return [head]
    lines: list[str] = []
    line = f"{head}:"
    joint = " "
    for part in parts:
        if len(line) + len(joint) + len(part) > COLUMNS and joint != " ":
            lines.append(line)
            line, joint = "  ", ""
        line, joint = f"{line}{joint}{part}", _JOINT
    lines.append(line)
    return lines


def _plain(reason: str) -> str:
    text = _UNPRINTABLE.sub("�", reason)
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"


def _wrapped(line: str) -> list[str]:
    if len(line) <= COLUMNS:
        return [line]
    return textwrap.wrap(
        line, COLUMNS, initial_indent="", subsequent_indent="    ", drop_whitespace=True
    )
