"""Unit tests of risk/assess.py, calibrated on the story that the demo plays."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.assessment import Assessment, RiskLevel
from assent.core.evidence import Evidence
from assent.core.faults import OperatorFault
from assent.core.ids import ActionId, SubjectId, TargetId
from assent.core.resource import Resource, Target
from assent.core.signal import Signal, SignalStatus
from assent.core.subject import Subject
from assent.risk.assess import assess, level_of
from assent.risk.model import Model
from assent.signals import SIGNALS

NIGHT = datetime(2026, 3, 4, 3, 12, tzinfo=UTC)
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ANA = Subject(SubjectId("sub_ana"), "ana", groups=frozenset({"engineers"}))
ORDERS = Resource("Table", "public.orders")
PII: Mapping[str, frozenset[str]] = {"public.orders": frozenset({"pii.address"})}
READ = Touch("sql.read", Operation.READ, ORDERS, frozenset({"*"}))
DELETE = Touch("sql.delete", Operation.WRITE, ORDERS)
TEN = Model({"a": 60, "b": 50, "c": 30})


def scored(
    touch: Touch,
    at: datetime,
    has_where: bool = True,
    labels: Mapping[str, frozenset[str]] = PII,
    unavailable: frozenset[str] = frozenset(),
) -> Assessment:
    shop = Target(TargetId("tgt_1"), "shop", "postgres", "h", 1, "d", "u", "c", labels=labels)
    evidence = Evidence(at=at, subject=ANA, target=shop, unavailable=unavailable)
    statement = Statement(touch.verb, (touch,), True, has_where=has_where)
    action = Action(ActionId("act_1"), ANA.id, statement, shop.id)
    return assess([plugin.measure(action, evidence, at) for plugin in SIGNALS])


def observed(name: str, strength: int) -> Signal:
    return Signal(name, SignalStatus.OBSERVED, strength, name)


def points(assessment: Assessment) -> dict[str, int]:
    return {factor.name: factor.points for factor in assessment.factors}


def test_reading_one_order_for_the_first_time_at_three_in_the_morning_is_low() -> None:
    assessment = scored(READ, NIGHT)
    assert assessment.score < 25
    assert assessment.level is RiskLevel.LOW


def test_deleting_all_orders_for_the_first_time_at_night_is_high_but_not_refused() -> None:
    assessment = scored(DELETE, NIGHT, has_where=False)
    assert 60 <= assessment.score < 90
    assert assessment.level is RiskLevel.HIGH


def test_the_same_delete_with_a_where_at_noon_is_less() -> None:
    assert scored(DELETE, NOON).level is RiskLevel.MEDIUM


def test_the_factors_sum_to_the_score_largest_first() -> None:
    assessment = scored(DELETE, NIGHT, has_where=False)
    shown = [factor.points for factor in assessment.factors]
    assert sum(shown) == assessment.score
    assert shown == sorted(shown, reverse=True)


def test_a_history_that_cannot_be_read_counts_more_than_one_that_knows_it() -> None:
    known = scored(READ, NOON, labels={})
    blind = scored(READ, NOON, labels={}, unavailable=frozenset({"history"}))
    assert blind.score >= known.score
    assert blind.factors[0].reason.endswith("(counted as 50 % of its weight)")
    assert blind.factors[0].status is SignalStatus.UNAVAILABLE


def test_an_absent_signal_has_no_points_whatever_its_strength() -> None:
    signals = [Signal(name, SignalStatus.ABSENT, 99, "") for name in "abc"]
    assert assess(signals, TEN) == Assessment(0, RiskLevel.LOW)


def test_a_sum_over_one_hundred_is_cut_from_the_smallest() -> None:
    capped = assess([observed("a", 100), observed("b", 100), observed("c", 100)], TEN)
    assert capped.score == 100
    assert points(capped) == {"a": 60, "b": 40}


def test_a_signal_that_was_not_measured_counts_as_unavailable() -> None:
    assessment = assess([observed("a", 0), observed("b", 0)], TEN)
    assert points(assessment) == {"c": 15}
    assert assessment.factors[0].reason.startswith("`c` was not measured")


def test_of_two_with_one_name_the_strongest_counts() -> None:
    rest = [observed("b", 0), observed("c", 0)]
    assert assess([observed("a", 10), observed("a", 90), *rest], TEN).score == 54


def test_a_strength_out_of_range_is_brought_back_into_it() -> None:
    rest = [observed("b", 0), observed("c", 0)]
    assert assess([observed("a", 500), *rest], TEN).score == 60
    assert assess([observed("a", -500), *rest], TEN).score == 0


def test_a_signal_without_a_weight_is_the_operators_fault() -> None:
    with pytest.raises(OperatorFault, match="no weight for the signal `moon_phase`"):
        assess([observed("moon_phase", 1)])


@pytest.mark.parametrize(
    ("score", "level"), [(24, "low"), (25, "medium"), (59, "medium"), (60, "high")]
)
def test_levels_begin_at_their_first_score(score: int, level: str) -> None:
    assert level_of(score).value == level
