"""What agents do: decided on, held on their connection, sent to the server, and shown masked."""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from assent.content.json_masking import JsonMasks
from assent.content.patterns import OwnPattern
from assent.control.live import Patience
from assent.control.sign_in import Caller
from assent.core.clock import Clock
from assent.core.enforcement import Enforcement
from assent.core.faults import Fault, PeerFault
from assent.core.frame import OutputFrame
from assent.core.plugins import Held, RefusalKind, Refused
from assent.gateway.mcp.channel import Channel
from assent.gateway.mcp.desks import Desk
from assent.gateway.mcp.servers import Progress
from assent.gateway.sessions import Attempt, GatewaySession
from assent.gateway.waited import Waited
from assent.protocols.mcp import messages
from assent.protocols.mcp.answers import failed_result
from assent.protocols.mcp.messages import Message
from assent.protocols.mcp.reading import Reading
from assent.protocols.mcp.results import error_shown, shown

ANSWERS_WITHIN_S = 300.0
"""How long a server may take for one call, where no policy says less."""
_TOOL_FAILED, _SERVER_FAILED = "tool", "away"


@dataclass(frozen=True, slots=True)
class Attempted:
    """One thing that an agent does. key: stands for whoever attempts just that.

    method, params: what is sent where it is permitted. stays: how long the client waits for people.
    token: with which it wants to hear of progress.
    """

    caller: Caller
    read: Reading
    method: str
    params: Mapping[str, Any]
    stays: timedelta
    token: messages.MessageId | None = None

    @property
    def key(self) -> Hashable:
        """What the same call, sent again, is known by."""
        return (self.caller.subject.id, self.read.statement.touches[0], self.read.text)


class Calls:
    """Makes them. largest: bytes of a result. patterns: what the operator's labels look like."""

    def __init__(self, waited: Waited, clock: Clock, patterns: tuple[OwnPattern, ...] = ()) -> None:
        self._waited = waited
        self._clock = clock
        self._patterns = patterns

    async def make(
        self,
        session: GatewaySession,
        desk: Desk,
        attempted: Attempted,
        channel: Channel,
        largest: int,
    ) -> Message | Refused:
        """Return what the server answers, as it may be shown, or why it was not asked.

        Raises Fault where the server is away.
        """
        key = (desk.live.target.id, attempted.key)
        refused = await self._waited.ended(key, attempted.caller)
        if refused is not None:
            return refused
        attempt = await self._decided(session, attempted, channel)
        if isinstance(attempt, Refused):
            self._waited.told(key, attempt)
            return attempt
        return await self._sent(session, desk, attempted, attempt, channel, largest)

    async def _decided(
        self, session: GatewaySession, attempted: Attempted, channel: Channel
    ) -> Attempt | Refused:
        read = attempted.read
        patience = Patience(self._clock.now() + attempted.stays)
        asking = asyncio.ensure_future(
            session.attempt(
                read.statement,
                read.text,
                shape=read.shape,
                tell=_teller(attempted, channel),
                patience=patience,
            )
        )
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            # Whoever hangs up may have been too impatient only: what is held waits on without
            # them, and the same call, sent again, goes on with it.
            patience.until = self._clock.now()
            patience.nudge()
            asking.add_done_callback(_not_sent)
            raise

    async def _sent(
        self,
        session: GatewaySession,
        desk: Desk,
        attempted: Attempted,
        attempt: Attempt,
        channel: Channel,
        largest: int,
    ) -> Message:
        enforcement = attempt.permitted.enforcement
        try:
            said = await desk.server.ask(
                attempted.method,
                attempted.params,
                _within_s(enforcement),
                _progress(attempted, channel),
            )
        except asyncio.CancelledError:
            attempt.lose()
            raise
        except Fault:
            # It may have been done: nobody heard of it.
            attempt.lose()
            raise
        try:
            message, error = self._shown(said, attempted, enforcement, largest)
        except PeerFault as fault:
            message, error = Message(result=failed_result(fault.code, fault.detail)), "unmas"
        data = messages.encoded(message.result or message.error or {})
        if enforcement is not None and enforcement.record_results:
            frame = OutputFrame(attempt.sequence, self._clock.now(), data.decode())
            try:
                session.record(frame)
            except Fault as fault:
                # It was done, and nobody is shown what came of it.
                attempt.finish(error=fault.code)
                raise
        attempt.finish(bytes=len(data), error=error)
        return message

    def _shown(
        self, said: Message, attempted: Attempted, enforcement: Enforcement | None, largest: int
    ) -> tuple[Message, str]:
        name = attempted.read.statement.touches[0].resource.name
        masks = JsonMasks(name, enforcement, self._patterns)
        if said.result is None:
            number, words = error_shown(said.error or {}, masks)
            return Message(error={"code": number, "message": words}), _SERVER_FAILED
        if said.result.get("resultType", "complete") != "complete":
            words = "the server asks for more than a call, and is answered by nobody here"
            return Message(result=failed_result("server-asks", words)), _SERVER_FAILED
        result = shown(said.result, masks)
        most = min((largest, *_limits(enforcement)))
        size = len(messages.encoded(result))
        if size > most:
            words = (
                f"the answer has {size} bytes, and at most {most} may pass; the tool has run: ask "
                "it for less"
            )
            return Message(result=failed_result("too-large", words)), "large"
        return Message(result=result), _TOOL_FAILED if result.get("isError") is True else ""


def _limits(enforcement: Enforcement | None) -> Sequence[int]:
    if enforcement is None:
        return ()
    return [limit.most for limit in enforcement.limits if limit.name == "max_bytes"]


def _within_s(enforcement: Enforcement | None) -> float:
    timeout = enforcement.timeout if enforcement else None
    return min(ANSWERS_WITHIN_S, timeout.total_seconds()) if timeout else ANSWERS_WITHIN_S


def _teller(attempted: Attempted, channel: Channel) -> Callable[[Held], None]:
    """Return what tells a client that waits what for, in notifications of progress."""
    count = 0

    def tell(held: Held) -> None:
        nonlocal count
        if not attempted.stays:
            return
        count += 1
        if attempted.token is None:
            channel.open()
            return
        said = {
            "progressToken": attempted.token,
            # Less than any progress of the call itself, which comes after it.
            "progress": count / 1_000,
            "message": "; ".join(held.lines)[:2_000],
        }
        channel.say(messages.notification("notifications/progress", said))

    return tell


def _progress(attempted: Attempted, channel: Channel) -> Progress | None:
    if attempted.token is None:
        return None

    def hear(done: float, total: float | None) -> None:
        said: dict[str, Any] = {"progressToken": attempted.token, "progress": done}
        if total is not None:
            said["total"] = total
        channel.say(messages.notification("notifications/progress", said))

    return hear


def _not_sent(asking: "asyncio.Task[Attempt | Refused]") -> None:
    if not asking.cancelled() and asking.exception() is None:
        answer = asking.result()
        if isinstance(answer, Attempt):
            answer.lose(released=False)


def cut_off(words: str) -> Refused:
    """Return what is heard of a call whose session was cut under it."""
    return Refused(RefusalKind.DENIED, words)
