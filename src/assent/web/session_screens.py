"""What the terminals of a session show: live as events for the player, and as text without one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assent.core.canonical import Json

MOST_CHARACTERS = 256 * 1024
"""Of a terminal that are shown at once; of more, the newest."""
LONGEST_TEXT = 4_000
_CODES = {"output": "o", "resize": "r"}
# Sequences that move, colour or name (ECMA-48, 5.4; xterm's Operating System Commands).
_SEQUENCES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
)

Frame = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Screen:
    """One terminal of a session. key: the sequence of the statement that it came of."""

    key: int
    words: str


def is_screen(frame: Frame) -> bool:
    """Return whether a frame is of a terminal, and no line of what was done."""
    return frame.get("kind") in ("output", "input", "resize")


def screen_events(frames: Iterable[tuple[int, Frame]]) -> list[Json]:
    """Return what terminals showed, in order: `[number, terminal, code, data]` each.

    Of more than MOST_CHARACTERS the newest; then the first has the code `x`, for what is left out.
    """
    found: list[Json] = []
    left = MOST_CHARACTERS
    for number, frame in reversed(tuple(frames)):
        code = _CODES.get(str(frame.get("kind")))
        if code is None:
            continue
        data = (
            str(frame["data"]) if code == "o" else f"{int(frame['columns'])}x{int(frame['rows'])}"
        )
        left -= len(data)
        if left < 0:
            found.append([number, int(frame["sequence"]), "x", ""])
            break
        found.append([number, int(frame["sequence"]), code, data])
    found.reverse()
    return found


def screens_of(frames: Iterable[tuple[int, Frame]]) -> Sequence[Screen]:
    """Return the terminals that showed something, in the order in which they opened."""
    names: dict[int, str] = {}
    seen: dict[int, None] = {}
    for _, frame in frames:
        if frame.get("kind") == "statement":
            names[frame["sequence"]] = str(frame["text"])[:80]
        elif frame.get("kind") == "output":
            seen.setdefault(int(frame["sequence"]))
    return tuple(Screen(key, names.get(key, f"terminal {key}")) for key in seen)


def plain(text: str) -> str:
    """Return what a terminal was sent as text: without sequences, lines as they end."""
    found = _SEQUENCES.sub("", text).replace("\r\n", "\n")
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in found.split("\n"))
    return "\n".join(map(_typed, lines))


def _typed(line: str) -> str:
    """Return a line as it stands after its backspaces; the bell is not heard."""
    kept: list[str] = []
    for character in line:
        if character == "\b":
            del kept[-1:]
        elif character != "\x07":
            kept.append(character)
    return "".join(kept)
