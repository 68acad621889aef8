"""Steering and watching by command, on a real gateway and a real session."""

import asyncio
import json
import subprocess
from typing import Any

import asyncpg
import pytest

from gateway_world import Gateway, assent, asyncpg_connect, eventually


async def opened(gateway: Gateway, name: str) -> tuple[asyncpg.Connection, str]:
    """Return a connection and the id of its session."""
    credential = await asyncio.to_thread(gateway.connect_as, name, for_s=600)
    connection = await asyncpg_connect(credential)
    path = "/v1/sessions?open=true"
    listed = await asyncio.to_thread(gateway.answer, name, "GET", path)
    (session,) = [one["id"] for one in listed["items"] if one["grant"] == credential.grant]
    return connection, str(session)


async def steer(gateway: Gateway, name: str, *words: str) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(assent, gateway, name, "sessions", *words)


async def now(gateway: Gateway, session: str, name: str = "ben") -> Any:
    return await asyncio.to_thread(gateway.answer, name, "GET", f"/v1/sessions/{session}/now")


async def test_a_session_is_paused_resumed_downgraded_and_cut(gateway: Gateway) -> None:
    connection, session = await opened(gateway, "dora")
    paused = await steer(gateway, "ben", "pause", session, "--because", "what is that?", "--json")
    assert paused.returncode == 0, paused.stderr
    assert json.loads(paused.stdout)["paused"]["by"] == "ben"
    waiting = asyncio.ensure_future(connection.fetchval("select 7"))

    def waits() -> bool:
        path = f"/v1/sessions/{session}/now"
        return bool(gateway.answer("ben", "GET", path)["waits"])

    await asyncio.to_thread(eventually, waits, "it waits")
    own = await steer(gateway, "dora", "resume", session, "--because", "let me")
    assert (own.returncode, "somebody else has to resume it" in own.stderr) == (3, True)
    resumed = await steer(gateway, "ben", "resume", session, "--because", "it is fine")
    assert resumed.stdout.startswith(f"resumed: {session} of dora")
    assert await asyncio.wait_for(waiting, 5) == 7

    lowered = await steer(gateway, "ben", "downgrade", session, "--because", "reading is enough")
    assert lowered.returncode == 0, lowered.stderr
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("update orders set note = 'x' where id = 1")
    assert await connection.fetchval("select count(*) from orders") > 0
    # The target refuses it, too: also what a function does that nobody can look into.
    assert await connection.fetchval("show transaction_read_only") == "on"
    assert (await now(gateway, session))["only_reads"]

    again = await steer(gateway, "ben", "downgrade", session, "--because", "once more")
    assert again.returncode == 5
    cut = await steer(gateway, "ben", "cut", session, "--because", "enough")
    assert cut.returncode == 0, cut.stderr
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await connection.fetchval("select 1")


async def test_a_downgrade_in_a_transaction_holds_in_it_and_after_it(gateway: Gateway) -> None:
    connection, session = await opened(gateway, "dora")
    transaction = connection.transaction()
    await transaction.start()
    assert await connection.fetchval("select 1") == 1
    await steer(gateway, "ben", "downgrade", session, "--because", "reading is enough")
    assert await connection.fetchval("show transaction_read_only") == "on"
    await transaction.rollback()
    assert await connection.fetchval("select 2") == 2
    assert await connection.fetchval("show default_transaction_read_only") == "on"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("set default_transaction_read_only = off")
    await connection.close(timeout=5)


async def test_a_session_is_watched_until_it_ends(gateway: Gateway) -> None:
    connection, session = await opened(gateway, "dora")
    watching = asyncio.ensure_future(steer(gateway, "ben", "watch", session, "--json"))

    for _ in range(20):
        await connection.fetchval("select 'seen' || 1")
        await asyncio.sleep(0.1)
    await connection.close(timeout=5)
    done = await asyncio.wait_for(watching, 30)
    assert done.returncode == 0, done.stderr
    assert "select 'seen' || 1" in done.stdout
    assert '"over": true' in done.stdout
    ended = await steer(gateway, "ben", "watch", session)
    assert ended.returncode == 5
    assert "has ended" in ended.stderr
