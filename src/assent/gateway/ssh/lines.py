"""Lines of a shell: Enter is kept back until what it would enter has been decided on."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from assent.control.live import Patience
from assent.core.plugins import Held, Refused
from assent.gateway.ssh.reading import read_line, unseen
from assent.gateway.ssh.words import refusal_lines

if TYPE_CHECKING:
    from assent.gateway.ssh.visit import Visit
    from assent.protocols.ssh.terminal import Line

_MOST_WAITING = 64 * 1024
_ECHO_WITHIN_S = 0.3
_QUIET_S = 0.05
_SETTLES_WITHIN_S = 0.5
_INTERRUPT = b"\x03"
# To the end of the line, then all of it away: in the order that it is sent, unlike a signal.
_KILL_LINE = b"\x05\x15"
_UNSEEN_FOR_S = 60.0

ALL, OFF = "all", "off"


class LineGate:
    """Of one shell. every: also what is typed where no prompt can be seen is decided on.

    send: passes keys on to the target. say: tells the client something. tell: that it waits.
    """

    def __init__(
        self,
        visit: "Visit",
        columns: int,
        *,
        every: bool,
        send: Callable[[bytes], None],
        say: Callable[[list[str]], None],
        tell: Callable[[Held], None],
    ) -> None:
        # Imported where a shell is opened, and not with the door.
        from assent.protocols.ssh.terminal import Terminal

        self._terminal = Terminal(columns or 80)
        self._visit = visit
        self._every = every
        self._send = send
        self._say = say
        self._tell = tell
        self._waiting = bytearray()
        self._patience: Patience | None = None
        self._deciding = False
        self._shown = asyncio.Event()
        self._unseen_until: tuple[int, float] = (-1, 0.0)
        # Where the shell may be: what a line touches depends on the lines before it.
        self._directories: frozenset[str] | None = frozenset({"~"})

    @property
    def full(self) -> bool:
        """Whether no more should be typed before an answer is there."""
        return len(self._waiting) > _MOST_WAITING

    def show(self, data: bytes) -> None:
        """Hear what the terminal shows."""
        self._terminal.show(data)
        self._shown.set()

    def resize(self, columns: int) -> None:
        """Hear how wide it is now."""
        self._terminal.resize(columns or 80)

    def typed(self, data: bytes) -> None:
        """Hear keys: they are passed on up to the next Enter, which waits for its answer."""
        if self._deciding and _INTERRUPT in data:
            # What waits is withdrawn, and what was typed behind it is as good as never typed.
            self._waiting.clear()
            data = data[data.rindex(_INTERRUPT) + 1 :]
            if self._patience is not None:
                self._patience.hang_up()
        self._waiting += data
        if not self._deciding:
            self._go_on()

    def close(self) -> None:
        """Withdraw what waits: the client is gone."""
        self._waiting.clear()
        if self._patience is not None:
            self._patience.hang_up()

    def _go_on(self) -> None:
        while self._waiting and not self._deciding:
            up_to = self._waiting.find(_INTERRUPT) + 1 or len(self._waiting)
            keys = self._terminal.keys(bytes(self._waiting[:up_to]))
            self._waiting = bytearray(keys.rest + self._waiting[up_to:])
            if keys.passed:
                self._send(keys.passed)
            if keys.enter:
                self._begin(self._decide(keys.enter))
            elif keys.passed.endswith(_INTERRUPT):
                self._begin(self._settle())

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        self._deciding = True
        task = self._visit.parts.spawn(work, self._failed)
        self._visit.work.add(task)
        task.add_done_callback(self._visit.work.discard)

    async def _settle(self) -> None:
        """Keep keys back until the shell has heard of the interrupt.

        A signal is heard at its own time: keys that overtake it go to the line that it should
        have ended, and bash then enters what nobody sees there.
        """
        if await self._something_shown(_SETTLES_WITHIN_S):
            await self._quiet()
        self._deciding = False
        self._go_on()

    def _failed(self) -> None:
        self._visit.cut("the gateway failed; nothing more is passed on")

    async def _decide(self, enter: bytes) -> None:
        line = await self._line()
        entered = await self._permitted(line)
        if entered:
            self._send(enter)
            self._terminal.entered()
        elif self._at_prompt(line):
            await self._take_back()
        self._deciding = False
        self._go_on()

    async def _take_back(self) -> None:
        """Take the line away, and let the shell show its prompt anew: nothing of it is entered."""
        for keys in (_KILL_LINE, _INTERRUPT):
            self._terminal.keys(keys)
            self._send(keys)
            if await self._something_shown(_SETTLES_WITHIN_S):
                await self._quiet()

    async def _quiet(self) -> bool:
        """Wait until nothing more is shown; False where that does not end."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _SETTLES_WITHIN_S
        while await self._something_shown(_QUIET_S):
            if loop.time() > until:
                return False
        return True

    async def _line(self) -> "Line":
        """Return the line that Enter would enter, once it has been drawn."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _ECHO_WITHIN_S
        while self._terminal.awaits_echo and (left := until - loop.time()) > 0:
            await self._something_shown(left)
        line = self._terminal.line()
        if line.sure or not self._at_prompt(line):
            return line
        # A line that was edited is what it is once nothing more is drawn.
        return self._terminal.line(quiet=await self._quiet())

    async def _something_shown(self, within_s: float) -> bool:
        self._shown.clear()
        try:
            async with asyncio.timeout(within_s):
                await self._shown.wait()
        except TimeoutError:
            return False
        return True

    def _at_prompt(self, line: "Line") -> bool:
        return line.where.value == "prompt"

    async def _permitted(self, line: "Line") -> bool:
        visit = self._visit
        at_prompt = self._at_prompt(line)
        if at_prompt and line.sure and not line.text.strip():
            return True
        if not at_prompt and (not self._every or self._known_unseen()):
            self._directories = None
            return True
        after: frozenset[str] | None = None
        if at_prompt and line.sure and not _goes_on(line.text):
            reading, after = read_line(line.text, visit.account, self._directories)
        else:
            reading = unseen(line.text if at_prompt else "", visit.account, at_prompt=at_prompt)
        self._patience = Patience()
        attempt = await visit.attempt(
            reading.statement,
            reading.text,
            tell=self._tell,
            patience=self._patience,
            shape=reading.shape,
        )
        self._patience = None
        if isinstance(attempt, Refused):
            self._say(refusal_lines(attempt))
            return False
        # What came of a line is what the terminal shows; nobody says more of it.
        attempt.finish()
        # Through what was not seen the shell may have been taken anywhere.
        self._directories = after
        if not at_prompt:
            self._remember_unseen()
        return True

    def _known_unseen(self) -> bool:
        """Whether it was permitted a moment ago to type where nothing can be seen."""
        live = self._visit.session.live
        epoch, until = self._unseen_until
        now = asyncio.get_running_loop().time()
        return live is not None and live.pause is None and live.epoch.value == epoch and now < until

    def _remember_unseen(self) -> None:
        live = self._visit.session.live
        if live is not None:
            until = asyncio.get_running_loop().time() + _UNSEEN_FOR_S
            self._unseen_until = (live.epoch.value, until)


def _goes_on(text: str) -> bool:
    """Return whether the line is not all that the shell will take for one."""
    behind = len(text) - len(text.rstrip("\\"))
    return behind % 2 == 1
