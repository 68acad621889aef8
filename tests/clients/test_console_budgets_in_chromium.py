"""How heavy the console is, and that it is there for everybody: by keyboard, without scripts."""

import statistics
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, Page, expect

from assent.core.ids import SubjectId
from assent.core.request import RequestState, Verdict
from assent.core.subject import Subject
from assent.demo.world import World
from chromium_house import House, browsing
from clients.test_inbox_in_chromium import WATCH_LONG_TASKS, serving
from console_visits import by_viewer, visiting
from console_world import Populated, populated
from memory_plane import MemoryPlane, WallClock

FIRST_PAINT_MS = 1000
MOST_SCRIPT = 200_000
WITH_PLAYER = "sessions-session-id"
MEASURE = """() => new Promise((done) => {
  const told = () => {
    const paint = performance.getEntriesByName("first-contentful-paint")[0]
    if (!paint) return requestAnimationFrame(told)
    const files = performance.getEntriesByType("resource")
    const sum = (kind) => files.filter((one) => new URL(one.name).pathname.endsWith(kind))
      .reduce((total, one) => total + one.decodedBodySize, 0)
    done({ paint: paint.startTime, script: sum(".js"), style: sum(".css") })
  }
  told()
})"""
FRAMES = """() => new Promise((done) => {
  const deltas = []
  let last = performance.now(), left = 60
  const step = (now) => {
    deltas.push(now - last)
    last = now
    scrollBy(0, 400)
    if (--left) requestAnimationFrame(step); else done(deltas)
  }
  requestAnimationFrame(step)
})"""
FOCUS = """() => {
  const one = document.activeElement
  const style = getComputedStyle(one)
  const before = window.focused ?? document.body
  window.focused = one
  return {
    id: one.id,
    words: (one.innerText || one.getAttribute("aria-label") || one.name || "").slice(0, 40),
    seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    follows: before === document.body
      || Boolean(before.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING),
  }
}"""


@pytest.fixture(scope="module")
def world(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Populated]:
    with populated(tmp_path_factory.mktemp("budgets") / "world", template) as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as running:
        yield running


async def test_every_page_paints_soon_and_loads_little_script(
    browser: Browser, world: Populated
) -> None:
    slow, heavy, figures = [], [], []
    for who, theirs in by_viewer(world).items():
        async with visiting(browser, world, who) as visitor:
            for one in theirs:
                times: list[float] = []
                told = {"script": 0, "style": 0}
                # Once where it is far from the limit: other tests use the machine as well.
                while not times or (len(times) < 3 and max(times) > FIRST_PAINT_MS / 2):
                    await visitor.open(one)
                    told = await visitor.page.evaluate(MEASURE)
                    times.append(told["paint"])
                paint = statistics.median(times)
                figures.append((round(paint), told["script"], told["style"], one.name))
                if paint >= FIRST_PAINT_MS:
                    slow.append((one.name, paint))
                if told["script"] >= MOST_SCRIPT and one.name != WITH_PLAYER:
                    heavy.append((one.name, told["script"]))
    figures.sort(reverse=True)
    print("first paint in ms, script and style in bytes:", *figures[:5], sep="\n  ")
    print("most script:", max(one[1] for one in figures if one[3] != WITH_PLAYER))
    assert (slow, heavy) == ([], [])


async def test_an_answer_is_given_with_nothing_but_the_tab_key(
    browser: Browser, world: Populated
) -> None:
    request = world.hold("ana", "DELETE FROM removed_carts")
    async with visiting(browser, world, "ben") as visitor:
        page = visitor.page
        await page.goto(f"{world.url}/requests/{request}")
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
        walked = []
        for _ in range(60):
            await page.keyboard.press("Tab")
            walked.append(await page.evaluate(FOCUS))
            if walked[-1]["id"] == f"assent-{request}":
                break
        assert walked[0]["words"] == "Skip to the content"
        assert walked[-1]["id"] == f"assent-{request}", walked
        assert [one for one in walked if not one["seen"]] == [], "what has the focus is not seen"
        assert [one for one in walked if not one["follows"]] == [], "the focus goes back"
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Ben, DBA assented")).to_be_visible()
    world.gateway.wait_until(request, "completed", "released", "approved")


