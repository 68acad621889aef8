"""What the gateway says meanwhile, as real clients hear it on their live connection."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import gateway_world
from assent import app
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Gateway, Shop, asyncpg_connect, eventually

PSQL = psql_program()
SLOW = "select count(*) from generate_series(1, 5000000)"


class Speaker:
    """Reaches into a gateway of this process and says something to every session."""

    def __init__(self, gateway: Gateway, running: app.Gateway, shop: Shop) -> None:
        self.gateway = gateway
        self._running = running
        self._shop = shop

    def say(self, *lines: str) -> int:
        """Return how many sessions are told."""

        async def work() -> int:
            for live in self._running.sessions.live:
                live.say(lines)
            return len(self._running.sessions.live)

        return self._shop.loop.run(work())


@pytest.fixture
def speaker(
    template: World, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Speaker]:
    kept: list[app.Gateway] = []
    really = app.running

    @asynccontextmanager
    async def running(*arguments: Any, **more: Any) -> AsyncIterator[app.Gateway]:
        async with really(*arguments, **more) as started:
            kept.append(started)
            yield started

    monkeypatch.setattr(gateway_world.app, "running", running)
    created = gateway_world.create_world(tmp_path / "own", template)
    with gateway_world.serving_inside(created, shop.loop) as gateway:
        yield Speaker(gateway, kept[0], shop)


async def told(speaker: Speaker, *lines: str) -> int:
    return await asyncio.to_thread(speaker.say, *lines)


async def test_an_idle_client_hears_it_at_once(speaker: Speaker) -> None:
    credential = await asyncio.to_thread(speaker.gateway.connect_as, "ana")
    connection = await asyncpg_connect(credential)
    heard: asyncio.Queue[Any] = asyncio.Queue()
    connection.add_log_listener(lambda _, message: heard.put_nowait(message))
    assert await told(speaker, "your access ends in 5 min", "extend it: assent extend") == 1
    message = await asyncio.wait_for(heard.get(), 5)
    assert message.message == "your access ends in 5 min"
    assert message.detail == "extend it: assent extend"
    assert message.sqlstate == "01ZA2"
    assert await connection.fetchval("select 6 * 7") == 42
    await connection.close(timeout=5)


async def test_whatever_is_said_while_results_and_copies_run_they_arrive_whole(
    speaker: Speaker, shop: Shop, table: str
) -> None:
    credential = await asyncio.to_thread(speaker.gateway.connect_as, "ana")
    connection = await asyncpg_connect(credential)
    heard: list[str] = []
    connection.add_log_listener(lambda _, message: heard.append(message.message))
    over = asyncio.Event()
    said = 0

    async def talk() -> None:
        nonlocal said
        while not over.is_set():
            await told(speaker, f"said {said}")
            said += 1
            await asyncio.sleep(0)

    talking = asyncio.ensure_future(talk())
    for _ in range(5):
        rows = await connection.fetch(
            "select n, repeat('x', 500) as words from generate_series(1, 5000) n"
        )
        assert [row["n"] for row in rows] == list(range(1, 5001))
        assert all(row["words"] == "x" * 500 for row in rows)
        records = [(10_000 + number, f"thing {number}", number) for number in range(2000)]
        await connection.copy_records_to_table(table, records=records)
        assert shop.count(table) == 3000
        async with connection.transaction():
            await connection.execute(f"delete from {table} where id >= $1", 10_000)
    over.set()
    await talking
    await connection.execute("select 1")
    await asyncio.to_thread(eventually, lambda: len(heard) == said, "all of it is heard")
    assert heard == [f"said {number}" for number in range(said)]
    assert said > 10
    await connection.close(timeout=5)


async def test_psql_prints_it_with_the_next_answer_and_nothing_else_changes(
    speaker: Speaker, tmp_path: Path
) -> None:
    credential = await asyncio.to_thread(speaker.gateway.connect_as, "ana")
    with (tmp_path / "out").open("wb") as out, (tmp_path / "err").open("wb") as err:
        client = subprocess.Popen(
            [PSQL, "-X", "-A", "-t", "-c", SLOW, "-c", "select 6 * 7"],
            env=credential.environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
    while not await told(speaker, "this session is read-only from here on"):
        await asyncio.sleep(0.02)
    assert await asyncio.to_thread(client.wait, 20) == 0
    assert (tmp_path / "out").read_text() == "5000000\n42\n"
    notices = (tmp_path / "err").read_text()
    assert notices.count("NOTICE:  this session is read-only from here on") == 1


async def test_a_cut_still_tells_what_was_said_before(speaker: Speaker) -> None:
    credential = await asyncio.to_thread(speaker.gateway.connect_as, "ana")
    connection = await asyncpg_connect(credential)
    heard: list[str] = []
    connection.add_log_listener(lambda _, message: heard.append(message.message))
    await told(speaker, "goodbye")
    path = f"/v1/grants/{credential.grant}/revoke"
    body = {"because": "the work is done"}
    await asyncio.to_thread(speaker.gateway.answer, "ana", "POST", path, body)
    await asyncio.wait_for(_closed(connection), 5)
    assert heard == ["goodbye"]


async def _closed(connection: asyncpg.Connection) -> None:
    while not connection.is_closed():
        await asyncio.sleep(0.01)
