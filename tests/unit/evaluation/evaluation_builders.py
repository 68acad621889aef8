"""Rows, files and scorers for tests of the evaluation."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assent.evaluation.rows import Feature, Row


def a_row(
    subject: str = "ana",
    label: int | None = None,
    *,
    at: int = 0,
    session: str = "",
    group: str = "",
    **features: Feature,
) -> Row:
    """A row of a file whose order is an integer."""
    return Row(at, None, subject, group, session, features, label)


def a_line(at: int | str, subject: str = "ana", **others: Any) -> dict[str, Any]:
    """A line as people write it; what is not said is null."""
    line: dict[str, Any] = {
        "at": at,
        "subject": subject,
        "group": None,
        "session": None,
        "features": {},
    }
    return line | {"label": None} | others


def write(path: Path, lines: Sequence[Mapping[str, Any]]) -> Path:
    """Write the lines to a file, and return it."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def a_habit(subjects: int = 6, rounds: int = 100) -> list[Row]:
    """History: every subject has an address and a command of its own, again and again."""
    return [
        a_row(f"u{who}", at=at, address=_address(who), command=f"c{who}", rows=10.0 + who)
        for at in range(rounds)
        for who in range(subjects)
    ]


def as_usual(who: int = 0) -> Row:
    """What subject `who` always does."""
    return a_row(f"u{who}", 0, at=10**6, address=_address(who), command=f"c{who}", rows=10.0 + who)


def a_masquerader(who: int = 0) -> Row:
    """The name of subject `who`, from where nobody ever was, doing what nobody ever did."""
    strange = ("203.0.113.9", "AS64511", "ZZ")
    return a_row(f"u{who}", 1, at=10**6, address=strange, command="dump", rows=1e6)


def _address(who: int) -> tuple[str, ...]:
    return (f"192.0.2.{who}", f"AS{who % 3}", "AA")
