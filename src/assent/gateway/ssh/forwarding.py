"""Forwarding through a target: each connection, each listener and the agent is an attempt."""

import asyncssh

from assent.control.live import Patience
from assent.core.action import Statement
from assent.core.plugins import Held, RefusalKind, Refused
from assent.gateway.sessions import Attempt
from assent.gateway.ssh.pipes import Stream
from assent.gateway.ssh.visit import Visit
from assent.gateway.ssh.wire import TargetConnection
from assent.gateway.ssh.words import refusal_lines
from assent.protocols.ssh import channels

_PROHIBITED = asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED
_LONGEST = 400
_MOST_LISTENING = 16
_UNRECORDED = "a policy wants what passes recorded, and what is forwarded is not"


async def forward(visit: Visit, host: str, port: int) -> asyncssh.SSHTCPSession[bytes]:
    """Return the client's end of a connection to an address behind the target.

    Raises asyncssh.ChannelOpenError.
    """
    where = channels.address(host, port)
    target, attempt = await _permitted(visit, channels.forward(host, port), f"forward to {where}")
    near, far = _Counted(attempt), Stream()
    try:
        await target.create_connection(lambda: far, host, port)
    except (asyncssh.ChannelOpenError, OSError) as fault:
        attempt.finish(error="not-reached")
        words = f"`{where[:200]}` cannot be reached from there"
        raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, words) from fault
    near.couple(far)
    return near


async def listen(visit: Visit, host: str, port: int) -> asyncssh.SSHListener | bool:
    """Return what listens at the target for the client, False where nothing may."""
    if len(visit.listening) >= _MOST_LISTENING:
        return False
    try:
        text = f"listen on {channels.address(host, port)}"
        target, attempt = await _permitted(visit, channels.listen(host, port), text)
    except asyncssh.ChannelOpenError:
        return False
    listening = Listening(attempt)

    async def accepted(orig_host: str, orig_port: int) -> asyncssh.SSHTCPSession[bytes]:
        near, far = _Heard(listening), Stream()
        await visit.connection.create_connection(
            lambda: near, host, port or listening.get_port(), orig_host, orig_port
        )
        near.couple(far)
        return far

    try:
        listening.at_target = await target.create_server(accepted, host, port)
    except (asyncssh.Error, OSError):
        attempt.finish(error="not-listening")
        return False
    visit.listening.add(listening)
    return listening


async def lend_agent(visit: Visit) -> bool:
    """Return whether the target may use the client's agent from now on."""
    text = f"lend the agent to {visit.account}"
    try:
        target, attempt = await _permitted(visit, channels.agent(visit.account), text)
    except asyncssh.ChannelOpenError:
        return False

    async def opened() -> asyncssh.SSHUNIXSession[bytes]:
        near, far = Stream(), Stream()
        await visit.connection.open_agent(lambda: near)
        near.couple(far)
        # Both are ends of bytes; only the name of the shape that asyncssh wants differs.
        return far  # type: ignore[return-value]

    target.lend_agent(opened)
    attempt.finish()
    return True


class _Counted(Stream):
    """The end of a connection whose bytes are said when it is closed."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__()
        self._attempt = attempt

    def connection_lost(self, exc: Exception | None) -> None:
        """Say what came of it."""
        super().connection_lost(exc)
        self._attempt.finish(bytes=self.total)


class _Heard(Stream):
    """The end of a connection that something listened for."""

    def __init__(self, listening: "Listening") -> None:
        super().__init__()
        self._listening = listening
        listening.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count what passed."""
        super().connection_lost(exc)
        self._listening.open.discard(self)
        self._listening.passed += self.total


class Listening(asyncssh.SSHListener):
    """What listens at the target. at_target: None until it does. open: what it accepted.

    passed: bytes of what was accepted and has closed.
    """

    def __init__(self, attempt: Attempt) -> None:
        super().__init__()
        self.at_target: asyncssh.SSHListener | None = None
        self.open: set[Stream] = set()
        self.passed = 0
        self._attempt = attempt

    def get_port(self) -> int:
        """Return the port, also where the target chose it."""
        return self.at_target.get_port() if self.at_target is not None else 0

    def close(self) -> None:
        """Listen no more, and say what came of it."""
        if self.at_target is not None:
            self.at_target.close()
        self._attempt.finish(bytes=self.passed + sum(one.total for one in self.open))

    async def wait_closed(self) -> None:
        """Return once it does not."""
        if self.at_target is not None:
            await self.at_target.wait_closed()


async def _permitted(
    visit: Visit, statement: Statement, text: str
) -> tuple[TargetConnection, Attempt]:
    """Return the target's connection and the attempt. Raises asyncssh.ChannelOpenError."""

    def tell(held: Held) -> None:
        for say in tuple(visit.hearers):
            say(held.lines)

    target = await visit.reach(tell)
    if isinstance(target, Refused):
        raise _prohibited(visit, text, target)
    attempt = await visit.attempt(statement, text, tell=tell, patience=Patience())
    if isinstance(attempt, Refused):
        raise _prohibited(visit, text, attempt)
    enforcement = attempt.permitted.enforcement
    if enforcement is not None and enforcement.record_results:
        attempt.finish(error="not-recordable")
        raise _prohibited(visit, text, Refused(RefusalKind.DENIED, _UNRECORDED))
    return target, attempt


def _prohibited(visit: Visit, text: str, refused: Refused) -> asyncssh.ChannelOpenError:
    lines = refusal_lines(refused)
    for say in tuple(visit.hearers):
        say((f"{text} is refused", *lines))
    return asyncssh.ChannelOpenError(_PROHIBITED, " ".join("; ".join(lines).split())[:_LONGEST])
