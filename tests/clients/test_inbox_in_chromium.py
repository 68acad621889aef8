"""The inbox in a real browser: live, by keyboard, narrow and dark, under a strict policy."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import uvicorn
from playwright.async_api import expect

from assent import web
from assent.api import build_app
from assent.app import running
from assent.config import Config, PersonConfig, PostgresConfig, ServerConfig, TargetConfig
from assent.core.ids import SubjectId
from assent.core.request import RejectedAs, Verdict
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.identity.passwords import Argon2Hasher
from chromium_house import SCREENSHOTS, House, browsing
from memory_plane import TWO_DBAS, MemoryPlane, WallClock
from memory_store import PASSWORD

STATEMENT = """\
WITH late AS (
    SELECT id FROM orders WHERE ordered_at < $1
)
DELETE FROM orders USING late -- every late one\u202e
RETURNING orders.id, orders.total"""


@asynccontextmanager
async def serving(plane: MemoryPlane) -> AsyncIterator[str]:
    """Serve the API and the pages over `plane` on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    app = build_app(plane.plane, url, lambda: ("127.0.0.1", 6432))
    web.mount(app, plane.plane, url)
    config = uvicorn.Config(app, log_level="warning", lifespan="off", server_header=False)
    server = uvicorn.Server(config)
    running = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        yield url
    finally:
        plane.events.close()
        server.should_exit = True
        await running
        listener.close()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    plane = MemoryPlane(WallClock())
    async with serving(plane) as url, browsing() as browser:
        yield House(plane, url, browser)


async def test_the_inbox_is_live_and_answered_by_keyboard(house: House) -> None:
    ben, dora = await house.signed_in("ben"), await house.signed_in("dora")
    await expect(ben.get_by_role("heading", name="Nothing waits for you")).to_be_visible()

    first = await house.plane.hold("DELETE FROM orders")
    await expect(ben.get_by_text("DELETE FROM orders", exact=True)).to_be_visible()
    await expect(dora.get_by_text("DELETE FROM orders", exact=True)).to_be_visible()
    await expect(ben).to_have_title("(1) Inbox · Assent")
    await expect(ben.get_by_text("left")).to_be_visible()

    comment = ben.get_by_label("Comment").first
    await comment.focus()
    await ben.keyboard.type("checked with")
    await house.plane.hold("TRUNCATE payments")
    await expect(ben.get_by_text("TRUNCATE payments")).to_be_visible()
    await expect(comment).to_have_value("checked with")
    await expect(comment).to_be_focused()

    await ben.keyboard.type(" the runbook")
    await expect(ben.locator("#region.moved")).to_have_count(0)
    await ben.keyboard.press("Tab")
    await expect(ben.locator(f"#assent-{first.id}")).to_be_focused()
    await ben.keyboard.press("Enter")
    for page in (ben, dora):
        await expect(page.locator(f"#{first.id}")).to_have_count(0)
        await expect(page.get_by_text("TRUNCATE payments")).to_be_visible()
    await expect(ben.get_by_role("status")).to_contain_text("Assented")
    answered = await house.plane.store.request(first.id)
    assert answered is not None
    assert answered.approvals[0].comment == "checked with the runbook"
    assert house.errors == []


async def test_why_it_is_rejected_is_chosen_by_keyboard_and_outlives_what_arrives(
    house: House,
) -> None:
    ben = await house.signed_in("ben")
    held = await house.plane.hold("DELETE FROM orders")
    why = ben.get_by_label("Why you reject it")
    await why.focus()
    await ben.keyboard.type("Susp")
    await expect(why).to_have_value("suspicious")
    await house.plane.hold("TRUNCATE payments")
    await expect(ben.get_by_text("TRUNCATE payments")).to_be_visible()
    await expect(why.first).to_have_value("suspicious")
    await expect(why.first).to_be_focused()
    await expect(ben.locator("#region.moved")).to_have_count(0)
    await ben.keyboard.press("Tab")
    await expect(ben.locator(f"#reject-{held.id}")).to_be_focused()
    await ben.keyboard.press("Enter")
    await expect(ben.get_by_role("status")).to_contain_text("Rejected")
    kept = await house.plane.store.request(held.id)
    assert kept is not None
    assert kept.approvals[0].rejected_as is RejectedAs.SUSPICIOUS
    assert house.errors == []


@pytest.mark.parametrize("width", [1280, 360])
async def test_the_bar_is_as_long_as_the_score_and_no_points_are_cut(
    house: House, width: int
) -> None:
    page = await house.signed_in("ben", viewport={"width": width, "height": 900})
    await house.plane.hold()
    await expect(page.locator(".factors li")).to_have_count(5)
    # All at one moment: the page may be drawn anew between two looks.
    track, *parts = await page.evaluate(
        "() => [...document.querySelectorAll('.bar rect')]"
        ".map(one => one.getBoundingClientRect().width)"
    )
    assert sum(parts) / track == pytest.approx(0.62, abs=0.02)
    whole = await page.evaluate(
        "() => [...document.querySelectorAll('.factors b')].map(one =>"
        " one.getClientRects().length == 1 && one.scrollWidth <= one.clientWidth + 1)"
    )
    assert whole
    assert all(whole)


