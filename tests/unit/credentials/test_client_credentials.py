"""Access tokens: asked for once, kept while they count, and what is said when there is none."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

import token_server
from assent.core.faults import Fault, OperatorFault, OutsideFault
from assent.core.secret import Secret
from assent.credentials.client_credentials import AccessTokens, Client
from builders import FixedClock
from token_server import TokenServer


@pytest.fixture
async def server() -> AsyncIterator[TokenServer]:
    async with token_server.serving() as running:
        yield running


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def tokens(clock: FixedClock) -> AsyncIterator[AccessTokens]:
    made = AccessTokens(clock)
    yield made
    await made.close()


def client(server: TokenServer, **more: str) -> Client:
    return Client(server.url, token_server.ID, Secret(token_server.SECRET), **more)


async def test_a_token_is_kept_until_it_is_about_to_expire(
    server: TokenServer, clock: FixedClock, tokens: AccessTokens
) -> None:
    asking = client(server, scope="orders:read")
    assert (await tokens.token(asking)).reveal() == "token-1"
    assert server.asked == [{"grant_type": "client_credentials", "scope": "orders:read"}]
    clock.advance(timedelta(seconds=539))
    assert (await tokens.token(asking)).reveal() == "token-1"
    clock.advance(timedelta(seconds=1))
    assert (await tokens.token(asking)).reveal() == "token-2"


async def test_those_who_wait_share_one_request(server: TokenServer, tokens: AccessTokens) -> None:
    server.gate.clear()
    waiting = [asyncio.ensure_future(tokens.token(client(server))) for _ in range(20)]
    while not server.asked:
        await asyncio.sleep(0)
    server.gate.set()
    assert {token.reveal() for token in await asyncio.gather(*waiting)} == {"token-1"}
    assert len(server.asked) == 1


async def test_another_client_has_a_token_of_its_own(
    server: TokenServer, tokens: AccessTokens
) -> None:
    one, other = client(server), client(server, scope="more")
    assert (await tokens.token(one)).reveal() != (await tokens.token(other)).reveal()
    wrong = replace(one, secret=Secret("another"))
    with pytest.raises(OperatorFault, match="refuses us"):
        await tokens.token(wrong)


async def test_a_server_may_take_the_secret_in_the_body_only(
    server: TokenServer, clock: FixedClock, tokens: AccessTokens
) -> None:
    server.in_body = True
    await tokens.token(client(server))
    assert len(server.asked) == 2
    clock.advance(timedelta(hours=1))
    await tokens.token(client(server))
    assert len(server.asked) == 3


async def test_a_token_that_counts_serves_while_its_server_is_away(
    server: TokenServer, clock: FixedClock, tokens: AccessTokens
) -> None:
    await tokens.token(client(server))
    server.answer = (503, {})
    clock.advance(timedelta(seconds=550))
    assert (await tokens.token(client(server))).reveal() == "token-1"
    clock.advance(timedelta(seconds=60))
    with pytest.raises(OutsideFault, match="503"):
        await tokens.token(client(server))


async def test_a_server_that_fails_is_not_asked_by_everybody(
    server: TokenServer, clock: FixedClock, tokens: AccessTokens
) -> None:
    server.answer = (500, {"error": "Not A Code"})
    for _ in range(5):
        with pytest.raises(OutsideFault):
            await tokens.token(client(server))
    assert len(server.asked) == 1
    server.answer = None
    clock.advance(timedelta(seconds=2))
    assert (await tokens.token(client(server))).reveal() == "token-2"


async def test_a_token_that_is_refused_is_asked_for_anew_once(
    server: TokenServer, clock: FixedClock, tokens: AccessTokens
) -> None:
    asking = client(server)
    token = await tokens.token(asking)
    assert not tokens.forget(asking, token)
    clock.advance(timedelta(seconds=5))
    assert tokens.forget(asking, token)
    assert tokens.forget(asking, token)
    assert (await tokens.token(asking)).reveal() == "token-2"


@pytest.mark.parametrize("lasts_for", [None, 0, -5, "x", True, [1], float(10**300)])
async def test_how_long_a_token_lasts_is_bounded_where_it_is_not_said(
    server: TokenServer, clock: FixedClock, tokens: AccessTokens, lasts_for: object
) -> None:
    server.lasts_for = lasts_for
    await tokens.token(client(server))
    clock.advance(timedelta(seconds=200))
    assert (await tokens.token(client(server))).reveal() == "token-1"
    clock.advance(timedelta(days=1))
    assert (await tokens.token(client(server))).reveal() == "token-2"


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ((400, {"error": "invalid_scope"}), OperatorFault, "`invalid_scope`"),
        ((403, {}), OperatorFault, "refuses us"),
        ((302, {}), OperatorFault, "points elsewhere"),
        ((404, {}), OutsideFault, "404"),
        ((200, {}), OutsideFault, "without a token"),
        ((200, {"access_token": 7, "token_type": "bearer"}), OutsideFault, "without a token"),
        ((200, {"access_token": "a\r\nb", "token_type": "bearer"}), OutsideFault, "could be sent"),
        ((200, {"access_token": "a" * 9000, "token_type": "bearer"}), OutsideFault, "could be"),
        ((200, {"access_token": "a", "token_type": "mac"}), OutsideFault, "another type"),
        ((200, b"{" * 100_000), OutsideFault, "64 KiB"),
        ((200, b"[" * 60_000), OutsideFault, "without a token"),
        ((200, b"<html>"), OutsideFault, "without a token"),
    ],
)
async def test_an_answer_that_is_none_is_a_fault_that_says_what_to_do(
    server: TokenServer,
    tokens: AccessTokens,
    answer: tuple[int, object],
    kind: type[Fault],
    words: str,
) -> None:
    server.answer = answer
    with pytest.raises(kind, match=words) as caught:
        await tokens.token(client(server))
    assert token_server.SECRET not in str(caught.value)


async def test_a_server_that_is_away_is_said_to_be(
    server: TokenServer, tokens: AccessTokens
) -> None:
    with pytest.raises(OutsideFault, match="cannot be reached"):
        await tokens.token(replace(client(server), url="http://127.0.0.1:1/token"))
    with pytest.raises(OperatorFault, match="PEM"):
        await tokens.token(replace(client(server), certificate_authority="/none.pem"))
