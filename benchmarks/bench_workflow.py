"""What waits and what is granted: an inbox of thousands, a tick over it, and the time to a cut."""

import asyncio
import os
import signal
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from unittest.mock import patch

import asyncpg
import httpx2

from assent.control.assemble import Assembly
from assent.demo import database, world
from assent.demo.world import World
from benchmarks.figures import Figure, figure, publish
from benchmarks.served import Served, serving
from benchmarks.workload import SESSIONS, Login, Workload, fill, in_step, own_process

ROUNDS = int(os.environ.get("ASSENT_BENCH_ROUNDS", "5"))
LEAVING = 100
"""Grants that are revoked in a round, one after the other."""
_LOOKS = 40
_TICKS = 100
_WITHIN_S = 60.0


async def run() -> None:
    """Run the suite and publish its figures."""
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with _room_for_sessions():
            async with database.start(folder / "postgres") as shop:
                created = await world.create(folder, shop, usual_ports=False)
                load = await fill(created, LEAVING * ROUNDS, ROUNDS)
                figures = [*await _in_one_process(load), *await _served(load)]
    publish("workflow", figures)


@contextmanager
def _room_for_sessions() -> Iterator[None]:
    """Let the demo's PostgreSQL take as many connections as sessions are opened here."""
    with patch.dict(database._SETTINGS, max_connections=str(SESSIONS + LEAVING + 50)):
        yield


async def _in_one_process(load: Workload) -> list[Figure]:
    """Time what a gateway does by itself, on everything that an earlier process has left."""
    recovered: list[float] = []
    for _ in range(ROUNDS - 1):
        began = time.perf_counter()
        async with own_process(load.config()):
            recovered.append(time.perf_counter() - began)
    began = time.perf_counter()
    async with own_process(load.config()) as (_, parts):
        recovered.append(time.perf_counter() - began)
        ticks = {
            "sweep": ("<= 50", parts.sweep.once),
            "timers_look": (None, parts.timers.once),
            "outbox_look": (None, parts.outbox.deliver),
        }
        # What was asked for a moment ago is told first; what is measured is a usual tick.
        await _until_told(parts)
        figures = [figure("recovery_s", recovered, "s")]
        for name, (goal, tick) in ticks.items():
            figures += await _timed(name, tick, goal, _TICKS)
    return figures


async def _until_told(parts: Assembly) -> None:
    while await parts.plane.store.due_deliveries(parts.plane.clock.now(), limit=1):
        await asyncio.sleep(0.1)


async def _served(load: Workload) -> list[Figure]:
    """Time what people and clients see of a gateway that is a process of its own."""
    figures: list[Figure] = []
    async with serving(load.created) as gateway:
        figures += await _inbox(load.created, gateway)
        figures += await _revocations(load, gateway)
    return figures


async def _inbox(created: World, gateway: Served) -> list[Figure]:
    """Time a page of the inbox of somebody who may answer all that waits."""
    async with _signed_in(created, gateway, "ben") as ben:
        began = time.perf_counter()
        answer = await ben.get("/v1/inbox?limit=50")
        first = (time.perf_counter() - began) * 1e3
        answer.raise_for_status()
        body = answer.json()
        if len(body["items"]) != 50 or body["waiting"] < 10_000:
            raise RuntimeError(f"the inbox is not full: {body['waiting']} requests")
        figures = await _timed("inbox", lambda: ben.get("/v1/inbox?limit=50"), "<= 100", _LOOKS)
    return [figure("inbox_first_time_ms", [first], "ms"), *figures]


async def _revocations(load: Workload, gateway: Served) -> list[Figure]:
    """Time revocations one by one, and a policy that ends everything, with 500 open sessions."""
    p50s, p99s, closing, settled = [], [], [], []
    async with _signed_in(load.created, gateway, "carl") as carl:
        staying = await _opened(load.staying, gateway)
        for number in range(ROUNDS):
            leaving = load.leaving[number * LEAVING : (number + 1) * LEAVING]
            took = await _revoked(carl, leaving, await _opened(leaving, gateway))
            p50s.append(_percentile(took, 0.5))
            p99s.append(_percentile(took, 0.99))
        for _ in range(ROUNDS):
            took = await _closed(load, gateway, staying)
            closing.append(_percentile(took, 0.5))
            settled.append(_percentile(took, 0.99))
            staying = await _opened_again(load, gateway)
        for one in staying:
            one.connection.terminate()
    return [
        figure("revoke_to_cut_p50_ms", p50s, "ms"),
        figure("revoke_to_cut_p99_ms", p99s, "ms", "<= 1000"),
        figure("policy_to_cut_p50_ms", closing, "ms"),
        figure("policy_to_cut_p99_ms", settled, "ms", "<= 1000"),
    ]


