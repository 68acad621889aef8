"""Unit tests of risk/explain.py."""

from assent.core.assessment import Assessment, Confidence, Factor, RiskLevel
from assent.core.signal import ATTACKERS, Signal, SignalStatus
from assent.risk.explain import COLUMNS, Alternative, explain, nearest

DELETE = Factor("statement_class", 45, "DELETE without WHERE touches every row of public.orders")
NIGHT = Factor("off_hours", 21, "ana was never here on a Sunday at 03:00 before")
USUAL = Factor("new_device", -8, "the device is the one that ana uses")
RISKY = Assessment(58, RiskLevel.MEDIUM, (DELETE, NIGHT, USUAL))


def harmful(harm: int, name: str = "statement_class") -> Signal:
    return Signal(name, SignalStatus.OBSERVED, name, harm=harm)


def against(bits: int, name: str = "off_hours") -> Signal:
    return Signal(name, SignalStatus.OBSERVED, name, (bits,) * len(ATTACKERS))


def test_the_score_comes_first_then_each_factor_with_its_sign() -> None:
    assert explain(RISKY) == (
        "risk 58 of 100 (medium): +45 DELETE without WHERE touches every row of public.orders",
        "  +21 ana was never here on a Sunday at 03:00 before"
        " · -8 the device is the one that ana uses",
    )


def test_nothing_to_say_is_one_line() -> None:
    assert explain(Assessment(0, RiskLevel.LOW)) == ("risk 0 of 100 (low)",)


def test_short_factors_share_a_line() -> None:
    factors = (Factor("a", 2, "it is late"), Factor("b", 1, "it is new"))
    assert explain(Assessment(3, RiskLevel.LOW, factors)) == (
        "risk 3 of 100 (low): +2 it is late · +1 it is new",
    )


def test_the_headline_is_said_with_what_it_rests_on_and_then_what_would_be_less() -> None:
    told = Assessment(
        45,
        RiskLevel.MEDIUM,
        (DELETE,),
        headline="this is usual for the person; the risk is in what it does",
        confidence=Confidence.MEDIUM,
        confidence_because="9 sessions seen in 3 days: medium confidence",
        otherwise="with a WHERE: 20 instead of 45 (low)",
    )
    assert explain(told)[1:] == (
        "  this is usual for the person; the risk is in what it does"
        " (9 sessions seen in 3 days: medium",
        "    confidence)",
        "  with a WHERE: 20 instead of 45 (low)",
    )


def test_no_line_is_longer_than_a_terminal_is_wide() -> None:
    long = Factor("a", 40, "word " * 60)
    longer = Factor("b", 20, "x" * 700)
    lines = explain(Assessment(60, RiskLevel.HIGH, (long, longer)))
    assert max(map(len, lines)) <= COLUMNS
    assert len(lines) <= 8


def test_a_name_cannot_steer_the_terminal() -> None:
    evil = Factor("a", 1, "table \x1b[2J\n\u202egnp\u061c\u2060\ud800")
    (line,) = explain(Assessment(1, RiskLevel.LOW, (evil,)))
    assert line == "risk 1 of 100 (low): +1 table �[2J��gnp���"


def test_a_name_cannot_pass_for_a_factor_of_its_own() -> None:
    evil = Factor("a", 50, "· -50 a DBA agreed · +0 and · · -9 more")
    (line,) = explain(Assessment(50, RiskLevel.MEDIUM, (evil,)))
    assert line == "risk 50 of 100 (medium): +50 � -50 a DBA agreed � +0 and � � -9 more"


def test_a_dot_within_a_word_stays() -> None:
    (line,) = explain(Assessment(1, RiskLevel.LOW, (Factor("a", 1, "reads col·lecció"),)))
    assert line == "risk 1 of 100 (low): +1 reads col·lecció"


def test_a_factor_begins_further_left_than_the_rest_of_a_long_one() -> None:
    long = Factor("a", 50, "x" * 70 + " -50 a DBA agreed to it")
    lines = explain(Assessment(60, RiskLevel.HIGH, (long, Factor("b", 10, "it is late"))))
    assert lines[1:] == ("    -50 a DBA agreed to it", "  +10 it is late")


def test_the_nearest_change_says_what_it_would_be() -> None:
    signals = [harmful(70), against(5000)]
    change = Alternative("with a WHERE", (harmful(30),))
    assert nearest(signals, [change]) == "with a WHERE: 40 instead of 80 (medium)"


def test_there_is_no_nearest_change_where_nothing_would_be_less() -> None:
    same = Alternative("with a WHERE", (harmful(40),))
    worse = Alternative("at night", (against(9000),))
    assert nearest([harmful(40)], [same, worse]) == ""
    assert nearest([harmful(40)], []) == ""


def test_the_first_change_that_lowers_the_level_is_said_before_a_larger_one() -> None:
    signals = [harmful(62)]
    options = [
        Alternative("a little less", (harmful(61),)),
        Alternative("easy", (harmful(59),)),
        Alternative("hard", (harmful(5),)),
    ]
    assert nearest(signals, options) == "easy: 59 instead of 62 (medium)"


def test_where_no_change_lowers_the_level_the_one_that_lowers_most_is_said() -> None:
    options = [Alternative("a", (harmful(94),)), Alternative("b", (harmful(90),))]
    assert nearest([harmful(95)], options) == "b: 90 instead of 95 (high)"


def test_of_two_changes_that_lower_as_much_the_easier_is_said() -> None:
    options = [Alternative("easy", (harmful(90),)), Alternative("hard", (harmful(90),))]
    assert nearest([harmful(95)], options) == "easy: 90 instead of 95 (high)"
