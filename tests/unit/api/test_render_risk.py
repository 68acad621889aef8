"""Risk over HTTP, on a whole control plane: what it says, to whom, and the problems."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from assent.api import build_app
from assent.api.render_risk import risk_out
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.request import RejectedAs
from assent.core.signal import SignalStatus
from builders import DELETE_ALL, PASSWORD, READ, Client, World, a_world
from memory_plane import assessment

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

    async def read(self) -> tuple[Client, str, str]:
        """Let Ana read the orders; return her client, the action's id and its entry."""
        client = await self.world.connect()
        action, outcome = await self.world.decided(self.world.did(client, READ))
        return client, action.id, outcome.entry


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with a_world(tmp_path) as world:
        found = Door(world)
        yield found
        await found.http.aclose()


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["type"].removeprefix("urn:assent:problem:")


def test_a_score_is_rendered_with_all_that_it_consists_of() -> None:
    out = risk_out(assessment()).model_dump()
    assert sum(factor["points"] for factor in out["factors"]) == out["score"] == 62
    assert out["factors"][1] == {
        "name": "new_network",
        "points": 24,
        "reason": "192.0.2.7 was never seen, neither its network nor its country",
        "status": "observed",
        "source": "network files",
        "at": "2026-11-21T09:00:00.000000Z",
    }
    assert (out["attacker"], out["confidence"], out["level"]) == ("naive", "medium", "high")
    assert out["unknown"] == ["which device it is", "how old its system is"]


def test_where_the_person_explains_it_there_is_no_attacker() -> None:
    factor = Factor("f", 0, "it is away", SignalStatus.UNAVAILABLE)
    out = risk_out(Assessment(0, RiskLevel.LOW, (factor,))).model_dump()
    assert out["attacker"] is None
    assert (out["factors"][0]["status"], out["factors"][0]["at"]) == ("unavailable", None)


async def test_the_same_score_is_told_by_action_entry_request_and_inbox(door: Door) -> None:
    client = await door.world.connect()
    asking = door.world.asking(client, DELETE_ALL)
    request = await door.world.held(client)
    held = await door.world.stored(request)
    await door.sign_in("ana")
    told = (await door.http.get(f"/v1/risk/explain/{request}")).json()
    for about in (told["action"], told["entry"]):
        assert (await door.http.get(f"/v1/risk/explain/{about}")).json() == told
    assert (told["subject"], told["target"], told["verb"]) == ("ana", "shop", "sql.delete")
    assert (told["outcome"], told["replayed_same"]) == ("deny", True)
    assert told["replayed_score"] == told["risk"]["score"] == held.assessment.score
    shown = (await door.http.get(f"/v1/requests/{request}")).json()
    assert shown["risk"] == told["risk"]
    await door.sign_in("ben")
    (item,) = (await door.http.get("/v1/inbox")).json()["items"]
    assert item["risk"] == told["risk"]
    await door.http.post(f"/v1/requests/{request}/reject", json={"comment": "no"})
    await asking


async def test_what_is_not_there_and_what_is_not_theirs_are_the_same_problem(door: Door) -> None:
    _, action, entry = await door.read()
    await door.sign_in("ben")
    for about in (action, entry, "act_none", "ent_none", "nonsense"):
        answer = await door.http.get(f"/v1/risk/explain/{about}")
        assert problem(answer) == (404, "nothing-to-explain")
    assert problem(await door.http.get("/v1/risk/profiles/ana")) == (404, "no-such-person")
    assert problem(await door.http.get("/v1/risk/profiles/nobody")) == (404, "no-such-person")
    long = await door.http.get(f"/v1/risk/explain/{'x' * 65}")
    assert problem(long) == (422, "invalid-input")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/risk/explain/act_1"),
        ("GET", "/v1/risk/profiles/ana"),
        ("DELETE", "/v1/risk/profiles/ana"),
        ("POST", "/v1/risk/sessions/ses_1/disown"),
    ],
)
async def test_without_a_token_nothing_of_risk_is_told_or_done(
    door: Door, method: str, path: str
) -> None:
    assert problem(await door.http.request(method, path)) == (401, "not-signed-in")


