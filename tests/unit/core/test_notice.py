from dataclasses import replace
from datetime import UTC, datetime

from assent.core.ids import NoticeId
from assent.core.notice import Delivery

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_a_delivery_is_dead_when_nobody_will_try_it_again_and_nobody_got_it() -> None:
    waiting = Delivery(NoticeId("ntc_1"), "ops", due_at=NOON)
    assert not waiting.is_dead
    assert not replace(waiting, due_at=None, delivered_at=NOON).is_dead
    assert replace(waiting, due_at=None).is_dead
