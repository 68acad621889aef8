"""The client's way in, as far as time goes; `test_relay` tries the rest of it."""

import itertools
from datetime import timedelta

import pytest

from assent.core.plugins import Close, Side, Step
from assent.protocols.postgres.client_handshake import ClientHandshake, ClientState
from assent.protocols.postgres.limits import DEFAULT_LIMITS
from assent.protocols.postgres.messages import SSL_REQUEST_PACKET
from assent.protocols.postgres.relay import PostgresRelay
from postgres_peers import NOW, Classifier

SECOND = timedelta(seconds=1)


def a_handshake() -> ClientHandshake:
    return ClientHandshake(
        lambda: "nonce",
        itertools.count(1),
        DEFAULT_LIMITS,
        tls_available=True,
        require_tls=False,
        opened_at=NOW,
    )


def test_a_client_that_says_nothing_has_a_deadline_from_the_moment_it_connects() -> None:
    relay = PostgresRelay(
        lambda _: Classifier(),
        lambda: "nonce",
        tls_available=True,
        require_tls=False,
        opened_at=NOW,
    )
    due = NOW + DEFAULT_LIMITS.startup_for
    assert relay.wake_at == due
    assert relay.wake(due - SECOND) == []
    assert [type(step) for step in relay.wake(due)] == [Close]
    assert relay.wake_at is None


@pytest.mark.parametrize("size", [1, 4, 7])
def test_what_comes_bit_by_bit_does_not_move_the_deadline(size: int) -> None:
    handshake, steps = a_handshake(), list[Step]()
    handshake.feed(SSL_REQUEST_PACKET[:size], NOW + 20 * SECOND, steps)
    assert (handshake.deadline, steps) == (NOW + DEFAULT_LIMITS.startup_for, [])


def test_tls_that_was_agreed_has_a_deadline_of_its_own() -> None:
    handshake, steps = a_handshake(), list[Step]()
    handshake.feed(SSL_REQUEST_PACKET, NOW + SECOND, steps)
    assert handshake.state is ClientState.TLS
    assert handshake.deadline == NOW + SECOND + DEFAULT_LIMITS.tls_for
    assert [step.side for step in steps if hasattr(step, "side")] == [Side.CLIENT, Side.CLIENT]