async def test_a_payload_that_is_gone_is_a_conflict(door: Door) -> None:
    _, _, entry = await door.read()
    await door.sign_in("ana")
    every = door.world.store.entries

    async def without(start: int = 0, limit: int = 256) -> Any:
        found = await every(start, limit)
        return [type(one)(one.index, one.leaf, None) for one in found]

    door.world.store.entries = without
    answer = await door.http.get(f"/v1/risk/explain/{entry}")
    assert problem(answer) == (409, "payload-gone")


async def test_a_profile_says_what_is_usual(door: Door) -> None:
    client, _, _ = await door.read()
    await door.world.sessions.ending.end(client.session, "done")
    await door.world.learning.flush()
    await door.sign_in("ana")
    usual = (await door.http.get("/v1/risk/profiles/ana")).json()
    assert (usual["person"], usual["groups"]) == ("ana", ["engineers"])
    assert (usual["sessions"], usual["days"], usual["lessons"]) == (1, 1, 1)
    assert usual["first_at"] == usual["last_at"] == "2026-03-04T12:00:00.000000Z"
    resource = next(one for one in usual["dimensions"] if one["name"] == "resource")
    assert resource["values"][0]["value"] == "shop public.orders"
    assert resource["values"][0]["percent"] == 100


async def test_only_security_forgets_and_then_nothing_is_usual(door: Door) -> None:
    client, _, _ = await door.read()
    await door.world.sessions.ending.end(client.session, "done")
    await door.world.learning.flush()
    await door.sign_in("ana")
    assert problem(await door.http.delete("/v1/risk/profiles/ana")) == (403, "not-permitted")
    await door.sign_in("carl")
    assert problem(await door.http.delete("/v1/risk/profiles/nobody")) == (404, "no-such-person")
    assert (await door.http.delete("/v1/risk/profiles/ana")).json() == {"person": "ana"}
    usual = (await door.http.get("/v1/risk/profiles/ana")).json()
    assert (usual["sessions"], usual["first_at"], usual["dimensions"]) == (0, None, [])


async def test_a_person_disowns_their_session_and_nobody_elses(door: Door) -> None:
    client, _, _ = await door.read()
    session = client.session.session.id
    path = f"/v1/risk/sessions/{session}/disown"
    door.world.clock.advance(timedelta(minutes=2))
    await door.world.learning.flush()
    await door.sign_in("ben")
    assert problem(await door.http.post(path)) == (404, "no-such-session")
    assert client.cuts == []
    await door.sign_in("ana")
    answer = await door.http.post(path)
    assert (answer.status_code, answer.json()) == (200, {"session": session, "unlearned": 1})
    assert client.cuts == ["ana says that this is not ana"]


@pytest.mark.parametrize("why", ["not-needed", "suspicious", None])
async def test_a_rejection_says_why_and_shows_it(door: Door, why: str | None) -> None:
    client = await door.world.connect()
    asking = door.world.asking(client, DELETE_ALL)
    request = await door.world.held(client)
    await door.sign_in("ben")
    path = f"/v1/requests/{request}"
    wrong = await door.http.post(f"{path}/reject", json={"rejected_as": "boring"})
    assert problem(wrong) == (422, "invalid-input")
    misplaced = await door.http.post(f"{path}/approve", json={"rejected_as": "suspicious"})
    assert problem(misplaced) == (422, "invalid-input")
    answer = await door.http.post(f"{path}/reject", json={"rejected_as": why})
    assert answer.json()["approvals"][0]["rejected_as"] == why
    (approval,) = (await door.world.stored(request)).approvals
    assert approval.rejected_as == (RejectedAs(why) if why else None)
    await asking
