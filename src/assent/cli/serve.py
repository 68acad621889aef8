"""`assent serve`."""

import asyncio
import signal
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from assent.cli import output

if TYPE_CHECKING:
    from assent.app import Gateway

ConfigFile = Annotated[Path, Parameter(name="--config", help="The configuration file.")]


def serve(*, config: ConfigFile = Path("assent.toml")) -> None:
    """Run the gateway, the API and the inbox until Ctrl-C or SIGTERM."""
    import uvloop

    from assent.app import running
    from assent.config import load

    uvloop.run(_until_told(running(load(config))))


def stop_event(loop: asyncio.AbstractEventLoop) -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set; a second one ends the process at once."""
    stop = asyncio.Event()

    def told(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told, number)
    return stop


async def _until_told(gateway: "AbstractAsyncContextManager[Gateway]") -> None:
    stop = stop_event(asyncio.get_running_loop())
    async with gateway as up:
        host, port = up.postgres_address
        output.note(f"inbox and API: {up.api_url}\nPostgreSQL:    {host}:{port}")
        await stop.wait()
        output.note("stopping")
