"""The lines that are entered in an interactive shell, from what is typed and what is shown.

A line is known before Enter is passed on. What it is comes from the screen, never from the keys
alone, so that what is not echoed, such as a password, is not in it. It is `sure` only where keys
and screen agree at a prompt; what a gateway cannot see in a shell is in docs/explanation.

Use: `keys` with what the client sends, again with its `rest`; pass its `passed` on; if it has an
`enter`, hold it, wait while `awaits_echo` (not for long), ask for the `line`, decide, pass the
`enter` on and say `entered`. `show` with whatever the target shows.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from assent.protocols.ssh.screen import Mark, Screen

MOST_KEYS = 16 * 1024
_ENTERS = frozenset(b"\r\n\x0f")
_ERASES = frozenset(b"\x7f\x08")
# Keys of the line editor that change the line, and are seen by what is drawn then: beginning, end,
# back, forth, delete, complete, kill, clear, next, previous, transpose, word, yank.
_EDITS = frozenset(b"\x01\x02\x04\x05\x06\x09\x0b\x0c\x0e\x10\x14\x17\x19")
_EDITING = re.compile(rb"\x1b(?:\[[ABCDFH]|O[ABCDFH]|\[[134578]~|\[1;[2-8][ABCDFH]|[bfdBFD\x7f])")
_ESCAPE = re.compile(rb"\x1b(?:\[[0-9;]{0,16}[@-~]|O.|[^\[O])", re.S)
_ESCAPE_BEGUN = re.compile(rb"\x1b(?:\[[0-9;]{0,16}|O)?")
_PASTE, _PASTED = b"\x1b[200~", b"\x1b[201~"
_PROMPT_ENDS = re.compile(r"[$#%>❯➜»] ?$")
_SEARCHES = re.compile(r"\((?:failed )?(?:reverse-)?i-search\)|(?:bck|fwd)-i-search:")


class Where(StrEnum):
    """What Enter goes to, as far as can be seen."""

    PROMPT = "prompt"
    PROGRAM = "program"
    SCREEN = "screen"


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is about to be entered, as the screen shows it.

    sure: it stands at a prompt, and is what was typed; or what the line editor made of it, drawn
    to the end. where: a full-screen program, or one that reads lines itself, may have it instead.
    """

    text: str
    sure: bool
    where: Where


@dataclass(frozen=True, slots=True)
class Keys:
    """passed: what can be passed on at once. enter: the key to hold, empty for none. rest: what
    comes after it, not looked at yet.
    """

    passed: bytes
    enter: bytes = b""
    rest: bytes = b""


