"""`assent demo`."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from assent.cli.exit_codes import ExitCode
from assent.cli.serve import stop_event


def demo(
    *,
    story_only: Annotated[
        bool,
        Parameter(name="--story-only", negative=(), help="Play the story, check it, and end."),
    ] = False,
    folder: Annotated[
        Path | None,
        Parameter(name="--folder", help="Keep the world in this folder; it must be empty."),
    ] = None,
) -> int:
    """Play the story on a real PostgreSQL with the real psql, then stay up for you.

    Exits with 1 when a step of the story was not observed.
    """
    import uvloop

    return uvloop.run(_perform(folder, story_only))


async def _perform(folder: Path | None, story_only: bool) -> int:
    """Play the demo; SIGINT and SIGTERM end it in good order wherever it stands."""
    from assent.demo.stage import perform

    stop = stop_event(asyncio.get_running_loop())
    staying = asyncio.Event()

    async def until_told() -> None:
        staying.set()
        await stop.wait()

    play = asyncio.ensure_future(perform(folder, story_only, until_told))
    told = asyncio.ensure_future(stop.wait())
    await asyncio.wait({play, told}, return_when=asyncio.FIRST_COMPLETED)
    # Once it stays up it ends by itself; a cancel would tear at its cleaning up.
    if not play.done() and not staying.is_set():
        play.cancel()
    told.cancel()
    try:
        return await play
    except asyncio.CancelledError:
        return ExitCode.INTERRUPTED
