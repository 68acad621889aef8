"""A gateway that is a process of its own, on a world that is there already."""

import asyncio
import re
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from assent.demo.world import World

_STARTED_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """Where it listens. process: of `assent serve`."""

    url: str
    postgres_port: int
    process: Process


@asynccontextmanager
async def serving(created: World) -> AsyncIterator[Served]:
    """Run `assent serve` while the block lasts. Raises RuntimeError where it does not start."""
    log = created.folder / "serve.log"
    with log.open("wb") as stream:
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "assent"), "serve", "--config", str(created.config),
            stdout=stream, stderr=stream,
        )  # fmt: skip
    try:
        yield await _listening(process, log)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _listening(process: Process, log: Path) -> Served:
    async with asyncio.timeout(_STARTED_WITHIN_S):
        while process.returncode is None:
            found = re.search(r"API: (\S+)\s+PostgreSQL:\s+\S+?:(\d+)", log.read_text())
            if found:
                return Served(found[1], int(found[2]), process)
            await asyncio.sleep(0.02)
    raise RuntimeError(f"the gateway did not start: {log.read_text()[-2000:]}")
