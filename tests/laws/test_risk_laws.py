"""Laws of the risk score: order never matters, more danger never lowers, factors sum to it."""

from hypothesis import given
from hypothesis import strategies as st

from assent.core.signal import Signal, SignalStatus
from assent.risk.assess import assess
from assent.risk.explain import COLUMNS, explain
from assent.risk.model import Model

NAMES = ["a", "b", "c", "d"]
models = st.builds(
    Model,
    st.fixed_dictionaries({name: st.integers(0, 100) for name in NAMES}),
    unavailable_percent=st.integers(0, 100),
)
signals = st.builds(
    Signal,
    st.sampled_from(NAMES),
    st.sampled_from(SignalStatus),
    st.integers(0, 100),
    st.text(max_size=300),
)
measured = st.lists(signals, max_size=8)


@given(st.data(), measured, models)
def test_the_order_of_signals_never_matters(
    data: st.DataObject, found: list[Signal], model: Model
) -> None:
    assert assess(data.draw(st.permutations(found)), model) == assess(found, model)


@given(measured, models, st.integers(0, 7), st.integers(0, 100))
def test_more_danger_never_lowers_the_score(
    found: list[Signal], model: Model, place: int, more: int
) -> None:
    if place >= len(found):
        return
    one = found[place]
    worse = Signal(one.name, one.status, min(100, one.strength + more), one.reason)
    after = [*found[:place], worse, *found[place + 1 :]]
    assert assess(after, model).score >= assess(found, model).score


@given(measured, models, st.integers(0, 7))
def test_what_cannot_be_measured_never_counts_less_than_nothing_found(
    found: list[Signal], model: Model, place: int
) -> None:
    if place >= len(found):
        return
    one = found[place]
    scores = [
        assess(
            [*found[:place], Signal(one.name, status, one.strength, ""), *found[place + 1 :]], model
        ).score
        for status in (SignalStatus.ABSENT, SignalStatus.OBSERVED, SignalStatus.UNAVAILABLE)
    ]
    assert scores == sorted(scores)


@given(measured, models)
def test_shown_factors_sum_to_a_score_of_zero_to_one_hundred(
    found: list[Signal], model: Model
) -> None:
    assessment = assess(found, model)
    assert 0 <= assessment.score <= 100
    assert assessment.score == sum(factor.points for factor in assessment.factors)
    assert all(factor.points > 0 for factor in assessment.factors)


@given(measured, models)
def test_no_line_of_an_explanation_is_too_long_or_has_control_characters(
    found: list[Signal], model: Model
) -> None:
    for line in explain(assess(found, model)):
        assert len(line) <= COLUMNS
        assert not any(ord(character) < 32 for character in line)
