"""Traps that others fell into, as their own trackers tell it: those that a client can see.

A real gateway before a real PostgreSQL. One test for each rule of docs/explanation/traps.md.
"""

import asyncio
import os
import re
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import httpx2
import psycopg
import pytest

from assent.demo.programs import psql_program
from gateway_world import Credential, Gateway, Shop, assent, asyncpg_connect, eventually

PSQL = psql_program()
WITHIN_S = 1.0


def no_tls(credential: Credential, **more: str) -> str:
    words = {"sslmode": "disable", **more}
    return f"{credential.url}?{'&'.join(f'{key}={value}' for key, value in words.items())}"


def psql(credential: Credential, *commands: str) -> subprocess.CompletedProcess[str]:
    words = [word for command in commands for word in ("-c", command)]
    return subprocess.run(
        [PSQL, "-X", "-A", "-t", *words],
        env=credential.environment(PGSSLMODE="disable"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# Each protocol has gaps of its own where nothing ends (teleport#2618, #5476, #24910).


async def never(_: asyncpg.Connection, __: str) -> None:
    """Do nothing at all."""


async def in_a_transaction(connection: asyncpg.Connection, _: str) -> None:
    await connection.execute("begin")


async def in_a_query(connection: asyncpg.Connection, _: str) -> None:
    await connection.fetch("select count(*) from generate_series(1, 1000000000)")


async def in_a_prepared_query(connection: asyncpg.Connection, _: str) -> None:
    prepared = await connection.prepare("select count(*) from generate_series(1, $1::bigint)")
    await prepared.fetch(1_000_000_000)


async def in_a_cursor(connection: asyncpg.Connection, _: str) -> None:
    async with connection.transaction():
        cursor = await connection.cursor("select n from generate_series(1, 100000) n")
        await cursor.fetch(10)
        await asyncio.Event().wait()


async def in_a_copy(connection: asyncpg.Connection, _: str) -> None:
    async def slowly(_: bytes) -> None:
        await asyncio.sleep(0.01)

    query = "select repeat('x', 1000) from generate_series(1, 1000000)"
    await connection.copy_from_query(query, output=slowly)


async def while_held(connection: asyncpg.Connection, table: str) -> None:
    await connection.execute(f"delete from {table}")


STATES: tuple[Callable[[asyncpg.Connection, str], Awaitable[None]], ...] = (
    never, in_a_transaction, in_a_query, in_a_prepared_query, in_a_cursor, in_a_copy, while_held,
)  # fmt: skip


async def test_whatever_a_session_is_doing_it_ends_with_its_grant(
    gateway: Gateway, table: str
) -> None:
    credential = gateway.connect_as("dora", connections=len(STATES), for_s=4)
    ended: dict[str, float] = {}
    opened, work = [], []
    over = asyncio.Event()
    for state in STATES:
        connection = await asyncpg_connect(credential)
        opened.append(connection)

        def note(_: object, name: str = state.__name__) -> None:
            ended[name] = time.time()
            if len(ended) == len(STATES):
                over.set()

        connection.add_termination_listener(note)
        work.append(asyncio.ensure_future(state(connection, table)))
    grants = gateway.answer("dora", "GET", "/v1/grants")["items"]
    [ends_at] = [one["ends_at"] for one in grants if one["id"] == credential.grant]
    try:
        await asyncio.wait_for(over.wait(), 15)
    finally:
        for one in work:
            one.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        for connection in opened:
            connection.terminate()
    end = datetime.fromisoformat(ends_at).astimezone(UTC).timestamp()
    assert set(ended) == {state.__name__ for state in STATES}
    assert all(-0.05 <= at - end < WITHIN_S for at in ended.values()), ended


# Idle timeouts race with what waits (teleport#32073, warpgate#1559).


def test_a_target_that_hangs_up_on_what_waits_leaves_it_not_run(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    credential = gateway.connect_as("ana")
    options = "-c%20idle_in_transaction_session_timeout%3D700"
    with psycopg.connect(no_tls(credential, options=options)) as connection:
        connection.execute("select 1")
        with pytest.raises(psycopg.Error):
            connection.execute(f"delete from {table}")
        connection.close()
    items = gateway.answer("ana", "GET", "/v1/requests?mine=true")["items"]
    [held] = [one for one in items if f"delete from {table}" in one["action"]["text"]]
    gateway.wait_until(held["id"], "interrupted", "withdrawn")
    late = gateway.call("ben", "POST", f"/v1/requests/{held['id']}/approve", {"comment": "late"})
    assert late.status_code == 409
    assert shop.count(table) == 1000


# The main channel is moderated, and the others are open (teleport#17341).


@pytest.mark.parametrize("replication", ["true", "database"])
def test_no_connection_for_replication_is_opened(gateway: Gateway, replication: str) -> None:
    credential = gateway.connect_as("dora")
    with pytest.raises(psycopg.OperationalError, match="replication"):
        psycopg.connect(no_tls(credential, replication=replication))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"F", struct.pack("!IHHH", 2, 0, 0, 0)),  # A function call, by its number.
        (b"W", b"\0\0\0"),  # The answer to COPY BOTH.
        (b"w", b"hello"),
        (b"v", b""),
        (b"\x01", b""),
    ],
    ids=["function call", "copy both", "unknown w", "unknown v", "unknown 1"],
)
def test_a_message_that_has_no_handler_reaches_no_target(
    gateway: Gateway, kind: bytes, body: bytes
) -> None:
    connection = psycopg.connect(no_tls(gateway.connect_as("ana")), autocommit=True)
    connection.execute("select 1")
    with socket.socket(fileno=os.dup(connection.pgconn.socket)) as stream:
        stream.setblocking(True)
        stream.settimeout(10)
        stream.sendall(kind + struct.pack("!I", len(body) + 4) + body)
        assert stream.recv(1) == b"E"
    connection.close()


