"""Unit tests of risk/explain.py."""

from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.signal import Signal, SignalStatus
from assent.risk.assess import assess
from assent.risk.explain import COLUMNS, counterfactual, explain

DELETE = Factor("statement_class", 38, "DELETE without WHERE touches every row of public.orders")
FIRST = Factor("first_time", 15, "this person never did DELETE on public.orders before")
NIGHT = Factor("time_of_day", 5, "03:12 UTC is outside of 06:00 to 20:00")


def signal(name: str, strength: int) -> Signal:
    return Signal(name, SignalStatus.OBSERVED, strength, name)


def test_the_score_comes_first_and_the_largest_factor_next() -> None:
    assert explain(Assessment(58, RiskLevel.MEDIUM, (DELETE, FIRST, NIGHT))) == (
        "risk 58 of 100 (medium): 38 DELETE without WHERE touches every row of public.orders",
        "  15 this person never did DELETE on public.orders before"
        " · 5 03:12 UTC is outside of 06:00 to 20:00",
    )


def test_nothing_to_say_is_one_line() -> None:
    assert explain(Assessment(0, RiskLevel.LOW)) == ("risk 0 of 100 (low)",)


def test_short_factors_share_a_line() -> None:
    factors = (Factor("a", 2, "it is late"), Factor("b", 1, "it is new"))
    assert explain(Assessment(3, RiskLevel.LOW, factors)) == (
        "risk 3 of 100 (low): 2 it is late · 1 it is new",
    )


def test_no_line_is_longer_than_a_terminal_is_wide() -> None:
    long = Factor("a", 40, "word " * 60)
    longer = Factor("b", 20, "x" * 700)
    lines = explain(Assessment(60, RiskLevel.HIGH, (long, longer)))
    assert max(map(len, lines)) <= COLUMNS
    assert len(lines) <= 8


def test_a_name_cannot_steer_the_terminal() -> None:
    evil = Factor("a", 1, "table \x1b[2J\n\u202egnp")
    (line,) = explain(Assessment(1, RiskLevel.LOW, (evil,)))
    assert line == "risk 1 of 100 (low): 1 table �[2J��gnp"


def test_the_counterfactual_says_what_it_would_be() -> None:
    signals = [
        signal("statement_class", 85),
        signal("table_sensitivity", 50),
        signal("first_time", 100),
        signal("time_of_day", 30),
    ]
    assert assess(signals).score == 71
    assert (
        counterfactual(signals, signal("statement_class", 40), "with a WHERE")
        == "with a WHERE it would be 51 (medium)"
    )


def test_there_is_no_counterfactual_where_it_would_not_be_less() -> None:
    signals = [signal("statement_class", 40)]
    assert counterfactual(signals, signal("statement_class", 40), "with a WHERE") is None
