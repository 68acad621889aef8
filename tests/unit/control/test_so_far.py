"""A session's counters: they only grow, and a suspicion falls only by a proof."""

from datetime import timedelta

from assent.control.so_far import ORDINARY_MB, SoFar
from assent.core.evidence import SessionSoFar
from assent.core.frame import ResultFrame
from builders import NOON, an_action

READ, DELETE = an_action("sql.read"), an_action("sql.delete")


def result(rows: int = 1, size: int = 10, error: str = "", after_s: float = 0.0) -> ResultFrame:
    return ResultFrame(1, NOON + timedelta(seconds=after_s), 1_000, rows, size, error)


def test_what_ran_is_counted() -> None:
    so_far = SoFar()
    so_far.ran(result(3, 300))
    so_far.ran(result(-1, 20, "42P01"))
    shown = so_far.shown(NOON)
    assert (shown.actions, shown.errors, shown.rows, shown.bytes) == (2, 1, 3, 320)


def test_what_was_decided_is_counted_and_denials_touch_nothing() -> None:
    so_far = SoFar()
    so_far.decided(READ, "sql.read orders", 0, permitted=True)
    so_far.decided(READ, "sql.read orders", 0, permitted=True)
    so_far.decided(DELETE, "sql.delete orders", 9_000, permitted=False)
    assert so_far.shown(NOON) == SessionSoFar(denials=1, tables=1, previous="sql.read orders")


def test_a_catalogue_read_leaves_the_previous_step() -> None:
    so_far = SoFar()
    so_far.decided(READ, "sql.read orders", 0, permitted=True)
    so_far.decided(READ, "", 0, permitted=True)
    assert so_far.previous == "sql.read orders"


def strange(so_far: SoFar, step: str, beyond_mb: int) -> None:
    """Decide on a step whose behaviour is by so much more than ordinarily unusual."""
    so_far.decided(READ, step, ORDINARY_MB + beyond_mb, permitted=True)


def test_suspicion_ratchets_and_usual_things_do_not_make_up_for_it() -> None:
    so_far = SoFar()
    strange(so_far, "a", 4_000)
    for step in ("b", "c", "d"):
        so_far.decided(READ, step, -9_000, permitted=True)
    assert so_far.shown(NOON).suspicion_mb == 4_000
    strange(so_far, "e", 500)
    assert so_far.suspicion_mb == 4_500


def test_what_is_a_little_unusual_does_not_add_up() -> None:
    so_far = SoFar()
    for turn in range(1_000):
        so_far.decided(READ, f"step {turn}", ORDINARY_MB, permitted=True)
    assert so_far.suspicion_mb == 0


def test_the_kth_repetition_of_a_step_counts_one_kth() -> None:
    so_far = SoFar()
    told = []
    for _ in range(4):
        before = so_far.suspicion_mb
        strange(so_far, "a", 6_000)
        told.append(so_far.suspicion_mb - before)
    assert told == [6_000, 3_000, 2_000, 1_500]
    strange(so_far, "b", 6_000)
    assert so_far.suspicion_mb == sum(told) + 6_000


def test_only_a_proof_takes_suspicion_off_and_nothing_else() -> None:
    so_far = SoFar()
    strange(so_far, "a", 6_000)
    so_far.ran(result(3))
    before = so_far.shown(NOON)
    so_far.proved()
    after = so_far.shown(NOON)
    assert (before.suspicion_mb, after.suspicion_mb) == (6_000, 0)
    assert (after.actions, after.rows, after.tables) == (1, 3, 1)


def test_pace_is_what_ran_within_the_last_minute() -> None:
    so_far = SoFar()
    for second in (0, 10, 30, 59):
        so_far.ran(result(after_s=second))
    assert so_far.in_last_minute(NOON + timedelta(seconds=60)) == 4
    assert so_far.in_last_minute(NOON + timedelta(seconds=61)) == 3
    assert so_far.in_last_minute(NOON + timedelta(seconds=119)) == 1
    assert so_far.in_last_minute(NOON + timedelta(seconds=120)) == 0
    assert so_far.actions == 4


def test_a_session_decides_anew_whenever_its_rows_have_grown_tenfold() -> None:
    so_far = SoFar()
    crossed = [so_far.ran(result(rows=500, after_s=61.0 * turn)) for turn in range(200)]
    assert [turn for turn, new in enumerate(crossed, 1) if new] == [2, 20, 200]


def test_a_session_decides_anew_whenever_its_bytes_have_grown_tenfold() -> None:
    so_far = SoFar()
    crossed = [so_far.ran(result(size=500_000, after_s=61.0 * turn)) for turn in range(20)]
    assert [turn for turn, new in enumerate(crossed, 1) if new] == [2, 20]


def test_a_session_decides_anew_when_its_pace_has_grown_tenfold() -> None:
    so_far = SoFar()
    crossed = [so_far.ran(result(rows=0, size=0, after_s=turn / 50)) for turn in range(700)]
    assert [turn for turn, new in enumerate(crossed, 1) if new] == [60, 600]


def test_what_is_remembered_of_a_session_is_bounded() -> None:
    so_far = SoFar()
    for turn in range(10_050):
        so_far.decided(READ, f"step {turn}", ORDINARY_MB + 1, permitted=True)
        so_far.ran(result(rows=0, size=0))
    assert len(so_far._repeats) == 10_000
    assert so_far.in_last_minute(NOON) == 10_000
    assert so_far.actions == 10_050


def test_usual_repetitions_do_not_wear_out_what_is_strange_later() -> None:
    so_far = SoFar()
    for _ in range(100):
        so_far.decided(READ, "READ public.orders", 0, permitted=True)
    so_far.decided(READ, "READ public.orders", ORDINARY_MB + 20_000, permitted=True)
    assert so_far.shown(NOON).suspicion_mb == 20_000
