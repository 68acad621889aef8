"""An assessment in words, for a terminal."""

import re
import textwrap
from collections.abc import Sequence

from assent.core.assessment import Assessment
from assent.core.signal import Signal
from assent.risk.assess import assess
from assent.risk.model import MODEL, Model

COLUMNS = 100
"""No line is longer, so that a notice does not wrap in a terminal of common width."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_LONGEST_REASON = 240


def explain(assessment: Assessment) -> tuple[str, ...]:
    """Return lines such as `risk 72 of 100 (high): 45 DELETE without WHERE … · 15 …`.

    shape: at most 100 columns a line, later lines indented; the points shown sum to the
    score. Names in it may come from outside: characters that steer a terminal are replaced.
    """
    head = f"risk {assessment.score} of 100 ({assessment.level.value})"
    parts = [f"{factor.points} {_plain(factor.reason)}" for factor in assessment.factors]
    if not parts:
        return (head,)
    lines: list[str] = []
    line = f"{head}:"
    joint = " "
    for part in parts:
        if len(line) + len(joint) + len(part) > COLUMNS and joint != " ":
            lines.append(line)
            line, joint = "  ", ""
        line, joint = f"{line}{joint}{part}", " · "
    lines.append(line)
    return tuple(short for long in lines for short in _wrapped(long))


def counterfactual(
    signals: Sequence[Signal], changed: Signal, words: str, model: Model = MODEL
) -> str | None:
    """Return `with a WHERE it would be 38 (medium)`; None where it would not be less.

    changed: takes the place of the signal of its name. words: what would be different.
    """
    others = [signal for signal in signals if signal.name != changed.name]
    now = assess(signals, model)
    then = assess([*others, changed], model)
    if then.score >= now.score:
        return None
    return f"{words} it would be {then.score} ({then.level.value})"


def _plain(reason: str) -> str:
    text = _UNPRINTABLE.sub("�", reason)
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"


def _wrapped(line: str) -> list[str]:
    if len(line) <= COLUMNS:
        return [line]
    return textwrap.wrap(
        line, COLUMNS, initial_indent="", subsequent_indent="  ", drop_whitespace=True
    )
