"""Decisions are counted by answer and by how long they took."""

from datetime import timedelta

from assent.control.tally import BUCKETS_S, Tally
from assent.core.decision import Deny, Permit, StepUpRemedy
from assent.core.plugins import Permitted
from builders import READ, World

PERMIT = Permit("rev", ("p",))
HOLD = Deny("rev", "remedy-needed", (), (), (StepUpRemedy(timedelta(minutes=1)),))
DENY = Deny("rev", "forbidden", ())


def test_each_answer_has_a_count_and_each_time_a_bound() -> None:
    tally = Tally()
    for decision, seconds in ((PERMIT, 0.0004), (PERMIT, 0.001), (HOLD, 0.3), (DENY, 99.0)):
        tally.count(decision, seconds)
    assert (tally.permitted, tally.held, tally.denied) == (2, 1, 1)
    sums = tally.up_to()
    assert len(sums) == len(BUCKETS_S) + 1
    assert (sums[0], sums[BUCKETS_S.index(0.001)]) == (1, 2)
    assert (sums[BUCKETS_S.index(0.5)], sums[-2], sums[-1]) == (3, 3, 4)
    assert tally.total_s > 99


def test_a_time_before_the_beginning_counts_as_none() -> None:
    tally = Tally()
    tally.count(PERMIT, -1.0)
    assert (tally.total_s, tally.up_to()[0]) == (0.0, 1)


async def test_what_is_in_the_log_is_counted(world: World) -> None:
    client = await world.connect()
    before = world.decider.tally.permitted
    assert isinstance(await world.ask(client, READ), Permitted)
    assert world.decider.tally.permitted == before + 1
