"""Notices from the outside, over a plane in memory."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from assent.api import build_app
from assent.core.changes import PutDelivery, PutNotice
from assent.core.notice import Delivery
from memory_plane import PASSWORD, PEOPLE, MemoryPlane


@pytest.fixture
async def plane() -> MemoryPlane:
    found = MemoryPlane()
    put = found.outbox.notice("grant.ending", to=[PEOPLE[0].id], headline="it ends")
    notice = put.notice
    assert notice.id is not None
    dead = Delivery(notice.id, "chat", attempts=3, error="the chat is away")
    await found.store.commit((PutNotice(notice, ("chat",)), PutDelivery(dead)), ())
    return found


@pytest.fixture
async def http(plane: MemoryPlane) -> AsyncIterator[httpx2.AsyncClient]:
    app = build_app(plane.plane, "http://assent.test", lambda: ("gate.test", 6432))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://assent.test") as client:
        yield client


async def sign_in(http: httpx2.AsyncClient, name: str) -> None:
    answer = await http.post("/v1/login", json={"name": name, "password": PASSWORD})
    http.headers["authorization"] = f"Bearer {answer.json()['token']}"


async def test_security_sees_what_was_given_up_and_tries_it_again(
    http: httpx2.AsyncClient,
) -> None:
    await sign_in(http, "carl")
    found = (await http.get("/v1/notices?state=dead")).json()["items"]
    assert [(item["channel"], item["to"], item["error"], item["attempts"]) for item in found] == [
        ("chat", ["ana"], "the chat is away", 3)
    ]
    again = await http.post(f"/v1/notices/{found[0]['id']}/retry")
    assert again.json()["items"][0]["due_at"] is not None
    assert (await http.get("/v1/notices")).json() == {"items": []}
    assert (await http.post(f"/v1/notices/{found[0]['id']}/retry")).status_code == 404


async def test_nobody_else_sees_or_tries_anything(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/v1/notices")).status_code == 401
    await sign_in(http, "ana")
    assert (await http.get("/v1/notices")).status_code == 403
    assert (await http.post("/v1/notices/ntc_1/retry")).status_code == 403


async def test_only_what_was_given_up_can_be_listed(http: httpx2.AsyncClient) -> None:
    await sign_in(http, "carl")
    assert (await http.get("/v1/notices?state=sent")).status_code == 422
