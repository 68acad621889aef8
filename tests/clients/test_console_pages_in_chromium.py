"""Every page of the console in a real browser: as it looks, who can use it, and how heavy it is."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from assent.demo.world import World
from chromium_house import SCREENSHOTS, browsing
from console_pages import NOBODY, ConsolePage, menu, pages, routes
from console_world import Populated, populated

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = SCREENSHOTS / "console"
SUCCESS_CRITERIA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Before anything of the page runs.
LISTEN = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))
"""
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
WIDER = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1
    && one.checkVisibility() && !one.closest("pre, .editor, .scrolls"))
  .slice(0, 5).map((one) => one.outerHTML.slice(0, 100))"""
FIRST_PAINT_MS = 1000
MOST_SCRIPT = 200_000


@pytest.fixture(scope="module")
def world(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Populated]:
    with populated(tmp_path_factory.mktemp("console") / "world", template) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


class Visitor:
    """Somebody's window. wrong: what the browser said; strangers: hosts that were asked."""

    def __init__(self, page: Page, world: Populated) -> None:
        self.page, self.world = page, world
        self.wrong: list[str] = []
        self.strangers: set[str] = set()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        # A stream that is left while it is asked for; a page that is not there.
        usual = ("htmx:sendAbort", "htmx:afterRequest", "net::ERR_", "status of 404")
        if message.type in ("error", "warning") and not any(one in message.text for one in usual):
            self.wrong.append(f"{urlsplit(self.page.url).path}: {message.text}")

    def _asked(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and parts.netloc != urlsplit(self.world.url).netloc:
            self.strangers.add(parts.netloc)

    async def sign_in(self, name: str) -> None:
        await self.page.goto(f"{self.world.url}/sign-in")
        await self.page.get_by_label("Name").fill(name)
        await self.page.get_by_label("Password").fill(self.world.password(name))
        await self.page.get_by_role("button", name="Sign in", exact=True).click()
        await self.page.wait_for_url(lambda url: "/sign-in" not in url)

    async def open(self, one: ConsolePage) -> None:
        answer = await self.page.goto(f"{self.world.url}{one.address}")
        expected = 404 if one.name == "not-there" else 200
        if answer is None or answer.status != expected:
            self.wrong.append(f"{one.address} for {one.who}: {answer and answer.status}")
        await self.page.evaluate(SETTLED)


@asynccontextmanager
async def visiting(
    browser: Browser, world: Populated, who: str, **options: Any
) -> AsyncIterator[Visitor]:
    context: BrowserContext = await browser.new_context(**options)
    try:
        await context.add_init_script(LISTEN)
        page = await context.new_page()
        page.set_default_timeout(15_000)
        visitor = Visitor(page, world)
        if who != NOBODY:
            await visitor.sign_in(who)
        yield visitor
    finally:
        await context.close()


def by_viewer(world: Populated) -> dict[str, list[ConsolePage]]:
    found: dict[str, list[ConsolePage]] = {}
    for one in pages(world.known):
        found.setdefault(one.who, []).append(one)
    return found


async def violations(page: Page) -> list[tuple[str, str, list[str]]]:
    """Return what axe finds: its impact, its rule, and where."""
    # Past the policy of the page, which lets no script in that is not ours.
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": SUCCESS_CRITERIA, "resultTypes": ["violations"]}
    found = await page.evaluate("(options) => axe.run(document, options)", options)
    return [
        (one["impact"], one["id"], [node["html"][:140] for node in one["nodes"][:3]])
        for one in found["violations"]
    ]


def test_every_page_of_the_menu_is_looked_at() -> None:
    assert set(menu()) <= set(routes())


@pytest.mark.skipif(not AXE.exists(), reason="axe-core was not installed (npm ci)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_every_page_fits_its_window_and_keeps_nobody_out(
    browser: Browser, world: Populated, width: int, scheme: str
) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    found: list[object] = []
    for who, theirs in by_viewer(world).items():
        options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
        async with visiting(browser, world, who, **options, reduced_motion="reduce") as visitor:
            for one in theirs:
                await visitor.open(one)
                path = SHOTS / f"{one.name}-{width}-{scheme}.png"
                await visitor.page.screenshot(path=path, full_page=True)
                found += [(one.name, *bad) for bad in await violations(visitor.page)]
                if await visitor.page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append((one.name, "wider", await visitor.page.evaluate(WIDER)))
            found += visitor.wrong
            found += visitor.strangers
    assert found == [], "\n".join(map(str, found))
