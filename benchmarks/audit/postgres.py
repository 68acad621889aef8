"""Appends on PostgreSQL that waits for its disk: written by clients, numbered by the sequencer."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path

from assent.audit.edge import Edge
from assent.audit.note import Signer
from assent.audit.tiles import TileBuilder
from assent.audit.tree import Frontier
from assent.core.entry import Entry, EntryKind
from assent.core.ids import EntryId, SessionId, SubjectId
from assent.core.secret import Secret
from assent.demo import database
from assent.stores import log, outbox, schema
from assent.stores.database import locate
from assent.stores.log import Encoded, Unit
from assent.stores.outbox import PURPOSE, Stamp
from assent.stores.postgres_database import WRITING, PostgresDatabase, connect
from assent.stores.postgres_log import OutboxWriter
from assent.stores.sequencer import SETTINGS, Sequencer
from assent.system.clock import SystemClock
from benchmarks.figures import Figure, figure

CLIENTS = (1, 8)
_WAITING = 40_000
_LOAD = 4_000
_COMMITTING_S = 2.0
_LEAVES_WITHIN_S = 120
_SIGNER = Signer("bench.example/log", Secret(b"b" * 32))
_STAMP = Stamp(partial(_SIGNER.all_derived, PURPOSE))


@asynccontextmanager
async def server(folder: Path) -> AsyncIterator[str]:
    """Run a PostgreSQL and yield the URL of an empty database in it."""
    async with database.start(folder, name="log", seed=False, survives=True) as running:
        password = running.superuser_password.reveal()
        yield f"postgresql://{running.superuser}:{password}@{running.host}:{running.port}/log"


class Bench:
    """One log in an empty database, and the entries that are written to it."""

    def __init__(self, kept: PostgresDatabase) -> None:
        self._kept = kept
        self._writer = OutboxWriter(kept, Edge(Frontier(), TileBuilder()), _STAMP)
        self._entries = encoded()
        self.progress = self._writer.progress
        self._sequencer = Sequencer(
            partial(connect, kept.url, {**WRITING, **SETTINGS}),
            partial(kept.read, log.read_edge),
            _STAMP,
            self.progress,
        )

    async def leave(self, entries: int) -> None:
        """Leave so many entries in the outbox."""
        for _ in range(entries // _LOAD):
            units = [Unit(entries=tuple(next(self._entries) for _ in range(_LOAD)))]
            _, last = await self._kept.write(partial(outbox.write, units=units, stamp=_STAMP))
            self.progress.wrote(last)

    async def numbered_per_s(self, clients: int) -> float:
        """Return how many entries of a full outbox are numbered a second, while clients commit."""
        await self.leave(_WAITING)
        before = self.progress.growth.size
        committing = [asyncio.create_task(self._commit()) for _ in range(clients)]
        sequencing = asyncio.create_task(self._sequencer.run())
        began = time.perf_counter()
        await self.progress.settled(_LEAVES_WITHIN_S)
        rate = (self.progress.growth.size - before) / (time.perf_counter() - began)
        await ended([*committing, sequencing])
        return rate

    async def commits_per_s(self, clients: int) -> float:
        """Return how many commits a second clients see become durable, all of them numbered."""
        sequencing = asyncio.create_task(self._sequencer.run())
        committing = [asyncio.create_task(self._commit()) for _ in range(clients)]
        before, began = self._commits, time.perf_counter()
        await asyncio.sleep(_COMMITTING_S)
        rate = (self._commits - before) / (time.perf_counter() - began)
        await ended(committing)
        await self.progress.settled(_LEAVES_WITHIN_S)
        await ended([sequencing])
        return rate

    async def close(self) -> None:
        """Let go of the database."""
        await self._writer.close()

    _commits = 0

    async def _commit(self) -> None:
        while True:
            await self._writer.submit(Unit(entries=(next(self._entries), next(self._entries))))
            self._commits += 1


@asynccontextmanager
async def bench(url: str) -> AsyncIterator[Bench]:
    """Yield a log in the empty database at `url`, and empty it again."""
    kept = PostgresDatabase(locate(url))
    try:
        await kept.write(schema.upgrade)
        made = Bench(kept)
        yield made
        await made.close()
        await kept.write(partial(schema.migrate, revision="base"))
    finally:
        await kept.close()


async def ended(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel tasks and wait for their end."""
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def encoded() -> Iterator[Encoded]:
    """Yield entries as an attempt and its decision are: 300 bytes, and 700 of sealed payload."""
    clock = SystemClock()
    for number in count():
        entry = Entry(
            EntryId(f"ent_{number:026d}"),
            EntryKind.DECISION,
            clock.now(),
            subject=SubjectId("sub_ana"),
            session=SessionId(f"ses_{number // 100:026d}"),
            facts={"action": f"act_{number:026d}", "outcome": "permit", "score": 12},
            payload={},
        )
        yield from log.encode_entries([entry], lambda _, content: b"\x01" + content.ljust(700))


async def figures(rounds: int) -> list[Figure]:
    """Return what is numbered and what is committed a second, each round with all clients."""
    numbered: dict[int, list[float]] = {}
    committed: dict[int, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as folder:
        async with server(Path(folder)) as url:
            for _ in range(rounds):
                for clients in (0, *CLIENTS):
                    async with bench(url) as made:
                        rate = await made.numbered_per_s(clients)
                    numbered.setdefault(clients, []).append(rate)
                for clients in CLIENTS:
                    async with bench(url) as made:
                        rate = await made.commits_per_s(clients)
                    committed.setdefault(clients, []).append(rate)
    alone = figure("postgres_appends_per_s", numbered.pop(0), "1/s", ">= 15000")
    return [
        alone,
        *(
            figure(f"postgres_appends_per_s_{at}_committing", numbered[at], "1/s")
            for at in numbered
        ),
        *(figure(f"postgres_commits_per_s_{at}_clients", committed[at], "1/s") for at in committed),
    ]