class _Watched:
    """An open session that keeps when it was ended."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.over = asyncio.Event()
        self.ended_at = 0.0
        connection.add_termination_listener(self._ended)

    def _ended(self, _: object) -> None:
        self.ended_at = time.perf_counter()
        self.over.set()


async def _opened(logins: Sequence[Login], gateway: Served) -> list[_Watched]:
    async def one(login: Login) -> _Watched:
        return _Watched(await login.connect(gateway.postgres_port))

    return await in_step(one(login) for login in logins)


async def _revoked(
    carl: httpx2.AsyncClient, logins: Sequence[Login], watched: Sequence[_Watched]
) -> list[float]:
    """Return the milliseconds from asking for each revocation to the end of the connection."""
    took = []
    for login, one in zip(logins, watched, strict=True):
        began = time.perf_counter()
        answer = await carl.post(f"/v1/grants/{login.grant}/revoke", json={"because": "measured"})
        answer.raise_for_status()
        await asyncio.wait_for(one.over.wait(), _WITHIN_S)
        took.append((one.ended_at - began) * 1e3)
    return took


async def _closed(load: Workload, gateway: Served, watched: Sequence[_Watched]) -> list[float]:
    """Return the milliseconds from telling of a new policy to the end of each connection."""
    load.close_target(True)
    began = time.perf_counter()
    gateway.process.send_signal(signal.SIGHUP)
    for one in watched:
        await asyncio.wait_for(one.over.wait(), _WITHIN_S)
    return [(one.ended_at - began) * 1e3 for one in watched]


async def _opened_again(load: Workload, gateway: Served) -> list[_Watched]:
    """Let everybody in again, once the gateway has read that they may."""
    load.close_target(False)
    gateway.process.send_signal(signal.SIGHUP)
    deadline = time.perf_counter() + _WITHIN_S
    while time.perf_counter() < deadline:
        try:
            await _probe(load, gateway)
        except asyncpg.PostgresError:
            await asyncio.sleep(0.1)
        else:
            return await _opened(load.staying, gateway)
    raise RuntimeError("the target stayed closed")


async def _probe(load: Workload, gateway: Served) -> None:
    connection = await load.probe.connect(gateway.postgres_port)
    await connection.close(timeout=5)


@asynccontextmanager
async def _signed_in(
    created: World, gateway: Served, name: str
) -> AsyncIterator[httpx2.AsyncClient]:
    """Give an HTTP client that is signed in as this person."""
    async with httpx2.AsyncClient(
        base_url=gateway.url, timeout=_WITHIN_S, trust_env=False
    ) as client:
        body = {"name": name, "password": created.people[name].password.reveal()}
        answer = await client.post("/v1/login", json=body)
        answer.raise_for_status()
        client.headers["authorization"] = f"Bearer {answer.json()['token']}"
        yield client


async def _timed(
    name: str, work: Callable[[], Awaitable[object]], goal: str | None, times: int
) -> list[Figure]:
    """Return the median and the 99th percentile of `work`, in milliseconds, in rounds."""
    p50s, p99s = [], []
    for _ in range(ROUNDS):
        took = []
        for _ in range(times):
            began = time.perf_counter()
            await work()
            took.append((time.perf_counter() - began) * 1e3)
            # Its own loops, and whoever shares the machine, take their turn.
            await asyncio.sleep(0)
        p50s.append(statistics.median(took))
        p99s.append(_percentile(took, 0.99))
    return [figure(f"{name}_p50_ms", p50s, "ms"), figure(f"{name}_p99_ms", p99s, "ms", goal)]


def _percentile(took: Sequence[float], share: float) -> float:
    return sorted(took)[min(len(took) - 1, int(len(took) * share))]
