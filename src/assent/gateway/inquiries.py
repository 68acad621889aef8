"""Questions of the gateway's own to a target, on the connection of a session."""

import asyncio
import itertools
from typing import TYPE_CHECKING

from assent.core.plugins import Inquired
from assent.protocols.postgres import PostgresRelay

if TYPE_CHECKING:
    from assent.gateway.drive import Conversation

ANSWERED_WITHIN_S = 3.0
"""More than all its statements may take together; a target that is gone must not hold anybody."""


class Inquiries:
    """The questions that wait for a target. Each is numbered once."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._open: dict[int, asyncio.Future[Inquired]] = {}

    async def ask(self, conversation: "Conversation", queries: tuple[str, ...]) -> Inquired:
        """Return what came of these statements; with an error when nothing did in time."""
        number = next(self._numbers)
        relay = conversation.relay
        if conversation.closed or not isinstance(relay, PostgresRelay):
            return Inquired(number, (), "the session is over")
        future: asyncio.Future[Inquired] = asyncio.get_running_loop().create_future()
        self._open[number] = future
        try:
            conversation.inquire(number, queries)
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                return await future
        except TimeoutError:
            return Inquired(number, (), "the target did not answer in time")
        finally:
            self._open.pop(number, None)

    def answered(self, inquired: Inquired) -> None:
        """Hear what came of one; too late, and nobody is interested any more."""
        future = self._open.get(inquired.number)
        if future is not None and not future.done():
            future.set_result(inquired)
