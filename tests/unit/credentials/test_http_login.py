"""What requests to a target carry, and what is said where nothing can be made of a secret."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import token_server
from assent.core.faults import OperatorFault
from assent.core.resource import Target
from assent.credentials.client_credentials import AccessTokens
from assent.credentials.http_login import HttpLogin
from assent.credentials.references import References
from builders import FixedClock
from policy_builders import SHOP

API = replace(SHOP, protocol="http", user="gate", credential="file:secret")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def login(tmp_path: Path, clock: FixedClock) -> AsyncIterator[HttpLogin]:
    (tmp_path / "secret").write_text("hunter2\n")
    tokens = AccessTokens(clock)
    yield HttpLogin(References(tmp_path), tokens, clock)
    await tokens.close()


def target(kind: str, **options: str) -> Target:
    return replace(API, options={"login": kind, **options})


async def carried(login: HttpLogin, to: Target) -> dict[str, str]:
    return {name: value.reveal() for name, value in (await login.headers(to)).items()}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("none", {}),
        ("certificate", {}),
        ("bearer", {"authorization": "Bearer hunter2"}),
        ("basic", {"authorization": "Basic Z2F0ZTpodW50ZXIy"}),
        ("header:X-Api-Key", {"x-api-key": "hunter2"}),
    ],
)
async def test_each_login_has_its_headers(
    login: HttpLogin, kind: str, expected: dict[str, str]
) -> None:
    assert await carried(login, target(kind)) == expected
    assert await carried(login, API) == {}


async def test_a_rotated_secret_counts_within_seconds_and_at_once_where_the_old_is_refused(
    login: HttpLogin, tmp_path: Path, clock: FixedClock
) -> None:
    to = target("bearer")
    before = await login.headers(to)
    assert not await login.refused(to, before)
    (tmp_path / "secret").write_text("hunter3")
    assert await login.refused(to, before)
    assert await carried(login, to) == {"authorization": "Bearer hunter3"}
    (tmp_path / "secret").write_text("hunter4")
    clock.advance(timedelta(seconds=5))
    assert await carried(login, to) == {"authorization": "Bearer hunter4"}
    assert not await login.refused(to, {})


async def test_oauth_asks_for_a_token_and_for_another_when_it_is_refused(
    login: HttpLogin, tmp_path: Path, clock: FixedClock
) -> None:
    (tmp_path / "secret").write_text(token_server.SECRET)
    async with token_server.serving() as server:
        to = replace(target("oauth", token_url=server.url), user=token_server.ID)
        before = await login.headers(to)
        assert await carried(login, to) == {"authorization": "Bearer token-1"}
        assert not await login.refused(to, before)
        clock.advance(timedelta(seconds=10))
        assert await login.refused(to, before)
        assert await carried(login, to) == {"authorization": "Bearer token-2"}


async def test_a_certificate_is_what_the_reference_leads_to(login: HttpLogin) -> None:
    found = await login.certificate(target("certificate"))
    assert found is not None
    assert found.reveal() == b"hunter2"
    assert await login.certificate(target("bearer")) is None


@pytest.mark.parametrize("secret", ["", "two\nlines", "a\r\nX-Evil: 1", "é", " lead", "a" * 20_000])
async def test_a_secret_that_cannot_stand_in_a_header_is_not_shown(
    login: HttpLogin, tmp_path: Path, secret: str
) -> None:
    (tmp_path / "secret").write_text(secret)
    with pytest.raises(OperatorFault, match="cannot stand in a header") as caught:
        await login.headers(target("header:X-Api-Key"))
    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize(
    "kind", ["header:Host", "header:", "header:a b", "header:Cookie", "digest", "oauth", ""]
)
async def test_a_login_that_is_none_is_named(login: HttpLogin, kind: str) -> None:
    with pytest.raises(OperatorFault, match="target `shop` login"):
        await login.headers(target(kind))


async def test_a_user_of_basic_has_no_colon(login: HttpLogin) -> None:
    with pytest.raises(OperatorFault, match="`:`"):
        await login.headers(replace(target("basic"), user="a:b"))
