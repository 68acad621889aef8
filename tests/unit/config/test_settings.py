"""What sections say is ready to use."""

from datetime import timedelta
from pathlib import Path

import pytest

from assent.config import (
    CanaryConfig,
    RiskConfig,
    budget,
    canary_every,
    column_rules,
    own_patterns,
    pace,
    parse,
    recognised,
)
from assent.control.choosing import Pace
from assent.risk.budget import Budget
from config_builders import parsed

LABELLING = {
    "label_rules": [{"pattern": "(?i)e_?mail", "label": "pii.email", "table": "^public"}],
    "detectors": [{"label": "hr.employee", "pattern": "E[0-9]{6}"}],
}


def test_a_budget_is_a_share_of_all_actions() -> None:
    assert budget(RiskConfig(), "x") is None
    found = budget(RiskConfig(step_up_budget="2 %", approval_budget="0.125%"), "x")
    assert found == Budget(medium_milli=2000, high_milli=125)


def test_rules_and_detectors_are_ready_to_use() -> None:
    config = parsed(LABELLING)
    assert column_rules(config).of("public.people", ["E_Mail"]) == {"E_Mail": {"pii.email"}}
    assert [own.label for own in own_patterns(config)] == ["hr.employee"]
    assert {"hr.employee", "pii.email", "pci.card"} <= set(recognised(config))


def test_how_fast_people_are_asked_is_ready_to_use() -> None:
    assert pace(parse({}, "f", Path())) == Pace()
    tree = {
        "approvals": {"widen_after": "90s", "remind_every": "1h"},
        "notify": {"statements": True},
    }
    assert pace(parse(tree, "f", Path())) == Pace(
        timedelta(seconds=90), timedelta(hours=1), statements=True
    )


@pytest.mark.parametrize(
    ("text", "every"),
    [("off", None), ("5s", timedelta(seconds=5)), ("1d", timedelta(days=1))],
)
def test_the_canary_runs_on_a_clock_or_not_at_all(text: str, every: timedelta | None) -> None:
    assert canary_every(CanaryConfig(text), "") == every
