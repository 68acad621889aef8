"""The listening address: how many conversations there may be, and a stop that says why."""

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

from assent.gateway.listen import PostgresListener
from assent.gateway.postgres import PostgresAnswerer
from assent.protocols.postgres import PostgresRelay
from builders import CountingIds, FixedClock, until
from postgres_peers import Classifier


class Ends:
    """An answerer that only counts."""

    def __init__(self) -> None:
        self.begun = 0
        self.reasons: list[str] = []

    def began(self, conversation: object) -> None:
        self.begun += 1

    def ended(self, conversation: object, reason: str) -> None:
        self.reasons.append(reason)


def a_listener(ends: Ends, most: int) -> PostgresListener:
    ids = CountingIds()

    def spawn(work: Coroutine[Any, Any, None]) -> object:
        return asyncio.get_running_loop().create_task(work)

    return PostgresListener(
        new_relay=lambda: PostgresRelay(
            cast(Any, Classifier()), lambda: ids.token(18), tls_available=False, require_tls=False
        ),
        answerer=cast(PostgresAnswerer, ends),
        clock=FixedClock(),
        spawn=spawn,
        client_tls=None,
        most=most,
    )


async def test_a_connection_too_many_is_closed_and_the_others_go_on() -> None:
    ends = Ends()
    listener = a_listener(ends, most=2)
    host, port = await listener.start("127.0.0.1", 0)
    peers = [await asyncio.open_connection(host, port) for _ in range(2)]
    await until(lambda: ends.begun == 2)
    reader, writer = await asyncio.open_connection(host, port)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    assert (ends.begun, ends.reasons) == (2, [])
    writer.close()
    peers[0][1].close()
    await until(lambda: len(ends.reasons) == 1)
    again = await asyncio.open_connection(host, port)
    await until(lambda: ends.begun == 3)
    await listener.stop("stopping")
    for _, open_writer in (*peers, again):
        open_writer.close()


async def test_stopping_ends_what_is_open_and_listens_no_more() -> None:
    ends = Ends()
    listener = a_listener(ends, most=10)
    host, port = await listener.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(host, port)
    await until(lambda: ends.begun == 1)
    await listener.stop("the gateway is stopping")
    async with asyncio.timeout(5):
        await reader.read()
    assert ends.reasons == ["the gateway is stopping"]
    writer.close()
