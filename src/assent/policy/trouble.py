"""What is wrong with policies that somebody writes, and where to look: file, line, column."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assent.core.faults import OperatorFault

_QUOTED = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. line, column: from 1, the column of the first thing that it names.

    Where nothing that it names stands on that line, the column is of the line's first character.
    """

    file: str
    line: int
    column: int
    code: str
    words: str


def problems(faults: Iterable[OperatorFault], sources: Mapping[str, str]) -> list[Problem]:
    """Return what the loader found, each where it stands in the files."""
    found = []
    for fault in faults:
        file, _, line = fault.place.rpartition(":")
        number = int(line) if line.isdecimal() else 1
        lines = sources.get(file, "").split("\n")
        text = lines[number - 1] if 0 < number <= len(lines) else ""
        words = fault.detail.removeprefix(f"{fault.place}: ")
        found.append(Problem(file, number, _column(text, words), fault.code, words))
    return found


def _column(text: str, words: str) -> int:
    for named in _QUOTED.findall(words):
        at = text.find(named)
        if at >= 0:
            return at + 1
    return len(text) - len(text.lstrip()) + 1
