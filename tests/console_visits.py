"""Visits of people to pages in a real browser, and what the browser complained about."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page

from console_pages import NOBODY, ConsolePage, pages
from console_world import Populated

# Before anything of the page runs.
LISTEN = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))
"""
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


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
