"""What every visit over SSH rests on, one for all of them."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import structlog

from assent.control.directory import Directory
from assent.control.opening import Opening
from assent.core.ports import SshAuthority
from assent.gateway.sessions import GatewayParts

_log = structlog.get_logger("gateway")


@dataclass(frozen=True, slots=True)
class SshParts:
    """What the door hands to every connection. tasks: what goes on, to be kept from the collector.

    lines: names of targets whose shells are only recorded, not decided on line by line.
    """

    gateway: GatewayParts
    opening: Opening
    directory: Directory
    authority: SshAuthority
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def spawn(
        self, work: Coroutine[Any, Any, None], failed: Callable[[], None] | None = None
    ) -> asyncio.Task[None]:
        """Do something beside. failed: is called where that ends by a fault of ours."""
        task = asyncio.ensure_future(_guarded(work, failed))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


async def _guarded(work: Coroutine[Any, Any, None], failed: Callable[[], None] | None) -> None:
    try:
        await work
    except Exception:
        # One visit's fault must neither pass anything on nor end the others' connections.
        _log.exception("visit-failed")
        if failed is not None:
            failed()
