"""The REST door from the outside, over a plane in memory."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest

from assent.api import build_app
from assent.core.ids import SubjectId
from assent.core.request import RequestState, Verdict
from memory_plane import NOON, PASSWORD, PEOPLE, TWO_DBAS, MemoryPlane

URL = "http://assent.test"
ANA, BEN, DORA, CARL = PEOPLE


class Door:
    """A client of the API and the plane behind it."""

    def __init__(self) -> None:
        self.plane = MemoryPlane()
        app = build_app(self.plane.plane, URL + "/", lambda: ("gate.test", 6432))
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
        self.http = httpx2.AsyncClient(transport=transport, base_url=URL)

    async def sign_in(self, name: str) -> None:
        answer = await self.http.post("/v1/login", json={"name": name, "password": PASSWORD})
        self.http.headers["authorization"] = f"Bearer {answer.json()['token']}"


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    found = Door()
    yield found
    await found.http.aclose()


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail"}
    assert body["status"] == answer.status_code
    return answer.status_code, body["type"].removeprefix("urn:assent:problem:")


async def test_health_needs_no_sign_in(door: Door) -> None:
    answer = await door.http.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


async def test_a_login_returns_a_token_that_says_who_one_is(door: Door) -> None:
    answer = await door.http.post("/v1/login", json={"name": "ben", "password": PASSWORD})
    assert answer.json()["subject"] == {
        "name": "ben",
        "display_name": "Ben Brandt",
        "groups": ["dba"],
    }
    assert answer.json()["expires_at"] == "2026-11-22T00:00:00.000000Z"
    door.http.headers["authorization"] = f"Bearer {answer.json()['token']}"
    assert (await door.http.get("/v1/whoami")).json()["name"] == "ben"


async def test_a_wrong_password_is_refused_and_never_repeated(door: Door) -> None:
    answer = await door.http.post("/v1/login", json={"name": "ben", "password": "s3cr3t-guess"})
    assert problem(answer) == (403, "sign-in-refused")
    assert "s3cr3t-guess" not in answer.text


async def test_an_invalid_body_is_explained_without_what_was_sent(door: Door) -> None:
    body = {"name": "ben", "password": "s3cr3t-guess", "passwort": "s3cr3t-guess"}
    answer = await door.http.post("/v1/login", json=body)
    assert problem(answer) == (422, "invalid-input")
    assert "`body.passwort`" in answer.text
    assert "s3cr3t-guess" not in answer.text


async def test_too_many_attempts_are_told_to_come_back_later(door: Door) -> None:
    for _ in range(10):
        await door.http.post("/v1/login", json={"name": "ben", "password": "no"})
    answer = await door.http.post("/v1/login", json={"name": "ben", "password": PASSWORD})
    assert problem(answer) == (429, "too-many-attempts")
    assert answer.headers["retry-after"] == "301"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic YmVuOng=", "x" * 9000])
async def test_without_a_good_token_nothing_is_told(door: Door, header: str) -> None:
    answer = await door.http.get("/v1/inbox", headers={"authorization": header})
    assert problem(answer) == (401, "not-signed-in")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_after_a_logout_the_token_is_dead(door: Door) -> None:
    await door.sign_in("ben")
    assert (await door.http.post("/v1/logout")).status_code == 204
    assert problem(await door.http.get("/v1/whoami")) == (401, "not-signed-in")


async def test_a_step_up_needs_the_right_password(door: Door) -> None:
    await door.sign_in("ben")
    wrong = await door.http.post("/v1/step-up", json={"password": "no"})
    assert problem(wrong) == (403, "sign-in-refused")
    right = await door.http.post("/v1/step-up", json={"password": PASSWORD})
    assert (right.status_code, right.content) == (204, b"")
    assert door.plane.sign_in.stepped_up_at(BEN.id) == NOON


async def test_targets_say_what_connecting_would_lead_to(door: Door) -> None:
    await door.sign_in("ana")
    assert (await door.http.get("/v1/targets")).json()["items"] == [
        {
            "name": "shop",
            "protocol": "postgres",
            "address": "postgresql://gate.test:6432/shop",
            "command": "assent connect shop --psql",
            "environment": "production",
            "access": "ask",
            "words": ["assent of 1 of dba"],
            "grant": None,
        }
    ]


async def test_connecting_returns_how_to_dial(door: Door) -> None:
    await door.sign_in("ben")
    answer = await door.http.post("/v1/connect", json={"target": "shop"})
    assert answer.status_code == 201
    body = answer.json()
    assert (body["host"], body["port"], body["user"]) == ("gate.test", 6432, "ben")
    assert (body["password"], body["database"]) == ("s3cret", "shop")
    assert body["grant"]["state"] == "active"
    assert answer.headers["cache-control"] == "no-store"


async def test_connecting_where_people_must_assent_returns_the_request(door: Door) -> None:
    await door.sign_in("ana")
    body = {"target": "shop", "for_s": 7200, "reason": "month end", "ticket": "SHOP-1"}
    answer = await door.http.post("/v1/connect", json=body)
    assert answer.status_code == 202
    request = answer.json()["request"]
    assert (request["kind"], request["action"]["for_s"]) == ("access", 7200)
    assert (request["reason"], request["ticket"]) == ("month end", "SHOP-1")
    assert request["link"] == f"{URL}/requests/{request['id']}"


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("ana", {"target": "nope"}, (404, "no-such-target")),
        ("carl", {"target": "shop"}, (403, "denied")),
        ("ana", {"target": "shop", "for_s": 0}, (422, "invalid-input")),
        ("ana", {"target": "shop", "for_s": "60"}, (422, "invalid-input")),
        ("ana", {"target": "shop", "reason": "a\x00b"}, (422, "invalid-input")),
        ("ana", {"target": "shop", "reason": "x" * 2001}, (422, "invalid-input")),
        ("ana", {"target": "shop", "hurry": True}, (422, "invalid-input")),
    ],
)
async def test_a_request_that_cannot_be_made_says_why(
    door: Door, name: str, body: dict[str, object], expected: tuple[int, str]
) -> None:
    await door.sign_in(name)
    assert problem(await door.http.post("/v1/requests", json=body)) == expected


async def test_the_inbox_shows_a_held_statement_in_full(door: Door) -> None:
    held = await door.plane.hold("DELETE FROM orders", parameters=("7", None))
    await door.sign_in("ben")
    (item,) = (await door.http.get("/v1/inbox")).json()["items"]
    assert (item["id"], item["state"], item["kind"]) == (held.id, "pending", "statement")
    assert item["requester"] == {"name": "ana", "display_name": "Ana Alvarez"}
    assert item["action"]["text"] == "DELETE FROM orders"
    assert item["action"]["parameters"] == ["7", None]
    assert item["action"]["touches"][1] == {
        "verb": "sql.read",
        "resource": "Table public.orders",
        "columns": ["id", "total"],
        "through": "",
    }
    assert item["impact"] is None
    assert item["action"]["digest"] == held.action_digest
    assert sum(factor["points"] for factor in item["risk"]["factors"]) == item["risk"]["score"]
    assert (item["demands"], item["unmet"]) == (["assent of 1 of dba"], ["assent of 1 of dba"])
    assert item["asked"] == ["ben", "dora"]
    assert item["policies"] == ["prod.delete-without-where"]


async def test_the_inbox_of_somebody_who_is_not_asked_is_empty(door: Door) -> None:
    await door.plane.hold()
    await door.sign_in("ana")
    assert (await door.http.get("/v1/inbox")).json() == {"items": [], "waiting": 0}


async def test_an_approval_is_kept_with_its_comment(door: Door) -> None:
    held = await door.plane.hold(remedies=(TWO_DBAS,))
    await door.sign_in("ben")
    answer = await door.http.post(f"/v1/requests/{held.id}/approve", json={"comment": "fine"})
    assert answer.status_code == 200
    (given,) = answer.json()["approvals"]
    assert given.pop("id").startswith("apr_")
    assert given == {
        "approver": "ben",
        "verdict": "approve",
        "rejected_as": None,
        "comment": "fine",
        "at": "2026-11-21T12:00:00.000000Z",
        "terms": None,
        "acceptable": False,
        "counts": True,
        "by_requester": False,
        "in_place_of": None,
        "signed": False,
        "withdrawn_at": None,
    }
    assert answer.json()["unmet"] == ["assent of 1 of dba"]
    again = await door.http.post(f"/v1/requests/{held.id}/approve")
    assert again.status_code in (403, 409)


async def test_a_rejection_settles_it_and_a_later_answer_conflicts(door: Door) -> None:
    held = await door.plane.hold()
    await door.sign_in("ben")
    answer = await door.http.post(f"/v1/requests/{held.id}/reject")
    assert (answer.json()["state"], answer.json()["settled_by"]) == ("rejected", "ben")
    await door.sign_in("dora")
    late = await door.http.post(f"/v1/requests/{held.id}/approve")
    assert problem(late)[0] == 409


async def test_nobody_answers_their_own_request(door: Door) -> None:
    held = await door.plane.hold(person=BEN)
    await door.sign_in("ben")
    answer = await door.http.post(f"/v1/requests/{held.id}/approve")
    assert problem(answer)[0] == 403


async def test_a_requester_gives_a_reason_and_withdraws(door: Door) -> None:
    held = await door.plane.hold()
    await door.sign_in("ana")
    path = f"/v1/requests/{held.id}"
    given = await door.http.post(f"{path}/reason", json={"reason": "month end"})
    assert given.json()["reason"] == "month end"
    assert (await door.http.post(f"{path}/withdraw")).json()["state"] == "withdrawn"


async def test_requests_are_listed_by_state_and_owner(door: Door) -> None:
    held = await door.plane.hold()
    await door.plane.answer("ben", (await door.plane.hold()).id, Verdict.REJECT)
    await door.sign_in("ben")

    async def ids(query: str) -> list[str]:
        answer = await door.http.get(f"/v1/requests?{query}")
        return [item["id"] for item in answer.json()["items"]]

    assert await ids("state=pending") == [held.id]
    assert len(await ids("state=pending,rejected")) == 2
    assert len(await ids("")) == 2
    assert await ids("mine=true") == []
    assert problem(await door.http.get("/v1/requests?state=lost")) == (422, "invalid-input")


async def test_a_long_poll_returns_when_the_request_changes(door: Door) -> None:
    held = await door.plane.hold()
    await door.sign_in("ana")
    path = f"/v1/requests/{held.id}?wait_s=30&changed_after=2026-11-21T12:00:00.000000Z"
    polling = asyncio.ensure_future(door.http.get(path))
    while not door.plane.events._queues:
        await asyncio.sleep(0)
    door.plane.clock.at = NOON + timedelta(seconds=3)  # type: ignore[union-attr]
    await door.plane.answer("ben", held.id, Verdict.REJECT)
    assert (await polling).json()["state"] == RequestState.REJECTED


async def test_a_long_poll_for_an_old_change_returns_at_once(door: Door) -> None:
    held = await door.plane.hold()
    await door.sign_in("ana")
    path = f"/v1/requests/{held.id}?wait_s=30&changed_after=2026-11-21T11:59:59Z"
    assert (await door.http.get(path)).json()["id"] == held.id


async def test_a_long_poll_ends_when_the_server_stops(door: Door) -> None:
    held = await door.plane.hold()
    await door.sign_in("ana")
    polling = asyncio.ensure_future(door.http.get(f"/v1/requests/{held.id}?wait_s=30"))
    while not door.plane.events._queues:
        await asyncio.sleep(0)
    door.plane.events.close()
    assert (await polling).json()["state"] == "pending"


async def test_the_stream_names_only_requests_that_one_may_see(door: Door) -> None:
    await door.sign_in("ana")
    streaming = asyncio.ensure_future(door.http.get("/v1/inbox/stream"))
    while not door.plane.events._queues:
        await asyncio.sleep(0)
    seen = await door.plane.hold()
    hidden = await door.plane.hold(person=BEN)
    door.plane.events.close()
    answer = await streaming
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert f"event: changed\ndata: {seen.id}\n" in answer.text
    assert hidden.id not in answer.text


async def test_the_stream_ends_when_its_reader_signs_out(door: Door) -> None:
    await door.sign_in("ana")
    streaming = asyncio.ensure_future(door.http.get("/v1/inbox/stream"))
    while not door.plane.events._queues:
        await asyncio.sleep(0)
    await door.http.post("/v1/logout")
    held = await door.plane.hold()
    assert held.id not in (await streaming).text


async def test_grants_are_listed_and_revoked_with_a_reason(door: Door) -> None:
    grant = door.plane.grant_to(ANA)
    await door.sign_in("ana")
    (item,) = (await door.http.get("/v1/grants")).json()["items"]
    assert (item["id"], item["subject"], item["state"]) == (grant.id, "ana", "active")
    missing = await door.http.post(f"/v1/grants/{grant.id}/revoke", json={"because": ""})
    assert problem(missing) == (422, "invalid-input")
    body = {"because": "done early"}
    revoked = (await door.http.post(f"/v1/grants/{grant.id}/revoke", json=body)).json()
    assert (revoked["state"], revoked["revoked_by"]) == ("revoked", "ana")
    assert problem(await door.http.get("/v1/grants?everybody=true")) == (403, "not-permitted")


async def test_a_session_comes_with_its_frames(door: Door) -> None:
    session = door.plane.open_session(ANA)
    await door.sign_in("ana")
    (item,) = (await door.http.get("/v1/sessions?open=true")).json()["items"]
    assert (item["id"], item["target"], item["ended_at"]) == (session.id, "shop", None)
    one = (await door.http.get(f"/v1/sessions/{session.id}")).json()
    assert one["session"] == item
    assert one["frames"] == [{"kind": "mark", "event": "opened", "sequence": 0}]
    ended = await door.http.post(f"/v1/sessions/{session.id}/cut", json={"because": "lunch"})
    assert problem(ended) == (409, "session-ended")


async def test_an_explanation_is_given_for_ids_only(door: Door) -> None:
    await door.sign_in("ana")
    assert (await door.http.get("/v1/explain/req_1")).json()["about"] == "req_1"
    assert problem(await door.http.get("/v1/explain/ana")) == (404, "nothing-to-explain")


async def test_the_log_is_exported_to_those_who_oversee(door: Door) -> None:
    await door.sign_in("ana")
    note = await door.http.get("/v1/audit/checkpoint")
    assert note.headers["content-type"].startswith("text/plain")
    assert note.text == "assent.example/audit\n0\n\n"
    assert problem(await door.http.get("/v1/audit/export")) == (403, "not-permitted")
    await door.sign_in("carl")
    names = (await door.http.get("/v1/audit/export")).json()["names"]
    file = await door.http.get(f"/v1/audit/export/{names[1]}")
    assert file.content == b"\x00\x01"
    gone = await door.http.get("/v1/audit/export/../secret")
    assert gone.status_code == 404


async def test_a_person_who_left_the_configuration_is_named_by_id(door: Door) -> None:
    held = await door.plane.hold()
    await door.plane.answer("ben", held.id, Verdict.REJECT)
    await door.sign_in("ana")
    people = [person for person in PEOPLE if person.name != "ben"]
    door.plane.directory.replace(people, door.plane.directory.targets())
    item = (await door.http.get(f"/v1/requests/{held.id}")).json()
    assert item["settled_by"] == SubjectId("sub_ben")


async def test_a_body_over_64_kib_is_refused(door: Door) -> None:
    answer = await door.http.post("/v1/login", content=b"x" * 65537)
    assert problem(answer) == (413, "body-too-large")


async def test_a_body_that_does_not_say_its_size_is_cut_off(door: Door) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 4096

    headers = {"content-type": "application/json"}
    answer = await door.http.post("/v1/login", content=endless(), headers=headers)
    assert problem(answer) == (413, "body-too-large")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"name": "\\ud800", "password": "x"}', (422, "invalid-input")),
        (b'{"name": "ben", "password": "\\ud800"}', (422, "invalid-input")),
        (b"[" * 30000, (400, "malformed")),
        (b"\xff", (400, "malformed")),
    ],
)
async def test_a_damaged_body_is_a_problem(
    door: Door, body: bytes, expected: tuple[int, str]
) -> None:
    headers = {"content-type": "application/json"}
    assert problem(await door.http.post("/v1/login", content=body, headers=headers)) == expected


async def test_a_body_that_does_not_say_it_is_json_is_not_read(door: Door) -> None:
    body = f'{{"name": "ben", "password": "{PASSWORD}"}}'.encode()
    for headers in ({}, {"content-type": "text/plain"}):
        answer = await door.http.post("/v1/login", content=body, headers=headers)
        assert problem(answer)[0] == 422


async def test_a_path_that_is_not_there_is_a_problem_too(door: Door) -> None:
    assert problem(await door.http.get("/v1/nothing")) == (404, "no-such-path")
    assert problem(await door.http.delete("/v1/inbox")) == (405, "method-not-allowed")


async def test_what_is_our_own_fault_tells_nothing(door: Door) -> None:
    await door.sign_in("ana")
    door.plane.store.found_grants = None  # type: ignore[assignment]
    answer = await door.http.get("/v1/grants")
    assert problem(answer) == (500, "internal")
    assert "NoneType" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_every_answer_carries_the_security_headers(door: Door) -> None:
    for path in ("/healthz", "/v1/inbox", "/nothing", "/openapi.json"):
        headers = (await door.http.get(path)).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers


async def test_over_https_the_browser_is_told_to_stay_there() -> None:
    app = build_app(MemoryPlane().plane, "https://assent.test", lambda: ("gate.test", 6432))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=URL) as http:
        headers = (await http.get("/healthz")).headers
    assert headers["strict-transport-security"] == "max-age=31536000"


async def test_the_description_has_every_problem_and_no_page_loads_a_script(door: Door) -> None:
    schema = (await door.http.get("/openapi.json")).json()
    assert schema["openapi"].startswith("3.1")
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert "400" in operation["responses"]
            content = operation["responses"]["422"]["content"]
            assert list(content) == ["application/problem+json"]
    assert "HTTPValidationError" not in schema["components"]["schemas"]
    assert problem(await door.http.get("/docs")) == (404, "no-such-path")
