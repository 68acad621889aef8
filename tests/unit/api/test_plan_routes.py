"""Plans over HTTP, on a plane in memory."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from assent.api import build_app
from memory_plane import PASSWORD, MemoryPlane

URL = "http://assent.test"
BODY = {
    "target": "shop",
    "text": "delete from orders where id < 5; select 1",
    "reason": "the clean-up",
    "ends_at": "2026-11-21T14:00:00Z",
}


class Door:
    """A signed-in client of the API, and the plane behind it."""

    def __init__(self) -> None:
        self.plane = MemoryPlane()
        app = build_app(self.plane.plane, URL, lambda: ("gate.test", 6432))
        transport = httpx2.ASGITransport(app=app)
        self.http = httpx2.AsyncClient(transport=transport, base_url=URL)

    async def sign_in(self, name: str) -> None:
        answer = await self.http.post("/v1/login", json={"name": name, "password": PASSWORD})
        self.http.headers["authorization"] = f"Bearer {answer.json()['token']}"


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    found = Door()
    yield found
    await found.http.aclose()


async def test_a_plan_is_a_request_until_people_have_assented(door: Door) -> None:
    await door.sign_in("ana")
    answer = await door.http.post("/v1/plans", json=BODY)
    assert answer.status_code == 201
    asked = answer.json()
    assert (asked["state"], asked["kind"]) == ("pending", "action")
    assert asked["action"]["text"].split("\n") == [
        "-- on 'shop', each once, from 2026-11-21T12:00:00Z until 2026-11-21T14:00:00Z",
        "delete from orders where id < 5;",
        "select 1;",
    ]


async def test_a_plan_that_stands_shows_its_texts_to_those_who_may_see_it(door: Door) -> None:
    await door.sign_in("ben")
    done = (await door.http.post("/v1/plans", json=BODY | {"times": 3})).json()
    assert done["state"] == "completed"
    (listed,) = (await door.http.get("/v1/plans")).json()["items"]
    assert listed["id"] == done["grant"]
    assert listed["grant"]["kind"] == "plan"
    assert [(one["times"], one["used"]) for one in listed["texts"]] == [(3, 0), (3, 0)]
    assert (await door.http.get(f"/v1/plans/{listed['id']}")).json() == listed
    assert (await door.http.get("/v1/plans?everybody=true")).status_code == 403
    await door.sign_in("ana")
    assert (await door.http.get("/v1/plans")).json()["items"] == []
    assert (await door.http.get(f"/v1/plans/{listed['id']}")).status_code == 404
    await door.sign_in("carl")
    assert len((await door.http.get("/v1/plans?everybody=true")).json()["items"]) == 1


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"text": ""}, 422),
        ({"text": "\\i x"}, 409),
        ({"times": 0}, 422),
        ({"reason": ""}, 422),
        ({"ends_at": "2026-11-21T14:00:00"}, 422),
        ({"ends_at": "2026-11-20T14:00:00Z"}, 409),
        ({"window": "at night"}, 409),
        ({"window": "mon 10:00-11:00 Moon/Crater"}, 409),
        ({"target": "nothing"}, 404),
        ({"digest": "x"}, 422),
    ],
)
async def test_what_makes_no_sense_is_refused(
    door: Door, more: dict[str, object], status: int
) -> None:
    await door.sign_in("ana")
    assert (await door.http.post("/v1/plans", json=BODY | more)).status_code == status


async def test_who_could_never_run_it_hears_which_statement(door: Door) -> None:
    await door.sign_in("carl")
    refused = await door.http.post("/v1/plans", json=BODY)
    assert refused.status_code == 403
    assert "statement 1 (`delete from orders where id < 5`)" in refused.json()["detail"]
