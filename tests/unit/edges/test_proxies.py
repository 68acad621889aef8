"""Whom a request comes from is believed of named proxies, and of nobody else."""

from collections.abc import Sequence

import pytest
from starlette.types import Message, Receive, Scope, Send

from assent.edges.proxies import BehindProxies, client_of, networks_of

OURS = ("127.0.0.1", "10.0.0.0/8", "::1")


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"),
        # A second proxy of ours stood before the first one.
        ("127.0.0.1", "203.0.113.7, 10.1.2.3", "203.0.113.7"),
        # What a client writes itself stands before what a proxy adds.
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "10.9.9.9, 203.0.113.7", "203.0.113.7"),
        # Nobody but a proxy is believed.
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("192.0.2.1", "10.0.0.1", "192.0.2.1"),
        # What is no address ends what is believed.
        ("127.0.0.1", "203.0.113.7, unknown", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.7, x', 10.0.0.4", "10.0.0.4"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "," * 50_000, "127.0.0.1"),
        # All are ours: the first of them asks.
        ("127.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"),
    ],
)
def test_the_last_address_that_is_no_proxy_of_ours_is_the_client(
    peer: str, said: str, client: str
) -> None:
    assert client_of(peer, said, networks_of(OURS)) == client


def test_without_proxies_no_header_is_believed() -> None:
    assert client_of("127.0.0.1", "203.0.113.7", ()) == "127.0.0.1"


async def seen_by(proxies: Sequence[str], headers: list[tuple[bytes, bytes]]) -> object:
    seen: list[Scope] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        raise AssertionError(message)

    asked: Scope = {"type": "http", "client": ("127.0.0.1", 4711), "headers": headers}
    await BehindProxies(application, networks_of(proxies))(asked, receive, send)
    return seen[0]["client"]


async def test_the_application_sees_the_client_and_several_headers_are_one_list() -> None:
    twice = [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-for", b"203.0.113.7")]
    assert await seen_by(OURS, twice) == ("203.0.113.7", 0)
    assert await seen_by((), twice) == ("127.0.0.1", 4711)
    assert await seen_by(OURS, [(b"forwarded", b"for=203.0.113.7")]) == ("127.0.0.1", 4711)
