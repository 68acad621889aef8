"""Failing closed: the log cannot take the entry, or the recorder falls behind."""

import asyncio
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import pytest

from gateway_world import Gateway, Shop, asyncpg_connect, eventually


@contextmanager
def largest_file(gateway: Gateway, size: int) -> Iterator[None]:
    """Let no file of the gateway's process be written beyond `size` bytes, as on a full disk."""
    pid, unlimited = gateway.running.pid, resource.RLIM_INFINITY
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, unlimited))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))


def lived(gateway: Gateway) -> bool:
    return gateway.running.poll() is None


async def works_again(gateway: Gateway, statement: str) -> None:
    """Run the statement as soon as the gateway takes it; nothing else has to be done."""
    deadline = time.monotonic() + 10
    while True:
        try:
            connection = await asyncpg_connect(gateway.connect_as("ana"))
            await connection.execute(statement)
            await connection.close(timeout=5)
            return
        except (asyncpg.PostgresError, OSError):
            assert time.monotonic() < deadline, gateway.printed()
            await asyncio.sleep(0.05)


async def test_when_the_log_cannot_take_the_entry_the_answer_is_no(
    own: Gateway, shop: Shop, table: str
) -> None:
    """Row: the log cannot take the entry."""
    own.answer("ben", "GET", "/v1/inbox")
    credential = own.connect_as("ana", connections=3)
    connection = await asyncpg_connect(credential)
    assert await connection.fetchval("select 42") == 42
    # The log's file is larger already; the recording's journal is not.
    with largest_file(own, 64 * 1024):
        for statement in (f"update {table} set cents = 1 where id = 1", f"delete from {table}"):
            with pytest.raises(asyncpg.PostgresError) as fault:
                await connection.execute(statement)
            assert fault.value.sqlstate == "ZA003"
        with pytest.raises(asyncpg.PostgresError):
            await asyncpg_connect(credential)
        response = own.call("ben", "POST", "/v1/requests", {"target": "shop"})
        assert response.status_code == 503
    assert shop.value(f"select count(*) from {table} where cents = 1") == 0
    # Nothing has to be repaired: the same connection goes on.
    await connection.execute(f"update {table} set cents = 1 where id = 1")
    await connection.close(timeout=5)
    assert shop.value(f"select count(*) from {table} where cents = 1") == 1
    assert lived(own), own.printed()


async def test_a_full_disk_denies_and_the_gateway_lives(
    own: Gateway, shop: Shop, table: str
) -> None:
    """Row: the log cannot take the entry. Here even the program's own log has no room."""
    connection = await asyncpg_connect(own.connect_as("ana"))
    assert await connection.fetchval("select 42") == 42
    printed = own.log.stat().st_size
    with largest_file(own, 0):
        with pytest.raises((asyncpg.PostgresError, OSError)):
            await connection.execute(f"update {table} set cents = 1 where id = 1")
        with pytest.raises(AssertionError, match="store-unavailable"):
            own.connect_as("ana")
        assert shop.value(f"select count(*) from {table} where cents = 1") == 0
        assert own.call("ana", "GET", "/v1/targets").status_code == 200
    assert own.log.stat().st_size == printed
    connection.terminate()
    await works_again(own, f"update {table} set cents = 1 where id = 1")
    assert shop.value(f"select count(*) from {table} where cents = 1") == 1
    assert lived(own), own.printed()


async def test_an_approval_that_the_log_cannot_take_releases_nothing(
    own: Gateway, shop: Shop, table: str
) -> None:
    """Row: the log cannot take the entry."""
    connection = await asyncpg_connect(own.connect_as("ana"))
    held = asyncio.ensure_future(connection.execute(f"delete from {table}"))
    request = await asyncio.to_thread(own.wait_for_request, table)
    own.answer("ben", "GET", "/v1/inbox")
    with largest_file(own, 0):
        response = own.call("ben", "POST", f"/v1/requests/{request}/approve", {})
        assert response.status_code == 503
        assert own.request(request)["state"] == "pending"
        assert shop.count(table) == 1000
    own.approve(request)
    assert await held == "DELETE 1000"
    await connection.close(timeout=5)


async def test_what_cannot_be_recorded_is_not_done(own: Gateway, shop: Shop, table: str) -> None:
    """Row: the recorder falls behind where recording is an obligation."""
    connection = await asyncpg_connect(own.connect_as("ana"))
    # Reads of one shape are recorded only; they fill the journal and hardly the log.
    for number in range(400):
        text = str(number % 10) * 16_000
        assert await connection.fetchval(f"select length('{text}')") == 16_000
    journal = max((own.world.folder / "data" / "recordings").glob("journal-*"))
    # The last result is written a moment later. Were it refused, a new journal would be begun.
    size = 0
    while size != (size := journal.stat().st_size):
        await asyncio.sleep(0.3)
    assert size > 6_000_000
    with largest_file(own, size):
        with pytest.raises((asyncpg.PostgresError, OSError)) as fault:
            await connection.execute(f"update {table} set cents = 1 where id = 1")
        assert "recording" in str(fault.value)
        assert connection.is_closed()
        await asyncio.to_thread(
            eventually,
            lambda: own.answer("ana", "GET", "/v1/sessions?open=true")["items"] == [],
            "the session is over",
        )
    assert shop.value(f"select count(*) from {table} where cents = 1") == 0
    assert lived(own), own.printed()
    await works_again(own, f"update {table} set cents = 1 where id = 2")
    assert shop.value(f"select count(*) from {table} where cents = 1") == 1
