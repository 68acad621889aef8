"""Policies and targets over HTTP."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from assent.api import build_app
from memory_plane import PASSWORD, MemoryPlane

BODY = {"policies": {"10.cedar": "permit (principal, action, resource);"}, "targets": None}


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    app = build_app(MemoryPlane().plane, "http://assent.test", lambda: ("gate.test", 6432))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://assent.test") as client:
        yield client


async def call(
    http: httpx2.AsyncClient, name: str, method: str, path: str, body: Any = None
) -> httpx2.Response:
    signed = await http.post("/v1/login", json={"name": name, "password": PASSWORD})
    headers = {"authorization": f"Bearer {signed.json()['token']}"}
    return await http.request(method, path, json=body, headers=headers)


@pytest.mark.parametrize("path", ["/v1/configuration", "/v1/policies/pol-1", "/v1/decisions"])
async def test_only_those_who_oversee_read_what_is_in_force(
    http: httpx2.AsyncClient, path: str
) -> None:
    assert (await call(http, "carl", "GET", path)).status_code == 200
    assert (await call(http, "ana", "GET", path)).status_code == 403
    assert (await http.get(path)).status_code == 401


async def test_a_revision_has_its_text(http: httpx2.AsyncClient) -> None:
    found = (await call(http, "carl", "GET", "/v1/policies/pol-1")).json()
    assert found["policies"]["10.cedar"].startswith('@id("a")')
    assert (await call(http, "carl", "GET", "/v1/policies/pol-none")).status_code == 404


async def test_a_plan_says_what_it_leads_to(http: httpx2.AsyncClient) -> None:
    answer = await call(http, "ben", "POST", "/v1/configuration/plan", BODY)
    assert answer.status_code == 200
    planned = answer.json()
    assert (planned["leads_to"], planned["words"]) == ("asks", ["assent of 1 of security"])
    assert planned["plan"]["differences"][0]["name"] == "b"


async def test_applying_is_done_waits_or_is_refused(http: httpx2.AsyncClient) -> None:
    path = "/v1/configuration/apply"
    done = await call(http, "ben", "POST", path, {**BODY, "reason": "to try it"})
    assert (done.status_code, done.json()["state"], done.json()["request"]) == (
        200,
        "applied",
        None,
    )
    waits = await call(http, "dora", "POST", path, BODY)
    assert (waits.status_code, waits.json()["state"]) == (202, "waiting")
    assert waits.json()["request"]["id"].startswith("req_")
    assert (await call(http, "ana", "POST", path, BODY)).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"policies": {"../10.cedar": ""}},
        {"policies": {"10.txt": ""}},
        {"policies": {"10.cedar": "\0"}},
        {"policies": []},
        {"targets": 3},
        {"more": True},
        {"policies": {}},
        {"policies": {f"{number}.cedar": "" for number in range(1001)}},
    ],
)
async def test_what_is_not_a_configuration_is_refused(
    http: httpx2.AsyncClient, body: dict[str, Any]
) -> None:
    answer = await call(http, "ben", "POST", "/v1/configuration/plan", body)
    assert answer.status_code == 422


async def test_a_configuration_may_be_larger_than_other_bodies_and_is_bounded(
    http: httpx2.AsyncClient,
) -> None:
    for size, status in ((200_000, 200), (1_200_000, 413)):
        body = {"policies": {"10.cedar": "/" * size}}
        answer = await call(http, "ben", "POST", "/v1/configuration/plan", body)
        assert answer.status_code == status
