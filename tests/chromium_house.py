"""A browser of a person on a running server, and what it complained about."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from memory_plane import MemoryPlane
from memory_store import PASSWORD

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENSHOTS = Path(__file__).parents[1] / "build" / "screenshots"


class House:
    """A running server and browser. errors: what the browser complained about, anywhere."""

    def __init__(self, plane: MemoryPlane, url: str, browser: Browser) -> None:
        self.plane, self.url, self.browser = plane, url, browser
        self.errors: list[str] = []

    async def context(self, **options: object) -> BrowserContext:
        return await self.browser.new_context(**options)  # type: ignore[arg-type]

    async def signed_in(self, name: str, **options: object) -> Page:
        page = await (await self.context(**options)).new_page()
        page.set_default_timeout(10_000)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        await page.goto(self.url)
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
        return page

    def _console(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if text.startswith("htmx:sendAbort"):
            # The page was left while it asked for news; htmx tells of that in two events.
            if self.errors and self.errors[-1].startswith("htmx:afterRequest"):
                self.errors.pop()
        elif kind in ("error", "warning"):
            self.errors.append(text)


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """Run Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.fail(f"there is no {CHROMIUM}; install the Debian package `chromium`")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()
