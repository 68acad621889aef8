"""The lines of a terminal since the last prompt, as what is shown to it draws them.

Only so much of a terminal as a shell's line editor uses; whatever else is shown makes the picture
doubtful until the line ends. Source: ECMA-48; xterm's control sequences; bash 5.2 with readline
8.2; the marks of shell integration, OSC 133.
"""

import re
from codecs import getincrementaldecoder
from enum import StrEnum
from unicodedata import east_asian_width

MOST_ROWS = 64
MOST_COLUMNS = 1000
_MOST_SEQUENCE = 4096
_CSI = re.compile(r"\x1b\[([0-9;?<=>!]*)([ -/]*)([@-~])")
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;?<=>!]*[ -/]*)?")
_STRING = re.compile(r"\x1b[\]PX^_]([^\x07\x1b]*)(?:\x07|\x1b\\)")
_MODES = re.compile(r"\x1b\[\?([0-9;]{1,64})([hl])|\x1b\](133;[ABCD])")
_MOST_DRAWN = 8192
_SCREENS = frozenset({"47", "1047", "1049"})


class Mark(StrEnum):
    """Where a shell with integration says that it is: OSC 133."""

    NONE = "none"
    PROMPT = "A"
    INPUT = "B"
    RUNNING = "C"
    DONE = "D"


