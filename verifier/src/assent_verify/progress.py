"""How far a verification is, on the terminal."""

from time import monotonic
from types import TracebackType
from typing import TextIO

_WIDTH = 30
_EVERY_S = 0.2
_EVERY_LINE_S = 10.0


class Bar:
    """A bar on a terminal, a line now and then elsewhere. quiet: nothing at all."""

    def __init__(self, out: TextIO, *, quiet: bool = False) -> None:
        self._out = out
        self._quiet = quiet
        self._is_terminal = out.isatty()
        self._started = self._last = monotonic()
        self._shown = False

    def __enter__(self) -> "Bar":
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        if self._shown and self._is_terminal:
            print(f"\r{' ' * 78}\r", end="", file=self._out, flush=True)

    def show(self, done: int, total: int) -> None:
        """Say how many entries are read, of how many."""
        now = monotonic()
        every = _EVERY_S if self._is_terminal else _EVERY_LINE_S
        if self._quiet or now - self._last < every:
            return
        self._last, self._shown = now, True
        rate = done / max(now - self._started, 0.001)
        words = f"{done:,} of {total:,} entries, {rate:,.0f}/s, {(total - done) / rate:.0f} s left"
        if not self._is_terminal:
            print(words, file=self._out, flush=True)
            return
        filled = _WIDTH * done // total
        bar = "#" * filled + "." * (_WIDTH - filled)
        print(f"\r[{bar}] {words}"[:78].ljust(78), end="", file=self._out, flush=True)
