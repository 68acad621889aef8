"""People, programs, devices, targets and labels in a real browser: looked at, and worked with."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from assent.demo.world import World
from chromium_house import SCREENSHOTS, browsing
from console_world import Populated, populated

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = SCREENSHOTS / "people"
PAGES = {
    "people": ("adam", "/people"),
    "person": ("adam", "/people/ana"),
    "person-reported": ("carl", "/people/ana"),
    "agents": ("adam", "/agents"),
    "agent": ("adam", "/agents/tidy"),
    "devices": ("carl", "/devices"),
    "targets": ("ben", "/targets"),
    "target": ("ben", "/targets/shop"),
    "labels": ("ben", "/labels"),
    "labels-of-a-target": ("ben", "/labels/shop"),
}
CRITERIA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def world(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Populated]:
    with populated(tmp_path_factory.mktemp("people") / "world", template) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


async def signed_in(browser: Browser, world: Populated, name: str, **options: object) -> Page:
    page = await (await browser.new_context(**options)).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(15_000)
    await page.goto(f"{world.url}/sign-in")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(world.password(name))
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


async def violations(page: Page) -> list[tuple[str, str]]:
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": CRITERIA, "resultTypes": ["violations"]}
    found = await page.evaluate("(options) => axe.run(document, options)", options)
    return [(one["id"], one["nodes"][0]["html"][:160]) for one in found["violations"]]


async def test_the_pages_are_for_everybody_wide_and_narrow_light_and_dark(
    browser: Browser, world: Populated
) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    found = {}
    for who in sorted({one for one, _ in PAGES.values()}):
        for scheme, width in (("light", 1280), ("dark", 360)):
            page = await signed_in(
                browser,
                world,
                who,
                color_scheme=scheme,
                viewport={"width": width, "height": 900},
            )
            for name, (viewer, path) in PAGES.items():
                if viewer != who:
                    continue
                await page.goto(f"{world.url}{path}")
                await page.screenshot(path=SHOTS / f"{name}-{scheme}-{width}.png", full_page=True)
                wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
                wrong = [*await violations(page), *([("too wide", "")] if wide else [])]
                if wrong:
                    found[name, scheme] = wrong
            await page.context.close()
    assert found == {}


async def test_an_administrator_invites_somebody_and_stops_somebody(
    browser: Browser, world: Populated
) -> None:
    page = await signed_in(browser, world, "adam")
    await page.goto(f"{world.url}/people#invite")
    form = page.locator("#invite")
    await form.get_by_label("Name", exact=False).first.fill("pia")
    await form.get_by_role("button", name="Make the link").click()
    link = page.locator(".command code")
    await expect(link).to_contain_text("/welcome/")
    await expect(page.get_by_role("button", name="Copy")).to_be_visible()
    await page.get_by_role("link", name="To pia").click()
    await page.get_by_label("Why").first.fill("joined by mistake")
    await page.get_by_role("button", name="Disable pia").click()
    await expect(page.get_by_text("Disabled by an administrator, here")).to_be_visible()
    await page.get_by_label("Why").first.fill("no mistake")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Disable pia")).to_be_visible()


async def test_who_is_suspended_is_out_of_their_browser(browser: Browser, world: Populated) -> None:
    otto = await signed_in(browser, world, "otto")
    adam = await signed_in(browser, world, "adam")
    await adam.goto(f"{world.url}/people/otto")
    await adam.get_by_label("Why").first.fill("a stolen laptop")
    await adam.get_by_role("button", name="Suspend otto").click()
    await expect(adam.get_by_text("Suspended here")).to_be_visible()
    await otto.goto(f"{world.url}/grants")
    await otto.wait_for_url("**/sign-in**")
    await adam.get_by_label("Why").first.fill("found it")
    await adam.get_by_role("button", name="Lift it").click()
    await expect(adam.get_by_role("button", name="Suspend otto")).to_be_visible()
