"""What is known of a peer that is not read from."""

import socket
from asyncio import BaseTransport
from collections.abc import Iterator
from typing import cast

import pytest

from assent.gateway.presence import has_hung_up, keep_alive


class Held:
    """A transport that nobody reads from."""

    def __init__(self, held: socket.socket | None) -> None:
        self._held = held

    def get_extra_info(self, what: str) -> socket.socket | None:
        return self._held if what == "socket" else None


def a_transport(held: socket.socket | None) -> BaseTransport:
    return cast(BaseTransport, Held(held))


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Both ends of a connection over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        peer = socket.create_connection(listening.getsockname(), timeout=5)
        held, _ = listening.accept()
    yield held, peer
    held.close()
    peer.close()


def test_a_peer_that_waits_is_there(pair: tuple[socket.socket, socket.socket]) -> None:
    held, peer = pair
    assert not has_hung_up(a_transport(held))
    peer.sendall(b"unread")
    held.recv(1, socket.MSG_PEEK)
    assert not has_hung_up(a_transport(held))


def test_a_peer_that_closed_behind_what_it_sent_is_gone(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    held, peer = pair
    peer.sendall(b"unread")
    peer.shutdown(socket.SHUT_WR)
    held.recv(6, socket.MSG_PEEK | socket.MSG_WAITALL)
    assert has_hung_up(a_transport(held))


def test_a_peer_that_broke_off_is_gone(pair: tuple[socket.socket, socket.socket]) -> None:
    held, peer = pair
    held.sendall(b"never read")
    peer.recv(1, socket.MSG_PEEK)
    peer.close()
    assert has_hung_up(a_transport(held))


def test_silent_peers_are_asked_whether_they_are_there(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    held, _ = pair
    keep_alive(a_transport(held))
    assert held.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_a_transport_without_a_socket_says_nothing() -> None:
    keep_alive(a_transport(None))
    assert not has_hung_up(a_transport(None))
