"""News in the process: everybody who keeps up hears everything, and nobody holds others up."""

import asyncio

from assent.control.events import Events
from assent.core.ids import RequestId
from assent.core.notice import Notice
from builders import NOON


def a_notice(number: int = 0) -> Notice:
    return Notice("request.changed", NOON, RequestId(f"req_{number}"))


async def test_every_subscriber_hears_what_happens_from_then_on() -> None:
    events = Events()
    events.publish(a_notice(0))
    async with events.subscribe() as one, events.subscribe() as other:
        events.publish(a_notice(1))
        assert await anext(one) == await anext(other) == a_notice(1)


async def test_a_subscriber_that_does_not_keep_up_is_dropped_and_its_queue_is_bounded() -> None:
    events = Events()
    async with events.subscribe() as slow, events.subscribe() as fast:
        for number in range(1_000):
            events.publish(a_notice(number))
            assert await anext(fast) == a_notice(number)
        heard = [notice async for notice in slow]
    assert len(heard) == 256


async def test_leaving_ends_a_subscription() -> None:
    events = Events()
    async with events.subscribe():
        assert len(events._queues) == 1
    assert not events._queues


async def test_closing_ends_every_subscription() -> None:
    events = Events()
    async with events.subscribe() as notices:
        events.close()
        async with asyncio.timeout(1):
            assert [notice async for notice in notices] == []
