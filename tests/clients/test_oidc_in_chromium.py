"""Signing in at a real OpenID Connect provider on another site, in a real browser."""

import datetime
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from assent.app import Gateway, running
from assent.config import Config, PostgresConfig, ServerConfig
from assent.core.role import Role
from assent.core.secret import Secret
from assent.identity.asking import Asking
from assent.identity.claims import Reading
from assent.identity.oidc import OidcProvider, Registration
from assent.system.clock import SystemClock
from chromium_house import browsing

PASSWORD = "correct horse battery"
READING = Reading(groups={"dbas": "dba"}, roles={"dbas": Role.OPERATOR})


@contextmanager
def a_client(iam: Any, url: str) -> Iterator[None]:
    """Make this gateway known to the provider."""
    with iam.app.app_context():
        client = iam.models.Client(
            client_id="assent-in-chromium",
            client_secret="wow-such-secret",
            client_name="Assent",
            client_uri=url,
            redirect_uris=[f"{url}/sign-in/oidc/corp/callback"],
            grant_types=["authorization_code"],
            response_types=["code", "token", "id_token"],
            token_endpoint_auth_method="client_secret_basic",
            scope=["openid", "profile", "groups", "email"],
            client_id_issued_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        )
        iam.backend.save(client)
        iam.backend.update(client, audience=[client])
        iam.backend.save(client)
    try:
        yield
    finally:
        iam.logout()
        with iam.app.app_context():
            iam.backend.delete(client)


@asynccontextmanager
async def a_gateway(folder: Path, iam: Any) -> AsyncIterator[Gateway]:
    """Serve on 127.0.0.1, which is another site than the provider's `localhost`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    (folder / "policies").mkdir()
    config = Config(
        server=ServerConfig(listen=f"127.0.0.1:{port}", public_url=url),
        postgres=PostgresConfig(listen="127.0.0.1:0"),
        folder=folder,
    )
    registration = Registration(
        name="corp",
        display_name="Corp",
        issuer=iam.url.rstrip("/"),
        client_id="assent-in-chromium",
        client_secret=Secret("wow-such-secret"),
        scopes=("profile", "email", "groups"),
        reading=READING,
        lasts_for=datetime.timedelta(hours=8),
    )
    asking = Asking("corp")
    with a_client(iam, url):
        async with running(config) as gateway:
            provider = OidcProvider(registration, asking, SystemClock())
            gateway.plane.providers.providers = {"corp": provider}
            try:
                yield gateway
            finally:
                await asking.close()


async def typed_in(page: Page) -> None:
    """Say at the provider's own pages who one is."""
    await page.locator("input[name=login]").fill("quinn")
    await page.locator("input[name=login]").press("Enter")
    await page.locator("input[name=password]").fill(PASSWORD)
    await page.locator("input[name=password]").press("Enter")


async def test_who_signs_in_at_the_provider_lands_on_the_inbox_and_confirms_there_again(
    tmp_path: Path, iam_server: Any
) -> None:
    assert "localhost" in iam_server.url
    user = iam_server.random_user(
        user_name="quinn", display_name="quinn", password=PASSWORD, emails=["quinn@corp.test"]
    )
    async with a_gateway(tmp_path, iam_server) as gateway, browsing() as browser:
        iam_server.consent(user)
        page = await browser.new_page()
        page.set_default_timeout(10_000)
        await page.goto(gateway.api_url)
        await page.get_by_role("link", name="Sign in with Corp").click()
        await typed_in(page)
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
        cookies = {one["name"]: one for one in await page.context.cookies(gateway.api_url)}
        assert (cookies["assent"]["sameSite"], cookies["assent"]["httpOnly"]) == ("Strict", True)
        assert not [name for name in cookies if name.startswith("assent-trip")]

        before = cookies["assent"]["value"]
        await page.goto(f"{gateway.api_url}/step-up?next=/account")
        await expect(page.locator("input[type=password]")).to_have_count(0)
        await page.get_by_role("link", name="Confirm it is you with Corp").click()
        if "127.0.0.1" not in page.url:
            await page.locator("input[name=password]").fill(PASSWORD)
            await page.locator("input[name=password]").press("Enter")
        await expect(page).to_have_url(f"{gateway.api_url}/account")
        quinn = gateway.plane.directory.subject_named("quinn")
        assert quinn is not None
        assert gateway.plane.sign_in.stepped_up_at(quinn.id) is not None
        # And one more sign-in takes the place of this one.
        await page.goto(f"{gateway.api_url}/sign-in/oidc/corp")
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
        after = {one["name"]: one["value"] for one in await page.context.cookies()}["assent"]
        assert after != before
        assert len(await gateway.plane.store.tokens(quinn.id)) == 1
