"""The log: durable appends, tiles, and proofs over ten million entries."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.audit import appends, postgres, proofs, search, verifying
from benchmarks.figures import Figure, figure, publish

VERIFIED = 10_000_000
ROUNDS = int(os.environ.get("ASSENT_BENCH_ROUNDS", "5"))


async def run() -> None:
    """Run the suite and publish its figures."""
    figures = [*await _appends(), *await postgres.figures(ROUNDS), *await _proofs()]
    publish("audit", [*figures, *_verified(), *await search.run()])


async def _appends() -> list[Figure]:
    """Append through the store and through SQLite alone, in each round one after the other."""
    rates, acks_ms, alone, shares = [], [], [], []
    for _ in range(ROUNDS):
        with _folder() as folder:
            rate, ack_ms = await appends.through_the_store(folder)
            alone.append(appends.by_sqlite_alone(folder))
        rates.append(rate)
        acks_ms.append(ack_ms)
        shares.append(rate / alone[-1])
    return [
        figure("sqlite_grouped_appends_per_s", rates, "1/s", ">= 12000"),
        figure("sqlite_append_ack_p99_ms", acks_ms, "ms"),
        figure("sqlite_alone_same_rows_per_s", alone, "1/s"),
        figure("sqlite_grouped_appends_share_of_sqlite_alone", shares, ""),
    ]


async def _proofs() -> list[Figure]:
    built = [proofs.build_rate() for _ in range(ROUNDS)]
    included, consistent = [], []
    with _folder() as folder:
        async with proofs.large_log(folder) as (store, root):
            for seed in range(ROUNDS):
                included.append(await proofs.inclusion_p50_ms(store, root, seed))
                consistent.append(await proofs.consistency_p50_ms(store, root, seed))
    return [
        figure("build_tiles_leaves_per_s", built, "1/s", ">= 500000"),
        figure("inclusion_proof_p50_ms_10m", included, "ms", "<= 1"),
        figure("consistency_proof_p50_ms_10m", consistent, "ms", "<= 1"),
    ]


def _verified() -> list[Figure]:
    """Have an outsider verify ten million entries with their bodies, once: it takes a while."""
    with _folder() as folder:
        key = verifying.make_export(folder, VERIFIED)
        found = verifying.measure(folder, key, VERIFIED, os.cpu_count() or 1)
    if found.exit_code:
        raise RuntimeError(f"the export of the benchmark is not good: {found.exit_code}")
    return [
        figure("verify_10m_s", [found.seconds], "s", "<= 60"),
        figure("verify_peak_mb", [found.peak_mb], "MB", "<= 200"),
    ]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as name:
        yield Path(name)