class Terminal:
    """Follows one interactive shell. Nothing shown or typed makes it raise, or grow without end."""

    def __init__(self, columns: int = 80) -> None:
        self._screen = Screen(columns)
        self._begun = b""
        self._pasted: bytearray | None = None
        self._learned = ""
        self._prompt: tuple[int, int] | None = None
        self._prompted = False
        self._forget()

    def _forget(self) -> None:
        self._typed: bytearray | None = bytearray()
        self._strange = False
        self._pressed = False
        self._drawn_at_key = 0

    def resize(self, columns: int) -> None:
        """Note how wide the terminal is."""
        self._screen.resize(columns)

    def show(self, data: bytes) -> None:
        """Take what the target shows."""
        self._screen.show(data)

    def keys(self, data: bytes) -> Keys:
        """Take what the client types, up to the key that enters a line."""
        held = len(self._begun)
        data, self._begun = self._begun + data, b""
        at = 0
        while at < len(data):
            if self._pasted is not None:
                at = self._paste(data, at)
            elif data[at] in _ENTERS:
                return Keys(data[held:at], data[at : at + 1], data[at + 1 :])
            elif data[at] == 0x1B:
                step = self._escape(data, at)
                if step == 0:
                    self._begun = data[at:]
                    break
                at += step
            else:
                self._key(data[at])
                at += 1
        return Keys(data[held:])

    @property
    def awaits_echo(self) -> bool:
        """Whether what was typed at a prompt has not been drawn yet; for no longer than a moment,
        since it may never be. True also until something is drawn after a key that edits.
        """
        if not self._prompted or self._strange or self._screen.alternate:
            return False
        if self._typed is None:
            return self._screen.drawn == self._drawn_at_key
        return self._shown() != self._typed.decode("utf-8", "replace")

    def line(self, *, quiet: bool = False) -> Line:
        """Return the line that Enter would enter now.

        quiet: nothing has been shown for a moment, so that a line that was edited is drawn to its
        end. Without it, only lines that were plainly typed are sure.
        """
        if self._screen.alternate:
            return Line("", False, Where.SCREEN)
        if not self._pressed:
            self._at_prompt()
        if not self._prompted:
            return Line(self._screen.line(), False, Where.PROGRAM)
        text = self._shown()
        return Line(text, self._sure(text, quiet), Where.PROMPT)

    def entered(self) -> None:
        """Note that Enter was passed on: the next line begins."""
        self._screen.begin()
        self._screen.mark = Mark.NONE
        self._prompt = None
        self._prompted = False
        self._forget()

    def _sure(self, text: str, quiet: bool) -> bool:
        if self._strange or self._screen.doubtful or self._pasted is not None:
            return False
        if _SEARCHES.search(self._screen.text()) or "\ufffd" in text:
            return False
        if self._typed is not None:
            return self._screen.at_end and text == self._typed.decode("utf-8", "replace")
        return quiet and self._screen.drawn > self._drawn_at_key

    def _shown(self) -> str:
        """Return what stands after the prompt."""
        begin = self._screen.input_at or self._prompt or (0, 0)
        text = self._screen.text(begin)
        typed = self._typed.decode("utf-8", "replace") if self._typed is not None else ""
        # Blanks at the end that were typed are there; others are what was erased.
        blanks = len(typed) - len(typed.rstrip(" "))
        return text.rstrip(" ") + " " * blanks if typed.strip() else text.rstrip(" ")

    def _at_prompt(self) -> None:
        """Learn whether a line begins at a prompt: at its first key."""
        self._pressed = True
        self._screen.begin()
        line = self._screen.line()
        marked = self._screen.mark is Mark.INPUT
        ends = _PROMPT_ENDS.search(line) is not None
        alike = not self._learned or line[-2:] == self._learned[-2:]
        # A line editor asks for marked pastes just while it reads a line.
        self._prompted = marked or self._screen.pasting or (ends and alike)
        if self._prompted:
            self._learned = line or self._learned
            self._prompt = self._screen.cursor

    def _before(self) -> None:
        if not self._pressed:
            self._at_prompt()
        self._drawn_at_key = self._screen.drawn

    def _key(self, key: int) -> None:
        self._before()
        if key == 0x03:
            self._screen.begin()
            self._prompt, self._prompted = None, False
            self._forget()
        elif key in _EDITS:
            self._typed = None
        elif key == 0x12:
            self._typed, self._strange = None, True
        elif self._typed is not None and key in _ERASES:
            self._typed = self._typed[: _last(self._typed)]
        elif self._typed is not None and key == 0x15:
            self._typed.clear()
        elif key in _ERASES or key == 0x15:
            self._typed = None
        elif key < 0x20:
            self._strange = True
        elif self._typed is not None:
            self._typed.append(key)
            if len(self._typed) > MOST_KEYS:
                self._typed, self._strange = None, True

    def _escape(self, data: bytes, at: int) -> int:
        """Take an escape sequence; return its length, 0 if it has not ended."""
        if data.startswith(_PASTE, at) and self._screen.pasting:
            self._before()
            self._pasted = bytearray()
            return len(_PASTE)
        if found := _EDITING.match(data, at):
            self._before()
            self._typed = None
            return found.end() - at
        if found := _ESCAPE.match(data, at):
            self._before()
            self._strange = True
            # What comes with Escape may enter the line too, such as Escape and Enter.
            return 1 if data[found.end() - 1] in _ENTERS else found.end() - at
        if _ESCAPE_BEGUN.fullmatch(data, at):
            return 0
        self._before()
        self._strange = True
        return 1

    def _paste(self, data: bytes, at: int) -> int:
        """Take what is pasted, up to its end mark; return where it goes on."""
        pasted = self._pasted if self._pasted is not None else bytearray()
        pasted += data[at:]
        end = pasted.find(_PASTED)
        if end < 0:
            # Only so much is kept as the end mark could begin in, and what a line may have.
            if len(pasted) > MOST_KEYS:
                self._strange = True
                del pasted[: len(pasted) - len(_PASTED)]
            self._pasted = pasted
            return len(data)
        behind = len(pasted) - end - len(_PASTED)
        inside = bytes(pasted[:end])
        self._pasted = None
        self._drawn_at_key = self._screen.drawn
        if any(one < 0x20 or one == 0x7F for one in inside):
            self._strange = True
        elif self._typed is not None and len(self._typed) + len(inside) <= MOST_KEYS:
            self._typed += inside
        else:
            self._typed = None
        return len(data) - behind


def _last(typed: bytearray) -> int:
    """Return where the last character begins."""
    at = len(typed) - 1
    while at > 0 and typed[at] & 0xC0 == 0x80:
        at -= 1
    return max(at, 0)
