"""What a statement costs on its way through the gateway, beside the direct road and peers."""

import asyncio
import os
import re
import statistics
import tempfile
from collections import defaultdict
from pathlib import Path

from benchmarks.bulk import read_all
from benchmarks.figures import Figure, figure, publish
from benchmarks.roads import Road, Roads, cpu_s, open_roads

MODES = ("simple", "extended", "prepared")
CLIENTS = (1, 8, 32)
ROUNDS = int(os.environ.get("ASSENT_BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("ASSENT_BENCH_SECONDS", "2"))
_GOALS = {
    "throughput_vs_pgbouncer_simple_c32": ">= 0.45",
    "cpu_us_per_statement": "<= 60",
    "added_p50_ms_simple_c1": "<= 0.25",
    "bulk_vs_haproxy": ">= 0.7",
}
_BULK = (
    "create table bulk as select i as id, repeat(md5(i::text), 3) as words"
    " from generate_series(1, 1900000) i"
)


async def run() -> None:
    """Run the suite and publish its figures."""
    async with open_roads() as roads:
        figures = [*await _statements(roads), *await _latency(roads), *await _bulk(roads)]
    publish("postgres", figures)


async def _statements(roads: Roads) -> list[Figure]:
    figures: list[Figure] = []
    for mode in MODES:
        for clients in CLIENTS:
            tps: dict[str, list[float]] = defaultdict(list)
            cpu: list[float] = []
            for _ in range(ROUNDS):
                assent = await roads.credential()
                for road in (roads.direct, roads.pgbouncer, assent):
                    opened_s = await _opening(road, mode, clients) if road is assent else 0.0
                    before = cpu_s(road.pid)
                    rate, count = await _pgbench(road, mode, clients)
                    tps[road.name].append(rate)
                    if road is assent:
                        used_s = cpu_s(road.pid) - before - opened_s
                        cpu.append(used_s * 1e6 / (count - clients))
            for peer in ("pgbouncer", "direct"):
                name = f"throughput_vs_{peer}_{mode}_c{clients}"
                ratios = [
                    ours / theirs for ours, theirs in zip(tps["assent"], tps[peer], strict=True)
                ]
                figures.append(figure(name, ratios, "ratio", _GOALS.get(name)))
            if clients == 32:
                name = "cpu_us_per_statement" + ("" if mode == "simple" else f"_{mode}")
                figures.append(figure(name, cpu, "µs", _GOALS.get(name)))
                figures.append(figure(f"tps_assent_{mode}_c32", tps["assent"], "1/s"))
                figures.append(figure(f"tps_pgbouncer_{mode}_c32", tps["pgbouncer"], "1/s"))
    return figures


async def _latency(roads: Roads) -> list[Figure]:
    figures = []
    for mode in MODES:
        assent = await roads.credential()
        added: dict[str, list[float]] = defaultdict(list)
        for _ in range(ROUNDS):
            direct = await _latencies(roads.direct, mode)
            ours = await _latencies(assent, mode)
            added["p50"].append(_percentile(ours, 50) - _percentile(direct, 50))
            added["p99"].append(_percentile(ours, 99) - _percentile(direct, 99))
        for which, rounds in added.items():
            name = f"added_{which}_ms_{mode}_c1"
            figures.append(figure(name, rounds, "ms", _GOALS.get(name)))
    return figures


async def _bulk(roads: Roads) -> list[Figure]:
    connection = await roads.database.connect(as_superuser=False)
    try:
        await connection.execute(_BULK)
    finally:
        await connection.close()
    rates: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        assent = await roads.credential()
        for road in (roads.direct, roads.haproxy, assent):
            size, took_s = await asyncio.to_thread(read_all, road, "select id, words from bulk")
            rates[road.name].append(size / took_s / 1e6)
    ratios = [ours / peer for ours, peer in zip(rates["assent"], rates["haproxy"], strict=True)]
    return [
        figure("bulk_vs_haproxy", ratios, "ratio", _GOALS["bulk_vs_haproxy"]),
        figure("bulk_assent", rates["assent"], "MB/s"),
        figure("bulk_haproxy", rates["haproxy"], "MB/s"),
        figure("bulk_direct", rates["direct"], "MB/s"),
    ]


async def _opening(road: Road, mode: str, clients: int) -> float:
    """Return the CPU seconds of opening the sessions, with the first statement of each."""
    before = cpu_s(road.pid)
    await _pgbench(road, mode, clients, "-t", "1")
    # Sessions are sealed and logged just after their clients are gone.
    await asyncio.sleep(0.3)
    return cpu_s(road.pid) - before


async def _pgbench(road: Road, mode: str, clients: int, *more: str) -> tuple[float, int]:
    """Return transactions a second, without connecting, and how many there were."""
    length = () if "-t" in more else ("-T", str(SECONDS))
    process = await asyncio.create_subprocess_exec(
        "pgbench", "-n", "-S", "-M", mode, "-c", str(clients), "-j", str(min(clients, 2)),
        *length, *more,
        env=road.environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, error = await process.communicate()
    rate = re.search(r"tps = ([\d.]+) \(without", out.decode())
    count = re.search(r"actually processed: (\d+)", out.decode())
    if process.returncode or rate is None or count is None:
        raise RuntimeError(f"pgbench through {road.name} failed: {error.decode()[-2000:]}")
    return float(rate[1]), int(count[1])


async def _latencies(road: Road, mode: str) -> list[float]:
    """Return the latency of every transaction of one client, in ms."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "log"
        await _pgbench(road, mode, 1, "-l", f"--log-prefix={prefix}")
        lines = "".join(path.read_text() for path in Path(folder).iterdir()).splitlines()
    return [int(line.split()[2]) / 1000 for line in lines]


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]
