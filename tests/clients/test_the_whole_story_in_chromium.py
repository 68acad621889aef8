"""The whole story through the browser: from the first link to a log that proves who assented."""

import asyncio
import json
import re
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect

import gateway_world
from assent.demo.world import World
from chromium_house import SCREENSHOTS, browsing
from clients.test_passkeys_in_chromium import authenticator
from clients.test_psql import Terminal
from gateway_world import Credential, Gateway, Shop, eventually

PASSWORD = "violet otters make tea at noon"
GROUPS = {"ana": "engineers", "ben": "dba", "carl": "security", "audrey": "auditors"}
STATEMENT = "DELETE FROM carts;"
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
SHOTS = SCREENSHOTS / "story"


@pytest.fixture(scope="module")
def fresh(
    template: World, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """`assent serve` before the shop, where nobody is known and a DBA's assent must be signed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    change = (
        (r"(?s)\[\[people\]\].*?(?=\[\[targets\]\])", ""),
        (r"(\[policies\]\n)", r'\1groups = ["engineers", "dba", "security", "analysts"]\n'),
        (r"(\[server\]\n)", rf'\1public_url = "http://localhost:{port}"\n'),
        (r'(?s)(\[server\].*?listen = ")[^"]*"', rf'\g<1>127.0.0.1:{port}"'),
    )
    folder = tmp_path_factory.mktemp("story") / "world"
    created = gateway_world.create_world(folder, template, change=change)
    guards = created.folder / "policies" / "30-guards.cedar"
    text = guards.read_text(encoding="utf-8")
    before = '@id("guard.without-where")\n@require("approve: 1 of dba")'
    assert before in text
    guards.write_text(text.replace(before, before.replace("dba", "dba, signed")), encoding="utf-8")
    with gateway_world.serving(created) as running:
        yield running
    # The story empties a table, and other tests of this process look for rows in it.
    shop.refill()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


class Stage:
    """The browser, and what it complained about in whoever's window."""

    def __init__(self, browser: Browser, gateway: Gateway, url: str) -> None:
        self.browser, self.gateway, self.url = browser, gateway, url
        self.wrong: list[str] = []

    async def window(self, **options: Any) -> Page:
        page = await (await self.browser.new_context(**options)).new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self._heard)
        return page

    def _heard(self, message: Any) -> None:
        left = ("htmx:sendAbort", "htmx:afterRequest", "net::ERR_")
        if message.type == "error" and not any(one in message.text for one in left):
            self.wrong.append(message.text)

    async def comes_in(
        self, name: str, link: str, *, passkey: bool = False, **options: Any
    ) -> Page:
        """Somebody chooses a passkey or a password by their link, and is in."""
        page = await self.window(**options)
        if passkey:
            await authenticator(page)
        await page.goto(link)
        if name == "maya":
            await page.locator("#name").fill(name)
            await page.locator("#display-name").fill("Maya")
        if passkey:
            await page.get_by_role("button", name="Go on with a passkey").click()
        else:
            await page.locator("#password").fill(PASSWORD)
            await page.locator("#again").fill(PASSWORD)
            await page.get_by_role("button", name="Go on", exact=True).click()
        await expect(page.get_by_text("live", exact=True)).to_be_attached()
        return page

    async def invites(self, maya: Page, name: str) -> str:
        """Return the link that Maya gives to somebody."""
        await maya.goto(f"{self.url}/people")
        await maya.locator("#invite #name").fill(name)
        await maya.locator("#invite #groups").fill(GROUPS[name])
        await maya.get_by_role("button", name="Make the link").click()
        link = maya.locator(".command code")
        await expect(link).to_contain_text("/welcome/")
        return (await link.inner_text()).strip()

    async def shot(self, page: Page, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


async def printed(terminal: Terminal, words: str, within_s: float = 10) -> None:
    """Wait until psql printed that."""
    deadline = time.monotonic() + within_s
    while not re.search(words, terminal.out() + terminal.err()):
        assert time.monotonic() < deadline, (words, terminal.out(), terminal.err())
        await asyncio.sleep(0.02)


async def connected(stage: Stage, ana: Page, folder: Path) -> Terminal:
    """Ana asks on the page, gets a password there, and connects with the real psql."""
    await ana.goto(f"{stage.url}/ask/shop")
    await ana.get_by_label("Reason").fill("carts of last year fill the disk")
    await ana.get_by_role("button", name="Ask", exact=True).click()
    await expect(ana.get_by_role("heading", name="Granted: shop")).to_be_visible()
    await ana.get_by_role("button", name="Show a password").click()
    password = await ana.locator("#password").inner_text()
    command = await ana.locator(".command code").filter(has_text="psql").inner_text()
    found = re.search(r"host=(\S+) port=(\d+) user=(\S+) dbname=([\w-]+)", command)
    assert found is not None, command
    host, port, user, database = found.groups()
    return Terminal(Credential(host, int(port), user, password, database, ""), folder)


async def proved(page: Page) -> list[str]:
    """Press the button, and return the verdict of each step with its words."""
    await page.get_by_role("button", name="Verify in this browser").click()
    await expect(page.get_by_role("button", name="Verify in this browser")).to_be_enabled()
    await expect(page.locator("ol.steps li").first).to_be_visible()
    told: list[str] = await page.locator("ol.steps li").evaluate_all(
        "items => items.map(item => item.dataset.verdict + ': ' + item.textContent)"
    )
    return told


async def test_from_the_first_link_to_a_log_that_proves_who_assented(
    browser: Browser, fresh: Gateway, tmp_path: Path
) -> None:
    link = eventually(lambda: re.search(r"http\S+/welcome/\S+", fresh.printed()), "the link")[0]
    stage = Stage(browser, fresh, link.partition("/welcome/")[0])

    # 1. The first link makes Maya administrator, with a passkey; she invites the others.
    maya = await stage.comes_in("maya", link, passkey=True)
    links = {name: await stage.invites(maya, name) for name in GROUPS}
    await stage.shot(maya, "1-the-link-for-audrey")
    ana = await stage.comes_in("ana", links["ana"])
    ben = await stage.comes_in("ben", links["ben"], passkey=True, **PHONE)
    carl = await stage.comes_in("carl", links["carl"])
    audrey = await stage.comes_in("audrey", links["audrey"])

    # 2. Ana asks, is let in at once, and reads with psql; Carl sees it as it is done.
    terminal = await connected(stage, ana, tmp_path)
    try:
        terminal.type("select count(*) from customers;")
        await printed(terminal, r"(?m)^\d{3,}$")
        await carl.goto(f"{stage.url}/sessions")
        await (
            carl.locator("li.session, .rows > li")
            .filter(has_text="ana")
            .get_by_role("link")
            .first.click()
        )
        await expect(carl.locator("#steps")).to_contain_text("select count(*) from customers")
        session = carl.url.rpartition("/sessions/")[2].partition("/")[0]

        # 3. Deleting everything is held on the live connection; Ben hears of it on his phone.
        await ben.goto(stage.url)
        await expect(ben.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
        terminal.type(STATEMENT)
        await printed(terminal, "held by Assent")
        card = ben.locator("article.card")
        await expect(card).to_contain_text("DELETE FROM carts")
        for words in ("ana", "shop", "psql", "Would delete about 1,500 of 1,500 rows", "of 100"):
            await expect(card).to_contain_text(words)
        await expect(card).to_contain_text("must be signed")
        request = str(await card.get_attribute("id"))
        await stage.shot(ben, "3-what-ben-sees")
        assert "DELETE 1500" not in terminal.out()
        await ben.locator(f"#assent-{request}").tap()
        await printed(terminal, "DELETE 1500")
        await expect(ben.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
        await expect(carl.locator("#steps")).to_contain_text("DELETE FROM carts")
        await stage.shot(carl, "3-what-carl-watches")

        # 4. Ana gives back what she has, and her connection ends with it.
        await ana.goto(f"{stage.url}/grants")
        await ana.get_by_role("button", name="Give it back").click()
        await expect(ana.get_by_role("heading", name="You hold no access now")).to_be_visible()
        terminal.type("select 'still here';")
        await printed(terminal, "(?i)grant|terminat|given back")
        assert "\nstill here" not in terminal.out()
    finally:
        terminal.close()

    # 5. Carl plays it back.
    await carl.goto(f"{stage.url}/sessions/{session}")
    await expect(carl.locator("#story")).to_contain_text("carts of last year fill the disk")
    held = carl.locator(".playback .play-line").filter(has_text="DELETE FROM carts")
    await expect(held).to_contain_text("was held")
    await carl.get_by_role("button", name="Play it").click()
    await expect(carl.locator("#screen .ap-player")).to_be_visible()
    await stage.shot(carl, "5-the-replay")

    # 6. An auditor opens the assent in the log, and the browser itself proves it.
    await audrey.goto(f"{stage.url}/log?request={request}&kind=approval")
    await audrey.get_by_role("row").nth(1).get_by_role("link").last.click()
    await expect(audrey.get_by_role("heading", name="Who answered")).to_be_visible()
    await expect(audrey.locator("#answers + .rows")).to_contain_text("and good")
    unsure = [one for one in await proved(audrey) if not one.startswith("yes")]
    assert [one[:32] for one in unsure] == [
        "unsure: No witness is configured",
        "unsure: This browser had not see",
    ]
    # From now on it has seen the log, which has grown by what she read.
    told = await proved(audrey)
    unsure = [one for one in told if not one.startswith("yes")]
    assert [one[:32] for one in unsure] == ["unsure: No witness is configured"]
    assert len(told) > 4
    await stage.shot(audrey, "6-proved-in-the-browser")

    # 7. So does a program that trusts neither the server nor its pages.
    report = await verified(fresh, tmp_path / "log")
    assert report["good"] is True, report
    (check,) = [one for one in report["checks"] if one["number"] == 11]
    assert check["details"][0].startswith("1 approval is signed by a key of who approved, good")
    assert stage.wrong == []


async def verified(gateway: Gateway, folder: Path) -> dict[str, Any]:
    """Export the log as Carl, and return what `assent-verify` says of it."""
    async with httpx2.AsyncClient(base_url=gateway.url) as http:
        body = {"name": "carl", "password": PASSWORD}
        token = (await http.post("/v1/login", json=body)).json()["token"]
    home = folder.parent / "home"
    home.mkdir()
    environment = {
        "ASSENT_URL": gateway.url, "ASSENT_TOKEN": token, "HOME": str(home),
        "ASSENT_HOME": str(home), "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    await run(environment, "-m", "assent", "audit", "export", str(folder), "--with-keys")
    arguments = ("log", str(folder), "--key", str(folder / "key"), "--json")
    return dict(json.loads(await run(environment, "-m", "assent_verify", *arguments)))


async def run(environment: dict[str, str], *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, wrong = await process.communicate()
    assert process.returncode == 0, (said.decode(), wrong.decode())
    return said.decode()
