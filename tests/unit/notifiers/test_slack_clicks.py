"""A click in Slack is believed only from Slack, and answers nothing but the click."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from assent.core.faults import Fault, ForbiddenFault, PeerFault
from assent.core.ids import RequestId
from assent.core.secret import Secret
from assent.notifiers.posting import Posting
from assent.notifiers.signing import Intent, Intents
from assent.notifiers.slack_clicks import SlackApp, SlackClicks
from builders import FixedClock
from channel_notices import NOON
from channel_peers import HttpPeer, http_peer

SECRET = Secret("the signing secret")
APPROVE = Intents(SECRET).written(Intent("approve", RequestId("req_1")))
NOW = str(int(NOON.timestamp()))


@pytest.fixture
async def peer() -> AsyncIterator[HttpPeer]:
    async with http_peer() as peer:
        yield peer


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
async def clicks(peer: HttpPeer, clock: FixedClock) -> AsyncIterator[SlackClicks]:
    posting = Posting("Slack", clock, 0.5)
    apps = (SlackApp(Secret("of another app")), SlackApp(SECRET, f"{peer.url}/api"))
    yield SlackClicks(apps, posting, clock, "https://assent.test/")
    await posting.close()


def signed(body: bytes, timestamp: str = NOW, secret: str = "the signing secret") -> str:
    return (
        "v0="
        + hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256).hexdigest()
    )


def a_click(url: str, value: Any = APPROVE, **changed: Any) -> bytes:
    action = {"type": "button", "action_id": "approve", "value": value}
    payload = {"type": "block_actions", "actions": [action], "response_url": url, "user": {}}
    return urlencode({"payload": json.dumps({**payload, **changed})}).encode()


def refused(clicks: SlackClicks, timestamp: str, signature: str, body: bytes) -> Fault:
    with pytest.raises(Fault) as caught:
        clicks.take(timestamp, signature, body)
    return caught.value


async def test_a_click_is_answered_by_a_link_that_only_the_clicker_sees(
    clicks: SlackClicks, peer: HttpPeer
) -> None:
    body = a_click(f"{peer.url}/actions/1")
    answer = clicks.take(NOW, signed(body), body)
    assert peer.taken == []
    await answer()
    (taken,) = peer.taken
    assert taken.path == "/actions/1"
    assert taken.json["response_type"] == "ephemeral"
    assert taken.json["replace_original"] is False
    assert taken.json["text"] == (
        "Nothing is answered yet. <https://assent.test/requests/req_1|Open the request>, sign in, "
        "and approve it there, or in a terminal: `assent approve req_1`"
    )


async def test_a_button_that_is_not_ours_is_told_to_be_none(
    clicks: SlackClicks, peer: HttpPeer
) -> None:
    body = a_click(f"{peer.url}/x", "approve req_1 " + "0" * 64)
    await clicks.take(NOW, signed(body), body)()
    assert "not one of Assent's. Nothing was answered" in peer.taken[0].json["text"]


def test_nobody_else_s_signature_passes(clicks: SlackClicks, peer: HttpPeer) -> None:
    body = a_click(f"{peer.url}/x")
    wrong = ("", "v0=", signed(body).upper(), signed(body, secret="guessed"), signed(body + b"x"))
    for signature in (*wrong, "é", signed(body, str(int(NOW) - 1))):
        fault = refused(clicks, NOW, signature, body)
        assert isinstance(fault, ForbiddenFault)
        assert fault.code == "not-from-slack"


@pytest.mark.parametrize("late_s", [-301, 301, 10_000])
def test_a_click_from_another_time_is_refused(clicks: SlackClicks, late_s: int) -> None:
    body, timestamp = a_click("https://hooks.slack.com/x"), str(int(NOW) + late_s)
    assert refused(clicks, timestamp, signed(body, timestamp), body).code == "not-from-slack"


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1e9", "٣", "9" * 5_000, " 1"])
def test_a_time_that_is_none_is_refused(clicks: SlackClicks, timestamp: str) -> None:
    body = a_click("https://hooks.slack.com/x")
    assert refused(clicks, timestamp, signed(body, timestamp), body).code == "not-from-slack"


async def test_a_click_counts_once(clicks: SlackClicks, peer: HttpPeer, clock: FixedClock) -> None:
    body = a_click(f"{peer.url}/x")
    clicks.take(NOW, signed(body), body)
    assert refused(clicks, NOW, signed(body), body).detail == "the click came before"
    clock.advance(timedelta(seconds=300))
    assert refused(clicks, NOW, signed(body), body).detail == "the click came before"
    clock.advance(timedelta(seconds=1))
    assert "not from now" in refused(clicks, NOW, signed(body), body).detail


async def test_more_clicks_than_people_make_are_refused(
    clicks: SlackClicks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assent.notifiers.slack_clicks._MOST_REMEMBERED", 1)
    first, second = (a_click("", None, user={"id": number}) for number in (1, 2))
    clicks.take(NOW, signed(first), first)
    assert refused(clicks, NOW, signed(second), second).code == "too-many-attempts"


@pytest.mark.parametrize(
    "url",
    [
        "",
        7,
        "https://hooks.slack.com/x",
        "http://169.254.169.254/latest",
        "http://localhost/x",
        "file:///etc/passwd",
        "http://[",
        "http://me@127.0.0.1/x",
    ],
)
async def test_it_answers_nowhere_but_at_slack(clicks: SlackClicks, url: Any) -> None:
    # The app of this test lives on loopback: not even Slack's own address is its.
    body = a_click(url)
    assert isinstance(refused(clicks, NOW, signed(body), body), PeerFault)


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://hooks.slack.com/actions/1", True),
        ("http://hooks.slack.com/actions/1", False),
        ("https://hooks.slack.com:8443/actions/1", False),
        ("https://hooks.slack.com.evil.test/x", False),
        ("https://evil.test/hooks.slack.com", False),
        ("https://hooks.slack.com@evil.test/x", False),
        ("https://slack.com/x", False),
    ],
)
async def test_slack_s_own_app_is_answered_at_its_hooks_alone(url: str, good: bool) -> None:
    posting = Posting("Slack", FixedClock(NOON), 0.5)
    clicks = SlackClicks([SlackApp(SECRET)], posting, FixedClock(NOON), "https://assent.test")
    body = a_click(url)
    if good:
        assert callable(clicks.take(NOW, signed(body), body))
    else:
        assert isinstance(refused(clicks, NOW, signed(body), body), PeerFault)
    await posting.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"payload",
        b"payload=",
        b"payload=%7B",
        b"payload=[]",
        b"payload=1",
        b"\xff",
        b"a=1",
        b"payload=" + b"[" * 9_999,
        b"&".join([b"a=1"] * 11),
    ],
)
def test_a_body_that_is_no_click_is_malformed(clicks: SlackClicks, body: bytes) -> None:
    assert isinstance(refused(clicks, NOW, signed(body), body), PeerFault)


@pytest.mark.parametrize(
    "changed",
    [{"type": "shortcut"}, {"actions": []}, {"actions": None}, {"actions": [{}]}, {"actions": [7]}],
)
async def test_what_means_nothing_is_taken_and_not_answered(
    clicks: SlackClicks, peer: HttpPeer, changed: dict[str, Any]
) -> None:
    body = a_click(f"{peer.url}/x", **changed)
    await clicks.take(NOW, signed(body), body)()
    assert peer.taken == []


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_an_answer_that_does_not_arrive_breaks_nothing(
    clicks: SlackClicks, peer: HttpPeer, status: int
) -> None:
    peer.say(status)
    body = a_click(f"{peer.url}/x")
    await clicks.take(NOW, signed(body), body)()
    assert len(peer.taken) == 1
