"""A real browser brings a command line its code, under the policy that the page has."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from urllib.parse import urlencode

import pytest
from playwright.async_api import expect

from assent.cli.browser_sign_in import listening
from assent.core.secret import Secret
from chromium_house import House, browsing
from clients.test_inbox_in_chromium import serving
from memory_plane import MemoryPlane, WallClock

VERIFIER = "v" * 43
STATE = "s" * 22


@pytest.fixture
async def house() -> AsyncIterator[House]:
    plane = MemoryPlane(WallClock())
    async with serving(plane) as url, browsing() as browser:
        yield House(plane, url, browser)


@pytest.mark.parametrize("width", [1280, 360])
async def test_yes_in_the_browser_brings_the_code_to_the_command_line(
    house: House, width: int
) -> None:
    page = await house.signed_in("ben", viewport={"width": width, "height": 800})
    challenge = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    with listening(STATE) as (port, came):
        query = {"port": port, "challenge": challenge, "state": STATE, "host": "laptop"}
        await page.goto(f"{house.url}/sign-in/command-line?{urlencode(query)}")
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        await page.get_by_role("button", name="Yes, sign it in").click()
        await expect(page.get_by_text("The command line is signed in")).to_be_visible()
        code = came.wait(5)
    assert code
    loop_back = house.plane.plane.programs.loop_back
    _, token = await loop_back.exchange(Secret(code), Secret(VERIFIER), "127.0.0.1")
    assert token.subject == "sub_ben"
    assert house.errors == []


async def test_a_code_is_typed_and_answered_in_a_real_browser(house: House) -> None:
    page = await house.signed_in("ben", viewport={"width": 360, "height": 800})
    asked = house.plane.plane.programs.device_codes.begin("laptop", "203.0.113.9")
    await page.goto(f"{house.url}/device")
    await page.get_by_label("Code").fill(asked.user_code.lower())
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Does the command line show this code?")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.get_by_role("button", name="Yes, sign it in as ben").click()
    await expect(page.get_by_text("is signed in as you")).to_be_visible()
    _, token = await house.plane.plane.programs.device_codes.poll(asked.device_code)
    assert token.subject == "sub_ben"
    assert house.errors == []
