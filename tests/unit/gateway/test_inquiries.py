"""Questions of the gateway's own wait for their own answers, and for nobody else's."""

import asyncio
from datetime import datetime
from typing import cast

import pytest

from assent.core.plugins import Inquired
from assent.gateway import inquiries
from assent.gateway.drive import Conversation
from assent.gateway.inquiries import Inquiries
from assent.protocols.postgres import PostgresRelay
from assent.protocols.postgres.statements import Classifier


class Line:
    """What of a conversation is used: its relay, and who was asked what."""

    def __init__(self, *, closed: bool = False) -> None:
        self.closed = closed
        self.asked: list[tuple[int, tuple[str, ...]]] = []
        self.relay = PostgresRelay(
            lambda _: Classifier(), lambda: "nonce", tls_available=False, require_tls=False
        )

    def inquire(self, number: int, queries: tuple[str, ...]) -> None:
        self.asked.append((number, queries))


def conversation(line: Line) -> Conversation:
    return cast(Conversation, line)


async def test_each_question_gets_the_answer_with_its_number() -> None:
    line, asking = Line(), Inquiries()
    first = asyncio.ensure_future(asking.ask(conversation(line), ("SELECT 1",)))
    second = asyncio.ensure_future(asking.ask(conversation(line), ("SELECT 2",)))
    await asyncio.sleep(0)
    (one, _), (two, _) = line.asked
    assert one != two
    asking.answered(Inquired(two, ((("2",),),)))
    asking.answered(Inquired(one, ((("1",),),)))
    assert (await first).results == ((("1",),),)
    assert (await second).results == ((("2",),),)


async def test_a_target_that_says_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inquiries, "ANSWERED_WITHIN_S", 0.01)
    asking = Inquiries()
    inquired = await asking.ask(conversation(Line()), ("SELECT 1",))
    assert "in time" in inquired.error
    # Too late: nobody is interested any more.
    asking.answered(Inquired(inquired.number, ()))


async def test_a_session_that_is_over_is_not_asked() -> None:
    line = Line(closed=True)
    inquired = await Inquiries().ask(conversation(line), ("SELECT 1",))
    assert inquired.error == "the session is over"
    assert line.asked == []


def test_an_answer_that_nobody_waits_for_is_let_go() -> None:
    Inquiries().answered(Inquired(7, (), str(datetime.min)))
