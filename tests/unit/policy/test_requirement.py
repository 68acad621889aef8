from dataclasses import replace
from datetime import timedelta

import pytest

from assent.core.decision import (
    ApprovalRemedy,
    Escalation,
    Quorum,
    ReasonRemedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.policy.requirement import groups_of, parse_escalations, parse_requirement


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
        "approve: 2 of a|",
        "approve: 2 of a|a",
        "approve: 1 of a or ",
        "approve: signed",
        "approve: 1 of dba > signed",
        "approve: 1 of dba, signed > 1 of sre, signed",
        "approve: 1 of dba, secretly",
        "approve: 2 of manager",
        "approve: 2 of @sub_ben",
        "approve: 1 of manager, outside-line",
        "approve: 1 of " + "|".join(f"g{number}" for number in range(9)),
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


def test_groups_of_which_any_member_counts_are_written_with_a_bar_or_the_word() -> None:
    both = (ApprovalRemedy(((Quorum(2, "dba|sre"),),)),)
    assert parse_requirement("approve: 2 of sre|dba") == both
    assert parse_requirement("approve: 2 of dba or sre") == both


def test_what_is_asked_of_every_assent_may_stand_anywhere_in_the_list() -> None:
    (remedy,) = parse_requirement(
        "approve: by-requester, 1 of dba, signed > 1 of security, outside-line"
    )
    stages = ((Quorum(1, "dba"),), (Quorum(1, "security"),))
    assert remedy == ApprovalRemedy(stages, signed=True, by_requester=True, outside_line=True)


def test_escalations_are_one_for_each_group_the_first_time_first() -> None:
    assert parse_escalations("30m: managers or owners; 10m: security") == (
        Escalation(timedelta(minutes=10), "security"),
        Escalation(timedelta(minutes=30), "managers"),
        Escalation(timedelta(minutes=30), "owners"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "security",
        "10m",
        "soon: security",
        "10m: ",
        "10m: a; 20m: a",
        "10m: a;",
        "1m: " + "|".join(f"g{number}" for number in range(9)),
        "; ".join(f"{number}m: g{number}" for number in range(1, 10)),
    ],
)
def test_a_malformed_escalation_is_not_read(text: str) -> None:
    with pytest.raises(ValueError):
        parse_escalations(text)


def test_groups_are_found_among_alternatives_and_escalations() -> None:
    (remedy,) = parse_requirement("approve: 1 of dba|owners > 1 of manager|@sub_ben|sre")
    assert isinstance(remedy, ApprovalRemedy)
    escalating = replace(remedy, escalations=parse_escalations("1h: security"))
    assert groups_of([escalating]) == {"dba", "sre", "security"}
