"""Asks a target who waits for the locks of a session, on a connection of the gateway's own."""

from collections.abc import Awaitable, Callable

import asyncpg

from assent.core.faults import OutsideFault
from assent.core.impact import Waiter
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.gateway.own_connection import own_connection
from assent.protocols.postgres.impact.waiters import WAITERS, read_waiters

_ANSWERED_WITHIN_S = 2.0


class Waiters:
    """password_of: the user and the password of the gateway's own connections."""

    def __init__(self, password_of: Callable[[Target], Awaitable[tuple[str, Secret[str]]]]) -> None:
        self._password_of = password_of

    async def of(self, target: Target, database: str, process_id: int) -> tuple[Waiter, ...]:
        """Return who waits for a lock of that backend. Raises OutsideFault, OperatorFault."""
        user, password = await self._password_of(target)
        async with own_connection(target, database, user, password) as connection:
            try:
                rows = await connection.fetch(WAITERS, process_id, timeout=_ANSWERED_WITHIN_S)
            except (asyncpg.PostgresError, TimeoutError) as fault:
                words = f"target `{target.name}` did not say who waits for whom"
                raise OutsideFault("waiters-unreadable", words) from fault
        return read_waiters([tuple(row) for row in rows])
