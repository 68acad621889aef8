"""One person's visit to one target: a session, its target's connection, and their end."""

import asyncio
from collections.abc import Callable, Hashable

import asyncssh
import structlog

from assent.control.live import LiveSession, Patience
from assent.control.opening import Candidate, Proof
from assent.control.session_words import unavailable
from assent.core.action import Statement
from assent.core.evidence import Connection
from assent.core.faults import Fault
from assent.core.frame import Frame, MarkFrame
from assent.core.ids import DeviceKeyId
from assent.core.plugins import Held, RefusalKind, Refused
from assent.gateway.sessions import Attempt, Client, GatewaySession
from assent.gateway.ssh.dialling import reach
from assent.gateway.ssh.parts import SshParts
from assent.gateway.ssh.wire import ClientConnection, TargetConnection

Tell = Callable[[Held], None]
Say = Callable[[tuple[str, ...]], None]

_LONGEST_WORDS = 500
_UNRECORDED = "the recording cannot be kept, and nothing is done unrecorded"
_KILL_AFTER_S = 0.25
_SETTLES_WITHIN_S = 0.5

_log = structlog.get_logger("gateway")


class Visit:
    """Opened by whatever the client wants to do first; closed with its connection.

    account: as whom at the target. words: why it was cut, empty while it was not. hearers: say
    something to the client on a channel of its own. ends: what of the target's side is told to
    end, by force, when the visit is cut. listening: what was permitted to listen there.
    """

    def __init__(
        self,
        parts: SshParts,
        connection: ClientConnection,
        candidate: Candidate,
        account: str,
        address: str,
        shown: DeviceKeyId | None,
    ) -> None:
        self.parts = parts
        self.connection = connection
        self.candidate = candidate
        self.account = account
        self.words = ""
        self.hearers: set[Say] = set()
        self.ends: set[Callable[[str], None]] = set()
        self.listening: set[object] = set()
        self.work: set[asyncio.Task[None]] = set()
        self.target: TargetConnection | None = None
        version = str(connection.get_extra_info("client_version", ""))
        client = Client(
            Connection(address, version[:100]), self.cut, self._cancel, self._said, shown
        )
        self.session: GatewaySession = parts.gateway.begin(client)
        self._opening: asyncio.Task[TargetConnection | Refused] | None = None
        self._tellers: set[Tell] = set()
        self._held: list[Held] = []
        self._over = False

    async def reach(self, tell: Tell) -> TargetConnection | Refused:
        """Return the connection to the target, once the session is open; or why there is none."""
        if self._opening is None:
            self._opening = asyncio.ensure_future(self._open())
        for held in self._held:
            tell(held)
        self._tellers.add(tell)
        try:
            return await asyncio.shield(self._opening)
        finally:
            self._tellers.discard(tell)

    async def attempt(
        self,
        statement: Statement,
        text: str,
        *,
        tell: Tell,
        patience: Patience,
        shape: Hashable | None = None,
    ) -> Attempt | Refused:
        """Return that this may be done now, or why not."""

        def told(held: Held) -> None:
            self.mark("held", held.lines[0] if held.lines else "")
            tell(held)

        return await self.session.attempt(
            statement, text, shape=shape, tell=told, patience=patience
        )

    def record(self, frame: Frame) -> bool:
        """Write a frame; where that is impossible the visit is cut, and False returned."""
        try:
            self.session.record(frame)
        except Fault as fault:
            _log.error("recording-failed", code=fault.code)
            self.cut(_UNRECORDED)
            return False
        return True

    def mark(self, event: str, detail: str = "") -> None:
        """Write down a moment worth jumping to."""
        if self.session.live is not None:
            self.record(MarkFrame(0, self.parts.gateway.clock.now(), event, detail[:200]))

    def cut(self, words: str) -> None:
        """End it at once, and let the client hear why."""
        if self._over:
            return
        self.words = words
        self._said((words,))
        self._finish(words, by_force=True)
        shown = " ".join(words.split())[:_LONGEST_WORDS]
        self.connection.disconnect(asyncssh.DISC_BY_APPLICATION, shown)

    def hung_up(self) -> None:
        """Hear that the client's connection is gone."""
        self._finish("the client hung up", by_force=False)

    def interrupted(self) -> None:
        """Hear that the client does not stay; what waits for access is given up with it."""
        if self.session.live is None:
            self.cut("withdrawn: nothing waits any more")

    # Its own.

    def _finish(self, reason: str, *, by_force: bool) -> None:
        if self._over:
            return
        self._over = True
        self.session.hang_up()
        self.parts.spawn(self._end(reason, by_force=by_force))

    async def _end(self, reason: str, *, by_force: bool) -> None:
        """Let what runs at the target end, then its connection, then the session."""
        # What was running hears a hang-up first, as at a terminal whose line broke.
        for end in tuple(self.ends):
            end("HUP")
            end("TERM")
        if by_force and self.ends:
            await asyncio.sleep(_KILL_AFTER_S)
            for end in tuple(self.ends):
                end("KILL")
        if self._opening is not None:
            # It ends by itself now; before that there may be no session to end yet.
            await self._opening
        if self.target is not None:
            self.target.close()
        if self.work:
            await asyncio.wait(tuple(self.work), timeout=_SETTLES_WITHIN_S)
        await self.session.end(reason)

    async def _open(self) -> TargetConnection | Refused:
        (credential,) = self.candidate.credentials
        try:
            opened = await self.session.open(
                self.candidate, Proof(credential), database=self.account, tell=self._tell
            )
            if isinstance(opened, Refused):
                return opened
            return await self._dial(opened)
        except Fault as fault:
            return unavailable(fault)
        except Exception:
            # Whatever it was, no target is reached by it; the client hears that at least.
            _log.exception("opening-failed", target=self.candidate.target.name)
            return Refused(RefusalKind.UNAVAILABLE, "the session could not be opened")
        finally:
            self._held.clear()

    async def _dial(self, opened: LiveSession) -> TargetConnection | Refused:
        try:
            lease = await self.session.lease()
            target = await reach(opened.target, lease, self.account)
        except Fault as fault:
            await self.session.end(fault.detail)
            hint = "nothing was done there; try again, and tell the operator if it stays so"
            return Refused(RefusalKind.UNAVAILABLE, fault.detail, "", hint)
        if self._over:
            target.abort()
            return Refused(RefusalKind.WITHDRAWN, self.words or "the client hung up")
        self.target = target
        self.parts.spawn(self._watch(target))
        return target

    async def _watch(self, target: TargetConnection) -> None:
        await target.wait_closed()
        if not self._over:
            # What ran there has told its end by now, if it told any.
            self.cut(f"target `{self.candidate.target.name}` closed the connection")

    def _tell(self, held: Held) -> None:
        self._held.append(held)
        for tell in tuple(self._tellers):
            tell(held)

    def _said(self, lines: tuple[str, ...]) -> None:
        for say in tuple(self.hearers):
            say(lines)

    def _cancel(self) -> None:
        for end in tuple(self.ends):
            end("INT")
