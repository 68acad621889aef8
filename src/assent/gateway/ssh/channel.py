"""One session channel of a client: a command, a shell or SFTP, decided on and then coupled."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import asyncssh
import structlog

from assent.control.live import Patience
from assent.core.plugins import Held, Refused
from assent.gateway.sessions import Attempt
from assent.gateway.ssh.lines import ALL, OFF, LineGate
from assent.gateway.ssh.pipes import End
from assent.gateway.ssh.reading import Asked, read
from assent.gateway.ssh.terminal import Recording
from assent.gateway.ssh.visit import Visit
from assent.gateway.ssh.wire import ClientChannel, TargetConnection
from assent.gateway.ssh.words import EXIT_UNAVAILABLE, exit_code, refusal_lines, shown

SFTP = "sftp"
_INTERRUPT = 0x03

_log = structlog.get_logger("gateway")


@dataclass(slots=True)
class Terminal:
    """A terminal that the client asked for. size: columns, rows, and both in pixels."""

    kind: str
    size: tuple[int, int, int, int]
    modes: Mapping[int, int] = field(default_factory=dict)


class ClientEnd(End, asyncssh.SSHServerSession[bytes]):
    """The client's end. What comes before it is decided is kept, up to a bound."""

    def __init__(self, visit: Visit) -> None:
        super().__init__()
        self._visit = visit
        self._asked: Asked | None = None
        self._patience = Patience()
        self.terminal: Terminal | None = None
        self.target_end: TargetEnd | None = None
        self.recording: Recording | None = None
        self.gate: LineGate | None = None

    # What asyncssh calls.

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """Hear of the channel."""
        self.begin(chan)
        self._visit.hearers.add(self.say)

    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Mapping[int, int]
    ) -> bool:
        """Take note of the terminal; the target gets one like it."""
        self.terminal = Terminal(term_type[:100], term_size, term_modes)
        return True

    def shell_requested(self) -> bool:
        """Take note that a shell is wanted."""
        self._asked = Asked("shell")
        return True

    def exec_requested(self, command: str) -> bool:
        """Take note of the command. An empty one would be a shell at the target."""
        if not command or "\0" in command:
            return False
        self._asked = Asked("exec", command)
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        """Take note of SFTP; nothing else has a handler."""
        if subsystem != SFTP:
            _log.warning("subsystem-refused", subsystem=subsystem[:80])
            return False
        self._asked = Asked("sftp")
        return True

    def session_started(self) -> None:
        """Begin to decide."""
        work = self._visit.parts.spawn(self._run(), self._failed)
        self._visit.work.add(work)
        work.add_done_callback(self._visit.work.discard)

    def terminal_size_changed(self, width: int, height: int, pixwidth: int, pixheight: int) -> None:
        """Pass the new size on."""
        if self.terminal is None:
            return
        self.terminal.size = (width, height, pixwidth, pixheight)
        if self.target_end is not None:
            self.target_end.resize(self.terminal.size)

    def signal_received(self, signal: str) -> None:
        """Pass a signal on."""
        if self.target_end is not None:
            self.target_end.signal(signal)

    def break_received(self, msec: int) -> bool:
        """Pass a break on."""
        if self.target_end is None or self.target_end.channel is None:
            return False
        self.target_end.send_break(msec)
        return True

    def passing(self, data: bytes, datatype: int | None) -> None:
        """Hear Ctrl-C while it waits; the rest is kept or passed on."""
        waits = self.other is None and self.terminal is not None
        if waits and _INTERRUPT in data and not (self._asked and self._asked.kind == "sftp"):
            self._patience.hang_up()
            self._visit.interrupted()
            return
        if self.gate is not None and self.other is not None:
            self.gate.typed(data)
            if self.gate.full:
                self._visit.cut("too much was typed while a line waits")
        elif self.recording is None or self.recording.put_in(data):
            super().passing(data, datatype)

    def _pass_keys(self, keys: bytes) -> None:
        """Pass keys on that may be passed."""
        if self.other is not None and (self.recording is None or self.recording.put_in(keys)):
            self.other.send(keys)

    def connection_lost(self, exc: Exception | None) -> None:
        """Withdraw what waits; what runs hears that its terminal is gone."""
        super().connection_lost(exc)
        self._visit.hearers.discard(self.say)
        self._patience.hang_up()
        if self.gate is not None:
            self.gate.close()
        if self.target_end is not None and not self._visit.words:
            # Of a visit that is cut the visit itself ends what runs, by force if need be.
            self.target_end.abandon()

    # Words.

    def say(self, lines: Sequence[str]) -> None:
        """Tell the client something on standard error."""
        self.send(shown(lines, terminal=self.terminal is not None), asyncssh.EXTENDED_DATA_STDERR)

    def tell(self, held: Held) -> None:
        """Tell the client that something waits for people."""
        self.say(held.lines)

    def _failed(self) -> None:
        self.say(("the gateway failed; nothing more is passed on",))
        self._exit(EXIT_UNAVAILABLE)

    # The road of what is asked.

    async def _run(self) -> None:
        asked = self._asked
        if asked is None:
            return
        target = await self._visit.reach(self.tell)
        if self.gone.is_set():
            return
        if isinstance(target, Refused):
            self.say(refusal_lines(target))
            self._exit(EXIT_UNAVAILABLE)
        elif asked.kind == "sftp":
            await self._serve_files(target)
        else:
            await self._execute(asked, target)

    async def _execute(self, asked: Asked, target: TargetConnection) -> None:
        visit = self._visit
        reading = read(asked, visit.account, terminal=self.terminal is not None)
        attempt = await visit.attempt(
            reading.statement,
            reading.text,
            tell=self.tell,
            patience=self._patience,
            shape=reading.shape,
        )
        if isinstance(attempt, Refused):
            self.say(refusal_lines(attempt))
            self._exit(exit_code(attempt))
            return
        try:
            end = await self._start(asked, target, attempt)
        except (asyncssh.Error, OSError) as fault:
            _log.warning("channel-refused", what=str(fault)[:200])
            attempt.finish(error="not-started")
            self.say((f"target `{visit.candidate.target.name}` refused to start this",))
            self._exit(EXIT_UNAVAILABLE)
            return
        await end.gone.wait()
        self._conclude(end, attempt)

    async def _start(self, asked: Asked, target: TargetConnection, attempt: Attempt) -> "TargetEnd":
        """Start it at the target, and couple the two ends."""
        terminal = self.terminal
        recording = Recording(self._visit, attempt, terminal is not None)
        end = TargetEnd(recording)
        if terminal is not None:
            recording.sized(terminal.size)
        await self._open(end, target, asked)
        self.target_end = end
        self._visit.ends.add(end.signal)
        recording.brakes = (self, end)
        if self.gone.is_set():
            end.abandon()
        else:
            self.recording = recording
            if asked.kind == "shell":
                self.gate = end.gate = self._gate()
            self.couple(end)
        return end

    def _gate(self) -> LineGate | None:
        """Return what decides on the shell's lines, None where its target wants none decided."""
        lines = str(self._visit.candidate.target.options.get("lines", ALL))
        if self.terminal is None or lines == OFF:
            return None
        return LineGate(
            self._visit,
            self.terminal.size[0],
            every=lines == ALL,
            send=self._pass_keys,
            say=self.say,
            tell=self.tell,
        )

    async def _open(self, end: "TargetEnd", target: TargetConnection, asked: Asked) -> None:
        terminal = self.terminal
        channel = self.channel
        variables: dict[bytes | str, bytes | str] = {}
        if isinstance(channel, ClientChannel):
            variables = dict(channel.get_environment_bytes().items())
        await target.create_session(
            lambda: end,
            asked.command if asked.kind == "exec" else None,
            subsystem=SFTP if asked.kind == "sftp" else None,
            env=variables,
            request_pty=terminal is not None,
            term_type=terminal.kind if terminal is not None else None,
            term_size=terminal.size if terminal is not None else None,
            term_modes=terminal.modes if terminal is not None else {},
            x11_forwarding=False,
            encoding=None,
        )

    def _conclude(self, end: "TargetEnd", attempt: Attempt) -> None:
        self._visit.ends.discard(end.signal)
        if end.recording is not None:
            end.recording.flush()
        passed = self.received + end.received
        if self.gone.is_set() and end.status is None and end.killed is None:
            attempt.lose()
            return
        error = "" if end.status in (0, None) else f"exit-{end.status}"
        attempt.finish(bytes=passed, error=f"signal-{end.killed[0]}" if end.killed else error)
        if end.killed is not None:
            name, dumped, message = end.killed
            self._close_with(lambda chan: chan.exit_with_signal(name, dumped, message))
        elif end.status is not None:
            self._exit(end.status)
        else:
            self.close()

    async def _serve_files(self, target: TargetConnection) -> None:
        from assent.gateway.ssh.files import serve_sftp

        end = TargetEnd(None)
        try:
            await self._open(end, target, Asked("sftp"))
        except (asyncssh.Error, OSError):
            self.say((f"target `{self._visit.candidate.target.name}` has no SFTP",))
            self._exit(EXIT_UNAVAILABLE)
            return
        end.errors = self
        self.target_end = end
        self._visit.ends.add(end.signal)
        try:
            await serve_sftp(
                self._visit.session, self, end, self._visit.account, self.tell, self.say
            )
        finally:
            self._visit.ends.discard(end.signal)
            end.close()
        self._exit(end.status or 0)

    def _exit(self, status: int) -> None:
        self._close_with(lambda chan: chan.exit(status))

    def _close_with(self, how: Callable[[asyncssh.SSHServerChannel[bytes]], None]) -> None:
        channel = self.channel
        if isinstance(channel, asyncssh.SSHServerChannel) and not self.gone.is_set():
            try:
                how(channel)
            except OSError:
                # The client closed it meanwhile.
                return


