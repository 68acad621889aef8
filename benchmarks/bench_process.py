"""What the process itself costs: a decision, reading a statement, a start, an idle session."""

import asyncio
import os
import re
import sys
import time
from dataclasses import replace
from pathlib import Path

import asyncpg

from assent.app import running
from assent.config import load
from assent.control.gather import Circumstances
from assent.control.sign_in import caller_as
from assent.core.action import Action
from assent.core.evidence import Authentication
from assent.core.ids import ActionId, SessionId
from benchmarks import reading
from benchmarks.figures import Figure, figure, publish
from benchmarks.roads import Roads, cpu_s, free_port, open_roads, rss_bytes

ROUNDS = int(os.environ.get("ASSENT_BENCH_ROUNDS", "5"))
_DECISIONS = 400
_IDLE = 200


async def run() -> None:
    """Run the suite and publish its figures."""
    async with open_roads() as roads:
        figures = [
            *await _idle_sessions(roads),
            *await _start_up(roads),
            *await _decisions(roads),
            *reading.figures(ROUNDS),
        ]
    publish("process", figures)


async def _decisions(roads: Roads) -> list[Figure]:
    """Time `Decider.consider`: gather, measure, assess and evaluate, without the log."""
    from assent.protocols.postgres.statements import Classifier

    config = load(roads.created.config)
    config = replace(
        config,
        server=replace(config.server, data="decisions", listen="127.0.0.1:0"),
        postgres=replace(config.postgres, listen="127.0.0.1:0"),
    )
    p50s, p99s = [], []
    async with running(config) as gateway:
        subject = gateway.plane.directory.subject_named("ana")
        target = gateway.plane.directory.target_named("shop")
        if subject is None or target is None:
            raise RuntimeError("the world has no ana or no shop")
        now = gateway.plane.clock.now()
        caller = caller_as(subject, Authentication("password", now), "", "", "api")
        await gateway.plane.access.ask(caller, "shop", None, "", "")
        statement = Classifier().classify("SELECT id, total FROM orders WHERE id = 7")
        circumstances = Circumstances(
            authentication=caller.authentication,
            grants=tuple(gateway.plane.grants.valid(subject.id, target.id, now)),
        )
        action = Action(
            ActionId("act_bench"), subject.id, statement, target.id, SessionId("ses_bench"),
            "SELECT id, total FROM orders WHERE id = 7", salt="salt",
        )  # fmt: skip
        for _ in range(ROUNDS):
            took = []
            for _ in range(_DECISIONS):
                began = time.perf_counter()
                await gateway.decider.consider(action, circumstances)
                took.append((time.perf_counter() - began) * 1e6)
            took.sort()
            p50s.append(took[len(took) // 2])
            p99s.append(took[int(len(took) * 0.99)])
    return [
        figure("decision_p50_us", p50s, "µs", "<= 250"),
        figure("decision_p99_us", p99s, "µs"),
    ]


async def _start_up(roads: Roads) -> list[Figure]:
    """Time `assent serve` from the start of the process to its first answer.

    On an empty data folder, where the schema is made first, and then again on the same one.
    """
    text = roads.created.config.read_text()
    first, again = [], []
    for number in range(ROUNDS):
        port = free_port()
        config = roads.created.folder / f"start-{number}.toml"
        own = text.replace('data = "./data"', f'data = "./start-{number}"')
        for address in (f"127.0.0.1:{port}", "127.0.0.1:0"):
            own = re.sub(r'(?m)^listen = ".*"$', f'listen= "{address}"', own, count=1)
        config.write_text(own)
        first.append(await _until_healthy(config, port))
        again.append(await _until_healthy(config, port))
    return [
        figure("start_up_s", again, "s", "<= 1.5"),
        figure("first_start_up_s", first, "s"),
    ]


async def _until_healthy(config: Path, port: int) -> float:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "assent"), "serve", "--config", str(config),
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while process.returncode is None:
            if await _is_healthy(port):
                return time.perf_counter() - began
            await asyncio.sleep(0.005)
        raise RuntimeError("the gateway did not start")
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def _is_healthy(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    line = await reader.readline()
    writer.close()
    return b" 200 " in line


async def _idle_sessions(roads: Roads) -> list[Figure]:
    """Measure the memory that 200 open and idle sessions add to the gateway."""
    road = await roads.credential()
    before = rss_bytes(road.pid)
    connections = [
        await asyncpg.connect(
            host="127.0.0.1",
            port=road.port,
            user=road.user,
            password=road.password,
            database=road.database,
            ssl=False,
        )
        for _ in range(_IDLE)
    ]
    added = rss_bytes(road.pid) - before
    began = cpu_s(road.pid)
    await asyncio.sleep(2)
    idle_cpu = (cpu_s(road.pid) - began) / 2 * 100
    for connection in connections:
        connection.terminate()
    return [
        figure("memory_200_idle_sessions_mb", [added / 1e6], "MB"),
        figure("memory_before_mb", [before / 1e6], "MB"),
        figure("cpu_200_idle_sessions_percent", [idle_cpu], "% of a core"),
    ]
