"""How commands speak: JSON for programs, tables and sentences for people.

Texts of other people (statements, reasons, names) are never written raw: an escape sequence
in a statement must not repaint the terminal of whoever decides about it.
"""

import json
import os
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

if TYPE_CHECKING:
    from rich.console import Console

AsJson = Annotated[
    bool,
    Parameter(name="--json", negative=(), help="Print JSON for programs instead of text."),
]


def now() -> datetime:
    """Return the present instant: the command line is an edge and has its own clock."""
    return datetime.now(UTC)  # noqa: TID251 - the one clock of the command line


def clean(text: str) -> str:
    """Return the text with everything that a terminal would obey made visible.

    Control characters other than newline and tab, and characters that reorder or hide text
    (Unicode category Cf), become their code point: `\\x1b`, `\\u202e`.
    """
    return "".join(
        mark if mark in "\n\t" or unicodedata.category(mark) not in _OBEYED else _visible(mark)
        for mark in text
    )


_OBEYED = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def _visible(mark: str) -> str:
    number = ord(mark)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


def show_json(value: Mapping[str, Any]) -> None:
    """Print one JSON document, keys in the order of the API's reference."""
    print(json.dumps(value, indent=2, ensure_ascii=True))


def say(text: str = "") -> None:
    """Print a line for people."""
    print(clean(text), flush=True)


def counted(count: int, one: str, several: str = "") -> str:
    """Return a number with its noun: `1 target`, `2 targets`."""
    return f"{count} {one if count == 1 else several or one + 's'}"


def note(text: str) -> None:
    """Print a line that is not the result: progress and hints go to stderr."""
    print(clean(text), file=sys.stderr, flush=True)


def live(text: str) -> None:
    """Show one line that the next one replaces; on anything but a terminal, show nothing."""
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        print("\r\x1b[K" + clean(text).replace("\n", " "), end="", file=sys.stderr, flush=True)


def facts(pairs: Sequence[tuple[str, str]]) -> None:
    """Print names and values one below the other; pairs without a value are left out."""
    width = max((len(name) for name, value in pairs if value), default=0)
    for name, value in pairs:
        if value:
            lines = clean(value).splitlines() or [""]
            print(f"{name:<{width}}  {lines[0]}")
            for line in lines[1:]:
                print(" " * (width + 2) + line)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> None:
    """Print a table, or `empty` when there is nothing: a sentence that says what to do."""
    if not rows:
        say(empty)
        return
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        # What people copy (an id, a name) is never cut.
        drawn.add_column(column, no_wrap=index == 0, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(clean(cell)) for cell in row))
    console().print(drawn)


def console() -> "Console":
    """Return a console on stdout; it obeys NO_COLOR and the width of the terminal."""
    from rich.console import Console

    wide = None if sys.stdout.isatty() else 160
    return Console(width=wide, highlight=False, soft_wrap=False)
