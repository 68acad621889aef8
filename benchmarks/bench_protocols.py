"""What SSH, HTTP and MCP cost on their way through the gateway, beside the direct road."""

import asyncio
import contextlib
import os
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence

from benchmarks.figures import Figure, figure, publish
from benchmarks.protocol_roads import ProtocolRoads, open_protocol_roads
from benchmarks.roads import cpu_s
from benchmarks.ssh_ways import OpenSsh, openssh, shared
from benchmarks.tool_calls import Calls

ROUNDS = int(os.environ.get("ASSENT_BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("ASSENT_BENCH_SECONDS", "2"))
_BULK_BYTES = 200_000_000
_COMMANDS = 200
_CALLS = 300
_WIDE = 8
_SSH_WAYS = ("direct", "jump", "assent")


async def run() -> None:
    """Run the suite and publish its figures."""
    async with open_protocol_roads() as roads:
        figures = [*await _web(roads), *await _tools(roads), *await _shell(roads)]
    publish("protocols", figures)


# HTTP: wrk, as nobody measures with a client that is slower than what it measures.


async def _web(roads: ProtocolRoads) -> list[Figure]:
    rates: dict[str, list[float]] = defaultdict(list)
    medians: dict[str, list[float]] = defaultdict(list)
    cpu: list[float] = []
    addresses = {
        "direct": f"http://127.0.0.1:{roads.web}/orders/7",
        "nginx": f"http://127.0.0.1:{roads.web_proxy}/orders/7",
        "assent": f"http://127.0.0.1:{roads.http}/at/orders/orders/7",
    }
    for _ in range(ROUNDS):
        for name, address in addresses.items():
            medians[name].append((await _wrk(address, 1, roads.token))[1])
        for name, address in addresses.items():
            before = cpu_s(roads.assent_pid)
            rate, _, count = await _wrk(address, 32, roads.token)
            rates[name].append(rate)
            if name == "assent":
                cpu.append((cpu_s(roads.assent_pid) - before) * 1e6 / count)
    return [
        figure("http_rate_vs_nginx_c32", _ratios(rates, "nginx"), "ratio"),
        figure("http_rate_assent_c32", rates["assent"], "1/s"),
        figure("http_rate_nginx_c32", rates["nginx"], "1/s"),
        figure("http_added_p50_ms_c1", _added(medians, "direct"), "ms", "<= 1"),
        figure("http_added_p50_ms_c1_nginx", _added(medians, "direct", "nginx"), "ms"),
        figure("http_cpu_us_per_request", cpu, "µs"),
    ]


async def _wrk(address: str, clients: int, token: str) -> tuple[float, float, int]:
    """Return requests a second, the median latency in ms, and how many requests there were."""
    words = ["wrk", "-t1", f"-c{clients}", f"-d{SECONDS}s", "--latency"]
    process = await asyncio.create_subprocess_exec(
        *words, "-H", f"Authorization: Bearer {token}", address, stdout=asyncio.subprocess.PIPE
    )
    text = (await process.communicate())[0].decode()
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    median = re.search(r"50%\s+([\d.]+)(us|ms|s)", text)
    count = re.search(r"(\d+) requests in", text)
    if process.returncode or not (rate and median and count) or "Non-2xx" in text:
        raise RuntimeError(f"wrk at {address} failed: {text[-2000:]}")
    unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}[median[2]]
    return float(rate[1]), float(median[1]) * unit, int(count[1])


# MCP: one tool of a server of the official SDK.


async def _tools(roads: ProtocolRoads) -> list[Figure]:
    rates: dict[str, list[float]] = defaultdict(list)
    medians: dict[str, list[float]] = defaultdict(list)
    places = {
        "direct": (f"http://127.0.0.1:{roads.tools}/mcp", ""),
        "assent": (f"http://127.0.0.1:{roads.http}/mcp/tools", roads.token),
    }
    for _ in range(ROUNDS):
        for name, (address, token) in places.items():
            async with Calls(address, token) as calls:
                medians[name].append(statistics.median(await calls.one_by_one(_CALLS)))
        for name, (address, token) in places.items():
            async with Calls(address, token) as calls:
                rates[name].append(await calls.rate(_CALLS, _WIDE))
    return [
        figure("mcp_rate_vs_direct_c8", _ratios(rates, "direct"), "ratio"),
        figure("mcp_rate_assent_c8", rates["assent"], "1/s"),
        figure("mcp_rate_direct_c8", rates["direct"], "1/s"),
        figure("mcp_added_p50_ms_c1", _added(medians, "direct"), "ms", "<= 1"),
    ]


# SSH, by OpenSSH's client: commands over one connection, a new one for each bulk transfer.


async def _shell(roads: ProtocolRoads) -> list[Figure]:
    rates: dict[str, list[float]] = defaultdict(list)
    medians: dict[str, list[float]] = defaultdict(list)
    async with contextlib.AsyncExitStack() as open_ones:
        clients = {
            name: await open_ones.enter_async_context(
                shared(await openssh(roads, name), roads.folder / name)
            )
            for name in _SSH_WAYS
        }
        for _ in range(ROUNDS):
            for name, median in (await _commands(clients)).items():
                medians[name].append(median)
    for _ in range(ROUNDS):
        for name in _SSH_WAYS:
            rates[name].append(await _bulk(await openssh(roads, name)))
    return [
        figure("ssh_bulk_vs_jump", _ratios(rates, "jump"), "ratio"),
        figure("ssh_bulk_assent", rates["assent"], "MB/s"),
        figure("ssh_bulk_jump", rates["jump"], "MB/s"),
        figure("ssh_bulk_direct", rates["direct"], "MB/s"),
        figure("ssh_added_p50_ms", _added(medians, "direct"), "ms", "<= 1"),
        figure("ssh_added_p50_ms_jump", _added(medians, "direct", "jump"), "ms"),
    ]


async def _commands(clients: Mapping[str, OpenSsh]) -> dict[str, float]:
    """Return each way's median time of a command that does nothing, in ms.

    Starting the client is in it, and takes the most of it; so the ways take turns, command by
    command, and what the machine does meanwhile falls on all of them.
    """
    took: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(_COMMANDS):
        for name, client in clients.items():
            began = time.perf_counter()
            process = await asyncio.create_subprocess_exec(
                *client.words, "true", env=client.environment, stdin=asyncio.subprocess.DEVNULL
            )
            if await process.wait():
                raise RuntimeError(f"`{client.words[-1]} true` failed")
            took[name].append((time.perf_counter() - began) * 1e3)
    return {name: statistics.median(times) for name, times in took.items()}


async def _bulk(client: OpenSsh) -> float:
    """Return the MB/s at which a client is sent zeros, with opening the connection."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *client.words, f"head -c {_BULK_BYTES} /dev/zero",
        env=client.environment, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=1 << 20,
    )  # fmt: skip
    if process.stdout is None:
        raise RuntimeError("there is no pipe")
    size = 0
    while data := await process.stdout.read(1 << 20):
        size += len(data)
    _, error = await process.communicate()
    if process.returncode or size != _BULK_BYTES:
        raise RuntimeError(f"`{client.words[-1]}` failed: {error.decode()[-2000:]}")
    return size / (time.perf_counter() - began) / 1e6


def _ratios(rates: Mapping[str, Sequence[float]], peer: str) -> list[float]:
    pairs = zip(rates["assent"], rates[peer], strict=True)
    return [ours / theirs for ours, theirs in pairs]


def _added(
    medians: Mapping[str, Sequence[float]], without: str, through: str = "assent"
) -> list[float]:
    pairs = zip(medians[through], medians[without], strict=True)
    return [ours - theirs for ours, theirs in pairs]
