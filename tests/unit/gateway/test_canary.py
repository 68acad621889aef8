"""The canary's peer and client: a round through a real listener is in test_canary of clients."""

import asyncio
from datetime import timedelta
from typing import cast

import pytest

from assent.control.canary import Canary, Given, Round
from assent.core.faults import OutsideFault
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.core.session import Session
from assent.gateway.canary import CanaryBroker, CanaryPeer, Rounds
from assent.protocols.postgres.messages import (
    CANCEL_REQUEST,
    LENGTH,
    startup,
)
from builders import NOON, SHOP


class Kept:
    """A canary that notes what became of its rounds."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.rounds: list[Round] = []
        self.under_way = asyncio.Lock()

    async def give(self) -> Given:
        if self.fault:
            raise self.fault
        return Given(cast("object", None), Secret("password"))  # type: ignore[arg-type]

    async def take(self, given: Given) -> None: ...

    def measured(self, seconds: float) -> Round:
        return self._keep(Round(NOON, seconds))

    def failed(self, problem: str) -> Round:
        return self._keep(Round(NOON, None, problem))

    def _keep(self, one: Round) -> Round:
        self.rounds.append(one)
        return one


def rounds(canary: Kept, address: tuple[str, int]) -> Rounds:
    return Rounds(cast(Canary, canary), address, lambda: "nonce", timedelta(seconds=60))


async def test_the_peer_lets_a_session_begin_and_says_nothing_more() -> None:
    peer = CanaryPeer()
    reader, writer = await asyncio.open_connection(*await peer.start())
    writer.write(startup({"user": "assent-canary"}))
    greeting = await reader.readuntil(b"Z\x00\x00\x00\x05I")
    assert greeting.startswith(b"R\x00\x00\x00\x08\x00\x00\x00\x00")
    assert b"standard_conforming_strings\x00on\x00" in greeting
    await peer.stop()
    assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize(
    "words",
    [
        LENGTH.pack(16) + LENGTH.pack(CANCEL_REQUEST) + bytes(8),
        LENGTH.pack(3),
        LENGTH.pack(1 << 30) + b"x",
    ],
    ids=["cancel", "short", "endless"],
)
async def test_the_peer_answers_nothing_else(words: bytes) -> None:
    peer = CanaryPeer()
    reader, writer = await asyncio.open_connection(*await peer.start())
    writer.write(words)
    assert await reader.read() == b""
    writer.close()
    await peer.stop()


async def test_a_gateway_that_is_away_is_a_failed_round() -> None:
    peer = CanaryPeer()
    address = await peer.start()
    await peer.stop()
    kept = Kept()
    done = await rounds(kept, address).once()
    assert "its connection broke" in done.problem
    assert kept.rounds == [done]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (OutsideFault("store-unavailable", "the store is away"), "the store is away"),
        (RuntimeError("of ours"), "RuntimeError"),
    ],
)
async def test_whatever_goes_wrong_is_a_failed_round(fault: Exception, words: str) -> None:
    done = await rounds(Kept(fault), ("127.0.0.1", 1)).once()
    assert words in done.problem


async def test_who_answers_without_encryption_is_not_the_gateway() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        writer.write(b"N")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    done = await rounds(Kept(), (host, port)).once()
    assert "no encryption" in done.problem
    server.close()
    await server.wait_closed()


async def test_the_broker_needs_nothing_of_anybody() -> None:
    broker = CanaryBroker()
    target: Target = SHOP
    assert not broker.needs_privileges(target)
    lease = await broker.lease(target, cast(Session, None), None)
    await broker.release(target, lease)
    assert (lease.user, lease.password.reveal()) == (target.user, "")
    assert await broker.sweep(target, ()) == []
    assert (await broker.standing(target))[0] == target.user


@pytest.mark.parametrize(
    ("listens", "dialled"),
    [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("192.0.2.1", "192.0.2.1")],
)
def test_an_address_of_any_is_dialled_on_loopback(listens: str, dialled: str) -> None:
    assert rounds(Kept(), (listens, 1))._address == (dialled, 1)
