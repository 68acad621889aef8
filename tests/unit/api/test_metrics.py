"""Figures and health from the outside, over a plane in memory."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from assent.api import build_app
from memory_plane import PASSWORD, MemoryPlane

ELSEWHERE = ("192.0.2.9", 40_000)


def client_of(plane: MemoryPlane, peer: tuple[str, int]) -> httpx2.AsyncClient:
    app = build_app(plane.plane, "http://assent.test", lambda: ("gate.test", 6432))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False, client=peer)
    return httpx2.AsyncClient(transport=transport, base_url="http://assent.test")


@pytest.fixture
def plane() -> MemoryPlane:
    return MemoryPlane()


@pytest.fixture
async def here(plane: MemoryPlane) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(plane, ("127.0.0.1", 40_000)) as client:
        yield client


@pytest.fixture
async def elsewhere(plane: MemoryPlane) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(plane, ELSEWHERE) as client:
        yield client


async def signed_in(http: httpx2.AsyncClient, name: str) -> dict[str, str]:
    answer = await http.post("/v1/login", json={"name": name, "password": PASSWORD})
    return {"authorization": f"Bearer {answer.json()['token']}"}


async def test_this_machine_reads_figures_that_parse(
    here: httpx2.AsyncClient, plane: MemoryPlane
) -> None:
    plane.canary.measured(0.03)
    answer = await here.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    families = {one.name: one for one in text_string_to_metric_families(answer.text)}
    assert {
        "assent_decisions", "assent_decision_seconds", "assent_sessions_open",
        "assent_actions_held", "assent_requests_pending", "assent_grants_live",
        "assent_revocation_seconds", "assent_canary_up", "assent_notices_dead",
        "assent_log_entries", "assent_checkpoint_age_seconds",
    } <= set(families)  # fmt: skip
    counts = [
        sample
        for sample in families["assent_revocation_seconds"].samples
        if sample.name.endswith("_count")
    ]
    assert {sample.labels["source"]: sample.value for sample in counts} == {"real": 0, "canary": 1}
    labels = {
        (name, value)
        for family in families.values()
        for sample in family.samples
        for name, value in sample.labels.items()
        if name != "le"
    }
    assert {name for name, _ in labels} == {"answer", "source", "quantile", "ended"}


async def test_nobody_else_reads_them_without_a_token(
    here: httpx2.AsyncClient, elsewhere: httpx2.AsyncClient
) -> None:
    for http, headers in (
        (elsewhere, {}),
        (elsewhere, {"authorization": "Bearer wrong"}),
        (here, {"x-forwarded-for": "127.0.0.1"}),
        (here, {"forwarded": "for=127.0.0.1"}),
    ):
        answer = await http.get("/metrics", headers=headers)
        assert answer.status_code == 401, headers
        assert "assent_" not in answer.text


async def test_monitoring_and_those_who_oversee_read_them(elsewhere: httpx2.AsyncClient) -> None:
    token = {"authorization": "Bearer monitoring"}
    assert (await elsewhere.get("/metrics", headers=token)).status_code == 200
    carl = await signed_in(elsewhere, "carl")
    assert (await elsewhere.get("/metrics", headers=carl)).status_code == 200
    ana = await signed_in(elsewhere, "ana")
    assert (await elsewhere.get("/metrics", headers=ana)).status_code == 403


async def test_what_was_looked_at_is_for_those_who_oversee(
    here: httpx2.AsyncClient, plane: MemoryPlane
) -> None:
    assert (await here.get("/v1/health/detail")).status_code == 401
    ana = await signed_in(here, "ana")
    assert (await here.get("/v1/health/detail", headers=ana)).status_code == 403
    plane.canary.failed("it was refused")
    found = (await here.get("/v1/health/detail", headers=await signed_in(here, "carl"))).json()
    assert found["how"] in ("ok", "warn", "fail")
    assert {"store", "policies", "canary"} <= {one["name"] for one in found["checks"]}
    assert found["rounds"] == [
        {"at": found["rounds"][0]["at"], "seconds": None, "problem": "it was refused"}
    ]