class Screen:
    """Rows of characters, and where the cursor is.

    alternate: a full-screen program has the screen. pasting: the line editor has asked for pastes
    to be marked, as it does while it reads a line. mark: the last one of shell integration, and
    input_at where it was. doubtful: something was shown that is not drawn here. drawn: how many
    characters and sequences there were.
    """

    def __init__(self, columns: int = 80) -> None:
        self.columns = max(1, min(columns, MOST_COLUMNS))
        self.alternate = self.pasting = self.doubtful = False
        self.mark = Mark.NONE
        self.input_at: tuple[int, int] | None = None
        self.drawn = 0
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._waiting = ""
        self._rows: list[list[str]] = [[]]
        self._row = self._column = 0
        self._wraps = False

    @property
    def cursor(self) -> tuple[int, int]:
        """Return the row and column of the next character."""
        return self._row, self._column

    @property
    def at_end(self) -> bool:
        """Whether nothing stands after the cursor."""
        behind = self._rows[self._row][self._column :]
        return self._row == len(self._rows) - 1 and not "".join(behind).strip()

    def text(self, since: tuple[int, int] = (0, 0)) -> str:
        """Return what stands from there up to the end; rows that are full go on in the next."""
        row, column = since
        parts = ["".join(one) for one in self._rows[row:]]
        if not parts:
            return ""
        return parts[0][column:] + "".join(parts[1:])

    def line(self) -> str:
        """Return the row of the cursor, up to it."""
        return "".join(self._rows[self._row][: self._column])

    def begin(self) -> None:
        """Forget the rows before the cursor's: another line begins."""
        if self.input_at is not None:
            same = self.input_at[0] == self._row
            self.input_at = (0, self.input_at[1]) if same else None
        self._rows = [self._rows[self._row]]
        self._row = 0
        self.doubtful = False

    def resize(self, columns: int) -> None:
        """Note that the terminal is as wide now; what stands there may be drawn again."""
        self.columns = max(1, min(columns, MOST_COLUMNS))
        self.doubtful = True

    def show(self, data: bytes) -> None:
        """Draw what is shown."""
        text = self._waiting + self._decoder.decode(data)
        self._waiting = ""
        if len(text) > _MOST_DRAWN:
            text = self._skip(text)
        at = 0
        while at < len(text):
            one = text[at]
            self.drawn += 1
            if one != "\x1b":
                self._character(one)
                at += 1
                continue
            step = self._sequence(text, at)
            if step == 0:
                self._waiting = text[at:]
                break
            at += step

    def _skip(self, text: str) -> str:
        """Return the last lines of much that is shown at once; of the rest only modes count."""
        cut = text.rfind("\n", 0, len(text) - _MOST_DRAWN // 2) + 1 or len(text) - _MOST_DRAWN
        for found in _MODES.finditer(text, 0, cut):
            if found[1]:
                self._mode(found[1].split(";"), found[2])
            else:
                self._marked(found[3])
        self._clear(2)
        self.drawn += 1
        self.doubtful = True
        return text[cut:]

    def _sequence(self, text: str, at: int) -> int:
        """Draw one escape sequence; return its length, 0 if it has not ended."""
        if found := _CSI.match(text, at):
            self._control(found[1], found[2] + found[3])
            return found.end() - at
        if found := _STRING.match(text, at):
            self._marked(found[1])
            return found.end() - at
        following = text[at + 1 : at + 2]
        rest = len(text) - at
        unfinished = _UNFINISHED.fullmatch(text, at) or (following and following in "]PX^_")
        if unfinished and rest < _MOST_SEQUENCE:
            return 0
        if following in ("(", ")"):
            return 3 if rest >= 3 else 0
        if following not in ("=", ">", "7", "8"):
            self.doubtful = True
        return 2

    def _marked(self, said: str) -> None:
        if not said.startswith("133;") or said[4:5] not in ("A", "B", "C", "D"):
            return
        self.mark = Mark(said[4])
        if self.mark is Mark.INPUT:
            self.input_at = self.cursor

    def _character(self, one: str) -> None:
        if one == "\r":
            self._column, self._wraps = 0, False
        elif one == "\n":
            self._down()
        elif one == "\b":
            self._column, self._wraps = max(0, self._column - 1), False
        elif one == "\t":
            self._to(min(self.columns - 1, (self._column // 8 + 1) * 8))
        elif one < " " or one == "\x7f":
            self.doubtful = self.doubtful or one not in "\x07\x0e\x0f\x00"
        else:
            self._print(one)

    def _print(self, one: str) -> None:
        if east_asian_width(one) in ("W", "F") or not one.isprintable():
            self.doubtful = True
        if self._wraps:
            self._down()
            self._column = 0
        row = self._rows[self._row]
        row += " " * (self._column - len(row))
        row[self._column : self._column + 1] = [one]
        if self._column + 1 >= self.columns:
            self._wraps = True
        else:
            self._column += 1

    def _down(self) -> None:
        self._wraps = False
        self._row += 1
        if self._row == len(self._rows):
            self._rows.append([])
        if len(self._rows) > MOST_ROWS:
            self.doubtful = True
            del self._rows[0]
            self._row -= 1

    def _to(self, column: int) -> None:
        self._wraps = False
        self._column = max(0, min(column, self.columns - 1))
        row = self._rows[self._row]
        row += " " * (self._column - len(row))

    def _control(self, parameters: str, final: str) -> None:
        if parameters.startswith("?"):
            self._mode(parameters[1:].split(";"), final)
            return
        first = parameters.split(";")[0]
        count = min(int(first), MOST_COLUMNS) if first.isdigit() and len(first) < 6 else 0
        move = _MOVES.get(final)
        if move is not None and parameters == parameters.strip("<=>!"):
            move(self, count)
        elif final not in ("m", "n", "c", "t", " q"):
            self.doubtful = True

    def _mode(self, modes: list[str], final: str) -> None:
        if final not in ("h", "l"):
            self.doubtful = True
            return
        for mode in modes:
            if mode in _SCREENS:
                self.alternate = final == "h"
                self._clear(2)
            elif mode == "2004":
                self.pasting = final == "h"

    def _up(self, count: int) -> None:
        self._wraps = False
        if count > self._row:
            self.doubtful = True
        self._row = max(0, self._row - max(1, count))

    def _downwards(self, count: int) -> None:
        self._wraps = False
        self._row = min(len(self._rows) - 1, self._row + max(1, count))

    def _erase(self, how: int) -> None:
        row = self._rows[self._row]
        if how == 0:
            del row[self._column :]
        elif how == 1:
            row[: self._column + 1] = " " * min(self._column + 1, len(row))
        else:
            row[:] = " " * min(self._column, len(row))

    def _clear(self, how: int) -> None:
        if how == 0:
            self._erase(0)
            del self._rows[self._row + 1 :]
        else:
            self._rows, self._row, self._column, self._wraps = [[]], 0, 0, False

    def _home(self, count: int) -> None:
        # To the top of a screen that was cleared, or is about to be: a line begins there.
        if any(any(row) for row in self._rows) or count > 1:
            self.doubtful = True
        self._to(0)

    def _delete(self, count: int) -> None:
        row = self._rows[self._row]
        del row[self._column : self._column + max(1, count)]

    def _insert(self, count: int) -> None:
        row = self._rows[self._row]
        if len(row) + max(1, count) > self.columns:
            self.doubtful = True
        row[self._column : self._column] = " " * max(1, count)
        del row[self.columns :]


_MOVES = {
    "A": Screen._up,
    "B": Screen._downwards,
    "C": lambda screen, count: screen._to(screen._column + max(1, count)),
    "D": lambda screen, count: screen._to(screen._column - max(1, count)),
    "G": lambda screen, count: screen._to(max(1, count) - 1),
    "H": Screen._home,
    "J": Screen._clear,
    "K": Screen._erase,
    "P": Screen._delete,
    "@": Screen._insert,
}