@pytest.mark.parametrize(
    "text",
    [
        "START_REPLICATION SLOT x LOGICAL 0/0",
        "IDENTIFY_SYSTEM",
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        "COPY orders TO '/tmp/orders'",
    ],
)
def test_no_other_way_out_opens_through_a_statement(gateway: Gateway, text: str) -> None:
    with psycopg.connect(no_tls(gateway.connect_as("ana")), autocommit=True) as connection:
        with pytest.raises(psycopg.Error) as refused:
            connection.execute(text)
        # It was not the target that said so.
        assert refused.value.sqlstate is not None
        assert "assent explain" in str(refused.value), str(refused.value)
        connection.execute("select 1")


# A pattern over the text decides (jumpserver#5346, #14087).


@pytest.mark.parametrize(
    "text",
    [
        "select 'delete from {}'",
        "select 1 -- delete from {}",
        'select 1 as "delete from {}"',
        "select $$ delete from {} $$",
    ],
)
def test_what_only_looks_like_a_deletion_passes_at_once(
    gateway: Gateway, table: str, text: str
) -> None:
    with psycopg.connect(no_tls(gateway.connect_as("ana")), autocommit=True) as connection:
        assert connection.execute(text.format(table).encode()).fetchone() is not None


@pytest.mark.parametrize(
    "text",
    [
        "/* select */ DeLeTe /**/ FROM {}",
        "with gone as (delete from {} returning 1) select count(*) from gone",
        'explain analyze delete from "{}"',
        "select 1; delete from {}",
        "prepare x as delete from {}; execute x",
        "do $$ begin delete from {}; end $$",
    ],
)
def test_a_deletion_is_held_however_it_is_written(
    gateway: Gateway, shop: Shop, table: str, text: str
) -> None:
    connection = psycopg.connect(no_tls(gateway.connect_as("ana")), autocommit=True)
    failed: list[psycopg.Error] = []

    def run() -> None:
        try:
            connection.execute(text.format(table).encode())
        except psycopg.Error as fault:
            failed.append(fault)

    runner = threading.Thread(target=run)
    runner.start()
    gateway.reject(gateway.wait_for_request(table))
    runner.join(20)
    assert failed
    connection.close()
    assert shop.count(table) == 1000


