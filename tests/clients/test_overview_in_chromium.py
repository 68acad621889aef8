"""The overview, risk and settings in a real browser: drawn with axes, and usable without."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from assent.app import running
from chromium_house import SCREENSHOTS, House, browsing
from clients.test_console_in_chromium import configured
from memory_plane import MemoryPlane

FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
PAGES = ("/overview?range=24h", "/risk", "/risk/ana", "/settings")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running(await configured(tmp_path)) as gateway, browsing() as browser:
        ana = await House(MemoryPlane(), gateway.api_url, browser).signed_in("ana")
        await ana.goto(f"{gateway.api_url}/ask/stage")
        await ana.get_by_label("Reason").fill("month end")
        await ana.get_by_role("button", name="Ask", exact=True).click()
        await expect(ana.get_by_role("heading", name="Granted: stage")).to_be_visible()
        await gateway.plane.insight.rollups.catch_up()
        yield House(MemoryPlane(), gateway.api_url, browser)


async def test_plots_are_drawn_with_axes_from_the_table_beside_them(house: House) -> None:
    carl = await house.signed_in("carl")
    await carl.goto(f"{house.url}/overview?range=24h")
    figure = carl.get_by_role("figure", name="Decisions")
    await expect(figure.locator("canvas")).to_be_visible()
    await expect(figure.locator("svg")).to_be_hidden()
    await expect(figure.get_by_role("img")).to_have_accessible_name(
        "Decisions: 100 % of 1 were permitted at once, 0 were held, 0 refused."
    )
    await figure.get_by_text("As a table").click()
    await expect(figure.locator("td[data-value='1.0']")).to_have_text("1")
    before = await figure.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    await carl.get_by_label("Colours").select_option("dark")
    await carl.wait_for_function(
        "before => document.querySelector('[aria-labelledby=plot-decided] canvas')"
        ".toDataURL() !== before",
        arg=before,
    )
    await carl.get_by_role("link", name="30 days").click()
    await expect(figure.locator("canvas")).to_be_visible()
    assert house.errors == []


async def test_each_page_fits_a_narrow_window_and_needs_no_script(house: House) -> None:
    carl = await house.signed_in("carl", viewport={"width": 360, "height": 740})
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for path in PAGES:
        await carl.goto(f"{house.url}{path}")
        assert await carl.evaluate(FITS), path
        name = path.strip("/").replace("/", "-").partition("?")[0]
        await carl.screenshot(path=SCREENSHOTS / f"{name}-narrow.png", full_page=True)
    cookies = await carl.context.cookies()
    plain = await house.context(java_script_enabled=False)
    await plain.add_cookies(list(cookies))  # type: ignore[misc]
    page = await plain.new_page()
    await page.goto(f"{house.url}/overview?range=24h")
    await expect(
        page.get_by_role("figure", name="Decisions").locator("rect").first
    ).to_be_attached()
    assert house.errors == []


async def test_settings_and_risk_say_what_is_there(house: House) -> None:
    carl = await house.signed_in("carl")
    await carl.goto(f"{house.url}/settings")
    await carl.screenshot(path=SCREENSHOTS / "settings.png", full_page=True)
    await expect(carl.get_by_role("heading", name="Keys")).to_be_visible()
    await carl.get_by_text("Rotate the key of the log").click()
    await carl.get_by_label("Why").fill("once a year")
    await carl.get_by_role("button", name="Rotate it").click()
    # Nobody wrote a policy that lets anybody.
    await expect(carl.get_by_role("alert")).to_contain_text("audit.rotate-key")
    await carl.goto(f"{house.url}/risk")
    await carl.screenshot(path=SCREENSHOTS / "risk.png", full_page=True)
    await expect(carl.locator(".signals li").filter(has_text="device posture")).to_contain_text(
        "never measured"
    )
    assert [one for one in house.errors if "403" not in one] == []
