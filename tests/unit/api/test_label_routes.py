"""Labels from the outside, over a plane in memory."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from assent.api import build_app
from assent.core.label import Label, LabelSource, LabelState
from memory_plane import NOON, PASSWORD, PEOPLE, SHOP, MemoryPlane

LABELS = "/v1/targets/shop/labels"
NAMED = {"name": "public.c.email", "label": "pii.email"}


@pytest.fixture
async def plane() -> MemoryPlane:
    found = MemoryPlane()
    await found.labels.recover()
    await found.labels.suggest(
        Label(
            SHOP.id,
            "public.c.email",
            "pii.email",
            LabelState.SUGGESTED,
            LabelSource.SCAN,
            19,
            20,
            NOON,
            PEOPLE[1].id,
        )
    )
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


async def test_an_owner_lists_approves_and_takes_off(http: httpx2.AsyncClient) -> None:
    await sign_in(http, "ben")
    assert (await http.get(LABELS)).json()["items"] == [
        {
            **NAMED,
            "state": "suggested",
            "source": "scan",
            "matched": 19,
            "sampled": 20,
            "at": "2026-11-21T12:00:00.000000Z",
            "by": "ben",
        }
    ]
    assert (await http.post(f"{LABELS}/approve", json=NAMED)).json()["state"] == "approved"
    assert (await http.post(f"{LABELS}/approve", json=NAMED)).status_code == 409
    assert (await http.post(f"{LABELS}/reject", json=NAMED)).json()["state"] == "rejected"


async def test_others_are_told_who_may(http: httpx2.AsyncClient) -> None:
    await sign_in(http, "ana")
    for answer in (
        await http.get(LABELS),
        await http.get(f"{LABELS}/scan"),
        await http.post(f"{LABELS}/scan", json={}),
        await http.post(f"{LABELS}/approve", json=NAMED),
    ):
        assert answer.status_code == 403
        assert "only an owner of `shop` may: `dba`" in answer.json()["detail"]


async def test_what_is_not_there_is_missing(http: httpx2.AsyncClient) -> None:
    await sign_in(http, "ben")
    assert (await http.get("/v1/targets/shoe/labels")).status_code == 404
    other = {**NAMED, "label": "pii.phone"}
    assert (await http.post(f"{LABELS}/approve", json=other)).status_code == 404


async def test_without_a_sampler_a_scan_is_not_available(http: httpx2.AsyncClient) -> None:
    await sign_in(http, "ben")
    assert (await http.get(f"{LABELS}/scan")).json()["state"] == "none"
    assert (await http.post(f"{LABELS}/scan", json={})).status_code == 503
    assert (await http.post(f"{LABELS}/scan", json={"sample": 4})).status_code == 422
