"""A card for Teams is small enough, links to the page, and reads no Markdown of others."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from assent.core.faults import OperatorFault, OutsideFault
from assent.notifiers.posting import Posting
from assent.notifiers.teams import Teams, body_of
from builders import FixedClock
from channel_notices import BEN, DORA, HOSTILE, NOON, a_notice, revealing
from channel_peers import HttpPeer, http_peer


@pytest.fixture
async def peer() -> AsyncIterator[HttpPeer]:
    async with http_peer() as peer:
        peer.say(202)
        yield peer


@pytest.fixture
async def posting() -> AsyncIterator[Posting]:
    posting = Posting("Teams", FixedClock(NOON), 0.5)
    yield posting
    await posting.close()


def a_card(**changed: Any) -> dict[str, Any]:
    message = json.loads(body_of(a_notice(**changed), (BEN, DORA)))
    (attachment,) = message["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card: dict[str, Any] = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.5")
    return card


def runs(card: dict[str, Any]) -> Iterator[str]:
    for block in card["body"]:
        assert block["type"] == "RichTextBlock"  # In which there is no Markdown.
        for inline in block["inlines"]:
            assert inline["type"] == "TextRun"
            assert "selectAction" not in inline
            yield inline["text"]


async def test_a_card_is_posted_to_the_address_that_is_referred_to(
    peer: HttpPeer, posting: Posting
) -> None:
    reveal = revealing(URL=f"{peer.url}/workflows/1?sig=2")
    teams = Teams("ops", "env:URL", posting=posting, reveal=reveal)
    assert await teams.send(a_notice(), (BEN,), "") == ""
    (taken,) = peer.taken
    assert taken.path == "/workflows/1?sig=2"
    assert taken.json["type"] == "message"


def test_a_card_says_the_notice_and_opens_its_page() -> None:
    card = a_card()
    assert [*runs(card)] == [
        "ana: sql.delete on shop",
        "reason: carts of last year",
        "needed: 1 of dba",
        "For ben, dora",
    ]
    link = "https://assent.test/requests/req_1"
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open in Assent", "url": link}]
    assert "actions" not in a_card(link="")


def test_texts_of_others_stand_in_runs_alone() -> None:
    card = a_card(headline=HOSTILE, lines=(HOSTILE,))
    assert any("<at>all</at>" in run for run in runs(card))
    assert "msteams" not in card
    assert card["fallbackText"].startswith(r"\<\!channel\>")


def test_a_card_of_many_words_loses_lines_and_not_its_headline() -> None:
    body = body_of(a_notice(lines=("漢" * 500,) * 20), (BEN,))
    assert 15_000 < len(body) <= 24 * 1024
    assert "ana: sql.delete on shop" in body.decode()
    assert len(body_of(a_notice(headline="\\" * 900, lines=()), (BEN,) * 500)) <= 24 * 1024


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500])
async def test_what_is_not_taken_is_tried_again(
    peer: HttpPeer, posting: Posting, status: int
) -> None:
    peer.say(status)
    teams = Teams("ops", "env:URL", posting=posting, reveal=revealing(URL=peer.url))
    with pytest.raises(OutsideFault, match=f"Teams answered {status}"):
        await teams.send(a_notice(), (BEN,), "")


async def test_an_address_in_the_clear_is_the_operator_s(posting: Posting) -> None:
    reveal = revealing(URL="http://teams.test/?sig=s3cr3t")
    teams = Teams("ops", "env:URL", posting=posting, reveal=reveal)
    with pytest.raises(OperatorFault, match="in the clear") as caught:
        await teams.send(a_notice(), (BEN,), "")
    assert "s3cr3t" not in str(caught.value)
