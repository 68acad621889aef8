"""Unit tests of risk/assess.py: small sums that can be checked by hand."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from assent.core.assessment import Assessment, Confidence, Factor, RiskLevel
from assent.core.evidence import Known
from assent.core.signal import ATTACKERS, Attacker, Signal, SignalStatus
from assent.risk.assess import BASE_RATE, CEILING, HEADLINES, assess, headline, level_of
from assent.risk.model import MODEL, Model

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
OUTSIDERS = (6000, 6000, 4000, 0, 0, 0, 0)
PLAIN = replace(MODEL, ordinary_bits=0.0)
"""Every bit counts, also the first ones."""
TEN = Model(points_per_bit=10, ordinary_bits=0.0)
ALONE = Model(ordinary_bits=0.0)
"""Without families: each signal is its own."""


def signal(
    name: str,
    bits: int | tuple[int, ...] = (),
    harm: int = 0,
    floor: int = 0,
    status: SignalStatus = SignalStatus.OBSERVED,
) -> Signal:
    """Return a signal. bits: thousandths, the same for every attacker where there is one."""
    weights = (bits,) * len(ATTACKERS) if isinstance(bits, int) else bits
    return Signal(name, status, f"because of {name}", weights, harm, floor)


def judged(
    signals: Sequence[Signal], known: Known | None = None, model: Model = PLAIN
) -> Assessment:
    return assess(signals, known, model)


def points(assessment: Assessment) -> list[tuple[str, int]]:
    return [(factor.name, factor.points) for factor in assessment.factors]


def test_nothing_at_all_is_zero_and_low() -> None:
    assessment = judged([])
    assert (assessment.score, assessment.level, assessment.factors) == (0, RiskLevel.LOW, ())
    assert assessment.attacker is None


def test_harm_counts_as_it_is() -> None:
    assert points(judged([signal("a", harm=38), signal("b", harm=13)])) == [("a", 38), ("b", 13)]


def test_a_bit_against_the_person_counts_five_points_or_what_the_model_says() -> None:
    assert points(judged([signal("off_hours", 4000)])) == [("time", 20)]
    assert points(judged([signal("off_hours", 4000)], None, TEN)) == [("off_hours", 40)]


def test_what_speaks_for_the_person_is_a_negative_factor() -> None:
    found = judged([signal("off_hours", 4000), signal("new_device", -3000)])
    assert points(found) == [("time", 20), ("device", -15)]
    assert found.score == 5


def test_usual_things_take_away_no_more_than_the_discount() -> None:
    found = judged([signal("drop", harm=30), signal("new_device", -9000)])
    assert points(found) == [("drop", 30), ("device", -10)]


def test_usual_things_take_away_no_more_than_there_is() -> None:
    found = judged([signal("insert", harm=4), signal("new_device", -9000)])
    assert points(found) == [("insert", 4), ("device", -4)]


def test_usual_things_share_what_is_left_of_the_discount() -> None:
    usual = [signal("b", -6000), signal("c", -3000)]
    found = judged([signal("a", harm=30), signal("d", 1000), *usual])
    assert points(found) == [("a", 30), ("d", 5), ("c", -3), ("b", -12)]
    assert found.score == 20


def test_usual_things_alone_are_no_line_of_their_own() -> None:
    assert points(judged([signal("new_device", -9000), signal("new_network", -4000)])) == []


def test_kinds_of_evidence_count_in_part_after_the_strongest() -> None:
    found = judged([signal(name, 8000) for name in "abcd"], None, ALONE)
    assert [factor.points for factor in found.factors] == [40, 20, 10, 5]


def test_signals_of_one_family_are_combined_before_the_families_are() -> None:
    # new_network and impossible_travel are the network: 8 + 4 bits; pace half of 8 bits.
    names = ("impossible_travel", "new_network", "pace")
    found = judged([signal(name, 8000) for name in names])
    assert points(found) == [("network", 60), ("volume", 20)]
    alone = judged([signal(name, 8000) for name in names], None, ALONE)
    assert alone.score == 40 + 20 + 10


def test_what_one_family_says_is_one_factor_in_the_words_of_its_strongest_signals() -> None:
    names = ("first_time_action", "first_time_resource", "rare_sequence", "new_privilege")
    given = [signal(name, 1000 * bits) for name, bits in zip(names, (8, 6, 4, 2), strict=True)]
    (factor,) = judged(given).factors
    assert factor.name == "behaviour"
    assert factor.reason == (
        "because of first_time_action; because of first_time_resource; because of rare_sequence"
    )
    usual = signal("session_so_far", -8000)
    assert judged([given[0], usual]).factors == ()


def test_what_is_a_little_odd_happens_to_everybody_and_counts_nothing() -> None:
    assert assess([signal("a", 3000)]).score == 0
    found = assess([signal("a", 8000)])
    assert points(found) == [("a", 40), (BASE_RATE, -15)]


def test_how_rare_an_attacker_is_has_a_line_of_its_own() -> None:
    inside = signal("volume", (0, 0, 0, 0, 6000, 0, 0))
    assert points(judged([inside])) == [("volume", 30), (BASE_RATE, -9)]


def test_the_attacker_that_explains_most_gives_the_headline() -> None:
    naive = judged([signal("new_network", OUTSIDERS)])
    assert (naive.attacker, naive.headline) == (Attacker.NAIVE, HEADLINES[Attacker.NAIVE])
    inside = judged([signal("volume", (0, 0, 0, 0, 6000, 0, 0))])
    assert (inside.attacker, inside.headline) == (Attacker.INSIDER, HEADLINES[Attacker.INSIDER])


def test_nobody_is_suspected_by_name_below_five_points_of_odds() -> None:
    assert judged([signal("a", 900, harm=60)]).attacker is None
    assert judged([signal("a", 1100)]).attacker is Attacker.NAIVE


def test_every_attacker_has_a_headline() -> None:
    assert set(HEADLINES) == set(Attacker)


def test_a_sum_over_one_hundred_is_cut_in_a_line_of_its_own() -> None:
    found = judged([signal("a", 30_000)])
    assert points(found) == [("a", 150), (CEILING, -50)]
    assert found.score == 100


def test_a_floor_raises_the_score_in_a_line_of_its_own() -> None:
    found = judged([signal("a", harm=10), signal("device_posture", floor=40)])
    assert points(found) == [("device_posture", 30), ("a", 10)]
    assert found.factors[0].reason == "because of device_posture: it cannot be less than 40"


def test_the_highest_floor_holds_and_one_below_the_score_says_nothing() -> None:
    low, high = signal("a", floor=30), signal("b", floor=45)
    assert judged([low, high]).score == 45
    found = judged([low, signal("c", harm=50)])
    assert points(found) == [("c", 50)]


def test_rounding_gives_what_is_left_to_the_largest_remainders() -> None:
    # 1.5, 0.75 and 0.375 points: 2.625 are 3, and 1.5 gives way to the larger remainder.
    found = judged([signal(name, 300) for name in "abc"], None, ALONE)
    assert found.score == 3
    assert points(found) == [("a", 2), ("b", 1)]


def test_what_could_not_be_measured_never_speaks_for_the_person() -> None:
    danger = signal("a", 4000)
    usual = signal("b", -4000, status=SignalStatus.UNAVAILABLE)
    assert judged([danger, usual]).score == judged([danger]).score == 20


def test_what_could_not_be_measured_is_named_once_and_in_order() -> None:
    missing = [
        Signal(name, SignalStatus.UNAVAILABLE, reason)
        for name, reason in (("c", "no places"), ("a", "no device"), ("b", "no places"))
    ]
    assert judged(missing).unknown == ("no device", "no places")
    assert judged(missing[::-1]) == judged(missing)


def test_of_two_with_one_name_each_counts_where_it_says_more() -> None:
    one, other = signal("a", (5000, 0, 0, 0, 0, 0, 0), harm=3), signal("a", 1000, harm=9, floor=2)
    both = signal("a", (5000, *(1000,) * 6), harm=9, floor=2)
    assert judged([one, other]) == judged([other, one])
    assert judged([one, other]).score == judged([both]).score
    assert {factor.reason for factor in judged([one, other]).factors} == {
        "because of a",
        "how rare such attacks are, and what else it could be",
    }


@pytest.mark.parametrize(("given", "counted"), [(-50, 0), (101, 100), (10**9, 100)])
def test_harm_and_floor_out_of_range_are_brought_back_into_it(given: int, counted: int) -> None:
    assert judged([signal("a", harm=given)]).score == counted
    assert judged([signal("a", floor=given)]).score == counted


def test_a_factor_keeps_where_and_when_its_evidence_is_from() -> None:
    told = Signal(
        "a", SignalStatus.UNAVAILABLE, "it is old", harm=10, at=NOON, source="device report"
    )
    assert judged([told]).factors == (
        Factor("a", 10, "it is old", SignalStatus.UNAVAILABLE, NOON, "device report"),
    )


def test_the_odds_are_those_of_any_attacker_in_thousandths_of_a_bit() -> None:
    # 2 · 2^-10 + 3 · 2^-11 + 2^-12 + 2^-14 against one.
    assert judged([]).odds_mb == -8069
    assert judged([signal("a", 8069)]).odds_mb == 0
    assert judged([signal("a", -1000)]).odds_mb == -9069


def test_a_signal_that_says_nothing_leaves_the_odds_to_the_last_bit() -> None:
    half = [signal("a", (28_579, *(-40_000,) * 6)), signal("b", (19_931, *(-40_000,) * 6))]
    silent = signal("c", 0, status=SignalStatus.ABSENT)
    assert judged([*half, silent]).odds_mb == judged(half).odds_mb


def test_the_confidence_comes_with_what_it_rests_on() -> None:
    found = judged([], Known(sessions=40, days=30))
    assert (found.confidence, found.confidence_because) == (
        Confidence.HIGH,
        "40 sessions seen in 30 days",
    )
    assert judged([], None).confidence is Confidence.LOW


@pytest.mark.parametrize(
    ("confidence", "factors", "words"),
    [
        (Confidence.HIGH, (), "this is usual for the person"),
        (Confidence.LOW, (), "nothing speaks against the person"),
        (
            Confidence.MEDIUM,
            (Factor("a", 1, ""),),
            "this is usual for the person; the risk is in what it does",
        ),
    ],
)
def test_where_nobody_is_suspected_the_headline_says_what_is_known(
    confidence: Confidence, factors: tuple[Factor, ...], words: str
) -> None:
    assert headline(None, factors, confidence) == words


@pytest.mark.parametrize(
    ("score", "level"),
    [(0, "low"), (24, "low"), (25, "medium"), (59, "medium"), (60, "high"), (100, "high")],
)
def test_levels_begin_at_their_first_score(score: int, level: str) -> None:
    assert level_of(score).value == level


def test_levels_follow_the_model() -> None:
    strict = Model(medium_from=10, high_from=11)
    assert [level_of(score, strict).value for score in (9, 10, 11)] == ["low", "medium", "high"]
    assert judged([signal("a", harm=10)], None, strict).level is RiskLevel.MEDIUM
