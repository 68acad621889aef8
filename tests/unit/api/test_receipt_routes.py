"""Receipts for everybody; how the log stands, and its key, for those who may."""

from base64 import b64decode
from collections.abc import AsyncIterator

import httpx2
import pytest

from assent.api import build_app
from assent.audit.proof import parse_receipt
from memory_plane import PASSWORD, MemoryPlane


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    app = build_app(MemoryPlane().plane, "http://assent.test", lambda: ("gate.test", 6432))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://assent.test") as client:
        yield client


async def sign_in(http: httpx2.AsyncClient, name: str) -> None:
    answer = await http.post("/v1/login", json={"name": name, "password": PASSWORD})
    http.headers["authorization"] = f"Bearer {answer.json()['token']}"


async def test_a_receipt_is_a_proof_and_the_leaf_that_it_proves(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/v1/audit/receipts/ent_1")).status_code == 401
    await sign_in(http, "ana")
    answer = (await http.get("/v1/audit/receipts/ent_1?wait_s=5")).json()
    (receipt,) = answer["receipts"]
    assert parse_receipt(receipt["proof"]).index == receipt["index"] == 0
    assert b64decode(receipt["leaf"]) == b"{}"
    assert receipt["witnesses"] == ["witness.example/w1"]
    assert answer["keys"]
    assert (await http.get("/v1/audit/receipts/ent_gone")).status_code == 404
    assert (await http.get("/v1/audit/receipts/ent_1?wait_s=61")).status_code == 422


async def test_who_oversees_sees_how_the_log_stands(http: httpx2.AsyncClient) -> None:
    await sign_in(http, "ana")
    assert (await http.get("/v1/audit/status")).status_code == 403
    await sign_in(http, "carl")
    found = (await http.get("/v1/audit/status")).json()
    assert [one["disputed"] for one in found["observers"]] == [False, True]
    assert (found["size"], found["holds"], found["anchors"][0]["name"]) == (1, 1, "disk")


async def test_a_key_is_rotated_or_people_are_asked(http: httpx2.AsyncClient) -> None:
    await sign_in(http, "carl")
    done = await http.post("/v1/audit/rotate-key", json={"reason": "every year"})
    assert (done.status_code, done.json()["new"], done.json()["size"]) == (200, "new", 7)
    await sign_in(http, "ana")
    asked = await http.post("/v1/audit/rotate-key", json={})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert asked.json()["request"]["id"].startswith("req_")
