"""Failing closed: what cannot be parsed ends that conversation, and only that one."""

import os
import socket
import struct
from collections.abc import Callable

import asyncpg
import psycopg
import pytest

from gateway_world import Gateway, Shop, asyncpg_connect, eventually


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


GARBAGE = {
    "a tag that there is not": message(b"~", b"hello"),
    "a length below itself": b"Q" + struct.pack("!I", 3) + b"xx",
    "a length of two gigabytes": b"Q" + struct.pack("!I", 0x7FFFFFFF) + b"select",
    "a negative length": b"Q" + struct.pack("!i", -1) + b"select",
    "a query that does not end": message(b"Q", b"select 1"),
    "a query that ends twice": message(b"Q", b"select 1\0; drop table orders\0"),
    "a Bind whose counts lie": message(b"B", b"\0\0\x7f\xff\x7f\xff"),
    "a Parse whose counts lie": message(b"P", b"\0select 1\0\x7f\xff"),
    "a Bind with a negative parameter": message(
        b"B", b"\0\0\0\0\0\1" + struct.pack("!i", -2) + b"\0\0"
    ),
    "an Execute without a portal's end": message(b"E", b"portal"),
    "a Describe of nothing": message(b"D", b""),
    "a password out of turn": message(b"p", b"hello\0"),
    "noise": bytes(range(256)) * 8,
}


@pytest.mark.parametrize("name", GARBAGE)
def test_a_message_that_cannot_be_parsed_ends_only_that_conversation(
    gateway: Gateway, shop: Shop, name: str
) -> None:
    """Row: a message cannot be parsed."""
    credential = gateway.connect_as("ana", connections=2)
    where = {**credential.keywords, "dbname": credential.database, "sslmode": "disable"}
    with psycopg.connect(**where, autocommit=True) as other:
        before = other.execute("select count(*) from orders").fetchone()
        broken = psycopg.connect(**where, autocommit=True, application_name=f"broken {name}")
        os.write(broken.pgconn.socket, GARBAGE[name])
        # One more query makes whoever was waiting for the rest look at it.
        with pytest.raises(psycopg.Error):
            broken.execute("select 'it is still there'")
        assert broken.broken
        broken.close()
        query = "select count(*) = 0 from pg_stat_activity where application_name = $1"
        eventually(lambda: shop.value(query, f"broken {name}"), "the target is left")
        assert other.execute("select count(*) from orders").fetchone() == before


REFUSED = {
    "a query that is no UTF-8": message(b"Q", b"select '\xff\xfe'\0"),
    "copied data out of turn": message(b"d", b"1\t2\n") + message(b"F", b"\0\0\0\1\0\0\0\0\0\0"),
    "an old function call": message(b"F", struct.pack("!IHHH", 2205, 0, 0, 0)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_message_that_is_understood_and_not_supported_is_an_error(
    gateway: Gateway, name: str
) -> None:
    """Row: a message cannot be parsed. These can; the server itself answers the same."""
    credential = gateway.connect_as("ana")
    where = {**credential.keywords, "dbname": credential.database, "sslmode": "disable"}
    with psycopg.connect(**where, autocommit=True) as connection:
        os.write(connection.pgconn.socket, REFUSED[name])
        with pytest.raises(psycopg.Error):
            connection.execute("select 42")

        def works() -> bool:
            return connection.execute("select 43").fetchone() == (43,)

        eventually(works, "the connection is usable")


BEFORE_SIGN_IN: dict[str, Callable[[], bytes]] = {
    "HTTP": lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "noise": lambda: bytes(range(255, 0, -1)) * 16,
    "a startup of one gigabyte": lambda: struct.pack("!II", 1 << 30, 196608),
    "a startup of four bytes": lambda: struct.pack("!I", 4),
    "an old protocol": lambda: struct.pack("!II", 9, 131072) + b"\0",
    "a startup without an end": lambda: struct.pack("!II", 14, 196608) + b"user\0a",
    "a startup without a user": lambda: struct.pack("!II", 9, 196608) + b"\0",
    "replication": lambda: message(
        b"",
        struct.pack("!I", 196608) + b"user\0ana\0database\0shop\0replication\0database\0\0",
    ),
    "a query at once": lambda: message(b"Q", b"select 1\0"),
}


@pytest.mark.parametrize("name", BEFORE_SIGN_IN)
def test_what_is_no_greeting_ends_that_conversation(gateway: Gateway, name: str) -> None:
    """Row: a message cannot be parsed."""
    with socket.create_connection(gateway.postgres, timeout=10) as stream:
        stream.sendall(BEFORE_SIGN_IN[name]())
        answer = b""
        try:
            while piece := stream.recv(4096):
                answer += piece
        except ConnectionResetError:
            pass
    assert answer[:1] in (b"", b"E"), answer


async def test_many_half_open_connections_do_not_stop_others(gateway: Gateway) -> None:
    """Row: a message cannot be parsed."""
    idle = [socket.create_connection(gateway.postgres, timeout=10) for _ in range(200)]
    try:
        for stream in idle[::2]:
            stream.sendall(b"\0\0\0")
        connection = await asyncpg_connect(gateway.connect_as("ana"))
        assert await connection.fetchval("select 42") == 42
        await connection.close(timeout=5)
    finally:
        for stream in idle:
            stream.close()


async def test_a_statement_of_sixteen_megabytes_or_more_is_refused(gateway: Gateway) -> None:
    """Row: a message cannot be parsed."""
    connection = await asyncpg_connect(gateway.connect_as("ana"))
    with pytest.raises((asyncpg.PostgresError, OSError)):
        await connection.fetchval("select length('" + "x" * (17 << 20) + "')")
    connection.terminate()
