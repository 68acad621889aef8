"""Passkeys in a real browser with a virtual authenticator, on a real server, and its log proved."""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import Page, expect

from assent.app import Gateway, running
from assent.config import (
    Config,
    PersonConfig,
    PostgresConfig,
    ServerConfig,
    TargetConfig,
)
from assent.config.sign_in import SignInConfig
from assent.core.secret import Secret
from assent.identity.passwords import Argon2Hasher
from chromium_house import House, browsing
from memory_plane import MemoryPlane
from memory_store import PASSWORD

POLICIES = """
@id("shop.request") @max_duration("30m")
permit (principal in Group::"eng", action == Action::"access.request", resource == Target::"shop");

@id("shop.ask") @require("approve: 1 of dba, signed") @message("a DBA must sign")
forbid (principal, action == Action::"access.request", resource == Target::"shop");

@id("export")
permit (principal in Group::"security", action, resource);
"""
AUTHENTICATOR = {
    "protocol": "ctap2",
    "ctap2Version": "ctap2_1",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def configured(folder: Path) -> Config:
    (folder / "policies").mkdir()
    (folder / "policies" / "access.cedar").write_text(POLICIES)
    for name in ("hash", "target"):
        secret = folder / name
        secret.write_text(await Argon2Hasher().hash(Secret(PASSWORD)))
        secret.chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return Config(
        server=ServerConfig(listen=f"127.0.0.1:{port}", public_url=f"http://localhost:{port}"),
        postgres=PostgresConfig(listen="127.0.0.1:0"),
        people=(
            PersonConfig("ana", "Ana Alvarez", ("eng",), "file:hash"),
            PersonConfig("ben", "Ben Brandt", ("dba",), "file:hash"),
            PersonConfig("dora", "Dora Diaz", ("dba",), "file:hash"),
            PersonConfig("carl", "Carl", ("security",), "file:hash"),
        ),
        targets=(TargetConfig("shop", "127.0.0.1", "assent", "file:target", owners=("dba",)),),
        folder=folder,
    )


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[Gateway, House]]:
    async with running(await configured(folder)) as gateway, browsing() as browser:
        yield gateway, House(MemoryPlane(), gateway.api_url, browser)


@pytest.fixture
async def open_house(tmp_path: Path) -> AsyncIterator[tuple[Gateway, House]]:
    async with serving(tmp_path) as both:
        yield both


