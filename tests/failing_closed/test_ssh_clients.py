"""Failing closed: clients of SSH that read no answers, or come within another connection."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from assent.gateway.sessions import GatewaySession
from assent.gateway.ssh.files import serve_sftp
from assent.gateway.ssh.visitor import Jump, Visitor
from assent.protocols.ssh.sftp_wire import Kind, number, packet
from sftp_ends import Judge, between, name


class Deaf:
    """A client that asks what nobody understands, for ever, and reads nothing of what it is told.

    asked, told: bytes so far.
    """

    def __init__(self) -> None:
        self.asked = self.told = 0
        self.gone = asyncio.Event()
        self._greeted = False

    async def read(self) -> bytes:
        """Ask some more."""
        await asyncio.sleep(0)
        if self.gone.is_set():
            return b""
        if not self._greeted:
            self._greeted = True
            return packet(Kind.INIT, number(3))
        data = b"".join(packet(99, number(id)) for id in range(1_000))
        self.asked += len(data)
        return data

    def write(self, data: bytes) -> None:
        """Be told."""
        self.told += len(data)

    async def drain(self) -> None:
        """Take a little of it, and no more."""
        if self.told > 65_536:
            await self.gone.wait()

    def write_eof(self) -> None:
        """Be told the end."""


class Server:
    """A server that greets, and is asked nothing."""

    def __init__(self) -> None:
        self._greeted = asyncio.Event()
        self._said = False
        self._over = asyncio.Event()

    async def read(self) -> bytes:
        """Greet, then end when it is told to."""
        await self._greeted.wait()
        if not self._said:
            self._said = True
            return packet(Kind.VERSION, number(3))
        await self._over.wait()
        return b""

    def write(self, data: bytes) -> None:
        """Hear the client's greeting."""
        self._greeted.set()

    async def drain(self) -> None:
        """Have room."""

    def write_eof(self) -> None:
        """Hear the end."""
        self._over.set()


async def test_a_client_of_sftp_that_reads_no_answers_is_read_no_more() -> None:
    client, server = Deaf(), Server()
    session = cast(GatewaySession, Judge())
    serving = asyncio.ensure_future(serve_sftp(session, client, server, "ana", lambda held: None))
    for _ in range(2_000):
        await asyncio.sleep(0)
    told = client.told
    client.gone.set()
    await asyncio.wait_for(serving, 10)
    assert 65_536 < told < 1_000_000


def visitor_within(jump: Jump | None, certified: Any) -> Visitor:
    """Return what answers a connection, where this certificate is shown."""

    async def identify(person: str, target: str) -> tuple[Any, None]:
        found = SimpleNamespace(name=target, user="root", databases=("deploy",))
        found.protocol, found.retired = "ssh", False
        credential = SimpleNamespace(id="cred_1", device=None)
        return SimpleNamespace(subject=person, target=found, credentials=(credential,)), None

    authority = SimpleNamespace(read=lambda line, now: certified)
    opening = SimpleNamespace(identify=identify, refused=lambda candidate, address: None)
    gateway = SimpleNamespace(clock=SimpleNamespace(now=lambda: None))
    parts: Any = SimpleNamespace(authority=authority, opening=opening, gateway=gateway)

    async def serve(jump: Jump) -> Any:
        raise AssertionError("nobody jumps further here")

    return Visitor(parts, serve, jump)


@pytest.mark.parametrize(
    ("person", "target", "lets_in"),
    [("ana", "web1", True), ("ana", "web2", False), ("ben", "web1", False)],
)
@pytest.mark.parametrize("user", ["root", "deploy"])
async def test_within_a_jump_a_certificate_is_of_who_made_it_and_of_that_target(
    person: str, target: str, user: str, lets_in: bool
) -> None:
    shown = SimpleNamespace(
        person=person, target=target, credential="cred_1", public_key="key of " + person
    )
    web1: Any = SimpleNamespace(name="web1")
    visitor = visitor_within(Jump("ana", web1, "127.0.0.1"), shown)
    assert await visitor.certified(user, "line", None) is lets_in
    assert await visitor.certified(user, "line", lambda key: True) is lets_in


class Broken(Judge):
    """Fails in a way that nobody thought of."""

    async def attempt(self, *_: Any, **__: Any) -> Any:
        """Fail."""
        raise RuntimeError("nobody thought of this")


async def test_sftp_ends_where_it_cannot_be_decided_on_what_was_asked(tmp_path: Path) -> None:
    async with between(Broken(), tmp_path) as client:
        client.send(Kind.REMOVE, name("a"))
        assert await asyncio.wait_for(client.answers.read(), 10) == b""
    assert any("cannot be decided" in line for line in client.said)
