"""A webhook gets CloudEvents that it can check, and says how it liked them by a status."""

from collections.abc import AsyncIterator

import pytest

from assent.core.faults import OperatorFault, OutsideFault
from assent.notifiers.posting import Posting
from assent.notifiers.webhook import MEDIA_TYPE, Webhook, cloud_event
from builders import FixedClock
from channel_notices import BEN, HOSTILE, NOON, a_notice, revealing
from channel_peers import HttpPeer, http_peer, webhook_is_signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
async def peer() -> AsyncIterator[HttpPeer]:
    async with http_peer() as peer:
        yield peer


@pytest.fixture
async def webhook(peer: HttpPeer) -> AsyncIterator[Webhook]:
    posting = Posting("the webhook `ops`", FixedClock(NOON), 0.5)
    yield a_webhook(posting, peer.url)
    await posting.close()


def a_webhook(posting: Posting, url: str, **secrets: str) -> Webhook:
    return Webhook(
        "ops",
        url,
        "env:SECRET",
        posting=posting,
        reveal=revealing(**{"SECRET": SECRET, **secrets}),
        clock=FixedClock(NOON),
        source="https://assent.test",
    )


async def test_a_notice_is_a_signed_cloud_event(webhook: Webhook, peer: HttpPeer) -> None:
    assert await webhook.send(a_notice(loud=True), (BEN,), "") == ""
    (taken,) = peer.taken
    assert taken.headers["content-type"] == MEDIA_TYPE
    assert taken.headers["webhook-id"] == "ntc_1"
    assert taken.headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert webhook_is_signed(taken, SECRET)
    assert taken.json == {
        "specversion": "1.0",
        "id": "ntc_1",
        "source": "https://assent.test",
        "type": "assent.request.asked",
        "subject": "req_1",
        "time": "2026-03-04T12:00:00.000000Z",
        "datacontenttype": "application/json",
        "data": {
            "headline": "ana: sql.delete on shop",
            "lines": ["reason: carts of last year", "needed: 1 of dba"],
            "link": "https://assent.test/requests/req_1",
            "loud": True,
            "to": [{"id": "sub_ben", "name": "ben"}],
            "request": "req_1",
            "grant": None,
        },
    }


async def test_hostile_texts_are_signed_as_they_are_sent(webhook: Webhook, peer: HttpPeer) -> None:
    await webhook.send(a_notice(headline=HOSTILE), (BEN,), "")
    assert webhook_is_signed(peer.taken[0], SECRET)
    assert "\\u202e" not in peer.taken[0].body.decode()


async def test_it_has_the_same_id_however_often_it_is_sent(
    webhook: Webhook, peer: HttpPeer
) -> None:
    peer.say(500)
    for _ in range(2):
        with pytest.raises(OutsideFault):
            await webhook.send(a_notice(), (BEN,), "")
    assert peer.taken[0].body == peer.taken[1].body


def test_a_notice_that_is_not_kept_has_an_id_all_the_same() -> None:
    event = cloud_event(a_notice(id=None, thread=""), (), "x")
    assert event["id"] == cloud_event(a_notice(id=None), (), "x")["id"]
    assert event["id"] != cloud_event(a_notice(id=None, key="another"), (), "x")["id"]
    assert "subject" not in event


@pytest.mark.parametrize("status", [200, 202, 204, 299])
async def test_every_2xx_says_that_it_was_taken(
    webhook: Webhook, peer: HttpPeer, status: int
) -> None:
    peer.say(status)
    assert await webhook.send(a_notice(), (BEN,), "") == ""


@pytest.mark.parametrize("status", [301, 400, 401, 404, 429, 500, 503])
async def test_every_other_status_is_tried_again(
    webhook: Webhook, peer: HttpPeer, status: int
) -> None:
    peer.say(status, headers={"location": f"{peer.url}/elsewhere"})
    with pytest.raises(OutsideFault, match=f"answered {status}"):
        await webhook.send(a_notice(), (BEN,), "")
    assert len(peer.taken) == 1


async def test_gone_is_given_up(webhook: Webhook, peer: HttpPeer) -> None:
    peer.say(410)
    with pytest.raises(OperatorFault, match="does not want notices any more"):
        await webhook.send(a_notice(), (BEN,), "")


async def test_an_address_behind_a_reference_is_checked_when_it_is_read(peer: HttpPeer) -> None:
    posting = Posting("the webhook `ops`", FixedClock(NOON), 0.5)
    good = a_webhook(posting, "env:URL", URL=peer.url)
    await good.send(a_notice(), (BEN,), "")
    assert len(peer.taken) == 1
    clear = a_webhook(posting, "env:URL", URL="http://ops.test/s3cr3t")
    with pytest.raises(OperatorFault, match="in the clear") as caught:
        await clear.send(a_notice(), (BEN,), "")
    assert "s3cr3t" not in str(caught.value)
    await posting.close()
