from dataclasses import replace
from datetime import timedelta

import pytest

from assent.core.decision import (
    ApprovalRemedy,
    Quorum,
    ReasonRemedy,
    Remedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.core.evidence import Authentication
from assent.core.request import Verdict
from assent.policy.remedies import asks_owners, is_met, merge, owner_group, with_owners
from policy_builders import ANA, BEN, CARL, DORA, NOW, SHOP, action, evidence, touch

READ = action(touch("sql.read"))
ONE_DBA = ApprovalRemedy(((Quorum(1, "dba"),),))


def test_reason_and_ticket_are_asked_once_and_the_freshest_step_up_stands() -> None:
    remedies: list[Remedy] = [
        StepUpRemedy(timedelta(hours=1)),
        TicketRemedy(),
        ReasonRemedy(),
        StepUpRemedy(timedelta(minutes=5)),
        ReasonRemedy(),
    ]
    assert merge(remedies) == (ReasonRemedy(), TicketRemedy(), StepUpRemedy(timedelta(minutes=5)))


def test_approvals_are_merged_stage_by_stage_with_the_largest_count_of_each_group() -> None:
    one = ApprovalRemedy(((Quorum(2, "dba"),), (Quorum(1, "owners"),)))
    other = ApprovalRemedy(((Quorum(1, "dba"), Quorum(1, "security")),))
    merged = ApprovalRemedy(((Quorum(2, "dba"), Quorum(1, "security")), (Quorum(1, "owners"),)))
    assert merge([one, other]) == merge([other, one]) == (merged,)


def test_owners_that_are_a_group_of_the_same_stage_add_up() -> None:
    remedy = ApprovalRemedy(((Quorum(1, "dba"), Quorum(1, "owners")),))
    assert merge([with_owners(remedy, "dba")]) == (ApprovalRemedy(((Quorum(2, "dba"),),)),)


def test_owners_are_the_groups_of_the_target_as_alternatives() -> None:
    assert owner_group(SHOP) == "dba|platform"
    assert with_owners(ApprovalRemedy(((Quorum(1, "owners"),),)), "dba|platform") == (
        ApprovalRemedy(((Quorum(1, "dba|platform"),),))
    )


def test_a_target_without_owners_or_no_target_has_no_owner_group() -> None:
    assert owner_group(None) == ""
    assert owner_group(replace(SHOP, owners=frozenset({"", "a|b"}))) == ""


def test_only_approvals_can_ask_owners() -> None:
    assert asks_owners([ReasonRemedy(), ApprovalRemedy(((Quorum(1, "owners"),),))])
    assert not asks_owners([ReasonRemedy(), ONE_DBA])


@pytest.mark.parametrize(("reason", "is_enough"), [("", False), ("  x ", False), ("why", True)])
def test_a_reason_has_at_least_three_characters(reason: str, is_enough: bool) -> None:
    assert is_met(ReasonRemedy(), READ, evidence(reason=reason), NOW) is is_enough


def test_a_ticket_is_anything_but_blanks() -> None:
    assert is_met(TicketRemedy(), READ, replace(evidence(), ticket="OPS-1"), NOW)
    assert not is_met(TicketRemedy(), READ, replace(evidence(), ticket=" "), NOW)


@pytest.mark.parametrize(("ago_s", "is_fresh"), [(0, True), (299, True), (300, False), (-1, False)])
def test_a_step_up_counts_within_its_time_and_not_from_the_future(
    ago_s: int, is_fresh: bool
) -> None:
    proof = Authentication("password", NOW, NOW - timedelta(seconds=ago_s))
    facts = replace(evidence(), authentication=proof)
    assert is_met(StepUpRemedy(timedelta(minutes=5)), READ, facts, NOW) is is_fresh


def test_without_a_sign_in_there_is_no_step_up() -> None:
    assert not is_met(StepUpRemedy(timedelta(minutes=5)), READ, evidence(), NOW)


def test_an_assent_to_exactly_this_action_counts() -> None:
    assert is_met(ONE_DBA, READ, evidence(READ, BEN), NOW)
    assert not is_met(ONE_DBA, READ, evidence(READ, CARL), NOW)


def test_an_assent_to_another_text_does_not_count() -> None:
    other = action(touch("sql.read"), text="select 2")
    assert not is_met(ONE_DBA, READ, evidence(other, BEN), NOW)


def test_a_rejection_is_no_assent() -> None:
    facts = evidence(READ, BEN)
    rejected = tuple(replace(one, verdict=Verdict.REJECT) for one in facts.approvals)
    assert not is_met(ONE_DBA, READ, replace(facts, approvals=rejected), NOW)


def test_an_approver_who_is_not_known_any_more_does_not_count() -> None:
    assert not is_met(ONE_DBA, READ, replace(evidence(READ, BEN), approvers={}), NOW)


def test_a_person_filed_under_the_id_of_another_does_not_count() -> None:
    facts = evidence(READ, CARL)
    assert not is_met(ONE_DBA, READ, replace(facts, approvers={CARL.id: DORA}), NOW)


def test_nobody_assents_to_their_own_action() -> None:
    own = action(touch("sql.read"), subject=BEN)
    assert not is_met(ONE_DBA, own, evidence(own, BEN, subject=BEN), NOW)
    assert is_met(ONE_DBA, own, evidence(own, BEN, DORA, subject=BEN), NOW)
    assert ANA.groups.isdisjoint({"dba"})
