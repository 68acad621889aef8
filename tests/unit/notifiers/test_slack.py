"""Slack gets one message for each thread, and what it refuses is somebody's to mend."""

from collections.abc import AsyncIterator

import pytest

from assent.core.faults import OperatorFault, OutsideFault
from assent.notifiers.posting import Posting
from assent.notifiers.slack import Slack
from builders import FixedClock
from channel_notices import BEN, BOOK, DORA, HOSTILE, NOON, a_notice, revealing
from channel_peers import FakeSlack, HttpPeer, http_peer

SETTLED = a_notice("request.settled", headline="settled: it is over", lines=())


@pytest.fixture
async def peer() -> AsyncIterator[HttpPeer]:
    async with http_peer() as peer:
        yield peer


@pytest.fixture
def workspace(peer: HttpPeer) -> FakeSlack:
    return FakeSlack(peer, "xoxb-1")


@pytest.fixture
async def posting() -> AsyncIterator[Posting]:
    posting = Posting("Slack", FixedClock(NOON), 0.5)
    yield posting
    await posting.close()


@pytest.fixture
def slack(peer: HttpPeer, posting: Posting) -> Slack:
    return a_slack(peer, posting)


def a_slack(
    peer: HttpPeer, posting: Posting, channel: str = "#dba", token: str = "xoxb-1"
) -> Slack:
    return Slack(
        "ops",
        channel,
        "env:TOKEN",
        posting=posting,
        reveal=revealing(TOKEN=token),
        addresses=BOOK,
        intents=None,
        api=f"{peer.url}/api/",
    )


async def test_a_notice_is_posted_and_found_again(slack: Slack, workspace: FakeSlack) -> None:
    assert await slack.send(a_notice(), (BEN,), "") == "C1 1700000000.000100"
    assert workspace.peer.taken[0].path == "/api/chat.postMessage"
    (message,) = workspace.messages.values()
    assert message["text"] == "ana: sql.delete on shop"
    assert message["channel"] == "#dba"
    assert message["parse"] == "none"
    assert message["link_names"] is message["unfurl_links"] is message["unfurl_media"] is False


async def test_a_later_notice_changes_the_message_in_its_place(
    slack: Slack, workspace: FakeSlack
) -> None:
    reference = await slack.send(a_notice(), (BEN,), "")
    assert await slack.send(SETTLED, (BEN,), reference) == reference
    (message,) = workspace.messages.values()
    assert message["text"] == "settled: it is over"
    assert workspace.replies == []


async def test_whoever_is_asked_by_a_changed_message_hears_of_it_by_a_reply(
    slack: Slack, workspace: FakeSlack
) -> None:
    reference = await slack.send(a_notice(), (BEN,), "")
    reminder = a_notice("request.reminder", headline=f"still needs your assent {HOSTILE}")
    assert await slack.send(reminder, (BEN, DORA), reference) == reference
    (reply,) = workspace.replies
    assert reply["thread_ts"] == "1700000000.000100"
    assert reply["text"].endswith("\nFor <@U024BE7LH>, dora")
    assert reply["text"].count("<") == 1


async def test_a_message_that_is_gone_is_posted_anew(slack: Slack, workspace: FakeSlack) -> None:
    reference = await slack.send(SETTLED, (BEN,), "C1 1600000000.000100")
    assert reference == "C1 1700000000.000100"
    assert workspace.calls == ["chat.update", "chat.postMessage"]


@pytest.mark.parametrize("earlier", ["nonsense", "C1", "C1 17 18", "#dba 1.1", "C1 1.1\n"])
async def test_what_is_no_reference_is_posted_anew(
    slack: Slack, workspace: FakeSlack, earlier: str
) -> None:
    await slack.send(SETTLED, (BEN,), earlier)
    assert workspace.calls == ["chat.postMessage"]


async def test_a_token_that_slack_refuses_is_the_operator_s(
    peer: HttpPeer, workspace: FakeSlack, posting: Posting
) -> None:
    with pytest.raises(OperatorFault, match="`invalid_auth`; look at `token`") as caught:
        await a_slack(peer, posting, token="xoxb-2").send(a_notice(), (BEN,), "")
    assert "xoxb" not in str(caught.value)


async def test_a_channel_that_is_not_there_is_the_operator_s(
    peer: HttpPeer, workspace: FakeSlack, posting: Posting
) -> None:
    with pytest.raises(OperatorFault, match="`channel_not_found`"):
        await a_slack(peer, posting, channel="#other").send(a_notice(), (BEN,), "")


@pytest.mark.parametrize("error", ["internal_error", "ratelimited", "service_unavailable"])
async def test_what_slack_gets_over_is_tried_again(
    slack: Slack, workspace: FakeSlack, error: str
) -> None:
    workspace.error = error
    with pytest.raises(OutsideFault, match=f"answered `{error}`"):
        await slack.send(a_notice(), (BEN,), "")


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"1", b'{"ok":1}', b'{"error":"<b>"}', b"[" * 9_999]
)
async def test_an_answer_that_is_none_is_tried_again(
    slack: Slack, peer: HttpPeer, body: bytes
) -> None:
    peer.say(200, body)
    with pytest.raises(OutsideFault) as caught:
        await slack.send(a_notice(), (BEN,), "")
    assert "<" not in caught.value.detail


async def test_slack_is_left_alone_for_as_long_as_it_asks(slack: Slack, peer: HttpPeer) -> None:
    peer.say(429, headers={"retry-after": "7"})
    with pytest.raises(OutsideFault, match="asked to be left alone for 7 s"):
        await slack.send(a_notice(), (BEN,), "")
    with pytest.raises(OutsideFault, match="another 7 s"):
        await slack.send(a_notice(), (BEN,), "")
    assert len(peer.taken) == 1


async def test_an_answer_that_names_no_message_is_no_reference(
    slack: Slack, peer: HttpPeer
) -> None:
    peer.say(200, b'{"ok":true,"channel":"<x>","ts":null}')
    assert await slack.send(a_notice(), (BEN,), "") == ""
