"""The inbox as a list that changes item by item, over HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx2
import pytest

from assent import web
from assent.api import build_app
from assent.core.effect import Effect, EffectFilter, EffectOutcome, EffectPage, EffectPosition
from assent.core.ids import EntryId
from assent.core.request import Verdict
from assent.web.views import MOST_WHOLE
from memory_plane import NOON, PEOPLE, MemoryPlane
from memory_store import PASSWORD

URL = "http://assent.test"
HTMX = {"hx-request": "true"}


class Page:
    """A browser of one person at a time."""

    def __init__(self, plane: MemoryPlane, http: httpx2.AsyncClient) -> None:
        self.plane, self.http = plane, http

    async def sign_in(self, name: str) -> None:
        data = {"name": name, "password": PASSWORD}
        assert (await self.http.post("/sign-in", data=data)).status_code == 303

    async def get(self, path: str) -> str:
        return (await self.http.get(path, headers=HTMX)).text


@asynccontextmanager
async def opened() -> AsyncIterator[Page]:
    plane = MemoryPlane()
    app = build_app(plane.plane, URL, lambda: ("127.0.0.1", 6432))
    web.mount(app, plane.plane, URL)
    transport = httpx2.ASGITransport(app=app)
    headers = {"origin": URL}
    async with httpx2.AsyncClient(transport=transport, base_url=URL, headers=headers) as http:
        yield Page(plane, http)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with opened() as page:
        yield page


async def test_the_first_are_whole_and_the_others_lines_that_open(page: Page) -> None:
    held = [await page.plane.hold(f"DELETE FROM orders_{n} -- <b>") for n in range(MOST_WHOLE + 2)]
    await page.sign_in("ben")
    text = (await page.http.get("/")).text
    assert text.count('class="card whole') == MOST_WHOLE
    assert text.count('class="card line"') == 2
    last = held[-1].id
    assert f'href="/requests/{last}" hx-get="/inbox/cards/{last}?whole=true"' in text
    assert "DELETE FROM orders_4 -- &lt;b&gt;" in text
    assert "<b></" not in text
    assert 'value="approve"' in await page.get(f"/inbox/cards/{last}?whole=true")
    assert 'value="approve"' not in await page.get(f"/inbox/cards/{last}")


async def test_a_page_learns_which_items_there_are_and_when_each_changed(page: Page) -> None:
    first = await page.plane.hold()
    second = await page.plane.hold("TRUNCATE payments")
    await page.sign_in("ben")
    answer = await page.http.get("/inbox/ids")
    assert [one[0] for one in answer.json()] == [first.id, second.id]
    for one, changed in answer.json():
        assert f'data-changed="{changed}"' in await page.get(f"/inbox/cards/{one}")


async def test_an_item_that_is_settled_is_empty_and_the_last_one_brings_the_empty_page(
    page: Page,
) -> None:
    first, second = await page.plane.hold(), await page.plane.hold("TRUNCATE payments")
    await page.sign_in("ben")
    await page.plane.answer("dora", first.id, Verdict.REJECT)
    assert (await page.get(f"/inbox/cards/{first.id}")).strip() == ""
    await page.plane.answer("dora", second.id, Verdict.REJECT)
    assert "Nothing waits for you" in await page.get(f"/inbox/cards/{second.id}")


async def test_nobody_is_shown_an_item_that_is_not_theirs_to_answer(page: Page) -> None:
    held = await page.plane.hold()
    await page.sign_in("ana")
    assert (await page.http.get("/inbox/ids")).json() == []
    assert held.id not in await page.get(f"/inbox/cards/{held.id}?whole=true")
    assert "req_none" not in await page.get("/inbox/cards/req_none")


async def test_it_says_who_waits_and_on_what_the_score_stands(page: Page) -> None:
    await page.plane.hold()
    await page.sign_in("ben")
    text = (await page.http.get("/")).text
    assert "Their client waits on this statement" in text
    assert "40 + 24 + 8 − 10 = 62" in text


async def test_what_they_did_and_how_it_went_before_stand_beside_it(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await page.plane.hold()
    deed = Effect(
        place=1,
        at=NOON,
        entry=EntryId("ent_1"),
        subject=PEOPLE[0].id,
        verb="sql.delete",
        operation="write",
        kind="Table",
        resource="public.<b>",
        outcome=EffectOutcome.PERMITTED,
        score=1,
        rows=1200,
    )
    refused = replace(
        deed, entry=EntryId("ent_2"), outcome=EffectOutcome.REFUSED, request=held.id, place=2
    )
    found: Sequence[Effect] = (refused, replace(deed, error=True), deed)

    async def effects(
        wanted: EffectFilter, before: EffectPosition | None = None, limit: int = 100
    ) -> EffectPage:
        return EffectPage(found if wanted.but is None else (), None)

    monkeypatch.setattr(page.plane.store, "effects", effects)
    await page.sign_in("ben")
    text = (await page.http.get("/")).text
    assert "public.&lt;b&gt;" in text
    assert "ran, 1,200 rows" in text
    assert "1 time: 1 without asking" in text
    assert "never in the last 90 days" in text
    assert f'href="/sessions/{held.action.session}"' in text


async def test_who_asked_is_not_told_how_others_fare(page: Page) -> None:
    held = await page.plane.hold()
    await page.sign_in("ana")
    text = (await page.http.get(f"/requests/{held.id}")).text
    assert "everybody else" not in text
