"""What sections say, ready to use: spans, shares, rules and patterns in place of their texts."""

import re
from datetime import timedelta

from assent.config.sections import CanaryConfig, Config, RiskConfig, TargetConfig
from assent.content.column_rules import ColumnRule, ColumnRules
from assent.content.detectors import LABELS
from assent.content.patterns import OwnPattern
from assent.control.choosing import Pace
from assent.core.faults import OperatorFault
from assent.policy import parse_duration
from assent.risk.budget import Budget


def column_rules(config: Config, place: str = "") -> ColumnRules:
    """Return what gives columns labels by their names. Raises OperatorFault."""
    return ColumnRules(
        [
            ColumnRule(rule.pattern, rule.label, rule.table, f"{place}[[label_rules]] {number}")
            for number, rule in enumerate(config.label_rules, 1)
        ]
    )


def own_patterns(config: Config, place: str = "") -> tuple[OwnPattern, ...]:
    """Return what the operator says that values look like."""
    return tuple(
        OwnPattern(item.label, item.pattern, f"{place}[[detectors]] {number} pattern")
        for number, item in enumerate(config.detectors, 1)
    )


def recognised(config: Config) -> tuple[str, ...]:
    """Return the labels whose values can be recognised."""
    return tuple(sorted({*LABELS, *(item.label for item in config.detectors)}))


def canary_every(canary: CanaryConfig, place: str) -> timedelta | None:
    """Return how often the canary runs, None for never. Raises OperatorFault."""
    if canary.every == "off":
        return None
    try:
        every = parse_duration(canary.every)
    except ValueError:
        every = timedelta()
    if not timedelta(seconds=5) <= every <= timedelta(days=1):
        words = f"`{canary.every[:80]}` is neither `off` nor 5 seconds to a day, such as `60s`"
        raise OperatorFault("config-value", words, f"{place} every")
    return every


def pace(config: Config, place: str = "") -> Pace:
    """Return how fast more people are asked. Raises OperatorFault."""
    spans = []
    for key in ("widen_after", "remind_every"):
        text = getattr(config.approvals, key)
        try:
            spans.append(parse_duration(text))
        except ValueError as fault:
            raise OperatorFault("config-value", str(fault), f"{place}:[approvals] {key}") from fault
    return Pace(spans[0], spans[1], statements=config.notify.statements)


def longest_grant_s(target: TargetConfig, place: str) -> int | None:
    """Return how many seconds no access to a target lasts longer than, None for no limit.

    Raises OperatorFault.
    """
    try:
        longest = parse_duration(target.longest_grant) if target.longest_grant else None
    except ValueError as error:
        raise OperatorFault("config-value", str(error), place) from None
    if longest is not None and longest < timedelta(seconds=1):
        raise OperatorFault("config-value", "access lasts for a second at least", place)
    return None if longest is None else int(longest.total_seconds())


def budget(risk: RiskConfig, place: str) -> Budget | None:
    """Return how often people may be asked, None for fixed levels. Raises OperatorFault."""
    texts = (risk.step_up_budget, risk.approval_budget)
    if not any(texts):
        return None
    if not all(texts):
        words = "a budget needs both `step_up_budget` and `approval_budget`"
        raise OperatorFault("config-value", words, place)
    medium, high = (_percent_milli(text, place) for text in texts)
    try:
        return Budget(medium, high)
    except ValueError:
        words = "must be 0 % < `approval_budget` < `step_up_budget` < 100 %"
        raise OperatorFault("config-value", words, place) from None


def _percent_milli(text: str, place: str) -> int:
    found = re.fullmatch(r"([0-9]{1,2}(?:\.[0-9]{1,3})?) ?%", text)
    if found is None:
        raise OperatorFault("config-value", f"`{text[:80]}` is no share such as `2%`", place)
    return round(float(found[1]) * 1000)
