"""Waiting for news of requests: the long poll and the stream."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

from assent.api.door import Door
from assent.control.sign_in import Caller
from assent.core.faults import Fault, MissingFault
from assent.core.ids import RequestId
from assent.core.notice import Notice
from assent.core.request import Request
from assent.core.secret import Secret


async def request_when_changed(
    door: Door, caller: Caller, request: RequestId, wait_s: float, changed_after: datetime | None
) -> Request:
    """Return the request once it has changed after `changed_after`, or as it is in `wait_s`.

    changed_after: None for any change from now on. Raises MissingFault.
    """
    # INVARIANT: listen first, then read, so that no change falls between the two.
    async with door.plane.events.subscribe() as notices:
        current = await door.plane.requests.get(caller, request)
        since = current.changed_at if changed_after is None else changed_after
        try:
            async with asyncio.timeout(wait_s):
                while current.changed_at <= since:
                    if not await _named(notices, request):
                        break
                    current = await door.plane.requests.get(caller, request)
        except TimeoutError:
            pass
    return current


async def _named(notices: AsyncIterator[Notice], request: RequestId) -> bool:
    """Wait for a notice about `request`; return False when no more will come."""
    async for notice in notices:
        if notice.request == request:
            return True
    return False


async def changed_requests(
    door: Door, token: Secret[str], address: str
) -> AsyncIterator[RequestId]:
    """Yield the id of each request that changes and that the token's holder may see.

    Ends when the token is no longer good, or when the reader falls behind.
    """
    async with door.plane.events.subscribe() as notices:
        async for notice in notices:
            if notice.request is None:
                continue
            try:
                # Asked again each time: a person who signed out hears nothing more.
                caller = await door.plane.sign_in.authenticate(token, address, "api")
                await door.plane.requests.seen(caller, notice.request)
            except MissingFault:
                continue
            except Fault:
                return
            yield notice.request
