"""Every page of the console in a real browser: as it looks, who can use it, and how heavy it is."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from assent.demo.world import World
from chromium_house import SCREENSHOTS, browsing
from console_pages import menu, routes
from console_visits import by_viewer, visiting
from console_world import Populated, populated

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = SCREENSHOTS / "console"
SUCCESS_CRITERIA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDER = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1
    && one.checkVisibility() && !one.closest("pre, .editor, .scrolls"))
  .slice(0, 5).map((one) => one.outerHTML.slice(0, 100))"""


@pytest.fixture(scope="module")
def world(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Populated]:
    with populated(tmp_path_factory.mktemp("console") / "world", template) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


async def violations(page: Page) -> list[tuple[str, str, list[str]]]:
    """Return what axe finds: its impact, its rule, and where."""
    # Past the policy of the page, which lets no script in that is not ours.
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    options = {"runOnly": SUCCESS_CRITERIA, "resultTypes": ["violations"]}
    found = await page.evaluate("(options) => axe.run(document, options)", options)
    return [
        (one["impact"], one["id"], [node["html"][:140] for node in one["nodes"][:3]])
        for one in found["violations"]
    ]


def test_every_page_of_the_menu_is_looked_at() -> None:
    assert set(menu()) <= set(routes())


@pytest.mark.skipif(not AXE.exists(), reason="axe-core was not installed (npm ci)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_every_page_fits_its_window_and_keeps_nobody_out(
    browser: Browser, world: Populated, width: int, scheme: str
) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    found: list[object] = []
    for who, theirs in by_viewer(world).items():
        options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
        async with visiting(browser, world, who, **options, reduced_motion="reduce") as visitor:
            for one in theirs:
                await visitor.open(one)
                path = SHOTS / f"{one.name}-{width}-{scheme}.png"
                await visitor.page.screenshot(path=path, full_page=True)
                found += [(one.name, *bad) for bad in await violations(visitor.page)]
                if await visitor.page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append((one.name, "wider", await visitor.page.evaluate(WIDER)))
            found += visitor.wrong
            found += visitor.strangers
    assert found == [], "\n".join(map(str, found))
