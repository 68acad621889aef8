"""Break-glass and reviews over HTTP, and their pages, on a plane in memory."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from assent import web
from assent.api import build_app
from memory_plane import PASSWORD, MemoryPlane

URL = "http://assent.test"
BODY = {"target": "shop", "reason": "orders are stuck since noon"}


class Door:
    """A signed-in client of the API and the pages, and the plane behind both."""

    def __init__(self) -> None:
        self.plane = MemoryPlane()
        app = build_app(self.plane.plane, URL, lambda: ("gate.test", 6432))
        web.mount(app, self.plane.plane, URL)
        transport = httpx2.ASGITransport(app=app)
        self.http = httpx2.AsyncClient(transport=transport, base_url=URL, headers={"origin": URL})

    async def sign_in(self, name: str) -> None:
        answer = await self.http.post("/v1/login", json={"name": name, "password": PASSWORD})
        self.http.headers["authorization"] = f"Bearer {answer.json()['token']}"
        self.http.cookies.clear()
        await self.http.post("/sign-in", data={"name": name, "password": PASSWORD})

    async def broken(self, name: str = "ana") -> dict[str, Any]:
        await self.sign_in(name)
        answer = await self.http.post("/v1/break-glass", json=BODY)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def csrf(self) -> str:
        found = re.search(r'name="csrf" value="(\w+)"', (await self.http.get("/")).text)
        assert found
        return found[1]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    found = Door()
    yield found
    await found.http.aclose()


async def test_breaking_the_glass_gives_a_password_and_says_who_reviews_it(door: Door) -> None:
    broken = await door.broken()
    assert broken["grant"]["kind"] == "break-glass"
    assert (broken["host"], broken["password"], broken["connections"]) == ("gate.test", "s3cret", 1)
    (review,) = broken["reviews"]
    assert (review["state"], review["group"], review["can_close"]) == ("open", "security", False)
    assert review["reviewers"] == ["carl"]
    assert review["link"] == f"{URL}/reviews/{review['id']}"


async def test_what_a_policy_asks_first_is_a_request(door: Door) -> None:
    await door.sign_in("dora")
    answer = await door.http.post("/v1/break-glass", json=BODY)
    assert answer.status_code == 202
    assert answer.json()["request"]["state"] == "pending"


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"reason": "short"}, 422),
        ({"reason": "          "}, 409),
        ({"for_s": 3601}, 422),
        ({"connections": 0}, 422),
        ({"target": "nothing"}, 404),
        ({"budget": "writes 1"}, 422),
    ],
)
async def test_what_makes_no_sense_is_refused(
    door: Door, more: dict[str, object], status: int
) -> None:
    await door.sign_in("ana")
    assert (await door.http.post("/v1/break-glass", json=BODY | more)).status_code == status


async def test_security_closes_a_review_and_its_person_does_not(door: Door) -> None:
    (review,) = (await door.broken())["reviews"]
    path, body = f"/v1/reviews/{review['id']}", {"verdict": "justified", "comment": "right"}
    refused = await door.http.post(f"{path}/close", json=body)
    assert refused.status_code == 403
    assert "nobody closes a review of what they did" in refused.json()["detail"]
    await door.sign_in("ben")
    assert (await door.http.get(path)).status_code == 404
    await door.sign_in("carl")
    (listed,) = (await door.http.get("/v1/reviews?open=true")).json()["items"]
    assert listed["can_close"]
    assert (await door.http.get(path)).json()["sessions"] == []
    assert (await door.http.post(f"{path}/close", json=body | {"comment": ""})).status_code == 422
    closed = (await door.http.post(f"{path}/close", json=body)).json()
    assert (closed["state"], closed["verdict"], closed["closed_by"]) == (
        "closed",
        "justified",
        "carl",
    )
    assert (await door.http.post(f"{path}/close", json=body)).status_code == 409
    assert (await door.http.get("/v1/reviews?open=true")).json()["items"] == []
    assert len((await door.http.get("/v1/reviews")).json()["items"]) == 1


async def test_an_overdue_review_says_so(door: Door) -> None:
    await door.broken()
    door.plane.clock.at += timedelta(days=1)  # type: ignore[union-attr]
    await door.sign_in("carl")
    (listed,) = (await door.http.get("/v1/reviews")).json()["items"]
    assert listed["state"] == "overdue"
    assert "overdue" in (await door.http.get("/reviews")).text


async def test_the_page_shows_what_was_done_and_takes_what_was_found(door: Door) -> None:
    (review,) = (await door.broken())["reviews"]
    page = f"/reviews/{review['id']}"
    mine = (await door.http.get(page)).text
    assert "orders are stuck since noon" in mine
    assert '<form class="act"' not in mine
    await door.sign_in("carl")
    assert review["id"] in (await door.http.get("/reviews")).text
    theirs = (await door.http.get(page)).text
    assert "No session was open on it." in theirs
    assert "It was not justified" in theirs
    fields = {"verdict": "not-justified", "comment": "it <b>could</b> wait"}
    assert (await door.http.post(f"{page}/close", data=fields)).status_code == 403
    empty = fields | {"csrf": await door.csrf(), "comment": " "}
    refused = await door.http.post(f"{page}/close", data=empty)
    assert refused.status_code == 409
    assert "Say what you found" in refused.text
    done = await door.http.post(f"{page}/close", data=fields | {"csrf": await door.csrf()})
    assert (done.status_code, done.headers["location"]) == (303, page)
    closed = (await door.http.get(page)).text
    assert "Carl: it &lt;b&gt;could&lt;/b&gt; wait" in closed
    assert "not-justified" in closed
    assert "Nothing is to be reviewed." in (await door.http.get("/reviews")).text


async def test_pages_of_reviews_are_for_those_who_may_see_them(door: Door) -> None:
    (review,) = (await door.broken())["reviews"]
    await door.sign_in("ben")
    assert (await door.http.get(f"/reviews/{review['id']}")).status_code == 404
