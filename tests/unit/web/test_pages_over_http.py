"""The pages from the outside, over a plane in memory, without scripts."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest

from assent import web
from assent.api import build_app
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.decision import ReasonRemedy, StepUpRemedy, TicketRemedy
from assent.core.request import RejectedAs, RequestState, Verdict
from assent.web import pages
from memory_plane import NOON, PASSWORD, PEOPLE, TWO_DBAS, MemoryPlane, assessment

URL = "http://assent.test"
HTMX = {"hx-request": "true"}


class Browser:
    """A client of the pages and the plane behind them; it sends what a browser sends."""

    def __init__(self, url: str = URL) -> None:
        self.plane = MemoryPlane()
        app = build_app(self.plane.plane, url, lambda: ("gate.test", 6432))
        web.mount(app, self.plane.plane, url)
        transport = httpx2.ASGITransport(app=app)
        self.http = httpx2.AsyncClient(transport=transport, base_url=url, headers={"origin": url})

    async def sign_in(self, name: str) -> httpx2.Response:
        self.http.cookies.clear()
        return await self.http.post("/sign-in", data={"name": name, "password": PASSWORD})

    async def csrf(self) -> str:
        found = re.search(r'name="csrf" value="(\w+)"', (await self.http.get("/")).text)
        assert found
        return found[1]

    async def post(
        self, path: str, headers: dict[str, str] | None = None, **fields: str
    ) -> httpx2.Response:
        data = {"csrf": await self.csrf()} | fields
        return await self.http.post(path, data=data, headers=headers)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    found = Browser()
    yield found
    await found.http.aclose()


async def test_who_is_not_signed_in_is_led_there_and_back(browser: Browser) -> None:
    answer = await browser.http.get("/requests/req_1")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/sign-in?next=/requests/req_1",
    )
    page = await browser.http.get(answer.headers["location"])
    assert 'value="/requests/req_1"' in page.text
    data = {"name": "ben", "password": PASSWORD, "next": "/requests/req_1"}
    back = await browser.http.post("/sign-in", data=data)
    assert (back.status_code, back.headers["location"]) == (303, "/requests/req_1")


async def test_a_part_of_a_page_sends_the_whole_page_to_the_sign_in(browser: Browser) -> None:
    answer = await browser.http.get("/inbox/items", headers=HTMX)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/sign-in")


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: Browser) -> None:
    cookie = (await browser.sign_in("ben")).headers["set-cookie"].lower()
    assert cookie.startswith("assent=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "secure" not in cookie


async def test_over_https_the_cookie_stays_on_https() -> None:
    browser = Browser("https://assent.test")
    cookie = (await browser.sign_in("ben")).headers["set-cookie"].lower()
    assert cookie.startswith("__host-assent=")
    assert "secure" in cookie
    assert (await browser.http.get("/")).status_code == 200
    await browser.http.aclose()


async def test_a_wrong_password_keeps_the_name_and_says_so(browser: Browser) -> None:
    data = {"name": "<ben>", "password": "no"}
    answer = await browser.http.post("/sign-in", data=data)
    assert answer.status_code == 403
    assert 'value="&lt;ben&gt;"' in answer.text
    assert "The name or the password is wrong." in answer.text
    assert "set-cookie" not in answer.headers


async def test_a_sign_in_from_another_site_is_refused(browser: Browser) -> None:
    data = {"name": "ben", "password": PASSWORD}
    headers = {"origin": "http://evil.test"}
    answer = await browser.http.post("/sign-in", data=data, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_a_sign_out_ends_the_token_and_the_cookie(browser: Browser) -> None:
    await browser.sign_in("ben")
    answer = await browser.post("/sign-out")
    assert answer.headers["location"] == "/sign-in"
    assert browser.plane.store.tokens_kept == {}
    assert (await browser.http.get("/")).status_code == 303


async def test_every_page_forbids_what_is_not_ours(browser: Browser) -> None:
    await browser.plane.hold()
    await browser.sign_in("ben")
    for path in ("/", "/sign-in", "/requests/req_none", "/inbox/items"):
        answer = await browser.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert "style=" not in answer.text
        assert not re.search(r"<script(?! src=)|<style|\son\w+=", answer.text)


async def test_the_inbox_shows_everything_that_an_answer_rests_on(browser: Browser) -> None:
    held = await browser.plane.hold("DELETE FROM orders -- <b>", parameters=("7", None))
    await browser.sign_in("ben")
    page = (await browser.http.get("/")).text
    for words in (
        "Ana Alvarez",
        "psql · 192.0.2.7",
        '<span class="code-remark">-- &lt;b&gt;</span>',
        "<em>NULL</em>",
        "deletes rows of table <code>public.orders</code>",
        "192.0.2.7 was never seen, neither its network nor its country",
        "could not be measured",
        "prod.delete-without-where",
        "assent of 1 of dba",
        "asked: Ben Brandt, Dora Diaz",
        f'datetime="{held.deadline_at:%Y-%m-%dT%H:%M:%S}.000000Z" data-countdown',
    ):
        assert words in page, words


async def test_the_bar_and_the_points_of_a_score_sum_to_it(browser: Browser) -> None:
    await browser.plane.hold()
    await browser.sign_in("ben")
    page = (await browser.http.get("/")).text
    bar = re.findall(r'<rect class="shade-(\d)" x="([\d.]+)" y="0" width="([\d.]+)"', page)
    assert [shade for shade, _, _ in bar] == ["0", "1", "2"]
    assert sum(float(width) for _, _, width in bar) == pytest.approx(62, abs=0.05)
    ends = [float(left) + float(width) for _, left, width in bar]
    assert [float(left) for _, left, _ in bar[1:]] == pytest.approx(ends[:-1], abs=0.05)
    points = re.findall(r"<b>([+−]\d+)</b>", page)
    assert points == ["+40", "+24", "+8", "−10", "+0"]
    assert sum(int(one.replace("−", "-")) for one in points) == 62
    assert (page.count('class="lowers"'), page.count('class="unmeasured"')) == (1, 1)


async def test_a_score_is_shown_with_all_that_explains_it(browser: Browser) -> None:
    await browser.plane.hold()
    await browser.sign_in("ben")
    page = (await browser.http.get("/")).text
    for words in (
        "Like somebody who has the password, but not the network.",
        "12 sessions seen in 9 days: medium confidence.",
        "What would have lowered it: on a network that ana uses: 38 instead of 62",
        "2 things could not be measured",
        "<li>which device it is</li>",
        '<small>network files, <time datetime="2026-11-21T09:00:00.000000Z" data-local>',
        "<small>profile</small>",
    ):
        assert words in page, words


async def test_nothing_that_somebody_named_becomes_markup_in_a_score(browser: Browser) -> None:
    hostile = "<img src=x onerror=alert(1)>`<b>`"
    factor = Factor("f", 3, hostile, source=hostile)
    browser.plane.assessment = replace(
        assessment(),
        score=3,
        factors=(factor,),
        headline=hostile,
        otherwise=hostile,
        unknown=(hostile,),
        confidence_because=hostile,
    )
    await browser.plane.hold()
    await browser.sign_in("ben")
    page = (await browser.http.get("/")).text
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") == 6
    assert "<img" not in page
    assert "<b>`" not in page


async def test_a_request_of_an_older_version_without_a_headline_is_shown(browser: Browser) -> None:
    browser.plane.assessment = Assessment(0, RiskLevel.LOW)
    await browser.plane.hold()
    await browser.sign_in("ben")
    page = (await browser.http.get("/")).text
    assert "Nothing about it raises risk." in page
    assert 'class="headline"' not in page
    assert "What would have lowered it" not in page


@pytest.mark.parametrize(
    ("chosen", "kept_as", "words"),
    [
        ("", None, "rejected"),
        ("suspicious", RejectedAs.SUSPICIOUS, "rejected as suspicious"),
        ("not-needed", RejectedAs.NOT_NEEDED, "rejected as not needed"),
    ],
)
async def test_a_rejection_is_kept_with_why(
    browser: Browser, chosen: str, kept_as: RejectedAs | None, words: str
) -> None:
    held = await browser.plane.hold()
    await browser.sign_in("ben")
    page = (await browser.http.get("/")).text
    assert 'name="rejected_as" aria-label="Why you reject it"' in page
    assert f'<option value="{chosen}">' in page
    path = f"/requests/{held.id}"
    await browser.post(f"{path}/answer", HTMX, verdict="reject", rejected_as=chosen)
    kept = await browser.plane.store.request(held.id)
    assert kept is not None
    assert [one.rejected_as for one in kept.approvals] == [kept_as]
    shown = (await browser.http.get(path)).text
    assert f"<b>Ben Brandt</b> {words} <time" in shown


async def test_why_it_would_be_rejected_says_nothing_about_an_assent(browser: Browser) -> None:
    held = await browser.plane.hold(remedies=(TWO_DBAS,))
    await browser.sign_in("ben")
    path = f"/requests/{held.id}/answer"
    await browser.post(path, HTMX, verdict="approve", rejected_as="suspicious")
    kept = await browser.plane.store.request(held.id)
    assert kept is not None
    assert [(one.verdict, one.rejected_as) for one in kept.approvals] == [(Verdict.APPROVE, None)]


async def test_an_answer_is_taken_with_its_comment(browser: Browser) -> None:
    held = await browser.plane.hold(remedies=(TWO_DBAS,))
    await browser.sign_in("ben")
    answer = await browser.post(
        f"/requests/{held.id}/answer", HTMX, verdict="approve", comment="a\r\nb", page="inbox"
    )
    assert answer.status_code == 200
    assert "Nothing waits for you" in answer.text
    assert "it still waits for others" in answer.text
    kept = await browser.plane.store.request(held.id)
    assert kept is not None
    assert [approval.comment for approval in kept.approvals] == ["a\nb"]


async def test_without_scripts_an_answer_leads_back_to_the_page(browser: Browser) -> None:
    held = await browser.plane.hold()
    await browser.sign_in("ben")
    answer = await browser.post(f"/requests/{held.id}/answer", verdict="reject", page="inbox")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    kept = await browser.plane.store.request(held.id)
    assert kept is not None
    assert kept.state is RequestState.REJECTED


@pytest.mark.parametrize("page", ["inbox", "request"])
async def test_an_answer_that_comes_too_late_is_told_in_place(browser: Browser, page: str) -> None:
    held = await browser.plane.hold()
    await browser.sign_in("ben")
    await browser.plane.answer("dora", held.id, Verdict.REJECT)
    path = f"/requests/{held.id}/answer"
    answer = await browser.post(path, HTMX, verdict="approve", page=page)
    assert answer.status_code == 409
    assert "That was not taken." in answer.text
    assert "rejected" in answer.text


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ({"csrf": ""}, {}, 403),
        ({"csrf": "0" * 64}, {}, 403),
        ({}, {"origin": "http://evil.test"}, 403),
        ({}, {"origin": "null"}, 403),
        ({"verdict": "perhaps"}, {}, 422),
        ({"comment": "x" * 2001}, {}, 422),
        ({"verdict": "reject", "rejected_as": "boring"}, {}, 422),
    ],
)
async def test_an_answer_that_no_page_of_ours_sent_changes_nothing(
    browser: Browser, fields: dict[str, str], headers: dict[str, str], status: int
) -> None:
    held = await browser.plane.hold()
    await browser.sign_in("ben")
    sent = {"verdict": "approve"} | fields
    answer = await browser.post(f"/requests/{held.id}/answer", headers, **sent)
    assert answer.status_code == status
    kept = await browser.plane.store.request(held.id)
    assert kept is not None
    assert kept.approvals == ()


async def test_trouble_in_a_part_is_said_beside_the_page(browser: Browser) -> None:
    await browser.sign_in("ben")
    headers = HTMX | {"origin": "null"}
    answer = await browser.post("/requests/req_1/answer", headers, verdict="approve")
    assert answer.headers["hx-retarget"] == "#said"
    assert "<html" not in answer.text


async def test_a_requester_finds_there_what_they_can_add(browser: Browser) -> None:
    remedies = (ReasonRemedy(), TicketRemedy(), StepUpRemedy(timedelta(minutes=15)))
    held = await browser.plane.hold(remedies=remedies)
    await browser.sign_in("ana")
    path = f"/requests/{held.id}"
    page = (await browser.http.get(path)).text
    assert 'name="reason"' in page
    assert 'name="ticket"' in page
    assert 'name="password"' in page
    assert 'value="approve"' not in page
    added = await browser.post(f"{path}/reason", HTMX, reason="month end", ticket="SHOP-1")
    assert "Kept. It still waits for what is missing." in added.text
    wrong = await browser.post(f"{path}/confirm", HTMX, password="no")
    assert wrong.status_code == 403
    right = await browser.post(f"{path}/confirm", HTMX, password=PASSWORD)
    assert "Nothing is missing any more" in right.text


async def test_a_requester_withdraws_on_the_page(browser: Browser) -> None:
    held = await browser.plane.hold()
    await browser.sign_in("ana")
    answer = await browser.post(f"/requests/{held.id}/withdraw", HTMX)
    assert "Withdrawn. It did not run." in answer.text


async def test_a_request_that_is_not_theirs_to_see_is_not_there(browser: Browser) -> None:
    held = await browser.plane.hold(person=PEOPLE[1])
    await browser.sign_in("ana")
    answer = await browser.http.get(f"/requests/{held.id}")
    assert answer.status_code == 404
    assert "DELETE" not in answer.text


async def test_the_stream_says_at_once_and_at_each_change_to_look_again(browser: Browser) -> None:
    await browser.sign_in("ben")
    streaming = asyncio.ensure_future(browser.http.get("/inbox/stream"))
    while not browser.plane.events._queues:
        await asyncio.sleep(0)
    held = await browser.plane.hold()
    browser.plane.events.close()
    text = (await streaming).text
    assert text.startswith("event: changed\ndata: all\n")
    assert f"data: {held.id}\n" in text


async def test_assets_are_kept_by_the_browser_and_found_by_their_content(browser: Browser) -> None:
    page = (await browser.http.get("/sign-in")).text
    address = re.search(r'href="(/assets/assent.css\?v=\w+)"', page)
    assert address
    answer = await browser.http.get(address[1])
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await browser.http.get("/assets/../pages.py")).status_code == 404


async def test_without_the_libraries_the_page_works_and_says_it_is_not_live(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pages, "_LIBRARIES", ("vendor/none.js",))
    browser = Browser()
    held = await browser.plane.hold()
    await browser.sign_in("ben")
    page = (await browser.http.get("/")).text
    assert "not live" in page
    assert "htmx.min.js" not in page
    answer = await browser.post(f"/requests/{held.id}/answer", verdict="approve", page="inbox")
    assert answer.status_code == 303
    await browser.http.aclose()


def test_a_fault_is_a_sentence_with_its_names_as_code() -> None:
    said = pages.sentence("there is no `<b>` for you")
    assert said == "There is no <code>&lt;b&gt;</code> for you."


async def test_a_deadline_that_has_passed_is_not_in_the_inbox(browser: Browser) -> None:
    await browser.plane.hold(lasts_for=timedelta(seconds=60))
    await browser.sign_in("ben")
    browser.plane.clock.at = NOON + timedelta(seconds=60)  # type: ignore[union-attr]
    assert "Nothing waits for you" in (await browser.http.get("/")).text
