"""Administration of the log over HTTP, on a whole control plane."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from assent.api import build_app
from builders import PASSWORD, World, a_world
from unit.control.audit_orders import AT_ONCE, asked

URL = "http://assent.test"


class Door:
    """The API over a world, and one client of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        app = build_app(world.plane, URL, lambda: ("gate.test", 6432))
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        self.http = httpx2.AsyncClient(transport=transport, base_url=URL)

    async def sign_in(self, name: str) -> None:
        answer = await self.http.post("/v1/login", json={"name": name, "password": PASSWORD})
        self.http.headers["authorization"] = f"Bearer {answer.json()['token']}"

    async def post(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        answer = await self.http.post(f"/v1/audit/{path}", json=body)
        return answer.status_code, answer.json()

    async def get(self, path: str) -> dict[str, Any]:
        return (await self.http.get(f"/v1/audit/{path}")).json()  # type: ignore[no-any-return]


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with a_world(tmp_path, AT_ONCE) as world:
        found = Door(world)
        await found.sign_in("carl")
        yield found
        await found.http.aclose()


async def test_somebody_is_erased_and_their_keys_say_so(door: Door) -> None:
    await door.world.connect()
    (before,) = (await door.get("keys?subject=ana"))["items"]
    assert before["destroyed_at"] is None
    status, told = await door.post("erase", subject="ana", reason="she asked")
    assert (status, told["state"], told["told"]["keys"]) == (200, "done", 1)
    (after,) = [one for one in (await door.get("keys?subject=ana"))["items"] if one["destroyed_at"]]
    assert after["id"] == before["id"]
    assert after["master"] == before["master"]


async def test_a_hold_is_placed_listed_and_lifted_and_stops_erasing(door: Door) -> None:
    status, told = await door.post("holds", subject="ana", because="case 7")
    assert (status, told["told"]["stands"]) == (200, True)
    (hold,) = (await door.get("holds"))["items"]
    assert (hold["subject"], hold["placed_by"], hold["lifted_at"]) == ("ana", "carl", None)
    status, told = await door.post("erase", subject="ana", reason="she asked")
    assert (status, told["type"]) == (409, "urn:assent:problem:legal-hold")
    status, _ = await door.post(f"holds/{hold['id']}/lift", because="closed")
    assert status == 200
    (hold,) = (await door.get("holds"))["items"]
    assert (hold["lifted_by"], hold["because"]) == ("carl", "case 7")
    await door.post("holds", because="case 8")
    assert [one["subject"] for one in (await door.get("holds"))["items"]].count(None) == 1


async def test_pruning_says_what_goes(door: Door) -> None:
    before = door.world.clock.now() - timedelta(days=30)
    status, told = await door.post("prune", before=before.isoformat(), reason="a month")
    assert (status, told["told"]["minimum"], told["told"]["entries"]) == (200, 0, 0)
    status, told = await door.post("prune", before="2999-01-01T00:00:00Z", reason="all")
    assert (status, told["type"]) == (409, "urn:assent:problem:too-young")


async def test_what_needs_assent_is_a_request(door: Door) -> None:
    asked(door.world)
    await door.sign_in("ben")
    status, told = await door.post("erase", subject="ana", reason="she asked")
    assert (status, told["state"], told["told"]) == (200, "waiting", {})
    assert told["request"]["state"] == "pending"
    assert (await door.http.get("/v1/audit/holds")).status_code == 403
    assert (await door.http.get("/v1/audit/keys")).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("erase", {"subject": "ana"}),
        ("erase", {"subject": "ana", "reason": ""}),
        ("erase", {"subject": "ana", "reason": "x", "keys": ["dek_1"]}),
        ("holds", {"subject": ["ana"], "because": "x"}),
        ("prune", {"before": "2025-01-01", "reason": "x"}),
        ("prune", {"before": "yesterday", "reason": "x"}),
    ],
)
async def test_what_is_malformed_is_refused(door: Door, path: str, body: dict[str, Any]) -> None:
    status, _ = await door.post(path, **body)
    assert status == 422
