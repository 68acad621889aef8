"""Evidence packs over HTTP: for overseers only, and in the form that is described."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from assent.api import build_app
from assent.api.report_schemas import ReportOut
from memory_plane import PASSWORD, MemoryPlane

SINCE = "since=2020-01-01T00:00:00Z"
NAMES = ["access-review", "privileged-actions", "approvals", "break-glass"]


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    app = build_app(MemoryPlane().plane, "http://assent.test", lambda: ("gate.test", 6432))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://assent.test") as client:
        yield client


async def sign_in(http: httpx2.AsyncClient, name: str) -> None:
    answer = await http.post("/v1/login", json={"name": name, "password": PASSWORD})
    http.headers["authorization"] = f"Bearer {answer.json()['token']}"


@pytest.mark.parametrize("name", NAMES)
async def test_a_report_is_for_overseers_and_says_that_nobody_verified_it(
    http: httpx2.AsyncClient, name: str
) -> None:
    path = f"/v1/reports/{name}?{SINCE}"
    assert (await http.get(path)).status_code == 401
    await sign_in(http, "ana")
    refused = await http.get(path)
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:assent:problem:not-permitted"
    await sign_in(http, "carl")
    found = ReportOut.model_validate((await http.get(path)).json())
    assert (found.report, found.verification) == (name, "not verified here")
    assert found.controls
    assert found.entries.in_period == 0


async def test_what_cannot_be_asked_is_said(http: httpx2.AsyncClient) -> None:
    await sign_in(http, "carl")
    assert (await http.get(f"/v1/reports/costs?{SINCE}")).status_code == 422
    assert (await http.get("/v1/reports/approvals")).status_code == 422
    assert (await http.get("/v1/reports/approvals?since=2026-01-01")).status_code == 422
    later = await http.get("/v1/reports/approvals?since=9999-01-01T00:00:00Z")
    assert (later.status_code, later.json()["type"]) == (422, "urn:assent:problem:no-period")
