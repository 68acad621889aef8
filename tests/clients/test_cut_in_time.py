"""Grants end and are revoked on the real clock: real clients are cut within a second."""

import asyncio
import json
import time
from datetime import UTC, datetime

import asyncpg
import pytest

from gateway_world import Gateway, Shop, assent, asyncpg_connect, eventually

WITHIN_S = 1.0


class Watched:
    """A connection that tells when it was ended."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.ended = asyncio.Event()
        self.ended_at = 0.0
        connection.add_termination_listener(self._over)

    def _over(self, _: object) -> None:
        self.ended_at = time.time()
        self.ended.set()


def seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).astimezone(UTC).timestamp()


def backends(shop: Shop, name: str) -> int:
    query = "select count(*) from pg_stat_activity where application_name = $1"
    return int(shop.value(query, name))


async def test_a_session_ends_within_a_second_of_its_grant(gateway: Gateway, shop: Shop) -> None:
    credential = gateway.connect_as("dora", for_s=2)
    name = "ends with its grant"
    opened = await asyncpg_connect(credential, server_settings={"application_name": name})
    watched = Watched(opened)
    running = asyncio.ensure_future(
        opened.fetch("select count(*) from generate_series(1, 1000000000)")
    )
    await asyncio.wait_for(watched.ended.wait(), 10)
    grants = gateway.answer("dora", "GET", "/v1/grants")["items"]
    ends_at = next(seconds(one["ends_at"]) for one in grants if one["id"] == credential.grant)
    assert -0.05 <= watched.ended_at - ends_at < WITHIN_S
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)) as fault:
        await running
    assert "assent connect shop" in str(fault.value)
    await asyncio.to_thread(eventually, lambda: backends(shop, name) == 0, "the target is left")
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg_connect(credential)


async def test_revoking_a_grant_cuts_its_sessions_within_a_second(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    credential = gateway.connect_as("dora", connections=4, for_s=600)
    name = f"is revoked {table}"
    settings = {"application_name": name}
    opened = [await asyncpg_connect(credential, server_settings=settings) for _ in range(3)]
    watched = [Watched(one) for one in opened]
    running = asyncio.ensure_future(
        opened[0].fetch("select count(*) from generate_series(1, 1000000000)")
    )
    held = asyncio.ensure_future(opened[1].execute(f"delete from {table}"))
    request = await asyncio.to_thread(gateway.wait_for_request, table, "dora")
    arguments = ("revoke", credential.grant, "--because", "the laptop was lost", "--json")
    done = await asyncio.to_thread(assent, gateway, "carl", *arguments)
    assert done.returncode == 0, done.stderr
    await asyncio.wait_for(asyncio.gather(*(one.ended.wait() for one in watched)), 5)
    revoked_at = seconds(json.loads(done.stdout)["revoked_at"])
    for one in watched:
        assert -0.05 <= one.ended_at - revoked_at < WITHIN_S
    for work in (running, held):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)) as fault:
            await work
        assert "the laptop was lost" in str(fault.value)
    await asyncio.to_thread(gateway.wait_until, request, "withdrawn", "interrupted", name="dora")
    await asyncio.to_thread(eventually, lambda: backends(shop, name) == 0, "the target is left")
    assert shop.count(table) == 1000
    with pytest.raises(asyncpg.PostgresError):
        await asyncpg_connect(credential)


async def test_cutting_one_session_leaves_the_others(gateway: Gateway) -> None:
    credential = gateway.connect_as("dora", connections=2, for_s=600)
    opened = [await asyncpg_connect(credential) for _ in range(2)]
    watched = [Watched(one) for one in opened]
    sessions = gateway.answer("dora", "GET", "/v1/sessions?open=true")["items"]
    first = min((one for one in sessions if one["grant"] == credential.grant),
                key=lambda one: one["opened_at"])  # fmt: skip
    gateway.answer("carl", "POST", f"/v1/sessions/{first['id']}/cut", {"because": "please stop"})
    await asyncio.wait_for(watched[0].ended.wait(), WITHIN_S)
    assert await opened[1].fetchval("select 42") == 42
    await opened[1].close(timeout=5)
