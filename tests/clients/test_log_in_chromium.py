"""The log in a real browser: found, opened, proved there, and every forgery noticed there."""

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from assent.app import running
from chromium_house import SCREENSHOTS, House, browsing
from clients.test_console_in_chromium import configured
from memory_plane import MemoryPlane

Told = dict[str, Any]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running(await configured(tmp_path)) as gateway, browsing() as browser:
        yield House(MemoryPlane(), gateway.api_url, browser)


async def opened(house: House, **options: Any) -> Page:
    """The page of an entry that says that somebody signed in."""
    carl = await house.signed_in("carl", **options)
    await carl.goto(f"{house.url}/log?kind=login")
    await carl.get_by_role("row").nth(1).get_by_role("link").last.click()
    await expect(carl.get_by_role("heading", name="Is it in the log?")).to_be_visible()
    return carl


async def verified(page: Page) -> list[str]:
    """Press the button, and return what was said of each step, with its verdict before it."""
    await page.get_by_role("button", name="Verify in this browser").click()
    await expect(page.get_by_role("button", name="Verify in this browser")).to_be_enabled()
    steps = page.locator("ol.steps li")
    await expect(steps.first).to_be_visible()
    found: list[str] = await steps.evaluate_all(
        "items => items.map(item => item.dataset.verdict + ': ' + item.textContent)"
    )
    return found


async def test_an_entry_is_proved_in_the_browser_and_again_as_the_log_grows(house: House) -> None:
    carl = await opened(house)
    first = await verified(carl)
    assert [one.split(":")[0] for one in first].count("no") == 0
    assert any("leads to the root of the tree" in one for one in first)
    assert any("The log signed that root" in one for one in first)
    assert any("had not seen the log before" in one for one in first)
    await expect(carl.get_by_text("What was proved, byte for byte")).to_be_visible()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    await carl.screenshot(path=SCREENSHOTS / "log-entry.png", full_page=True)

    await house.signed_in("ana")
    again = await verified(carl)
    assert any("It continues the log that this browser saw before" in one for one in again), again
    assert house.errors == []


async def test_the_list_says_that_the_log_has_grown(house: House) -> None:
    carl = await house.signed_in("carl")
    await carl.goto(f"{house.url}/log")
    await expect(carl.get_by_role("row").filter(has_text="signed in by password")).to_have_count(1)
    await house.signed_in("ana")
    await carl.get_by_role("link", name="newer entries: show them").click()
    await expect(carl.get_by_role("row").filter(has_text="signed in by password")).to_have_count(2)
    await carl.screenshot(path=SCREENSHOTS / "log.png", full_page=True)
    assert house.errors == []


def _other_leaf(told: Told) -> None:
    leaf = b64decode(told["leaf"]).replace(b'"method":"password"', b'"method":"passkey"')
    told["leaf"] = b64encode(leaf).decode()


def _other_entry(told: Told) -> None:
    leaf = json.loads(b64decode(told["leaf"]))
    leaf["id"] = "ent_00000000000000000000000000"
    told["leaf"] = b64encode(json.dumps(leaf).encode()).decode()


def _other_payload(told: Told) -> None:
    told["payload"] = b64encode(b"something else").decode()


def _other_path(told: Told) -> None:
    head, note = told["receipt"].split("\n\n", 1)
    lines = head.split("\n")
    lines[-1] = b64encode(bytes(32)).decode()
    told["receipt"] = "\n".join(lines) + "\n\n" + note


def _other_size(told: Told) -> None:
    head, note = told["receipt"].split("\n\n", 1)
    origin, size, rest = note.split("\n", 2)
    told["receipt"] = f"{head}\n\n{origin}\n{int(size) * 2}\n{rest}"


def _no_signature(told: Told) -> None:
    receipt = told["receipt"]
    at = receipt.rindex(" ") + 1
    signature = bytearray(b64decode(receipt[at:].strip()))
    signature[-1] ^= 1
    told["receipt"] = receipt[:at] + b64encode(signature).decode() + "\n"


def _witness_who_did_not(told: Told) -> None:
    told["receipt"] += "— witness.test " + b64encode(bytes(76)).decode() + "\n"
    told["witnesses"] = ["witness.test+86b9c0a3+BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]


@pytest.mark.parametrize(
    ("forge", "words"),
    [
        (_other_leaf, "its path does not lead to the root"),
        (_other_entry, "these are the bytes of another entry"),
        (_other_payload, "what is sealed beside it is not what its digest says"),
        (_other_path, "its path does not lead to the root"),
        (_other_size, "the path is too short"),
        (_no_signature, "the checkpoint is not signed by the log's key"),
        (_witness_who_did_not, "the id of the key is not of this name and key"),
    ],
    ids=lambda value: getattr(value, "__name__", "").strip("_"),
)
async def test_what_the_server_forges_is_noticed(
    house: House, forge: Callable[[Told], None], words: str
) -> None:
    async def forged(route: Route) -> None:
        told = await (await route.fetch()).json()
        forge(told)
        await route.fulfill(json=told)

    carl = await opened(house)
    await carl.route("**/log/*/proof", forged)
    steps = await verified(carl)
    assert steps[-1].startswith("no: It does not fit: "), steps
    assert words in steps[-1]
    await expect(carl.get_by_text("What was proved, byte for byte")).to_be_hidden()


async def test_a_log_that_was_rewritten_since_is_noticed(house: House) -> None:
    carl = await opened(house)
    await verified(carl)
    await carl.evaluate(
        """() => {
          const name = Object.keys(localStorage).find((one) => one.startsWith("assent log "))
          const seen = JSON.parse(localStorage.getItem(name))
          seen.root = btoa(String.fromCharCode(...new Uint8Array(32)))
          localStorage.setItem(name, JSON.stringify(seen))
        }"""
    )
    steps = await verified(carl)
    assert "it was rewritten" in steps[-1], steps
    assert steps[-1].startswith("no")


async def test_a_log_that_became_shorter_is_noticed(house: House) -> None:
    carl = await opened(house)
    await verified(carl)
    await carl.evaluate(
        """() => {
          const name = Object.keys(localStorage).find((one) => one.startsWith("assent log "))
          const seen = JSON.parse(localStorage.getItem(name))
          localStorage.setItem(name, JSON.stringify({ ...seen, size: seen.size + 1000000 }))
        }"""
    )
    steps = await verified(carl)
    assert "cannot show that it continues" in steps[-1], steps


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_fit_a_narrow_screen(house: House, scheme: str) -> None:
    carl = await opened(house, viewport={"width": 360, "height": 740}, color_scheme=scheme)
    await verified(carl)
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert await carl.evaluate(fits)
    await carl.screenshot(path=SCREENSHOTS / f"log-entry-360-{scheme}.png", full_page=True)
    await carl.goto(f"{house.url}/log")
    assert await carl.evaluate(fits)
    await carl.screenshot(path=SCREENSHOTS / f"log-360-{scheme}.png", full_page=True)
