"""Revocations are timed from the end of the access to the end of the connection."""

from datetime import timedelta

from assent.control.revocation import BUCKETS_S, CANARY, REAL, Revocations, cut
from assent.control.steering import Steer
from builders import CARL as SECURITY
from builders import NOON, FixedClock, World, a_caller


def test_a_summary_is_of_the_last_thousand_and_counts_all() -> None:
    kept = Revocations(FixedClock())
    assert kept.summary(REAL).p50_s is None
    for number in range(1_500):
        kept.took(REAL, number / 1_000)
    found = kept.summary(REAL)
    assert (found.count, found.late) == (1_500, 499)
    assert (found.p50_s, found.p99_s, found.max_s, found.last_s) == (0.999, 1.489, 1.499, 1.499)
    assert found.buckets[BUCKETS_S.index(1.0)] == 1_001
    assert kept.summary(CANARY).count == 0


def test_a_clock_that_was_set_back_measures_nothing_below_zero() -> None:
    kept = Revocations(FixedClock())
    kept.took(REAL, -5.0)
    assert kept.summary(REAL).max_s == 0.0


async def test_only_a_session_that_was_cut_is_timed(world: World) -> None:
    ana = await world.connect()
    world.revocations.closed(ana.session)
    assert world.revocations.summary(REAL).count == 0
    await world.plane.steering.steer(
        a_caller(SECURITY), ana.session.session.id, Steer.CUT, "enough"
    )
    world.clock.advance(timedelta(milliseconds=250))
    world.revocations.closed(ana.session)
    assert world.revocations.summary(REAL).last_s == 0.25


async def test_a_revocation_counts_from_its_own_moment_and_a_cut_from_the_first(
    world: World,
) -> None:
    ana = await world.connect()
    grant = ana.session.session.grant
    await world.grants.revoke(a_caller(SECURITY), grant, "enough")
    assert ana.session.cut_since == NOON
    cut(ana.session, NOON + timedelta(seconds=9), "again")
    assert ana.session.cut_since == NOON


async def test_an_end_by_time_counts_from_that_time(world: World) -> None:
    ana = await world.connect()
    ends_at = ana.session.session.ends_at
    world.clock.at = ends_at + timedelta(milliseconds=40)
    world.sessions.ending.expire(world.clock.now())
    assert ana.session.cut_since == ends_at
