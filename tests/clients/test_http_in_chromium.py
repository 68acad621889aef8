"""A person in a real browser before a real web application, through the gateway."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

import gateway_world
from assent.demo.world import World
from chromium_house import browsing
from gateway_world import Gateway
from http_world import POLICIES, WebApplication, target_table, web_application


@pytest.fixture(scope="module")
def wiki() -> Iterator[WebApplication]:
    """The application."""
    with web_application() as running:
        yield running


@pytest.fixture(scope="module")
def house(
    template: World, wiki: WebApplication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway before it."""
    created = gateway_world.create_world(
        tmp_path_factory.mktemp("browsing") / "world",
        template,
        policies={"web.cedar": POLICIES},
        more=target_table(wiki.url),
    )
    with gateway_world.serving(created) as running:
        yield running


def address(house: Gateway, path: str = "/") -> str:
    return f"http://wiki.localhost:{house.addresses['http'][1]}{path}"


@asynccontextmanager
async def page_of(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context()
    try:
        page = await context.new_page()
        page.set_default_timeout(15_000)
        yield page
    finally:
        await context.close()


async def sign_in(house: Gateway, page: Page, name: str) -> None:
    """Sign in where the gateway led to, at the console."""
    await expect(page.get_by_label("Name")).to_be_visible()
    assert page.url.startswith(house.url)
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(house.world.people[name].password.reveal())
    await page.keyboard.press("Enter")


async def test_who_is_not_signed_in_is_led_to_the_console_and_back_to_where_they_were(
    house: Gateway, wiki: WebApplication
) -> None:
    async with browsing() as browser, page_of(browser) as page:
        await page.goto(address(house, "/page?a=1"))
        await sign_in(house, page, "ana")
        await expect(page.get_by_role("heading", name="The wiki")).to_be_visible()
        assert page.url == address(house, "/page?a=1")
        cookies = await page.context.cookies(address(house))
        (door,) = [one for one in cookies if one.get("name") == "assent-door"]
        assert (door.get("httpOnly"), door.get("sameSite")) == (True, "Lax")
        assert door.get("domain") == "wiki.localhost"
        assert all("assent" not in one.headers.get("Cookie", "") for one in wiki.reached)
        # Signed in there already, no form is seen on the way to another tab's page.
        await page.context.clear_cookies(name="assent-door")
        await page.goto(address(house, "/form"))
        await expect(page.get_by_role("heading", name="The wiki")).to_be_visible()
        assert page.url == address(house, "/form")


async def test_a_form_that_is_held_waits_on_a_page_that_goes_on_by_itself(
    house: Gateway, wiki: WebApplication
) -> None:
    async with browsing() as browser, page_of(browser) as page:
        await page.goto(address(house, "/page"))
        await sign_in(house, page, "ana")
        await page.locator("input[name=title]").fill("Blue whales & co")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("heading", name="wiki: waiting for people")).to_be_visible()
        await expect(page.get_by_text("changing pages needs a DBA")).to_be_visible()
        assert wiki.bodies("/page").count(b"title=Blue+whales+%26+co") == 0
        await asyncio.to_thread(house.approve_next, "Blue+whales")
        await expect(page.get_by_role("heading", name="Saved")).to_be_visible()
        assert page.url == address(house, "/page")
        assert wiki.bodies("/page").count(b"title=Blue+whales+%26+co") == 1


async def test_a_no_is_shown_on_the_page_that_waited(house: Gateway) -> None:
    async with browsing() as browser, page_of(browser) as page:
        await page.goto(address(house, "/page"))
        await sign_in(house, page, "ana")
        await page.locator("input[name=title]").fill("Never")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("heading", name="wiki: waiting for people")).to_be_visible()
        await asyncio.to_thread(house.reject_next, "title=Never")
        await expect(page.get_by_role("heading", name="People said no")).to_be_visible()


async def test_access_that_is_asked_for_waits_on_a_page_that_goes_on_by_itself(
    house: Gateway,
) -> None:
    async with browsing() as browser, page_of(browser) as page:
        await page.goto(address(house, "/form"))
        await sign_in(house, page, "dora")
        await expect(page.get_by_text("access to the wiki needs a DBA")).to_be_visible()
        waits = await asyncio.to_thread(house.answer, "carl", "GET", "/v1/inbox")
        (request,) = [one["id"] for one in waits["items"]]
        await asyncio.to_thread(house.approve, request, "carl")
        await expect(page.get_by_role("heading", name="The wiki")).to_be_visible()


async def test_signing_out_of_the_console_ends_it(house: Gateway) -> None:
    async with browsing() as browser, page_of(browser) as page:
        await page.goto(address(house, "/form"))
        await sign_in(house, page, "ana")
        await expect(page.get_by_role("heading", name="The wiki")).to_be_visible()
        console = await page.context.new_page()
        await console.goto(house.url)
        await console.get_by_role("button", name="Sign out").first.click()
        await expect(console.get_by_label("Name")).to_be_visible()
        signed_out = time.monotonic()
        while page.url == address(house, "/form"):
            assert time.monotonic() - signed_out < 1.5
            await page.goto(address(house, "/form"))
        await expect(page.get_by_label("Name")).to_be_visible()


async def test_another_site_makes_a_signed_in_browser_do_nothing(
    house: Gateway, wiki: WebApplication
) -> None:
    async with browsing() as browser, page_of(browser) as page:
        await page.goto(address(house, "/form"))
        await sign_in(house, page, "ana")
        await expect(page.get_by_role("heading", name="The wiki")).to_be_visible()
        before = len(wiki.reached)
        await page.goto(house.url)
        sent = await page.evaluate(
            """async url => { try { const answer = await fetch(url, {method: 'POST',
               mode: 'no-cors', credentials: 'include', body: 'title=forged'});
               return answer.type } catch (e) { return 'refused' } }""",
            address(house, "/echo"),
        )
        assert sent in ("opaque", "refused")
        assert len(wiki.reached) == before
