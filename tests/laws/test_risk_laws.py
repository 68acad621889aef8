"""Laws of the assessment: an exact sum, danger never lowers it, order never matters."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from assent.core.assessment import Assessment, RiskLevel
from assent.core.evidence import Known
from assent.core.signal import ATTACKERS, Signal, SignalStatus
from assent.risk.assess import assess, level_of
from assent.risk.budget import HIGH_BOUNDS, MEDIUM_BOUNDS, Budget, Thresholds
from assent.risk.explain import COLUMNS, Alternative, explain, nearest
from assent.risk.model import MODEL, Model

LEVELS = list(RiskLevel)
NAMES = [*MODEL.families, "statement_class", "purpose", "a new one"]
MOST = 40_000

# Signals. Reasons hold no sign and no digit, so that the points can be read out of a line.
bits = st.integers(-MOST, MOST) | st.integers(-3000, 6000) | st.just(0)
weights = st.just(()) | bits.map(lambda one: (one,) * 7) | st.tuples(*(bits,) * len(ATTACKERS))
points = st.just(0) | st.integers(0, 60) | st.integers(-50, 300)
moments = st.datetimes(
    datetime(1971, 1, 1),
    datetime(2099, 1, 1),
    timezones=st.just(UTC),
)
reasons = st.text(max_size=30) | st.text(st.characters(exclude_categories=["N"]), max_size=300)
signals = st.builds(
    Signal,
    st.sampled_from(NAMES),
    st.sampled_from(SignalStatus),
    reasons,
    weights,
    points,
    points,
    st.none() | moments,
    st.sampled_from(["", "address database"]),
)
measured = st.lists(signals, max_size=8)
different = st.lists(signals, max_size=8, unique_by=lambda signal: signal.name)
models = st.builds(
    Model,
    st.just(MODEL.families) | st.dictionaries(st.sampled_from(NAMES), st.sampled_from("abc")),
    st.integers(1, 12),
    st.integers(0, 40),
    st.integers(1, 49),
    st.integers(50, 100),
)
some = st.none() | st.builds(Known, sessions=st.integers(0, 40), days=st.integers(0, 40))


HALF = [
    Signal(name, SignalStatus.OBSERVED, name, (bits, *(-MOST,) * 6))
    for name, bits in (("first", 28_579), ("second", 19_931))
]
"""Whose odds end in exactly half a thousandth of a bit."""


def height(assessment: Assessment) -> tuple[int, int, int]:
    """Return all that danger may raise and nothing else: score, level, odds."""
    return assessment.score, LEVELS.index(assessment.level), assessment.odds_mb


def never_lower(after: Assessment, before: Assessment) -> bool:
    return all(a >= b for a, b in zip(height(after), height(before), strict=True))


@given(measured, models, some)
def test_factors_sum_exactly_to_a_score_of_zero_to_one_hundred(
    found: list[Signal], model: Model, known: Known | None
) -> None:
    assessment = assess(found, known, model)
    assert 0 <= assessment.score <= 100
    assert sum(factor.points for factor in assessment.factors) == assessment.score
    assert all(factor.points for factor in assessment.factors)
    shown = [factor.points for factor in assessment.factors]
    assert shown == sorted(shown, reverse=True)


@given(st.data(), measured, models, some)
def test_the_order_of_signals_never_matters(
    data: st.DataObject, found: list[Signal], model: Model, known: Known | None
) -> None:
    turned = data.draw(st.permutations(found))
    assert assess(turned, known, model) == assess(found, known, model)


@given(measured, models)
def test_saying_everything_twice_says_nothing_more(found: list[Signal], model: Model) -> None:
    assert assess([*found, *found], None, model) == assess(found, None, model)


dangers = st.builds(
    Signal,
    st.sampled_from([*NAMES, "another one"]),
    st.sampled_from(SignalStatus),
    reasons,
    st.just(()) | st.tuples(*(st.integers(0, 200) | st.integers(0, MOST),) * len(ATTACKERS)),
    st.integers(0, 100),
    st.integers(0, 100),
)


@given(measured, dangers, models)
def test_one_more_signal_of_danger_never_lowers_anything(
    found: list[Signal], danger: Signal, model: Model
) -> None:
    assert never_lower(assess([*found, danger], None, model), assess(found, None, model))


@given(measured, st.sampled_from(NAMES), models)
@example(HALF, "purpose", MODEL)
def test_a_signal_that_says_nothing_changes_neither_score_nor_odds(
    found: list[Signal], name: str, model: Model
) -> None:
    assume(all(signal.name != name for signal in found))
    silent = Signal(name, SignalStatus.ABSENT, "nothing", (0,) * len(ATTACKERS))
    assert height(assess([*found, silent], None, model)) == height(assess(found, None, model))


@given(
    st.data(),
    st.lists(signals, min_size=1, max_size=8),
    st.tuples(*(st.integers(0, 3) | st.integers(0, MOST),) * len(ATTACKERS)),
    st.integers(0, 100),
    st.integers(0, 100),
    models,
)
def test_more_weight_harm_or_floor_of_any_signal_never_lowers_anything(
    data: st.DataObject,
    found: list[Signal],
    more: tuple[int, ...],
    harm: int,
    floor: int,
    model: Model,
) -> None:
    place = data.draw(st.integers(0, len(found) - 1))
    one = found[place]
    raised = [a + b for a, b in zip(one.weights or (0,) * len(ATTACKERS), more, strict=True)]
    worse = replace(
        one, weights=tuple(raised), harm=max(0, one.harm) + harm, floor=max(0, one.floor) + floor
    )
    after = [*found[:place], worse, *found[place + 1 :]]
    assert never_lower(assess(after, None, model), assess(found, None, model))


@given(st.data(), st.lists(signals, min_size=1, max_size=8), models)
def test_not_knowing_never_lowers_what_spoke_for_the_person_or_said_nothing(
    data: st.DataObject, found: list[Signal], model: Model
) -> None:
    place = data.draw(st.integers(0, len(found) - 1))
    one = found[place]
    assume(max(one.weights, default=0) <= 0)
    failed = data.draw(st.sampled_from([(), one.weights, (1500,) * len(ATTACKERS)]))
    unknown = replace(one, status=SignalStatus.UNAVAILABLE, weights=failed)
    after = [*found[:place], unknown, *found[place + 1 :]]
    assert never_lower(assess(after, None, model), assess(found, None, model))


@given(measured, signals, models)
def test_one_more_that_could_not_be_measured_never_lowers_anything_and_is_named(
    found: list[Signal], one: Signal, model: Model
) -> None:
    unknown = replace(one, status=SignalStatus.UNAVAILABLE)
    after = assess([*found, unknown], None, model)
    assert never_lower(after, assess(found, None, model))
    assert unknown.reason in after.unknown


@given(measured, models)
def test_the_highest_floor_holds(found: list[Signal], model: Model) -> None:
    floors = [min(100, signal.floor) for signal in found]
    assessment = assess(found, None, model)
    assert assessment.score >= max(floors, default=0)
    without = assess([replace(signal, floor=0) for signal in found], None, model)
    assert assessment.score == max(without.score, *floors, 0)


@given(different, models)
def test_usual_things_take_away_no_more_than_the_discount(
    found: list[Signal], model: Model
) -> None:
    harm = min(100, sum(min(100, max(0, signal.harm)) for signal in found))
    assert assess(found, None, model).score >= harm - model.most_discount


@given(measured, models)
def test_the_level_is_the_one_of_the_score(found: list[Signal], model: Model) -> None:
    assessment = assess(found, None, model)
    assert assessment.level is level_of(assessment.score, model)


@given(st.integers(0, 100), models)
def test_levels_begin_where_the_model_says(score: int, model: Model) -> None:
    expected = LEVELS[(score >= model.medium_from) + (score >= model.high_from)]
    assert level_of(score, model) is expected


@given(different, models, some)
def test_a_factor_is_of_a_signal_that_was_measured_or_of_the_sum(
    found: list[Signal], model: Model, known: Known | None
) -> None:
    names = {signal.name for signal in found}
    names |= {model.families.get(name, name) for name in names}
    for factor in assess(found, known, model).factors:
        assert factor.name in names | {"base_rate", "ceiling"}


# Explanations.

_POINTS = re.compile(r"(?:: |^  | · )([+-]\d+) ")
_STEERING = re.compile("[\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
wild = st.lists(
    st.text(st.characters(exclude_categories=["N"]), max_size=120)
    | st.sampled_from(["\x1b[A", "\n", "\u202e", "\u061c", "\ud800", " · ", "x" * 150, "注" * 60]),
    max_size=6,
).map("".join)


@given(st.lists(signals.flatmap(lambda one: wild.map(lambda text: replace(one, reason=text)))))
@settings(max_examples=60)
def test_no_line_is_too_long_or_steers_a_terminal(found: list[Signal]) -> None:
    assessment = replace(assess(found), otherwise="".join(signal.reason for signal in found))
    for line in explain(assessment):
        assert len(line) <= COLUMNS
        assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in line)
        assert not _STEERING.search(line)
        line.encode()


@given(measured.map(lambda found: [replace(one, reason=_words(one.reason)) for one in found]), some)
def test_the_points_that_are_shown_sum_to_the_score(
    found: list[Signal], known: Known | None
) -> None:
    assessment = replace(assess(found, known), headline="", otherwise="")
    lines = explain(assessment)
    assert lines[0].startswith(f"risk {assessment.score} of 100 ({assessment.level})")
    shown = [int(number) for line in lines for number in _POINTS.findall(line)]
    assert sum(shown) == assessment.score
    assert len(shown) == len(assessment.factors)


def _words(text: str) -> str:
    return "".join(letter for letter in text if letter.isalpha() or letter == " ")


# What would have lowered it.

alternatives = st.lists(
    st.builds(
        Alternative,
        st.sampled_from(["with a WHERE", "at noon", "on your device", "from home"]),
        st.lists(signals, min_size=1, max_size=3).map(tuple),
    ),
    max_size=4,
)
_SAID = re.compile(r"(.+): (\d+) instead of (\d+) \((\w+)\)")


@given(measured, alternatives, models, some)
def test_the_nearest_change_lowers_and_prefers_a_lower_level_and_says_the_true_numbers(
    found: list[Signal], options: list[Alternative], model: Model, known: Known | None
) -> None:
    now = assess(found, known, model)
    reached = [(one.words, assess(_with(found, one), known, model)) for one in options]
    lower = [(words, then) for words, then in reached if then.score < now.score]
    said = nearest(found, options, known, model)
    if not lower:
        assert said == ""
        return
    match = _SAID.fullmatch(said)
    assert match is not None
    words, score, before, level = match.groups()
    assert int(before) == now.score
    calmer = [(w, then) for w, then in lower if LEVELS.index(then.level) < height(now)[1]]
    if calmer:
        expected = calmer[0]
    else:
        expected = min(lower, key=lambda one: one[1].score)
    assert (words, int(score), level) == (expected[0], expected[1].score, expected[1].level.value)


def _with(found: list[Signal], option: Alternative) -> list[Signal]:
    names = {signal.name for signal in option.replaced}
    return [*(signal for signal in found if signal.name not in names), *option.replaced]


# Thresholds.

shapes = st.lists(st.tuples(st.integers(0, 100), st.integers(1, 50)), min_size=1, max_size=12)
budgets = st.tuples(st.integers(100, 20_000), st.integers(1, 99)).map(
    lambda drawn: Budget(drawn[0], max(1, drawn[0] * drawn[1] // 100))
)


@given(shapes, budgets)
@settings(max_examples=40)
def test_a_budget_is_kept_as_long_as_scores_stay_as_they_are(
    shape: list[tuple[int, int]], budget: Budget
) -> None:
    scores = _spread(shape, 2000)
    thresholds = Thresholds(budget)
    for score in scores:
        thresholds.count("", score)
    medium, high = thresholds.of("")
    # Newer actions weigh a little more than older ones; the order here is a steady one.
    slack = 0.004
    if medium < MEDIUM_BOUNDS[1]:
        assert _reaching(scores, medium) <= budget.medium_milli / 100_000 + slack
    if high < HIGH_BOUNDS[1] and high > medium + 1:
        assert _reaching(scores, high) <= budget.high_milli / 100_000 + slack
    if medium > MEDIUM_BOUNDS[0]:
        # No more is let through than has to be.
        assert _reaching(scores, medium - 1) > budget.medium_milli / 100_000 - slack


@given(shapes, shapes, budgets)
@settings(max_examples=30)
def test_no_flood_moves_thresholds_out_of_their_bounds(
    usual: list[tuple[int, int]], flood: list[tuple[int, int]], budget: Budget
) -> None:
    thresholds = Thresholds(budget)
    for score in [*_spread(usual, 600), *_spread(flood, 2000)]:
        thresholds.count("", score)
    medium, high = thresholds.of("")
    assert MEDIUM_BOUNDS[0] <= medium <= MEDIUM_BOUNDS[1]
    assert HIGH_BOUNDS[0] <= high <= HIGH_BOUNDS[1]
    assert medium < high


@given(shapes, st.integers(1, 49), st.integers(50, 100))
@settings(max_examples=30)
def test_without_a_budget_nothing_moves_thresholds(
    shape: list[tuple[int, int]], medium: int, high: int
) -> None:
    thresholds = Thresholds(None, medium, high)
    for score in _spread(shape, 1000):
        thresholds.count("", score)
    assert thresholds.of("") == (medium, high)


def _spread(shape: list[tuple[int, int]], length: int) -> list[int]:
    """Return scores in which each has its part from the beginning to the end."""
    total = sum(times for _, times in shape)
    due = [0.0] * len(shape)
    found = []
    for _ in range(length):
        for place, (_, times) in enumerate(shape):
            due[place] += times / total
        most = max(range(len(due)), key=due.__getitem__)
        due[most] -= 1.0
        found.append(shape[most][0])
    return found


def _reaching(scores: list[int], threshold: int) -> float:
    return sum(score >= threshold for score in scores) / len(scores)
