"""SFTP in a session: each file is decided on when it is opened, and then passes as it is.

What is held waits in its own request; what the client does with other files goes on meanwhile.
SFTP has no words for waiting, but OpenSSH's clients show what comes on the channel's other stream:
there `tell` and `say` are heard.
"""

import asyncio
from collections.abc import Callable

import structlog

from assent.control.live import Patience, unheard
from assent.core.faults import Fault
from assent.core.frame import OutputFrame
from assent.core.plugins import Held, Refused
from assent.gateway.sessions import Attempt, GatewaySession, Tell
from assent.gateway.ssh.streams import ByteStream
from assent.protocols.ssh.sftp import Ended, Moves, Question, SftpRelay

Say = Callable[[tuple[str, ...]], None]

_log = structlog.get_logger("gateway")


async def serve_sftp(
    session: GatewaySession,
    client: ByteStream,
    target: ByteStream,
    account: str,
    tell: Tell,
    say: Say = unheard,
) -> None:
    """Relay SFTP until one of the two ends it; both have heard of the end when it returns.

    client, target: the ends of the subsystem, of an open session. account: at the target. say:
    tells the client why something was refused, beside the answer that it gets.
    """
    files = _Files(session, client, target, tell, say)
    await files.serve()
    if files.broken:
        _log.warning("sftp-broken", account=account, because=files.broken)
        say((f"SFTP ends here: {files.broken}",))
    target.write_eof()
    client.write_eof()


class _Files:
    """One subsystem that is relayed. broken: why it was ended by us, empty where it was not."""

    def __init__(
        self,
        session: GatewaySession,
        client: ByteStream,
        target: ByteStream,
        tell: Tell,
        say: Say,
    ) -> None:
        self.broken = ""
        self._session = session
        self._client = client
        self._target = target
        self._tell = tell
        self._say = say
        self._relay = SftpRelay()
        self._attempts: dict[int, Attempt] = {}
        self._asking: dict[asyncio.Task[None], Patience] = {}
        self._ways: tuple[asyncio.Task[None], ...] = ()
        self._room = asyncio.Event()
        self._over = False

    async def serve(self) -> None:
        """Relay until either side has ended; what waits is withdrawn then."""
        up = asyncio.create_task(self._upwards())
        down = asyncio.create_task(self._downwards())
        self._ways = up, down
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if not self.broken and not down.done():
                await self._withdraw()
                # It closes what is open, and says so before its own end.
                self._target.write_eof()
                await asyncio.wait({down})
        finally:
            self._over = True
            up.cancel()
            down.cancel()
            await self._withdraw()
            await asyncio.gather(up, down, return_exceptions=True)
            self._conclude()
        for task in (up, down):
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def _upwards(self) -> None:
        while not self.broken and (data := await self._client.read()):
            if not self._performed(self._relay.from_client(data)):
                return
            await self._target.drain()
            # Some of it is answered at once, and whoever reads no answers is read no more either.
            await self._client.drain()
            if self._session.behind:
                await self._ready()
            while self._relay.full and not self.broken:
                self._room.clear()
                await self._room.wait()

    async def _downwards(self) -> None:
        while not self.broken and (data := await self._target.read()):
            if not self._performed(self._relay.from_target(data)):
                return
            self._room.set()
            await self._client.drain()

    async def _ready(self) -> None:
        try:
            await self._session.ready()
        except Fault as fault:
            self._break(f"the recording cannot be kept ({fault.code})")

    async def _ask(self, question: Question, patience: Patience) -> None:
        """Have a request decided on, and let it through or answer it."""
        reading, ticket = question.reading, question.ticket
        was_held = False

        def told(held: Held) -> None:
            nonlocal was_held
            was_held = True
            self._tell(held)

        shape = ("sftp", reading.text) if reading.statement.reusable else None
        answer = await self._session.attempt(
            reading.statement, reading.text, shape=shape, tell=told, patience=patience
        )
        if self._over or self.broken:
            if isinstance(answer, Attempt):
                answer.lose(released=False)
            return
        if isinstance(answer, Refused):
            self._say(_words(reading.text, answer))
            self._performed(self._relay.refuse(ticket, answer.message))
        else:
            self._attempts[ticket] = answer
            enforced = answer.permitted.enforcement
            shows = enforced is not None and enforced.record_results
            moves = self._relay.permit(ticket, look_again=was_held, shows=shows)
            self._performed(moves)

    def _performed(self, moves: Moves) -> bool:
        """Do what the relay says; false when it is over."""
        for ended in moves.ended:
            self._finish(ended)
        try:
            for ticket, seen in moves.shown:
                self._show(self._attempts[ticket], seen)
        except Fault as fault:
            self._break(f"the recording cannot be kept ({fault.code})")
            return False
        if moves.to_target:
            self._target.write(bytes(moves.to_target))
        if moves.to_client:
            self._client.write(bytes(moves.to_client))
        for question in moves.questions:
            patience = Patience()
            task = asyncio.create_task(self._ask(question, patience))
            self._asking[task] = patience
            task.add_done_callback(self._asked)
        if self._relay.broken:
            self._break(self._relay.broken)
        return not self.broken

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._asking.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its request would wait for ever: nothing goes on that cannot be decided.
            _log.error("sftp-undecided", error=repr(error))
            self._break("it cannot be decided on what was asked")
            for way in self._ways:
                # They may wait for what nobody sends before this is answered.
                way.cancel()

    def _show(self, attempt: Attempt, seen: bytes) -> None:
        text = seen.decode("utf-8", "backslashreplace")
        self._session.record(OutputFrame(attempt.sequence, self._session.clock.now(), text))

    def _finish(self, ended: Ended) -> None:
        attempt = self._attempts.pop(ended.ticket, None)
        if attempt is not None:
            attempt.finish(bytes=ended.bytes, error=ended.error)

    def _conclude(self) -> None:
        for ended in self._relay.end():
            attempt = self._attempts.pop(ended.ticket, None)
            if attempt is None:
                continue
            if ended.error in ("unanswered", "not-released"):
                attempt.lose(released=ended.error == "unanswered")
            else:
                attempt.finish(bytes=ended.bytes, error=ended.error)

    async def _withdraw(self) -> None:
        for patience in self._asking.values():
            patience.hang_up()
        if self._asking:
            await asyncio.wait(set(self._asking))

    def _break(self, words: str) -> None:
        self.broken = self.broken or words
        self._room.set()


def _words(text: str, refused: Refused) -> tuple[str, ...]:
    said = (f"refused: {text[:300]}", refused.message, refused.detail, refused.hint)
    return tuple(line for line in said if line)
