"""Whether a request still waits for people, for the page that asks again and again."""

import asyncio

from assent.control.events import Events
from assent.control.requests import Requests
from assent.control.sign_in import Caller
from assent.core.ids import RequestId
from assent.core.request import RequestState

STAYS_S = 20.0


class News:
    """Answers at once when a request waits no more, and otherwise after twenty seconds."""

    def __init__(self, requests: Requests, events: Events) -> None:
        self._requests = requests
        self._events = events

    async def waits(self, caller: Caller, request: RequestId) -> bool:
        """Return whether it still waits. Raises MissingFault for none of this caller's."""
        # INVARIANT: listen first, then read, so that no change falls between the two.
        async with self._events.subscribe() as notices:
            if not await self._pending(caller, request):
                return False
            try:
                async with asyncio.timeout(STAYS_S):
                    async for notice in notices:
                        if notice.request == request and not await self._pending(caller, request):
                            return False
            except TimeoutError:
                pass
        return True

    async def _pending(self, caller: Caller, request: RequestId) -> bool:
        found = await self._requests.get(caller, request)
        return found.state is RequestState.PENDING