async def authenticator(page: Page, **options: Any) -> tuple[Any, str]:
    """Give this page an authenticator of its own; it outlives a sign-out."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    made = await session.send(
        "WebAuthn.addVirtualAuthenticator", {"options": {**AUTHENTICATOR, **options}}
    )
    return session, made["authenticatorId"]


async def with_passkey(house: House, name: str, **options: Any) -> tuple[Page, Any, str]:
    page = await house.signed_in(name)
    session, which = await authenticator(page, **options)
    await page.goto(f"{house.url}/account/passkeys")
    await page.get_by_label("Name").fill("this laptop")
    await page.get_by_role("button", name="Make a passkey").click()
    await expect(page.get_by_role("heading", name="this laptop")).to_be_visible()
    return page, session, which


async def asked(gateway: Gateway) -> str:
    async with httpx2.AsyncClient(base_url=gateway.api_url) as http:
        body = {"name": "ana", "password": PASSWORD}
        token = (await http.post("/v1/login", json=body)).json()["token"]
        http.headers["authorization"] = f"Bearer {token}"
        said = await http.post("/v1/requests", json={"target": "shop", "reason": "month end"})
        assert said.status_code in (201, 202), said.text
        return str(said.json()["id"])


@pytest.mark.parametrize("by_button", [True, False])
async def test_a_passkey_is_made_signs_in_and_confirms(
    open_house: tuple[Gateway, House],
    by_button: bool,
) -> None:
    _, house = open_house
    page, session, which = await with_passkey(house, "ben")
    if by_button:
        nothing = "PublicKeyCredential.isConditionalMediationAvailable = async () => false"
        await page.add_init_script(nothing)
    kept = await session.send("WebAuthn.getCredentials", {"authenticatorId": which})
    (credential,) = kept["credentials"]
    assert credential["isResidentCredential"]
    assert credential["rpId"] == "localhost"

    await page.goto(house.url)
    await page.evaluate("document.querySelector('form[action=\"/sign-out\"]').requestSubmit()")
    if by_button:
        await page.get_by_role("button", name="Sign in with a passkey").click()
    # Without a click the virtual authenticator takes up what the name field offers.
    await expect(page.get_by_text("live", exact=True)).to_be_visible()

    await page.goto(f"{house.url}/step-up?next=/account/passkeys")
    await page.get_by_role("button", name="Confirm it is you with a passkey").click()
    await expect(page).to_have_url(f"{house.url}/account/passkeys")
    assert house.errors == []


async def test_a_signed_assent_opens_the_target_and_the_verifier_accepts_it(
    open_house: tuple[Gateway, House], tmp_path: Path
) -> None:
    gateway, house = open_house
    page, _, _ = await with_passkey(house, "ben")
    request = await asked(gateway)
    await page.goto(f"{house.url}/requests/{request}")
    await expect(page.get_by_text("must be signed")).to_be_visible()
    await page.locator(f"#assent-{request}").click()
    await expect(page.get_by_text("Ben Brandt assented")).to_be_visible()
    await expect(page.get_by_text("signed", exact=False).first).to_be_visible()
    carl = await token_of(gateway, "carl")
    report = await verified(gateway, carl, tmp_path / "log")
    (check,) = [one for one in report["checks"] if one["number"] == 11]
    assert check["details"][0].startswith("1 approval is signed by a key of who approved, good")
    assert house.errors == []


async def test_who_has_no_passkey_is_told_how_to_sign(
    open_house: tuple[Gateway, House],
) -> None:
    gateway, house = open_house
    dora = await house.signed_in("dora")
    request = await asked(gateway)
    await dora.goto(f"{house.url}/requests/{request}")
    await dora.locator(f"#assent-{request}").click()
    await expect(dora.get_by_role("alert")).to_contain_text("you have no passkey for this site yet")
    # A rejection needs no signature.
    await dora.locator(f"#reject-{request}").click()
    await expect(dora.get_by_text("Dora Diaz rejected")).to_be_visible()


async def test_a_passkey_that_verifies_nobody_is_refused_and_nothing_is_answered(
    open_house: tuple[Gateway, House],
) -> None:
    gateway, house = open_house
    page, session, which = await with_passkey(house, "ben")
    await session.send(
        "WebAuthn.setUserVerified", {"authenticatorId": which, "isUserVerified": False}
    )
    request = await asked(gateway)
    await page.goto(f"{house.url}/requests/{request}")
    await page.locator(f"#assent-{request}").click()
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was answered")
    kept = await gateway.plane.store.request(request)  # type: ignore[arg-type]
    assert kept is not None
    assert kept.approvals == ()


async def token_of(gateway: Gateway, name: str) -> str:
    async with httpx2.AsyncClient(base_url=gateway.api_url) as http:
        body = {"name": name, "password": PASSWORD}
        return str((await http.post("/v1/login", json=body)).json()["token"])


async def verified(gateway: Gateway, token: str, folder: Path) -> dict[str, Any]:
    """Export the log as the command line does, and return what the verifier says."""
    home = folder.parent / "home"
    home.mkdir()
    environment = {
        "ASSENT_URL": gateway.api_url,
        "ASSENT_TOKEN": token,
        "HOME": str(home),
        "ASSENT_HOME": str(home),
        "PATH": "/usr/bin:/bin",
    }
    await run(environment, "-m", "assent", "audit", "export", str(folder), "--with-keys")
    arguments = ("audit", "verify", str(folder), "--key", str(folder / "key"), "--json")
    return dict(json.loads(await run(environment, "-m", "assent", *arguments)))


async def run(environment: dict[str, str], *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, wrong = await process.communicate()
    assert process.returncode == 0, (said.decode(), wrong.decode())
    return said.decode()


async def test_the_first_administrator_comes_in_by_the_link_with_a_passkey_and_no_password(
    tmp_path: Path,
) -> None:
    config = await configured(tmp_path)
    nobody = replace(config, people=(), sign_in=SignInConfig(local_passwords=False))
    async with running(nobody) as gateway, browsing() as browser:
        house = House(MemoryPlane(), gateway.api_url, browser)
        page = await (await house.context()).new_page()
        page.set_default_timeout(10_000)
        await authenticator(page)
        assert gateway.first_link is not None
        await page.goto(gateway.first_link.reveal())
        assert await page.locator("input[type=password]").count() == 0
        await page.get_by_label("Name", exact=False).first.fill("root")
        await page.get_by_role("button", name="Go on with a passkey").click()
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
        await page.goto(f"{house.url}/account")
        about = page.get_by_role("region", name="root")
        await expect(about.get_by_text("administrator", exact=True)).to_be_visible()
        await page.goto(f"{house.url}/account/passkeys")
        await expect(page.get_by_role("heading", name="first passkey")).to_be_visible()
        # And again, without the link.
        await page.evaluate("document.querySelector('form[action=\"/sign-out\"]').requestSubmit()")
        await expect(page.get_by_text("live", exact=True)).to_be_visible()


async def test_who_is_invited_sets_a_password_in_a_real_browser(tmp_path: Path) -> None:
    config = await configured(tmp_path)
    async with running(replace(config, people=())) as gateway, browsing() as browser:
        page = await browser.new_page()
        page.set_default_timeout(10_000)
        assert gateway.first_link is not None
        await page.goto(gateway.first_link.reveal())
        await page.get_by_label("Name", exact=False).first.fill("root")
        await page.get_by_label("Password").fill("violet otter makes tea at noon")
        await page.get_by_label("The same again").fill("violet otter makes tea at noon")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
