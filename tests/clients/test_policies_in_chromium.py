"""Policies written in a real browser on a real server: checked as one types, proposed, in force."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from assent.app import running
from chromium_house import SCREENSHOTS, House, browsing
from clients.test_console_in_chromium import configured
from memory_plane import MemoryPlane

CHANGERS = """
@id("change.propose")
permit (principal in Group::"security", action in
  [Action::"policy.change", Action::"target.change"], resource);
@id("change.assent") @require("reason; approve: 1 of dba")
forbid (principal, action in [Action::"policy.change", Action::"target.change"], resource);
"""
WRONG = '@id("new.read")\npermit (principal, action == Action::"sql.raed", resource);'
RIGHT = (
    '@id("new.read")\npermit (principal in Group::"dba", action == Action::"sql.read", resource);'
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    config = await configured(tmp_path)
    folder = config.folder / config.policies.folder
    (folder / "90-changes.cedar").write_text(CHANGERS)
    async with running(config) as gateway, browsing() as browser:
        yield House(MemoryPlane(), gateway.api_url, browser)


async def a_draft(house: House, page: Page) -> None:
    await page.goto(f"{house.url}/policies")
    await page.get_by_role("button", name="Write a change").click()
    await page.get_by_label("Add a file").fill("95-new.cedar")
    await page.get_by_role("button", name="Add it").click()
    await expect(page.get_by_role("textbox", name="95-new.cedar")).to_be_visible()


async def test_what_is_wrong_is_said_while_one_types_and_leads_there(house: House) -> None:
    carl = await house.signed_in("carl")
    await a_draft(house, carl)
    area = carl.get_by_role("textbox", name="95-new.cedar")
    await area.fill(WRONG)
    place = carl.get_by_role("button", name="95-new.cedar:2:")
    await expect(place).to_be_visible()
    await place.click()
    at = await area.evaluate("area => area.selectionStart")
    assert WRONG[:at].count("\n") == 1
    await area.fill(RIGHT)
    await expect(carl.get_by_text("all of them right")).to_be_visible()
    coloured = carl.locator("[data-colours] .c-effect")
    await expect(coloured.first).to_have_text("permit")
    shown = await carl.locator("[data-colours]").evaluate("code => code.textContent")
    assert shown == RIGHT + "\n"
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await carl.screenshot(path=SCREENSHOTS / "policy-editor.png", full_page=True)
    assert house.errors == []


async def test_a_draft_is_proposed_assented_to_and_in_force(house: House) -> None:
    carl, ben = await house.signed_in("carl"), await house.signed_in("ben")
    await a_draft(house, carl)
    await carl.get_by_role("textbox", name="95-new.cedar").fill(RIGHT)
    await carl.get_by_role("button", name="Save").click()
    await carl.get_by_role("link", name="Propose it…").click()
    await expect(carl.get_by_text("assent of 1 of dba")).to_be_visible()
    await carl.screenshot(path=SCREENSHOTS / "policy-proposal.png", full_page=True)
    await carl.get_by_label("Why").fill("DBAs read everywhere")
    await carl.get_by_role("button", name="Propose it").click()
    await expect(carl.get_by_role("heading", name="Still missing")).to_be_visible()

    await ben.goto(carl.url)
    await ben.get_by_role("button", name="Assent").first.click()
    await expect(carl.get_by_text("done").first).to_be_visible()
    await carl.goto(f"{house.url}/policies")
    await expect(carl.get_by_role("link", name="new.read")).to_be_visible()
    await carl.screenshot(path=SCREENSHOTS / "policies.png", full_page=True)
    assert [error for error in house.errors if "409" not in error] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_fit_a_narrow_screen(house: House, scheme: str) -> None:
    carl = await house.signed_in(
        "carl", viewport={"width": 360, "height": 740}, color_scheme=scheme
    )
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    for path in ("/policies", "/policies/gallery", "/policies/gallery/agents", "/policies/drafts"):
        await carl.goto(f"{house.url}{path}")
        assert await carl.evaluate(fits), path
    await a_draft(house, carl)
    assert await carl.evaluate(fits)
    await carl.screenshot(path=SCREENSHOTS / f"policy-editor-360-{scheme}.png", full_page=True)
