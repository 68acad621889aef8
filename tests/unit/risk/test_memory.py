"""What was learned of everybody."""

import pytest

from assent.risk.dimensions import dimension
from assent.risk.memory import LANDMARK, Memory, Seen
from assent.risk.profile import Profile

ACTION, ROWS = dimension("action"), dimension("rows")
READ = Seen(ACTION, ("read customers", "read"))


def test_of_nobody_only_the_crowd_is_known() -> None:
    memory = Memory(0.0)
    memory.learn("ana", ("sales",), [READ], 1.0)
    known = memory.known("ben", ("sales",), [READ], 1.0)
    found = known.dimensions["action"].level(0)
    assert (found.person, found.peers, found.everyone) == (0.0, 1.0, 1.0)
    assert (known.sessions, known.days) == (0, 0)


def test_what_was_learned_fades_by_half_in_a_half_life() -> None:
    memory = Memory(0.0)
    memory.learn("ana", (), [READ], 1.0)
    later = memory.known("ana", (), [READ], 1.0 + ACTION.half_life_days)
    assert later.dimensions["action"].person[0] == 500


def test_a_specific_value_nobody_showed_still_meets_the_general_one() -> None:
    memory = Memory(0.0)
    memory.learn("ana", (), [READ], 1.0)
    other = Seen(ACTION, ("read orders", "read"))
    assert memory.known("ana", (), [other], 1.0).dimensions["action"].person[:2] == (0, 1000)


def test_of_several_values_of_a_dimension_the_least_usual_speaks() -> None:
    memory = Memory(0.0)
    memory.learn("ana", (), [READ], 1.0)
    other = Seen(ACTION, ("drop orders", "drop"))
    for seen in ([READ, other], [other, READ]):
        assert memory.known("ana", (), seen, 1.0).dimensions["action"].chain == other.chain


def test_amounts_at_least_as_large_are_counted() -> None:
    memory = Memory(0.0)
    for amount in (1.0, 10.0, 100.0, 1000.0):
        memory.learn("ana", (), [Seen(ROWS, (), amount)], 1.0)
    found = memory.known("ana", (), [Seen(ROWS, (), 64.0)], 1.0).amounts["rows"]
    assert (found.value, found.person_above, found.person) == (64, 2000, 4000)


def test_a_week_of_events_moves_a_grown_profile_by_no_more_than_its_share() -> None:
    memory = Memory(0.0)
    for _ in range(1000):
        memory.learn("ana", (), [READ], 1.0, unbounded=True)
    strange = Seen(ACTION, ("drop orders", "drop"))
    for _ in range(1000):
        memory.learn("ana", (), [strange], 20.0)
    counts = memory.known("ana", (), [strange], 20.0).dimensions["action"].person
    assert counts[0] / counts[-1] == pytest.approx(0.1, abs=0.001)


def test_history_that_is_vouched_for_is_not_held_back() -> None:
    memory = Memory(0.0)
    for _ in range(300):
        memory.learn("ana", (), [READ], 1.0, unbounded=True)
    assert memory.known("ana", (), [READ], 1.0).dimensions["action"].person[0] >= 299_999


def test_a_new_value_is_in_probation_until_somebody_vouches() -> None:
    memory = Memory(0.0)
    memory.learn("ana", (), [READ], 1.0)
    assert memory.known("ana", (), [READ], 1.0).dimensions["action"].days == (1, 1)
    memory.learn("ana", (), [READ], 1.0, confirmed=True)
    assert memory.known("ana", (), [READ], 1.0).dimensions["action"].days == (3, 3)


def test_several_groups_speak_with_their_mean() -> None:
    memory = Memory(0.0)
    memory.learn("ana", ("sales",), [READ], 1.0)
    memory.learn("ben", ("ops",), [Seen(ACTION, ("drop", "drop"))], 1.0)
    peers = memory.known("eve", ("sales", "ops"), [READ], 1.0).dimensions["action"].peers
    assert peers[0] == 500


def test_forgetting_somebody_unknown_changes_nothing() -> None:
    memory = Memory(0.0)
    assert memory.forget("ana", ()) is False
    assert memory.everyone.weights == {}


def test_sessions_are_counted() -> None:
    memory = Memory(0.0)
    memory.count_session("ana")
    memory.count_session("ana")
    assert memory.profiles["ana"].sessions == 2


def test_a_profile_that_is_admitted_counts_in_its_crowds() -> None:
    memory, other = Memory(0.0), Memory(0.0)
    memory.learn("ana", ("sales",), [READ], 1.0)
    kept = Profile.from_bytes(memory.profiles["ana"].to_bytes())
    other.admit("ana", ("sales",), kept)
    assert other.known("ben", ("sales",), [READ], 1.0) == memory.known(
        "ben", ("sales",), [READ], 1.0
    )


def test_what_a_patient_attacker_made_usual_shows_as_a_gap() -> None:
    memory = Memory()
    home, drip = (Seen(dimension("network"), (name,)) for name in ("home", "drip"))
    for day in range(100):
        memory.learn("ana", (), [home], LANDMARK + day, confirmed=True)
        memory.learn("ben", (), [home], LANDMARK + day, confirmed=True)
    memory.count_session("ana")
    for day in range(100, 130):
        memory.learn("ana", (), [home], LANDMARK + day, confirmed=True)
        memory.learn("ana", (), [drip], LANDMARK + day, strong=True)
    assert memory.known("ana", (), [home], LANDMARK + 130.0).fast_slow_gap_mb == 0
    assert memory.known("ana", (), [drip], LANDMARK + 130.0).fast_slow_gap_mb > 2000
    # Two months later it is as old as anything.
    assert memory.known("ana", (), [drip], LANDMARK + 200.0).fast_slow_gap_mb == 0
