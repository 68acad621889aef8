"""What a session channel shows and is sent, as frames of the recording."""

import codecs
from datetime import datetime
from typing import TYPE_CHECKING

from assent.core.frame import InputFrame, OutputFrame, ResizeFrame
from assent.gateway.sessions import Attempt
from assent.gateway.ssh.pipes import End

if TYPE_CHECKING:
    from assent.gateway.ssh.visit import Visit

_BEHIND = "recorder"
_LARGEST = 100_000


class Recording:
    """Of one channel. brakes: the ends that are not read from while the recorder is behind.

    terminal: all that it shows is written down; otherwise only where a policy says so, by
    `@record_results`, which also has what is typed written down.
    """

    def __init__(self, visit: "Visit", attempt: Attempt, terminal: bool) -> None:
        enforcement = attempt.permitted.enforcement
        self.typed = enforcement is not None and enforcement.record_results
        self.shown = terminal or self.typed
        self.brakes: tuple[End, ...] = ()
        self._waits = False
        self._visit = visit
        self._sequence = attempt.sequence
        self._out = codecs.getincrementaldecoder("utf-8")("replace")
        self._in = codecs.getincrementaldecoder("utf-8")("replace")

    def put_out(self, data: bytes) -> bool:
        """Write down what is about to be shown; False where that cannot be."""
        if not self.shown:
            return True
        text = self._out.decode(data)
        if not text:
            return True
        return self._put(OutputFrame(self._sequence, self._now(), text))

    def put_in(self, data: bytes) -> bool:
        """Write down what is about to be sent; False where that cannot be."""
        if not self.typed:
            return True
        text = self._in.decode(data)
        if not text:
            return True
        return self._put(InputFrame(self._sequence, self._now(), text))

    def sized(self, size: tuple[int, int, int, int]) -> None:
        """Write down the size of the terminal, where it has one."""
        columns, rows = min(size[0], _LARGEST), min(size[1], _LARGEST)
        if self.shown and columns and rows:
            self._put(ResizeFrame(self._sequence, self._now(), columns, rows))

    def flush(self) -> None:
        """Write down what is left of a character that was never whole."""
        rest = self._out.decode(b"", True)
        if self.shown and rest:
            self._put(OutputFrame(self._sequence, self._now(), rest))

    def _now(self) -> datetime:
        return self._visit.parts.gateway.clock.now()

    def _put(self, frame: OutputFrame | InputFrame | ResizeFrame) -> bool:
        if not self._visit.record(frame):
            return False
        if self._visit.session.behind:
            self._wait()
        return True

    def _wait(self) -> None:
        if self._waits:
            return
        self._waits = True
        for end in self.brakes:
            end.brake(_BEHIND)
        self._visit.parts.spawn(self._go_on(), lambda: self._visit.cut("the recording is behind"))

    async def _go_on(self) -> None:
        await self._visit.session.ready()
        self._waits = False
        for end in self.brakes:
            end.release(_BEHIND)