def test_what_runs_inside_of_a_script_is_not_seen_and_so_not_let_through(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    text = f"do $$ begin execute concat('del', 'ete from {table}'); end $$"
    with psycopg.connect(no_tls(gateway.connect_as("ana")), autocommit=True) as connection:
        with pytest.raises(psycopg.Error) as refused:
            connection.execute(text.encode())
        assert "sql.unknown" in str(refused.value)
    assert shop.count(table) == 1000


def test_what_a_client_asks_by_itself_is_no_obstacle(gateway: Gateway, table: str) -> None:
    done = psql(gateway.connect_as("ana"), "\\d", f"\\d {table}", "\\l", "\\du")
    assert done.returncode == 0, done.stderr
    assert table in done.stdout


# A review on a web page does not reach native tools (jumpserver#10586, accessflow#382).


def test_psql_waits_on_its_own_connection_and_the_command_line_answers(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    credential = gateway.connect_as("ana")
    answers: list[subprocess.CompletedProcess[str]] = []
    client = threading.Thread(
        target=lambda: answers.append(psql(credential, f"delete from {table}"))
    )
    client.start()
    request = gateway.wait_for_request(table)
    approved = assent(gateway, "ben", "approve", request, "--comment", "fine", "--json")
    assert approved.returncode == 0, approved.stderr
    client.join(20)
    [done] = answers
    assert done.returncode == 0
    assert done.stdout == "DELETE 1000\n"
    assert request in done.stderr
    assert shop.count(table) == 0


# Whoever has the link, or administers the chat, approves (teleport-plugins#121, teleport#52348).


def test_a_link_shows_and_approves_nothing_by_itself(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    connection = psycopg.connect(no_tls(gateway.connect_as("ana")), autocommit=True)
    runner = threading.Thread(target=lambda: quietly(connection, f"delete from {table}"))
    runner.start()
    request = gateway.wait_for_request(table)
    link = gateway.request(request)["link"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/requests/req_[0-9a-z]+", link)
    with httpx2.Client(trust_env=False, timeout=10) as stranger:
        page = stranger.get(link)
        assert page.is_redirect
        assert "/sign-in" in page.headers["location"] or "/login" in page.headers["location"]
        assert table not in page.text
        for path in (f"/requests/{request}/approve", f"/v1/requests/{request}/approve"):
            answer = stranger.post(gateway.url + path, json={"comment": "me too"})
            assert not answer.is_success
            assert answer.status_code in {302, 303, 401, 403, 404}
        click = stranger.post(gateway.url + "/v1/slack/interactions", data={"payload": "{}"})
        assert click.status_code in {401, 403}
    assert gateway.request(request)["state"] == "pending"
    gateway.reject(request)
    runner.join(20)
    connection.close()
    assert shop.count(table) == 1000


def quietly(connection: psycopg.Connection[tuple[object, ...]], text: str) -> None:
    """Run what is going to be refused."""
    with pytest.raises(psycopg.Error):
        connection.execute(text.encode())


# What is held in a transaction keeps its locks, and nobody sees for whom (agentsh).


def test_who_waits_for_the_locks_of_what_is_held_is_shown(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    with psycopg.connect(no_tls(gateway.connect_as("ana"))) as connection:
        connection.execute(f"update {table} set cents = 1 where id = 1".encode())
        change = f"set lock_timeout = '15s'; update {table} set cents = 2 where id = 1"
        other = threading.Thread(target=lambda: shop.run(change))
        other.start()
        waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        eventually(lambda: shop.value(waits), "somebody waits for the lock")
        runner = threading.Thread(target=lambda: quietly(connection, f"delete from {table}"))
        runner.start()
        request = gateway.wait_for_request(f"delete from {table}")
        shown = gateway.request(request)
        assert len(shown["impact"]["waiters"]) == 1
        created, deadline = (
            datetime.fromisoformat(shown[name]) for name in ("created_at", "deadline_at")
        )
        assert (deadline - created).total_seconds() <= 60
        gateway.reject(request)
        runner.join(20)
        connection.rollback()
        other.join(20)
