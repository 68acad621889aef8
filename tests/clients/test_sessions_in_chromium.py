"""Sessions in a real browser: a real client is watched, paused, downgraded, cut and played back."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Page, expect

import gateway_world
from assent import app, config
from assent.control.session_credentials import Opened
from assent.core.secret import Secret
from assent.demo.world import World
from chromium_house import SCREENSHOTS, House, browsing
from memory_plane import MemoryPlane

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
WIDE = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


@dataclass(slots=True)
class Watched:
    """A gateway before the shop, a browser, and a client of Ana's that is connected."""

    running: app.Gateway
    house: House
    folder: Path
    client: asyncpg.Connection
    heard: list[str]

    def password(self, name: str) -> str:
        return (self.folder / "people" / f"{name}.password").read_text().strip()

    @property
    def session(self) -> str:
        (live,) = [one for one in self.running.sessions.live if one.subject.name == "ana"]
        return live.session.id

    async def signed_in(self, name: str, **options: object) -> Page:
        page = await (await self.house.context(**options)).new_page()
        page.set_default_timeout(10_000)
        page.on("console", self.house._console)
        page.on("pageerror", lambda error: self.house.errors.append(str(error)))
        await page.goto(self.house.url)
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(self.password(name))
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
        return page

    async def check(self, page: Page, name: str) -> None:
        """Have axe look at the page, where it was installed."""
        if AXE.exists():
            # Past the policy of the page, which lets no script in that is not ours.
            await page.evaluate(AXE.read_text(encoding="utf-8"))
            found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            bad = [
                (one["id"], [node["html"][:120] for node in one["nodes"][:3]])
                for one in found["violations"]
                if one["impact"] in ("serious", "critical")
            ]
            assert bad == [], name

    async def shot(self, page: Page, name: str) -> None:
        """Keep the page as it looks, wide and narrow, light and dark; nothing serious is wrong."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for width in (1280, 360):
            await page.set_viewport_size({"width": width, "height": 800})
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                await self.check(page, f"{name} at {width} px, {scheme}")
                path = SCREENSHOTS / f"{name}-{width}-{scheme}.png"
                await page.screenshot(path=path, full_page=True)
            assert await page.evaluate(WIDE), f"{name} is wider than {width} px"
        await page.set_viewport_size({"width": 1280, "height": 800})
        await page.emulate_media(color_scheme="light")


async def connected(running: app.Gateway, folder: Path, heard: list[str]) -> asyncpg.Connection:
    """Return a connection of Ana's to the shop, through the gateway."""
    sign_in = running.plane.sign_in
    password = Secret((folder / "people" / "ana.password").read_text().strip())
    token, _ = await sign_in.login("ana", password, "127.0.0.1")
    caller = await sign_in.authenticate(token, "127.0.0.1", "api")
    opened = await running.plane.access.connect(caller, "shop", None, "the report of march", "", 1)
    assert isinstance(opened, Opened), opened
    host, port = running.postgres_address
    connection = await asyncpg.connect(
        host=host, port=port, user=opened.user, password=opened.password.reveal(),
        database=opened.database, ssl=False, timeout=15,
    )  # fmt: skip
    connection.add_log_listener(lambda _, message: heard.append(str(message.as_dict())))
    return connection


@pytest.fixture
async def seen(template: World, tmp_path: Path) -> AsyncIterator[Watched]:
    created = gateway_world.create_world(tmp_path / "world", template)
    async with app.running(config.load(created.config)) as running, browsing() as browser:
        heard: list[str] = []
        client = await connected(running, created.folder, heard)
        house = House(MemoryPlane(), running.api_url, browser)
        yield Watched(running, house, created.folder, client, heard)
        if not client.is_closed():
            client.terminate()


async def steer(page: Page, button: str, because: str) -> None:
    await page.get_by_label("Why").fill(because)
    await page.get_by_role("button", name=button).click()


async def within(probe: Any, what: str) -> None:
    deadline = time.monotonic() + 10
    while not probe():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.02)


