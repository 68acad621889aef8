"""The ways in that sessions have been lent: taken at their start, given back at their end."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

import structlog

from assent.control.live import LiveSession
from assent.core.faults import Fault, OutsideFault
from assent.core.ids import SessionId
from assent.core.lease import Lease, Privileges
from assent.core.ports import CredentialBroker
from assent.core.resource import Target

_DEADLINE_S = 15.0
_SWEEP_EVERY_S = 60.0

_log = structlog.get_logger("gateway")


async def nothing_known(live: LiveSession) -> Privileges | None:
    """Return that no broker needs to know what a session may do."""
    return None


class Leases:
    """Lends each session its way in, and sees to it that none is left behind.

    privileges: what a session's permits name, for a broker that asks.
    """

    def __init__(
        self,
        broker: CredentialBroker,
        privileges: Callable[[LiveSession], Awaitable[Privileges | None]] = nothing_known,
    ) -> None:
        self._broker = broker
        self._privileges = privileges
        self._taken: dict[SessionId, tuple[Target, Lease]] = {}

    async def take(self, live: LiveSession) -> Lease:
        """Return a session's way in; the session ends when it does.

        Raises OutsideFault or OperatorFault.
        """
        try:
            async with asyncio.timeout(_DEADLINE_S):
                needed = self._broker.needs_privileges(live.target)
                privileges = await self._privileges(live) if needed else None
                lease = await self._broker.lease(live.target, live.session, privileges)
        except TimeoutError as fault:
            words = f"no account on `{live.target.name}` could be had within {_DEADLINE_S:.0f} s"
            raise OutsideFault("lease-slow", words) from fault
        self._taken[live.session.id] = (live.target, lease)
        if lease.expires_at is not None and lease.expires_at < live.session.ends_at:
            live.session = replace(live.session, ends_at=lease.expires_at)
        return lease

    async def give_back(self, session: SessionId) -> None:
        """Give back what a session was lent; nothing happens if it was lent nothing."""
        target, lease = self._taken.pop(session, (None, None))
        if target is None or lease is None:
            return
        try:
            async with asyncio.timeout(_DEADLINE_S):
                await self._broker.release(target, lease)
        except (Fault, TimeoutError) as fault:
            _log.warning("lease-left", target=target.name, session=session, what=str(fault)[:200])

    async def sweep(self, targets: Iterable[Target]) -> None:
        """Take back what earlier processes left. A target that is away is tried again later."""
        live = {lease.handle for _, lease in self._taken.values()}
        for target in targets:
            try:
                async with asyncio.timeout(_DEADLINE_S):
                    taken = await self._broker.sweep(target, live)
            except (Fault, TimeoutError) as fault:
                _log.warning("lease-sweep", target=target.name, what=str(fault)[:200])
                continue
            if taken:
                _log.info("leases-swept", target=target.name, count=len(taken))

    async def run(self, targets: Callable[[], Iterable[Target]]) -> None:
        """Sweep at once, and from then on every minute, until cancelled."""
        while True:
            await self.sweep(targets())
            await asyncio.sleep(_SWEEP_EVERY_S)
