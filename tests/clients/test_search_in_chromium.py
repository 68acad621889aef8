"""Searching by effect in a real browser on a real server, with its index kept by itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from assent.app import running
from chromium_house import SCREENSHOTS, House, browsing
from clients.test_console_in_chromium import configured
from memory_plane import MemoryPlane


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running(await configured(tmp_path)) as gateway, browsing() as browser:
        yield House(MemoryPlane(), gateway.api_url, browser)


async def test_who_oversees_finds_what_somebody_asked_for(house: House) -> None:
    ana, carl = await house.signed_in("ana"), await house.signed_in("carl")
    await ana.get_by_role("link", name="Ask", exact=True).click()
    await ana.get_by_role("link", name="Ask for stage").click()
    await ana.get_by_label("Reason").fill("month end")
    await ana.get_by_role("button", name="Ask", exact=True).click()
    await expect(ana.get_by_role("heading", name="Granted: stage")).to_be_visible()
    await expect(ana.get_by_role("link", name="Search")).to_have_count(0)

    await carl.get_by_role("link", name="Search").click()
    await expect(carl.get_by_text("Find what was done, by its effect")).to_be_visible()
    await carl.get_by_label("What was done").fill("access.*")
    await carl.get_by_label("By whom").fill("ana")
    await carl.get_by_label("Since").fill("yesterday")
    row = carl.get_by_role("row").filter(has_text="access.request")
    for _ in range(50):
        # The index is some moments behind.
        await carl.get_by_role("button", name="Search").press("Enter")
        await carl.wait_for_load_state("networkidle")
        if await row.count():
            break
    await expect(row).to_contain_text("ana")
    await expect(row).to_contain_text("stage")
    await expect(row).to_contain_text("permitted")
    await expect(row).to_contain_text("ent_")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await carl.screenshot(path=SCREENSHOTS / "search.png", full_page=True)

    await carl.get_by_label("Since").fill("soon")
    await carl.get_by_role("button", name="Search").press("Enter")
    await expect(carl.get_by_role("alert")).to_contain_text("is no time")
    assert [error for error in house.errors if "422" not in error] == []


async def test_the_page_is_usable_on_a_narrow_screen_and_without_scripts(house: House) -> None:
    carl = await house.signed_in("carl", viewport={"width": 360, "height": 740})
    await carl.goto(f"{house.url}/search?verb=session.*&target=shop")
    await expect(carl.get_by_role("heading", name="Nothing fits")).to_be_visible()
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert await carl.evaluate(wide)
    assert await carl.get_by_label("What was done").input_value() == "session.*"
