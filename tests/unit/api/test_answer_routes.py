"""Offers, comments, delegations and absences over HTTP, on a plane in memory."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest

from assent import web
from assent.api import build_app
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.ids import ActionId
from assent.core.request import Request
from assent.core.resource import Resource
from memory_plane import NOON, ONE_DBA, PASSWORD, PEOPLE, SHOP, MemoryPlane

URL = "http://assent.test"


class Door:
    """A signed-in client of the API and the pages, and the plane behind both."""

    def __init__(self) -> None:
        self.plane = MemoryPlane()
        app = build_app(self.plane.plane, URL, lambda: ("gate.test", 6432))
        web.mount(app, self.plane.plane, URL)
        transport = httpx2.ASGITransport(app=app)
        self.http = httpx2.AsyncClient(transport=transport, base_url=URL)

    async def sign_in(self, name: str) -> None:
        answer = await self.http.post("/v1/login", json={"name": name, "password": PASSWORD})
        self.http.headers["authorization"] = f"Bearer {answer.json()['token']}"

    async def asked(self, **details: str) -> Request:
        touch = Touch("access.request", Operation.EXECUTE, Resource("Target", "shop"))
        action = Action(
            id=ActionId(self.plane.ids.mint("action")),
            subject=PEOPLE[0].id,
            statement=Statement("access.request", (touch,), complete=True),
            target=SHOP.id,
            details=details or {"for_s": "7200"},
            salt="salt",
        )
        return await self.plane.open_request(action, remedies=(ONE_DBA,))


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    found = Door()
    yield found
    await found.http.aclose()


async def test_an_offer_is_made_and_accepted(door: Door) -> None:
    asked = await door.asked()
    await door.sign_in("ben")
    body = {"for_s": 1800, "read_only": True, "comment": "half an hour is enough"}
    answer = await door.http.post(f"/v1/requests/{asked.id}/offer", json=body)
    assert answer.status_code == 200
    (offer,) = answer.json()["approvals"]
    assert (offer["verdict"], offer["acceptable"], offer["counts"]) == ("offer", True, False)
    assert offer["terms"]["words"] == ["for 30 min", "read-only"]
    assert answer.json()["terms"]["words"] == ["for 2 h"]
    await door.sign_in("ana")
    taken = (await door.http.post(f"/v1/requests/{asked.id}/accept")).json()
    assert taken["terms"]["words"] == ["for 30 min", "read-only"]
    assert taken["action"]["digest"] != asked.action_digest
    assert taken["approvals"][0]["counts"]
    assert taken["unmet"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"for_s": 7201}, 409),
        ({}, 409),
        ({"for_s": 0}, 422),
        ({"budget": {"rows": 0}}, 422),
        ({"verbs": ["sql.read sql.delete"]}, 409),
        ({"cows": 3}, 422),
    ],
)
async def test_an_offer_that_makes_no_sense_is_refused(
    door: Door, body: dict[str, object], status: int
) -> None:
    asked = await door.asked()
    await door.sign_in("ben")
    answer = await door.http.post(f"/v1/requests/{asked.id}/offer", json=body)
    assert answer.status_code == status
    assert (await door.plane.store.request(asked.id) or asked).approvals == ()


async def test_a_statement_is_answered_as_it_is(door: Door) -> None:
    held = await door.plane.hold()
    await door.sign_in("ben")
    answer = await door.http.post(f"/v1/requests/{held.id}/offer", json={"for_s": 60})
    assert answer.status_code == 409
    assert "one exact action" in answer.json()["detail"]


async def test_only_the_requester_accepts_and_only_what_was_offered(door: Door) -> None:
    asked = await door.asked()
    await door.sign_in("ana")
    assert (await door.http.post(f"/v1/requests/{asked.id}/accept")).status_code == 409
    await door.sign_in("ben")
    await door.http.post(f"/v1/requests/{asked.id}/offer", json={"for_s": 1800})
    assert (await door.http.post(f"/v1/requests/{asked.id}/accept")).status_code == 403
    await door.sign_in("ana")
    body = {"offer": "apr_none"}
    answer = await door.http.post(f"/v1/requests/{asked.id}/accept", json=body)
    assert answer.status_code == 404


async def test_comments_are_read_by_all_who_may_see_the_request(door: Door) -> None:
    asked = await door.asked()
    await door.sign_in("ben")
    body = {"text": "which ticket?"}
    assert (await door.http.post(f"/v1/requests/{asked.id}/comment", json=body)).status_code == 200
    await door.sign_in("ana")
    found = (await door.http.get(f"/v1/requests/{asked.id}")).json()
    assert [(said["by"], said["text"]) for said in found["comments"]] == [("ben", "which ticket?")]
    empty = await door.http.post(f"/v1/requests/{asked.id}/comment", json={"text": "  "})
    assert empty.status_code == 409


async def test_an_assent_is_withdrawn(door: Door) -> None:
    asked = await door.asked()
    await door.sign_in("ben")
    await door.http.post(f"/v1/requests/{asked.id}/offer", json={"for_s": 1800})
    answer = (await door.http.post(f"/v1/requests/{asked.id}/retract")).json()
    (offer,) = answer["approvals"]
    assert (offer["acceptable"], offer["withdrawn_at"]) == (False, "2026-11-21T12:00:00.000000Z")
    assert (await door.http.post(f"/v1/requests/{asked.id}/retract")).status_code == 409


async def test_a_delegation_is_given_listed_and_ended_by_who_gave_it(door: Door) -> None:
    await door.sign_in("ben")
    body = {"group": "dba", "to": "ana", "for_s": 3600, "reason": "holiday"}
    answer = await door.http.post("/v1/delegations", json=body)
    assert (answer.status_code, answer.json()["kind"]) == (201, "action")
    (given,) = (await door.http.get("/v1/delegations")).json()["items"]
    assert (given["group"], given["by"], given["to"]) == ("dba", "ben", "ana")
    body = {"because": "back early"}
    ended = await door.http.post(f"/v1/grants/{given['id']}/revoke", json=body)
    assert ended.status_code == 200


async def test_somebody_is_away_until_they_are_back(door: Door) -> None:
    await door.sign_in("ben")
    until = (NOON + timedelta(days=2)).isoformat()
    away = (await door.http.post("/v1/absence", json={"until": until})).json()
    assert away == {"away": True, "until": "2026-11-23T12:00:00.000000Z"}
    assert (await door.http.get("/v1/absence")).json()["away"]
    assert (await door.http.delete("/v1/absence")).json() == {"away": False, "until": None}
    past = (NOON - timedelta(days=2)).isoformat()
    assert (await door.http.post("/v1/absence", json={"until": past})).status_code == 409


async def test_the_page_offers_accepts_and_shows_who_said_what(door: Door) -> None:
    asked = await door.asked()
    seat = httpx2.AsyncClient(transport=door.http._transport, base_url=URL, headers={"origin": URL})

    async def sit(name: str) -> str:
        seat.cookies.clear()
        await seat.post("/sign-in", data={"name": name, "password": PASSWORD})
        return (await seat.get(f"/requests/{asked.id}")).text

    async def send(page: str, what: str, **fields: str) -> httpx2.Response:
        csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
        return await seat.post(f"/requests/{asked.id}/{what}", data={"csrf": csrf, **fields})

    page = await sit("ben")
    assert "Offer less instead" in page
    assert "Accept this offer" not in page
    refused = await send(page, "offer", minutes="soon")
    assert "Say how many minutes" in refused.text
    assert (await send(page, "offer", minutes="30", read_only="true")).status_code == 303
    assert (await send(page, "comment", text="<b>ok</b>")).status_code == 303
    page = await sit("ana")
    assert "offers less: for 30 min, read-only" in page
    assert "&lt;b&gt;ok&lt;/b&gt;" in page
    offer = page.partition('name="offer" value="')[2].partition('"')[0]
    assert (await send(page, "accept", offer=offer)).status_code == 303
    stored = await door.plane.store.request(asked.id)
    assert stored is not None
    assert stored.action.details == {"for_s": "1800", "read_only": "true"}
    await seat.aclose()


async def test_a_self_approval_and_a_delegates_answer_are_marked(door: Door) -> None:
    remedy = replace(ONE_DBA, by_requester=True)
    held = await door.plane.hold(person=PEOPLE[1], remedies=(remedy,))
    await door.sign_in("ben")
    answer = (await door.http.post(f"/v1/requests/{held.id}/approve")).json()
    assert answer["approvals"][0]["by_requester"]
    delegation = {"group": "dba", "to": "ana", "for_s": 3600}
    await door.http.post("/v1/delegations", json=delegation)
    other = await door.plane.hold(person=PEOPLE[2])
    await door.sign_in("ana")
    answer = (await door.http.post(f"/v1/requests/{other.id}/approve")).json()
    assert answer["approvals"][0]["in_place_of"] == "ben"