async def test_a_session_is_watched_paused_downgraded_cut_and_played_back(seen: Watched) -> None:
    await seen.client.fetch("select count(*) from customers")
    dora = await seen.signed_in("dora")

    # 1. The list shows it, and leads to it.
    await dora.get_by_role("link", name="Sessions").click()
    row = dora.get_by_role("listitem").filter(has_text="Ana")
    await expect(row).to_contain_text("shop")
    await seen.shot(dora, "sessions")
    await row.get_by_role("link").click()

    # 2. Watching shows what was done, and the next statement as it is sent.
    lines = dora.locator("#steps .play-line")
    await expect(lines.filter(has_text="select count(*) from customers")).to_have_count(1)
    await seen.client.fetch("select id from orders limit 7")
    line = lines.filter(has_text="select id from orders")
    await expect(line).to_contain_text("7 rows")
    await expect(line).to_contain_text("permitted")

    # 3. A pause holds the next statement, with words for its client, and a resume lets it run.
    await steer(dora, "Pause", "what is this?")
    await expect(dora.get_by_text("dora paused it: what is this?")).to_be_visible()
    waiting = asyncio.ensure_future(seen.client.fetchval("select 40 + 2"))
    await expect(dora.locator("#now .statement")).to_have_text("select 40 + 2")
    await within(lambda: any("held by Assent: dora paused" in one for one in seen.heard), "told")
    assert not waiting.done()
    await seen.shot(dora, "session-live-paused")
    await steer(dora, "Resume", "it is the report")
    assert await asyncio.wait_for(waiting, 5) == 42

    # 4. A downgrade refuses what writes, lets reads pass, and the target itself is told.
    await steer(dora, "Only reading", "nothing else is needed")
    await expect(dora.locator("#now").get_by_text("only reads")).to_be_visible()
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="you may only read here"):
        await seen.client.execute("update orders set note = 'x' where id = 1")
    assert await seen.client.fetchval("select count(*) from customers") > 0
    assert await seen.client.fetchval("show default_transaction_read_only") == "on"
    await expect(lines.filter(has_text="update orders")).to_contain_text("refused")
    await seen.shot(dora, "session-live")

    # 5. A cut ends the client within a second.
    session, ended = seen.session, asyncio.Event()
    seen.client.add_termination_listener(lambda _: ended.set())
    await dora.get_by_label("Why").fill("that is enough")
    began = time.monotonic()
    await dora.get_by_role("button", name="End it").click()
    await asyncio.wait_for(ended.wait(), 5)
    took = time.monotonic() - began
    assert took < 1.5, f"{took:.3f} s from the click to the end of the client"
    await within(lambda: seen.running.sessions.revocations.summary("real").count == 1, "counted")
    summary = seen.running.sessions.revocations.summary("real")
    assert (summary.late, summary.count) == (0, 1), f"p99 {summary.p99_s} s"

    # 6. The replay tells the story.
    await dora.goto(f"{seen.house.url}/sessions/{session}")
    await expect(dora.locator("#story")).to_contain_text(
        "access was asked for: “the report of march”"
    )
    await expect(dora.locator("#story")).to_contain_text("dora ended this session: that is enough")
    await expect(
        dora.locator(".playback .play-line").filter(has_text="select 40 + 2")
    ).to_contain_text("was held")
    await dora.keyboard.press("x")
    await expect(dora.locator(".play-line:focus")).to_contain_text("update orders")
    await dora.keyboard.press("h")
    await expect(dora.locator(".play-line:focus")).to_contain_text("select 40 + 2")
    await dora.get_by_role("link", name="Compare it with the log").click()
    await expect(dora.get_by_text("whole", exact=True)).to_be_visible()
    await dora.get_by_label("Speed").select_option("16")
    await dora.get_by_role("button", name="Play it").click()
    await expect(dora.locator("#screen .ap-player")).to_be_visible()
    await expect(dora.locator("#screen")).to_contain_text("select count(*) from customers")
    await seen.shot(dora, "session-replay")
    await dora.get_by_role("link", name="Nearer").click()
    await expect(dora.get_by_role("link", name="All of it")).to_be_visible()
    assert [error for error in seen.house.errors if "409" not in error] == []


async def test_ones_own_session_works_narrow_and_without_scripts(seen: Watched) -> None:
    await seen.client.fetch("select 1 as one")
    page = await (
        await seen.house.context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    ).new_page()
    await page.goto(f"{seen.house.url}/sessions")
    await page.get_by_label("Name").fill("ana")
    await page.get_by_label("Password").fill(seen.password("ana"))
    await page.get_by_role("button", name="Sign in").first.click()
    await page.get_by_role("listitem").filter(has_text="shop").get_by_role("link").click()
    await expect(page.locator("#steps")).to_contain_text("select 1 as one")
    await steer(page, "Pause", "lunch")
    await expect(page.get_by_text("ana paused it: lunch")).to_be_visible()
    await steer(page, "Resume", "back again")
    await expect(page.get_by_role("button", name="Pause")).to_be_visible()
    await page.get_by_role("link", name="Replay").click()
    await expect(page.locator("#story")).to_contain_text("the session was opened")
    await expect(page.locator(".playback")).to_contain_text("select 1 as one")
    assert await seen.client.fetchval("select 2") == 2


async def test_nobody_else_sees_a_session(seen: Watched) -> None:
    nora = await seen.signed_in("nora")
    answer = await nora.goto(f"{seen.house.url}/sessions")
    assert answer is not None
    assert answer.status == 200
    await expect(nora.get_by_role("heading", name="No sessions yet")).to_be_visible()
