from datetime import timedelta

import pytest

from assent.core.decision import (
    ApprovalRemedy,
    Quorum,
    ReasonRemedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.policy.requirement import groups_of, parse_requirement


def test_every_kind_of_remedy_can_be_required_at_once() -> None:
    assert parse_requirement(
        "reason; ticket; step-up: 15m; approve: 2 of dba, 1 of security > 1 of owners"
    ) == (
        ReasonRemedy(),
        TicketRemedy(),
        StepUpRemedy(timedelta(minutes=15)),
        ApprovalRemedy(((Quorum(2, "dba"), Quorum(1, "security")), (Quorum(1, "owners"),))),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "reason;",
        "reason: please",
        "reason:",
        "Reason",
        "reasons",
        "mfa",
        "step-up",
        "step-up: soon",
        "approve",
        "approve:",
        "approve: dba",
        "approve: 0 of dba",
        "approve: 21 of dba",
        "approve: 2 of",
        "approve: 2 of dba >",
        "approve: 2 of dba,",
        "approve: 2 of a|b",
        "approve: 1 of dba, 2 of dba",
        "approve: " + " > ".join(["1 of dba"] * 9),
        "approve: " + ", ".join(f"1 of g{number}" for number in range(9)),
        "reason; reason",
        "approve: 1 of a; approve: 1 of b",
    ],
)
def test_a_malformed_requirement_is_not_read(text: str) -> None:
    with pytest.raises(ValueError):
        parse_requirement(text)


def test_the_groups_named_leave_out_owners() -> None:
    assert groups_of(parse_requirement("reason; approve: 1 of dba > 1 of owners")) == {"dba"}
