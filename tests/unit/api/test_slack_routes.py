"""Slack's clicks at the API: without a session, and with nothing that a session could do."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx2
import pytest

from assent.api import build_app
from assent.core.ids import RequestId
from assent.core.request import RequestState
from assent.core.secret import Secret
from assent.notifiers.posting import Posting
from assent.notifiers.signing import Intent, Intents
from assent.notifiers.slack_clicks import SlackApp, SlackClicks
from builders import FixedClock
from channel_peers import HttpPeer, http_peer
from memory_plane import NOON, TWO_DBAS, MemoryPlane

PATH = "/v1/slack/interactions"
SECRET = Secret("the signing secret")


@dataclass
class Door:
    """The API, the plane behind it, and Slack before it."""

    plane: MemoryPlane
    http: httpx2.AsyncClient
    slack: HttpPeer

    async def click(self, verb: str, request: RequestId, secret: str = "the signing secret") -> int:
        """Press a button as Slack tells of it; return the status of the answer."""
        action = {"value": Intents(SECRET).written(Intent(verb, request))}
        payload = {"type": "block_actions", "actions": [action]}
        said = json.dumps({**payload, "response_url": f"{self.slack.url}/answer"})
        body = urlencode({"payload": said}).encode()
        timestamp = str(int(NOON.timestamp()))
        signed = f"v0:{timestamp}:".encode() + body
        mac = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": f"v0={mac}",
        }
        return (await self.http.post(PATH, content=body, headers=headers)).status_code


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with http_peer() as slack:
        plane, clock = MemoryPlane(), FixedClock(NOON)
        posting = Posting("Slack", clock, 0.5)
        clicks = SlackClicks([SlackApp(SECRET, slack.url)], posting, clock, "http://assent.test")
        app = build_app(plane.plane, "http://assent.test", lambda: ("gate.test", 6432), clicks)
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://assent.test") as http:
            yield Door(plane, http, slack)
        await posting.close()


@pytest.mark.parametrize("verb", ["approve", "reject"])
async def test_a_click_answers_no_request_and_leads_to_its_page(door: Door, verb: str) -> None:
    held = await door.plane.hold(remedies=(TWO_DBAS,))
    assert await door.click(verb, held.id) == 200
    after = await door.plane.store.request(held.id)
    assert after is not None
    assert (after.state, after.approvals) == (RequestState.PENDING, ())
    (answer,) = door.slack.taken
    assert f"http://assent.test/requests/{held.id}" in answer.json["text"]


async def test_a_click_that_slack_did_not_sign_is_refused(door: Door) -> None:
    held = await door.plane.hold(remedies=(TWO_DBAS,))
    assert await door.click("approve", held.id, "guessed") == 403
    assert door.slack.taken == []


async def test_a_click_that_comes_again_is_refused(door: Door) -> None:
    request = RequestId("req_1")
    assert [await door.click("approve", request) for _ in range(2)] == [200, 403]
    assert len(door.slack.taken) == 1


async def test_without_a_slack_app_there_is_nothing_to_press() -> None:
    app = build_app(MemoryPlane().plane, "http://assent.test", lambda: ("gate.test", 6432))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://assent.test") as http:
        answer = await http.post(PATH, content=b"payload=x")
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:assent:problem:no-chat"
