"""What it costs to know the names of a target: 10,000 tables of ten columns."""

import asyncio
import gc
import os
import tempfile
import time
import tracemalloc
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from assent.core.ids import TargetId
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.demo import database
from assent.demo.database import Database
from assent.gateway import catalogue_reading
from assent.protocols.postgres.catalogue.model import Catalogue
from benchmarks.figures import Figure, figure, publish

ROUNDS = int(os.environ.get("ASSENT_BENCH_ROUNDS", "5"))
TABLES = 10_000
_AT_ONCE = 500
_LOOK_EVERY_S = 0.001
_MAKE = """
do $$ begin
    for n in {first}..{last} loop
        execute format('create table bench.table_%s (id integer primary key, own_%s text,
            customer_id bigint not null, status text default ''new'', amount numeric(12, 2),
            currency char(3), note text, created_at timestamptz default now(),
            updated_at timestamptz, is_open boolean)', n, n);
    end loop;
end $$
"""


async def run() -> None:
    """Run the suite and publish its figures."""
    with tempfile.TemporaryDirectory() as folder:
        async with database.start(Path(folder), seed=False) as server:
            await _make_tables(server)
            figures = await _measure(server)
    publish("catalogue", figures)


async def _make_tables(server: Database) -> None:
    connection = await server.connect()
    try:
        await connection.execute("create schema bench")
        for first in range(1, TABLES + 1, _AT_ONCE):
            await connection.execute(_MAKE.format(first=first, last=first + _AT_ONCE - 1))
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()


async def _measure(server: Database) -> list[Figure]:
    target = Target(
        TargetId("tgt_bench"), "bench", "postgres", server.host, server.port, server.name,
        server.superuser, "", tls="disable",
    )  # fmt: skip
    loads, checks, blocked = [], [], []
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        loaded, longest = await _while_watching(_load(target, server))
        loads.append(time.perf_counter() - began)
        blocked.append(longest * 1e3)
        if len(loaded.by_oid) != TABLES:
            raise RuntimeError(f"there are {len(loaded.by_oid)} tables in the catalogue")
        async with catalogue_reading.reading(
            target, server.name, server.superuser, server.superuser_password
        ) as connection:
            began = time.perf_counter()
            await catalogue_reading.stamp(connection)
            checks.append((time.perf_counter() - began) * 1e3)
    held, peak = await _memory(target, server)
    return [
        figure("load_10k_tables_s", loads, "s", "<= 2"),
        figure("held_10k_tables_mb", [held], "MB", "<= 100"),
        figure("peak_10k_tables_mb", [peak], "MB"),
        figure("unchanged_check_ms", checks, "ms"),
        figure("longest_loop_block_ms", blocked, "ms"),
    ]


async def _load(target: Target, server: Database) -> Catalogue:
    password: Secret[str] = server.superuser_password
    async with catalogue_reading.reading(
        target, server.name, server.superuser, password
    ) as connection:
        return (await catalogue_reading.snapshot(connection, None)).catalogue


async def _while_watching(work: Coroutine[Any, Any, Catalogue]) -> tuple[Catalogue, float]:
    """Return what `work` returns, and the longest time for which the loop did nothing else."""
    task = asyncio.ensure_future(work)
    longest = 0.0
    while not task.done():
        began = time.perf_counter()
        await asyncio.sleep(_LOOK_EVERY_S)
        longest = max(longest, time.perf_counter() - began - _LOOK_EVERY_S)
    return task.result(), longest


async def _memory(target: Target, server: Database) -> tuple[float, float]:
    """Return the megabytes that a catalogue keeps, and the most that reading it took."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    kept = await _load(target, server)
    gc.collect()
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    if not kept.relations:
        raise RuntimeError("the catalogue is empty")
    return (held - before) / 1e6, (peak - before) / 1e6