class TargetEnd(End, asyncssh.SSHClientSession[bytes]):
    """The target's end. status: its exit code, None while there is none. killed: by which signal.

    recording: writes down what passes, None for none. errors: who gets what comes on standard
    error while the rest is read by a relay.
    """

    # OpenSSH's client closes its channel once it has heard the end of both directions, where
    # several share a connection; the exit code must be there by then.
    keeps_end = True

    def __init__(self, recording: Recording | None) -> None:
        super().__init__()
        self.recording = recording
        self.status: int | None = None
        self.killed: tuple[str, bool, str] | None = None
        self.errors: End | None = None
        self.gate: LineGate | None = None

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """Hear of the channel."""
        self.begin(chan)

    def exit_status_received(self, status: int) -> None:
        """Hear how it ended."""
        self.status = status

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        """Hear that a signal ended it."""
        self.killed = (signal[:20], core_dumped, msg[:200])

    def passing(self, data: bytes, datatype: int | None) -> None:
        """Write it down, then pass it on: never more than is recorded."""
        if self.recording is not None and not self.recording.put_out(data):
            return
        if self.gate is not None:
            self.gate.show(data)
        if self.errors is not None and datatype is not None:
            self.errors.send(data, datatype)
            return
        super().passing(data, datatype)

    def resize(self, size: tuple[int, int, int, int]) -> None:
        """Pass a new size of the terminal on."""
        if isinstance(self.channel, asyncssh.SSHClientChannel) and not self.gone.is_set():
            self.channel.change_terminal_size(*size)
        if self.gate is not None:
            self.gate.resize(size[0])
        if self.recording is not None:
            self.recording.sized(size)

    def signal(self, name: str) -> None:
        """Send a signal to what runs there."""
        if isinstance(self.channel, asyncssh.SSHClientChannel) and not self.gone.is_set():
            try:
                self.channel.send_signal(name)
            except (OSError, ValueError):
                # It has ended already, or no such signal is known there.
                return

    def send_break(self, milliseconds: int) -> None:
        """Send a break."""
        if isinstance(self.channel, asyncssh.SSHClientChannel) and not self.gone.is_set():
            self.channel.send_break(milliseconds)

    def abandon(self) -> None:
        """Let it end: nobody is there any more."""
        self.signal("HUP")
        self.close()
