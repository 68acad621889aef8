"""Single keys from a terminal, without waiting for the end of a line."""

import os
import select
import sys
from types import TracebackType
from typing import Any

try:
    import termios
    import tty
except ImportError:  # Where there are no such terminals nobody is asked for a key.
    _HAS_TERMINALS = False
else:
    _HAS_TERMINALS = True


class Keys:
    """A terminal that hands over each key at once while it is entered (`with keys:`).

    readable: whether there is one; without it no key is ever pressed.
    """

    def __init__(self) -> None:
        self.readable = _HAS_TERMINALS and sys.stdin is not None and sys.stdin.isatty()
        self._before: list[Any] | None = None

    def __enter__(self) -> "Keys":
        if self.readable:
            self._before = termios.tcgetattr(sys.stdin)
            # Without a flush: a key that was pressed a moment too early is not lost.
            tty.setcbreak(sys.stdin, termios.TCSADRAIN)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._before is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)
            self._before = None

    def pressed(self) -> str:
        """Return the last key that was pressed, empty for none; it does not wait."""
        key = ""
        while self.readable and select.select([sys.stdin], [], [], 0)[0]:
            # Past the buffer of `sys.stdin`, which `select` knows nothing of.
            read = os.read(sys.stdin.fileno(), 64)
            if not read:
                break  # The terminal is gone.
            key = read[-1:].decode("ascii", "replace")
        return key
