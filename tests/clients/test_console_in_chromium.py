"""Asking, extending, giving back and standing in, in a real browser on a real server."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from assent.app import running
from assent.config import Config, PersonConfig, PostgresConfig, ServerConfig, TargetConfig
from assent.core.secret import Secret
from assent.identity.passwords import Argon2Hasher
from chromium_house import SCREENSHOTS, House, browsing
from memory_plane import MemoryPlane
from memory_store import PASSWORD

POLICIES = """
@id("shop.request") @max_duration("2h")
permit (principal in Group::"eng", action == Action::"access.request", resource);

@id("shop.ask") @require("approve: 1 of dba") @message("a DBA must assent to changes")
forbid (principal, action == Action::"access.request", resource == Target::"shop")
unless { context.request.read_only };

@id("shop.guard") @require("approve: 1 of security")
forbid (principal, action == Action::"access.request", resource)
when { context.risk.score >= 60 };

@id("books.never") @message("nobody works on the books from here")
forbid (principal, action == Action::"access.request", resource == Target::"books");

@id("delegations") @max_duration("7d")
permit (principal in Group::"dba", action == Action::"delegation.give",
  resource == System::"delegations");
"""


async def configured(folder: Path) -> Config:
    """Return the configuration of a server whose targets are never dialled."""
    (folder / "policies").mkdir()
    (folder / "policies" / "access.cedar").write_text(POLICIES)
    for name in ("hash", "target"):
        secret = folder / name
        secret.write_text(await Argon2Hasher().hash(Secret(PASSWORD)))
        secret.chmod(0o600)

    def target(name: str, environment: str) -> TargetConfig:
        return TargetConfig(
            name, "127.0.0.1", "assent", "file:target", environment=environment, owners=("dba",)
        )

    return Config(
        server=ServerConfig(listen="127.0.0.1:0"),
        postgres=PostgresConfig(listen="127.0.0.1:0"),
        people=(
            PersonConfig("ana", "Ana Alvarez", ("eng",), "file:hash"),
            PersonConfig("ben", "Ben Brandt", ("dba",), "file:hash"),
            PersonConfig("carl", "Carl", ("security",), "file:hash"),
        ),
        targets=(target("shop", "production"), target("stage", "test"), target("books", "")),
        folder=folder,
    )


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[House]:
    async with running(await configured(folder)) as gateway, browsing() as browser:
        yield House(MemoryPlane(), gateway.api_url, browser)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened(tmp_path) as house:
        yield house


async def to(page: Page, name: str) -> None:
    """Follow the link of that name between the pages, which a narrow window keeps in a menu."""
    menu = page.get_by_role("button", name="Menu")
    if await menu.is_visible():
        await menu.click()
    pages = page.get_by_role("navigation", name="Pages")
    await pages.get_by_role("link", name=name, exact=True).click()


async def asks_for(page: Page, target: str) -> None:
    await to(page, "Ask")
    await page.get_by_role("link", name=f"Ask for {target}").click()


async def test_what_needs_nobody_is_granted_at_once_with_why_and_how_to_connect(
    house: House,
) -> None:
    ana = await house.signed_in("ana")
    await to(ana, "Ask")
    await expect(ana.get_by_role("listitem").filter(has_text="books")).to_contain_text(
        "closed to you: nobody works on the books from here"
    )
    await expect(ana.get_by_role("listitem").filter(has_text="shop")).to_contain_text(
        "people decide: assent of 1 of dba"
    )
    await ana.get_by_role("link", name="Ask for shop").click()
    await ana.get_by_label("Reason").fill("month end")
    await ana.get_by_label("For how long").fill("30m")
    await ana.get_by_label("Only read").press("Space")
    await ana.get_by_role("button", name="Ask", exact=True).press("Enter")
    await expect(ana.get_by_role("heading", name="Granted: shop")).to_be_visible()
    await expect(ana.get_by_text("Permitted at once by")).to_contain_text("shop.request")
    await expect(ana.get_by_text("it would not have been")).to_be_visible()
    await expect(ana.get_by_text("left")).to_be_visible()
    await ana.get_by_role("button", name="Show a password").click()
    await expect(ana.locator("#password")).to_have_text(re.compile(r"^\S{16,}$"))
    await expect(ana.get_by_text("psql")).to_contain_text("user=ana dbname=shop")
    assert house.errors == []


async def test_what_people_decide_is_offered_accepted_extended_and_given_back(
    house: House,
) -> None:
    ana, ben = await house.signed_in("ana"), await house.signed_in("ben")
    await asks_for(ana, "shop")
    await ana.get_by_label("Reason").fill("refunds")
    await ana.get_by_label("For how long").fill("1h")
    await ana.get_by_text("Ask for less").click()
    await ana.get_by_label("At most").fill("writes 5, rows 1000")
    await ana.get_by_role("button", name="Ask", exact=True).click()
    await expect(ana.get_by_role("heading", name="asks for access to shop")).to_be_visible()

    await ben.get_by_text("Offer less instead").click()
    await ben.get_by_label("Minutes").fill("20")
    await ben.get_by_role("button", name="Offer this").click()
    await expect(ben.get_by_role("status")).to_contain_text("Offered")
    await ana.get_by_role("button", name="Accept this offer").click()
    await ana.get_by_role("link", name="How to connect").click()
    await expect(ana.get_by_role("heading", name="Granted: shop")).to_be_visible()
    await expect(ana.get_by_text("0 of 5 writes used, 0 of 1000 rows used")).to_be_visible()

    await to(ana, "Grants")
    await expect(ana.get_by_text("0 of 5 writes used")).to_be_visible()
    await ana.get_by_text("Extend").click()
    await ana.get_by_label("For how long").fill("soon")
    await ana.get_by_role("button", name="Ask for more time").click()
    await expect(ana.get_by_role("alert")).to_contain_text("soon is not a duration")
    await ana.get_by_label("For how long").fill("45m")
    await ana.get_by_role("button", name="Ask for more time").click()
    await expect(ana.get_by_role("heading", name="asks for access to shop")).to_contain_text(
        "going on from grant"
    )
    await to(ben, "Inbox")
    await ben.get_by_role("button", name="Assent").click()
    await ana.get_by_role("link", name="How to connect").click()
    await to(ana, "Grants")
    await expect(ana.locator("article")).to_have_count(2)
    for left in (1, 0):
        await ana.get_by_role("button", name="Give it back").first.click()
        await expect(ana.locator("article")).to_have_count(left)
    await expect(ana.get_by_role("heading", name="You hold no access now")).to_be_visible()
    await expect(ana.locator(".past li").filter(has_text="given back")).to_have_count(2)
    # Whoever follows a link while the page looks for news breaks that off, which htmx tells of.
    told = ("409", "htmx:", "net::ERR_")
    assert [one for one in house.errors if not any(word in one for word in told)] == []


async def test_what_is_wrong_with_a_wish_stands_beside_each_field(house: House) -> None:
    ana = await house.signed_in("ana")
    await asks_for(ana, "stage")
    await ana.get_by_label("For how long").fill("a while")
    await ana.get_by_text("Ask for less").click()
    await ana.get_by_label("Only these verbs").fill("reed")
    await ana.get_by_label("Only in hours").fill("workdays")
    await ana.get_by_role("button", name="Ask", exact=True).click()
    await expect(ana.locator("#lasts-for-wrong")).to_contain_text("write it as 30m, 2h or 1d")
    await expect(ana.locator("#window-wrong")).to_contain_text("mon-fri 22:00-06:00")
    await expect(ana.get_by_label("Only in hours")).to_have_value("workdays")
    await ana.get_by_label("For how long").fill("30m")
    await ana.get_by_label("Only in hours").fill("")
    await ana.get_by_role("button", name="Ask", exact=True).click()
    await expect(ana.locator("#verbs-wrong")).to_contain_text("there is no verb", ignore_case=True)
    await ana.get_by_label("Only these verbs").fill("read")
    await ana.get_by_role("button", name="Ask", exact=True).click()
    await expect(ana.get_by_text("sql.read", exact=True)).to_be_visible()
    await expect(ana.get_by_role("heading", name="Granted: stage")).to_be_visible()


async def test_without_scripts_one_asks_extends_and_gives_back(house: House) -> None:
    ana = await (await house.context(java_script_enabled=False)).new_page()
    await ana.goto(f"{house.url}/ask/stage")
    await ana.get_by_label("Name").fill("ana")
    await ana.get_by_label("Password").fill(PASSWORD)
    await ana.get_by_role("button", name="Sign in").click()
    await ana.get_by_label("For how long").fill("a while")
    await ana.get_by_role("button", name="Ask", exact=True).click()
    await expect(ana.locator("#lasts-for-wrong")).to_be_visible()
    await ana.get_by_label("For how long").fill("20m")
    await ana.get_by_role("button", name="Ask", exact=True).click()
    await expect(ana.get_by_role("heading", name="Granted: stage")).to_be_visible()
    await to(ana, "Grants")
    await ana.get_by_text("Extend").click()
    await ana.get_by_label("For how long").fill("30m")
    await ana.get_by_role("button", name="Ask for more time").click()
    await expect(ana.get_by_role("heading", name="Granted: stage")).to_be_visible()
    await to(ana, "Grants")
    await ana.get_by_role("button", name="Give it back").first.click()
    await expect(ana.locator("article")).to_have_count(1)


async def test_times_that_are_typed_are_those_of_the_reader(house: House) -> None:
    ben = await house.signed_in("ben", timezone_id="Asia/Tokyo")
    await to(ben, "Standing in")
    await expect(ben.get_by_label("Time zone")).to_have_value("Asia/Tokyo")
    await ben.get_by_label("Away until").fill("2027-05-01T09:00")
    await ben.get_by_role("button", name="I am away").click()
    await expect(ben.get_by_text("You are away until")).to_be_visible()
    until = ben.locator("time").first
    await expect(until).to_have_attribute("datetime", "2027-05-01T00:00:00.000000Z")
    await expect(until).to_contain_text("9:00")
    await ben.get_by_role("button", name="I am back").click()
    await expect(ben.get_by_role("button", name="I am away")).to_be_visible()


async def test_somebody_stands_in_until_it_is_ended(house: House) -> None:
    ben, carl = await house.signed_in("ben"), await house.signed_in("carl")
    await to(ben, "Standing in")
    await ben.get_by_text("Let somebody stand in").click()
    await ben.get_by_label("To", exact=False).first.fill("nobody")
    await ben.get_by_label("For how long").fill("2d")
    await ben.get_by_role("button", name="Delegate").click()
    await expect(ben.locator("#to-wrong")).to_contain_text("no person nobody")
    await ben.locator("#to").fill("carl")
    await ben.get_by_role("button", name="Delegate").click()
    await expect(ben.get_by_text("dba to Carl until")).to_be_visible()
    await to(carl, "Standing in")
    await expect(carl.get_by_text("dba from Ben Brandt until")).to_be_visible()
    await carl.get_by_role("button", name="End it: dba from Ben Brandt").click()
    await expect(carl.get_by_role("status")).to_contain_text("counts no longer")
    await ben.reload()
    await expect(ben.get_by_text("Nobody. A delegation lets")).to_be_visible()


async def test_security_sees_what_others_hold_and_revokes_it(house: House) -> None:
    ana, carl = await house.signed_in("ana"), await house.signed_in("carl")
    await asks_for(ana, "stage")
    await ana.get_by_role("button", name="Ask", exact=True).click()
    await expect(ana.get_by_role("heading", name="Granted: stage")).to_be_visible()
    await to(carl, "Grants")
    await carl.get_by_role("link", name="Others").click()
    await carl.get_by_text("Revoke", exact=True).click()
    await carl.get_by_label("Why").fill("the laptop is lost")
    await carl.get_by_role("button", name="Revoke it for good").click()
    await expect(carl.get_by_role("heading", name="Nobody else has anything now")).to_be_visible()
    await to(ana, "Grants")
    await expect(ana.get_by_text("ended by Carl: the laptop is lost")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 360])
async def test_no_page_is_wider_than_the_window(house: House, width: int, scheme: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    ana = await house.signed_in(
        "ana", viewport={"width": width, "height": 900}, color_scheme=scheme
    )

    async def seen(name: str) -> None:
        path = SCREENSHOTS / f"{name}-{width}-{scheme}.png"
        await ana.screenshot(path=path, full_page=True)
        assert await ana.evaluate("document.documentElement.scrollWidth") <= width, name

    await to(ana, "Grants")
    await seen("grants-empty")
    await to(ana, "Ask")
    await seen("targets")
    await ana.get_by_role("link", name="Ask for stage").click()
    await ana.get_by_label("Reason").fill("refunds of October that the shop could not pay out")
    await ana.get_by_text("Ask for less").click()
    await ana.get_by_label("At most").fill("plenty")
    await ana.get_by_role("button", name="Ask", exact=True).click()
    await expect(ana.locator("#budget-wrong")).to_be_visible()
    await seen("ask")
    await ana.get_by_label("At most").fill("writes 5, rows 1000, bytes 10MiB")
    await ana.get_by_role("button", name="Ask", exact=True).click()
    await ana.get_by_role("button", name="Show a password").click()
    await expect(ana.locator("#password")).to_be_visible()
    await seen("granted")
    await to(ana, "Grants")
    await ana.get_by_text("Extend").click()
    await seen("grants")
    await to(ana, "Standing in")
    await ana.get_by_text("Let somebody stand in").click()
    await seen("people")
    assert [one for one in house.errors if "422" not in one] == []