async def test_one_signs_in_reads_the_inbox_and_assents_without_scripts(
    browser: Browser, world: Populated
) -> None:
    request = world.hold("ana", "UPDATE customers SET city = 'Ulm'")
    async with visiting(browser, world, "dora", java_script_enabled=False) as visitor:
        page = visitor.page
        await page.goto(f"{world.url}/")
        await page.locator(f"a[href='/requests/{request}']").first.click()
        await expect(page.locator("pre.statement")).to_contain_text("UPDATE customers")
        await page.get_by_label("Comment").fill("they moved")
        await page.locator(f"#assent-{request}").click()
        assert "Dora, DBA" in await page.content()
    found = world.gateway.wait_until(request, "completed", "released", "approved")
    assert found["approvals"][0]["comment"] == "they moved"


async def test_the_page_of_who_left_answers_nothing_for_who_came(
    browser: Browser, world: Populated
) -> None:
    request = world.hold("ana", "DELETE FROM reminders WHERE true")
    async with visiting(browser, world, "ben") as visitor:
        first = visitor.page
        await first.goto(f"{world.url}/requests/{request}")
        await expect(first.get_by_text("live", exact=True)).to_be_visible()
        # A page that hears nothing more, as in a tab that sleeps.
        for path in ("**/card", "**/inbox/*", "**/inbox/stream*"):
            await first.route(path, lambda route: route.abort())
        second = await first.context.new_page()
        await second.goto(f"{world.url}/account")
        await second.get_by_role("button", name="Sign out").click()
        await second.get_by_label("Name").fill("dora")
        await second.get_by_label("Password").fill(world.password("dora"))
        await second.get_by_role("button", name="Sign in", exact=True).click()
        await expect(second.get_by_text("Dora, DBA", exact=True)).to_be_visible()
        await first.locator(f"#assent-{request}").click()
        await expect(first.get_by_text("another person")).to_be_visible()
    assert world.gateway.request(request)["approvals"] == []
    world.gateway.reject(request)


async def opened(page: Page, house: House) -> float:
    """Return after how many ms all 500 are there and painted."""
    await page.goto(house.url)
    await expect(page.locator("article.card")).to_have_count(500)
    return float(await page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))


async def test_five_hundred_items_open_soon_and_scroll_smoothly() -> None:
    plane = MemoryPlane(WallClock())
    people = [Subject(SubjectId(f"sub_{n}"), f"eng{n}") for n in range(5)]
    plane.directory.put_subject(*people)
    held = [await plane.hold(f"DELETE FROM orders_{n}", person=people[n % 5]) for n in range(500)]
    async with serving(plane) as url, browsing() as browser:
        house = House(plane, url, browser)
        page = await house.signed_in("ben", viewport={"width": 1280, "height": 900})
        # The best of three: other tests use the machine as well.
        took = min([await opened(page, house) for _ in range(3)])
        await page.wait_for_load_state("networkidle")
        await page.evaluate(WATCH_LONG_TASKS.replace(", buffered: true", ""))
        settled = await plane.answer("dora", held[250].id, Verdict.REJECT)
        assert settled.state is RequestState.REJECTED
        await expect(page.locator(f"#{held[250].id}")).to_have_count(0)
        longest = max(await page.evaluate("window.longTasks"), default=0)
        frames = await page.evaluate(FRAMES)
        figures = {
            "open_ms": round(took),
            "longest_task_ms": round(longest),
            "frame_ms_median": round(statistics.median(frames), 1),
            "frame_ms_worst": round(max(frames), 1),
        }
        print(figures)
        assert took < 1500, figures
        assert longest < 200, figures
        assert statistics.median(frames) < 50, figures
        assert house.errors == []