async def test_an_answer_that_comes_too_late_is_told_on_the_page(house: House) -> None:
    request = await house.plane.hold()
    ben = await (await house.context()).new_page()
    await ben.goto(house.url)
    await ben.get_by_label("Name").fill("ben")
    await ben.get_by_label("Password").fill(PASSWORD)
    async with ben.expect_response("**/inbox/ids"):
        await ben.keyboard.press("Enter")
    # From now on a page that hears nothing more, as on a bad connection.
    for path in ("**/inbox/ids", "**/inbox/items", "**/inbox/cards/*"):
        await ben.route(path, lambda route: route.abort())
    await house.plane.answer("dora", request.id, Verdict.REJECT)
    await ben.get_by_role("button", name="Assent").click()
    await expect(ben.get_by_role("status")).to_contain_text("rejected")
    await expect(ben.get_by_role("heading", name="Nothing waits for you")).to_be_visible()


async def test_a_link_from_a_notice_leads_to_the_request_after_sign_in(house: House) -> None:
    request = await house.plane.hold(remedies=(TWO_DBAS,))
    page = await (await house.context()).new_page()
    await page.goto(f"{house.url}/requests/{request.id}")
    await page.get_by_label("Name").fill("ben")
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("wrong")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page).to_have_url(f"{house.url}/requests/{request.id}")
    await expect(page.get_by_text("live", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Assent").click()
    await expect(page.get_by_role("status")).to_contain_text("waits for others")
    await expect(page.get_by_text("Ben Brandt assented")).to_be_visible()


AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.skipif(not AXE.exists(), reason="axe-core was not installed (npm ci)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_no_page_of_the_work_keeps_anybody_out(house: House, width: int, scheme: str) -> None:
    for n in range(5):
        await house.plane.hold(STATEMENT, parameters=(str(n), None), remedies=(TWO_DBAS,))
    page = await house.signed_in(
        "ben",
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,
    )
    found = []
    for path in ("/", "/ask", "/grants", "/reviews", "/standing-in"):
        await page.goto(f"{house.url}{path}")
        await expect(page.get_by_text("live", exact=True)).to_be_visible()
        await page.add_script_tag(path=AXE)
        results = await page.evaluate("axe.run({ resultTypes: ['violations'] })")
        found += [
            (path, one["id"], [node["html"][:120] for node in one["nodes"][:3]])
            for one in results["violations"]
        ]
    assert found == []


WATCH_LONG_TASKS = """
window.longTasks = []
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.longTasks.push(one.duration)
}).observe({ type: "longtask", buffered: true })
"""


async def test_five_hundred_items_stay_smooth_and_change_one_by_one(house: House) -> None:
    people = [Subject(SubjectId(f"sub_{n}"), f"eng{n}") for n in range(5)]
    house.plane.directory.put_subject(*people)
    requests = [
        await house.plane.hold(f"DELETE FROM orders_{n}", person=people[n % 5]) for n in range(500)
    ]
    page = await house.signed_in("ben", viewport={"width": 1280, "height": 900})
    await expect(page.locator("article.card")).to_have_count(500)
    await expect(page.locator("article.card.whole")).to_have_count(3)
    await expect(page).to_have_title("(500) Inbox · Assent")
    await page.wait_for_load_state("networkidle")
    await page.evaluate(WATCH_LONG_TASKS)
    await page.evaluate("for (const one of document.querySelectorAll('article')) one.seen = 1")

    await house.plane.answer("dora", requests[250].id, Verdict.REJECT)
    await expect(page.locator(f"#{requests[250].id}")).to_have_count(0)
    newest = await house.plane.hold("TRUNCATE payments", person=people[0])
    await expect(page.locator(f"#{newest.id}")).to_be_attached()
    last = await page.evaluate("[...document.querySelectorAll('article.card')].at(-1).id")
    assert last == newest.id
    kept = "[...document.querySelectorAll('article')].filter((one) => one.seen).length"
    assert await page.evaluate(kept) == 499

    await page.mouse.move(700, 500)
    for _ in range(20):
        await page.mouse.wheel(0, 1500)
    await page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")
    row = page.locator(f"#{requests[40].id}")
    await row.get_by_role("link").click()
    await expect(row.get_by_role("button", name="Assent")).to_be_visible()
    assert await page.evaluate(kept) == 498
    # On a machine of four cores that other tests use, too: what is felt is more than 200 ms.
    assert max(await page.evaluate("window.longTasks"), default=0) < 400
    assert house.errors == []


async def test_the_whole_inbox_is_worked_through_by_keyboard(house: House) -> None:
    held = [await house.plane.hold(f"DELETE FROM orders_{n}") for n in range(5)]
    page = await house.signed_in("ben")
    await expect(page.locator("article.line")).to_have_count(2)
    for place in (0, 1, 2, 3):
        await page.keyboard.press("j")
        await expect(page.locator(f"#{held[place].id}")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#{held[3].id}.whole")).to_be_visible()
    await page.keyboard.press("k")
    await page.keyboard.press("a")
    # A key only leads there: nothing is answered until another one is pressed.
    assert len(await house.plane.requests.inbox(await house.plane.caller("ben"))) == 5
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Assented")
    assert len(await house.plane.requests.inbox(await house.plane.caller("ben"))) == 4
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.locator("h1").click()
    await page.keyboard.press("g")
    await page.keyboard.press("a")
    await expect(page.get_by_role("heading", name="Ask", exact=True)).to_be_visible()
    assert house.errors == []


POLICIES = """
@id("shop.request") @max_duration("30m")
permit (principal in Group::"eng", action == Action::"access.request", resource == Target::"shop");

@id("shop.ask") @require("approve: 1 of dba") @message("a DBA must assent to access")
forbid (principal, action == Action::"access.request", resource == Target::"shop");
"""


async def configured(folder: Path) -> Config:
    """Return the configuration of a server with ana, ben and a target that is never dialled."""
    (folder / "policies").mkdir()
    (folder / "policies" / "access.cedar").write_text(POLICIES)
    for name in ("hash", "target"):
        secret = folder / name
        secret.write_text(await Argon2Hasher().hash(Secret(PASSWORD)))
        secret.chmod(0o600)
    return Config(
        server=ServerConfig(listen="127.0.0.1:0"),
        postgres=PostgresConfig(listen="127.0.0.1:0"),
        people=(
            PersonConfig("ana", "Ana Alvarez", ("eng",), "file:hash"),
            PersonConfig("ben", "Ben Brandt", ("dba",), "file:hash"),
        ),
        targets=(TargetConfig("shop", "127.0.0.1", "assent", "file:target", owners=("dba",)),),
        folder=folder,
    )


async def test_access_assented_to_on_the_page_of_a_real_server_is_granted(tmp_path: Path) -> None:
    async with running(await configured(tmp_path)) as gateway, browsing() as browser:
        house = House(MemoryPlane(), gateway.api_url, browser)
        ben = await house.signed_in("ben")
        async with httpx2.AsyncClient(base_url=gateway.api_url) as http:
            body = {"name": "ana", "password": PASSWORD}
            token = (await http.post("/v1/login", json=body)).json()["token"]
            http.headers["authorization"] = f"Bearer {token}"
            asked = await http.post("/v1/connect", json={"target": "shop", "reason": "<month end>"})
            assert asked.status_code == 202
            request = asked.json()["request"]
            await expect(ben.get_by_text("<month end>")).to_be_visible()
            path = f"/v1/requests/{request['id']}"
            query = {"wait_s": "20", "changed_after": request["changed_at"]}
            polling = asyncio.ensure_future(http.get(path, params=query, timeout=30))
            await ben.locator(f"#assent-{request['id']}").press("Enter")
            await expect(ben.get_by_role("heading", name="Nothing waits for you")).to_be_visible()
            assert (await polling).json()["approvals"][0]["approver"] == "ben"
            opened = await http.post("/v1/connect", json={"target": "shop"})
            assert opened.status_code == 201
            assert opened.json()["port"] == gateway.postgres_address[1]
        assert house.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
async def test_nothing_is_wider_than_the_window(house: House, width: int, scheme: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    page = await house.signed_in("ben", **options)
    await page.screenshot(path=SCREENSHOTS / f"empty-{width}-{scheme}.png")
    await house.plane.hold(STATEMENT, parameters=("2026-01-01", None), remedies=(TWO_DBAS,))
    await house.plane.hold("TRUNCATE payments")
    await expect(page.get_by_text("TRUNCATE payments")).to_be_visible()
    await expect(page.get_by_text("U+202E")).to_be_visible()
    await page.get_by_text("2 things could not be measured").first.click()
    await expect(page.get_by_text("which device it is").first).to_be_visible()
    await page.screenshot(path=SCREENSHOTS / f"inbox-{width}-{scheme}.png", full_page=True)
    card = page.locator("article").first
    await card.screenshot(path=SCREENSHOTS / f"card-{width}-{scheme}.png")
    widest = await page.evaluate("document.documentElement.scrollWidth")
    assert widest <= width
    assert house.errors == []
