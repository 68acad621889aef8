"""Connecting is asking: real clients that come without access, and go on once people assented."""

import asyncio
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Credential, Gateway, assent, asyncpg_connect, eventually

PSQL = psql_program()
ASKS = """
@id("shop.ask") @message("access to the shop needs a DBA") @hold("5m") @require("approve: 1 of dba")
forbid (principal in Group::"engineers", action == Action::"access.request",
  resource == Target::"shop");

@id("shop.why") @message("say why") @hold("5m") @require("reason")
forbid (principal in Group::"engineers", action == Action::"access.request",
  resource == Target::"shop");
"""


@pytest.fixture(scope="module")
def asking(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway where engineers need a reason and a DBA to reach the shop."""
    created = gateway_world.create_world(tmp_path_factory.mktemp("asking") / "world", template)
    (created.folder / "policies" / "asking.cedar").write_text(ASKS, encoding="utf-8")
    with gateway_world.serving(created) as running:
        yield running


@pytest.fixture
def personal(asking: Gateway) -> Iterator[Credential]:
    """Ana's password for the day; whatever access she came to ends with the test."""
    yield mint(asking)
    for grant in asking.answer("ana", "GET", "/v1/grants")["items"]:
        if grant["state"] == "active":
            path = f"/v1/grants/{grant['id']}/revoke"
            asking.answer("ana", "POST", path, {"because": "the test is over"})
    asking.answer("ana", "POST", "/v1/credentials/shop/revoke")


def mint(gateway: Gateway) -> Credential:
    body = {"target": "shop", "connections": 20}
    minted = gateway.answer("ana", "POST", "/v1/credentials", body)
    host, port = gateway.postgres
    return Credential(host, port, minted["user"], minted["password"], minted["database"], "")


def psql(credential: Credential, folder: Path, *options: str, said: str) -> subprocess.Popen[bytes]:
    """Start psql with one command; what it prints goes to files."""
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        return subprocess.Popen(
            [PSQL, "-X", "-A", "-t", "-c", "select 6 * 7", *options],
            env=credential.environment(PGOPTIONS=said),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )


def pending(gateway: Gateway) -> str:
    def look() -> str | None:
        items = gateway.answer("ana", "GET", "/v1/requests?state=pending&mine=true")["items"]
        asked = [item for item in items if item["action"]["verb"] == "access.request"]
        return str(asked[0]["id"]) if asked else None

    return eventually(look, "a pending request of ana for access")


def test_psql_hears_at_once_what_is_needed_and_goes_on_when_a_dba_assents(
    asking: Gateway, personal: Credential, tmp_path: Path
) -> None:
    said = "-c assent.reason=deploy\\ the\\ fix -c assent.ticket=OPS-7 -c assent.for=10m"
    client = psql(personal, tmp_path, said=said)
    request = pending(asking)
    err = tmp_path / "err"
    eventually(lambda: request in err.read_text(), "psql prints the request")
    told = err.read_text()
    assert "access to the shop needs a DBA" in told
    assert "asked: ben, dora" in told
    assert "hanging up withdraws it" in told
    shown = asking.request(request)
    assert (shown["reason"], shown["ticket"]) == ("deploy the fix", "OPS-7")
    assert client.poll() is None
    asking.approve(request)
    assert client.wait(20) == 0
    assert (tmp_path / "out").read_text() == "42\n"
    # The same connection asked, waited and worked: one session, and access for ten minutes.
    [grant] = [
        one
        for one in asking.answer("ana", "GET", "/v1/grants")["items"]
        if one["id"] == asking.request(request)["grant"]
    ]
    assert grant["state"] == "active"


def test_while_access_lasts_connecting_asks_nobody(
    asking: Gateway, personal: Credential, tmp_path: Path
) -> None:
    first = psql(personal, tmp_path, said="-c assent.reason=deploy")
    asking.approve(pending(asking))
    assert first.wait(20) == 0
    second = psql(personal, tmp_path, said="")
    assert second.wait(20) == 0
    assert (tmp_path / "err").read_text() == ""


def test_who_says_no_reason_is_told_how_to_say_it(
    asking: Gateway, personal: Credential, tmp_path: Path
) -> None:
    client = psql(personal, tmp_path, said="")
    request = pending(asking)
    words = f'assent reason {request} "'
    eventually(lambda: words in (tmp_path / "err").read_text(), "psql says how")
    done = assent(asking, "ana", "reason", request, "deploy the fix")
    assert done.returncode == 0, done.stderr
    asking.approve(request)
    assert client.wait(20) == 0


def test_a_rejection_ends_the_start_with_its_code_and_a_hint(
    asking: Gateway, personal: Credential, tmp_path: Path
) -> None:
    client = psql(personal, tmp_path, said="-c assent.reason=rejected")
    request = pending(asking)
    asking.reject(request)
    assert client.wait(20) == 2
    told = (tmp_path / "err").read_text()
    assert "FATAL" in told
    assert "ben rejected it" in told
    assert request in told
    assert "assent explain" in told


def test_hanging_up_withdraws_what_connecting_asked_for(
    asking: Gateway, personal: Credential, tmp_path: Path
) -> None:
    client = psql(personal, tmp_path, said="-c assent.reason=impatient")
    request = pending(asking)
    client.kill()
    client.wait(10)
    shown = asking.wait_until(request, "withdrawn")
    assert shown["outcome"] == "the client hung up"


def test_a_wrong_setting_of_the_gateway_is_refused_with_words(
    personal: Credential, tmp_path: Path
) -> None:
    client = psql(personal, tmp_path, said="-c assent.for=soon")
    assert client.wait(20) == 2
    assert "`assent.for` is `soon`" in (tmp_path / "err").read_text()


async def test_a_pool_asks_once_and_all_of_it_is_let_in(
    asking: Gateway, personal: Credential
) -> None:
    settings = {"assent.reason": "a pool"}
    opening = [
        asyncio.ensure_future(asyncpg_connect(personal, server_settings=settings)) for _ in range(4)
    ]
    request = await asyncio.to_thread(pending, asking)
    await asyncio.to_thread(asking.approve, request)
    opened = await asyncio.wait_for(asyncio.gather(*opening), 20)
    assert [await one.fetchval("select 6 * 7") for one in opened] == [42] * 4
    for one in opened:
        await one.close(timeout=5)


async def test_a_password_for_the_day_does_not_open_a_session_once_it_is_ended(
    asking: Gateway, personal: Credential
) -> None:
    done = await asyncio.to_thread(assent, asking, "ana", "credentials", "revoke", "shop")
    assert done.returncode == 0, done.stderr
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg_connect(personal)
    await asyncio.to_thread(mint, asking)


def test_the_command_line_makes_and_lists_a_password_for_the_day(
    asking: Gateway, personal: Credential
) -> None:
    done = assent(asking, "ana", "credentials", "create", "shop", "--for", "8h")
    assert done.returncode == 0, done.stderr
    assert "it gives no access" in done.stdout
    assert "PGPASSWORD=" in done.stdout
    listed = assent(asking, "ana", "credentials", "list")
    assert listed.stdout.count("crd_") == 2
    too_long = assent(asking, "ana", "credentials", "create", "shop", "--for", "13h")
    assert too_long.returncode != 0
    assert personal.password not in listed.stdout


def test_it_names_one_target_and_opens_no_other(asking: Gateway, personal: Credential) -> None:
    done = subprocess.run(
        [PSQL, "-X", "-c", "select 1"],
        env=replace(personal, database="elsewhere").environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "wrong, used up or no longer valid" in done.stderr
    assert asking.answer("ana", "GET", "/v1/requests?state=pending&mine=true")["items"] == []
