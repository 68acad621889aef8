"""`assent serve`."""

import asyncio
import gc
import resource
import signal
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from assent.cli import output

if TYPE_CHECKING:
    from assent.app import Gateway

_FIRST = """nobody is an administrator yet. Whoever opens this link first becomes one:
    {link}
It is good once, for 24 hours, and until the next start, which prints another."""

ConfigFile = Annotated[Path, Parameter(name="--config", help="The configuration file.")]


def serve(
    *,
    config: ConfigFile = Path("assent.toml"),
    unsafe_policies_from_folder: Annotated[
        bool,
        Parameter(
            negative=(),
            help="Let the folder count, whatever was applied with assent; the log says so.",
        ),
    ] = False,
) -> None:
    """Run the gateway, the API and the inbox until Ctrl-C or SIGTERM; SIGHUP reloads policies."""
    # What is imported stays: to look through it for garbage is a sixth of the start.
    gc.disable()
    import uvloop

    from assent.app import running
    from assent.config import load
    from assent.system import program_log

    gc.enable()
    program_log.configure()
    _allow_descriptors()
    uvloop.run(
        _until_told(running(load(config), unsafe_policies_from_folder=unsafe_policies_from_folder))
    )


def _allow_descriptors() -> None:
    """Take as many file descriptors as the system lets us: a session needs two or three."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


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
    loop = asyncio.get_running_loop()
    stop, reload = stop_event(loop), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    async with gateway as up, asyncio.TaskGroup() as tasks:
        host, port = up.postgres_address
        output.note(f"inbox and API: {up.api_url}\nPostgreSQL:    {host}:{port}")
        for name, (where, number) in up.addresses.items():
            output.note(f"{name.upper() + ':':<15}{where}:{number}")
        if up.first_link is not None:
            output.note(_FIRST.format(link=up.first_link.reveal()))
        reloading = tasks.create_task(_reload_when_told(up, reload))
        await stop.wait()
        reloading.cancel()
        output.note("stopping")


async def _reload_when_told(gateway: "Gateway", told: asyncio.Event) -> None:
    """Put changed policies in force at every SIGHUP; wrong ones change nothing."""
    from assent.core.faults import Fault

    while True:
        await told.wait()
        told.clear()
        try:
            output.note(f"policies in force: {await gateway.reload_policies()}")
        except Fault as fault:
            output.note(f"the policies in force stay as they are: {fault.detail}")
