"""The gateway's own connections: as strict as the target's `tls`, and silent on secrets."""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
import uvloop

import tls_database
from assent.core.faults import OutsideFault
from assent.core.ids import TargetId
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.gateway import own_connection as module
from assent.gateway.own_connection import own_connection
from certificate_authority import Authority
from gateway_world import Shop
from tls_database import TlsDatabase

SECRET = Secret(tls_database.PASSWORD)
ASKED = """
select s.ssl, a.application_name
from pg_stat_activity a left join pg_stat_ssl s using (pid)
where a.pid = pg_backend_pid()
"""


@pytest.fixture
def target(shop: Shop) -> Target:
    server = shop.database
    return Target(
        TargetId("tgt_shop"), "shop", "postgres", server.host, server.port, server.name,
        server.user, "", tls="disable",
    )  # fmt: skip


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def encrypted(authority: Authority) -> Iterator[TlsDatabase]:
    programs = tls_database.folder_of_programs()
    if programs is None:
        pytest.skip("a PostgreSQL with TLS is needed: apt-get install postgresql")
    with tls_database.running(programs, authority.sign("127.0.0.1")) as running:
        yield running


def at(port: int, tls: str, authority: Path | None = None) -> Target:
    return Target(
        TargetId("tgt_tls"), "encrypted", "postgres", "127.0.0.1", port, "postgres", "proved", "",
        tls=tls, certificate_authority=str(authority or ""),
    )  # fmt: skip


async def asked(
    target: Target, user: str = "proved", password: Secret[str] = SECRET
) -> tuple[bool, str]:
    async with own_connection(target, target.database, user, password) as connection:
        row = await connection.fetchrow(ASKED)
        return bool(row[0]), row[1]


async def test_it_says_who_it_is(shop: Shop, target: Target) -> None:
    password = shop.database.password
    assert await asked(target, target.user, password) == (False, "assent")


async def test_where_encryption_is_preferred_a_target_without_it_is_spoken_to(
    shop: Shop, target: Target
) -> None:
    preferring = replace(target, tls="prefer")
    assert await asked(preferring, target.user, shop.database.password) == (False, "assent")


@pytest.mark.parametrize("tls", ["require", "verify"])
async def test_where_encryption_is_asked_for_a_target_without_it_is_not(
    shop: Shop, target: Target, tls: str
) -> None:
    with pytest.raises(OutsideFault, match="cannot be reached"):
        await asked(replace(target, tls=tls), target.user, shop.database.password)


async def test_a_refusal_names_its_state_and_no_secret(target: Target) -> None:
    with pytest.raises(OutsideFault, match=r"refused .*SQLSTATE 28P01") as caught:
        await asked(target, target.user, Secret("wrong-and-secret"))
    assert caught.value.code == "target-unreachable"
    assert "wrong-and-secret" not in str(caught.value)


async def test_a_database_that_is_not_there_is_a_refusal(shop: Shop, target: Target) -> None:
    with pytest.raises(OutsideFault, match="to `nowhere`"):
        await asked(replace(target, database="nowhere"), target.user, shop.database.password)


async def test_a_target_that_is_away_cannot_be_reached() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        with pytest.raises(OutsideFault, match="cannot be reached"):
            await asked(at(probe.getsockname()[1], "prefer"))


async def test_a_target_that_says_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CONNECTED_WITHIN_S", 0.05)
    silent = socket.create_server(("127.0.0.1", 0))
    with silent, pytest.raises(OutsideFault, match="did not answer"):
        await asked(at(silent.getsockname()[1], "disable"))


async def test_what_the_body_raises_ends_the_connection_and_goes_on(
    shop: Shop, target: Target
) -> None:
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with own_connection(
            target, target.database, target.user, shop.database.password
        ) as connection:
            await connection.execute("select 1 / 0")
    assert connection.is_closed()


async def test_the_environment_of_the_process_changes_nothing(
    shop: Shop, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("PGSSLMODE", "verify-full"), ("PGSSLNEGOTIATION", "direct"), ("PGHOST", "192.0.2.1"),
        ("PGTARGETSESSIONATTRS", "standby"), ("PGPASSWORD", "other"), ("PGDATABASE", "other"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    assert await asked(target, target.user, shop.database.password) == (False, "assent")


@pytest.mark.parametrize("tls", ["prefer", "require"])
async def test_a_target_that_can_encrypt_does(encrypted: TlsDatabase, tls: str) -> None:
    assert await asked(at(encrypted.port, tls)) == (True, "assent")


async def test_a_certificate_is_verified_where_that_is_asked_for(
    encrypted: TlsDatabase, authority: Authority, tmp_path: Path
) -> None:
    assert await asked(at(encrypted.port, "verify", authority.file)) == (True, "assent")
    stranger = Authority(tmp_path / "stranger", "strangers")
    with pytest.raises(OutsideFault, match="cannot be encrypted as `tls = verify`"):
        await asked(at(encrypted.port, "verify", stranger.file))


@pytest.mark.parametrize("tls", ["disable", "prefer", "require"])
async def test_no_password_goes_out_in_the_clear_to_somebody_unverified(
    encrypted: TlsDatabase, tls: str
) -> None:
    with pytest.raises(OutsideFault, match="only inside TLS with a verified certificate"):
        await asked(at(encrypted.port, tls), "told")


async def test_a_password_in_the_clear_is_for_a_verified_target(
    encrypted: TlsDatabase, authority: Authority
) -> None:
    assert await asked(at(encrypted.port, "verify", authority.file), "told") == (True, "assent")


@pytest.mark.parametrize("user", ["digested", "trusted"])
async def test_other_ways_to_authenticate_are_let_through(
    encrypted: TlsDatabase, user: str
) -> None:
    assert await asked(at(encrypted.port, "require"), user) == (True, "assent")


def test_it_works_on_the_loop_of_the_gateway(encrypted: TlsDatabase, shop: Shop) -> None:
    target = at(encrypted.port, "require")
    assert uvloop.run(asked(target)) == (True, "assent")
    assert uvloop.run(asked(replace(target, tls="disable"))) == (False, "assent")
    with pytest.raises(OutsideFault, match="in the clear"):
        uvloop.run(asked(target, "told"))


def test_it_does_not_outlive_whoever_is_cancelled(shop: Shop, target: Target) -> None:
    async def cancelled() -> asyncpg.Connection:
        opened: asyncio.Future[asyncpg.Connection] = asyncio.get_running_loop().create_future()

        async def wait() -> None:
            async with own_connection(
                target, target.database, target.user, shop.database.password
            ) as connection:
                opened.set_result(connection)
                await asyncio.Event().wait()

        waiting = asyncio.ensure_future(wait())
        connection = await opened
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return connection

    assert asyncio.run(cancelled()).is_closed()
