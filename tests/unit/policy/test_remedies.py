from dataclasses import replace
from datetime import timedelta

import pytest

from assent.core.decision import (
    ApprovalRemedy,
    Escalation,
    Quorum,
    ReasonRemedy,
    Remedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.core.evidence import Authentication
from assent.core.grant import Delegation
from assent.core.request import Verdict
from assent.policy.remedies import is_met, merge
from policy_builders import ANA, BEN, CARL, DORA, NOW, action, evidence, person, touch

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


def test_a_merged_approval_asks_what_any_asks_and_eases_what_all_ease() -> None:
    strict = replace(ONE_DBA, signed=True, outside_line=True)
    easy = replace(ONE_DBA, by_requester=True)
    assert merge([strict, easy]) == (strict,)
    assert merge([easy, easy]) == (easy,)


def test_who_else_may_assent_is_who_may_for_every_approval_and_then_the_later() -> None:
    def escalating(*pairs: tuple[int, str]) -> ApprovalRemedy:
        escalations = (Escalation(timedelta(minutes=after), group) for after, group in pairs)
        return replace(ONE_DBA, escalations=tuple(escalations))

    one = escalating((10, "security"), (20, "managers|owners"))
    other = escalating((15, "security"), (5, "owners"))
    assert merge([one, other]) == (escalating((15, "security"), (20, "owners")),)
    assert merge([one, ONE_DBA]) == (ONE_DBA,)


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


def test_somebody_in_place_of_another_counts_as_what_was_kept_of_it_says() -> None:
    pat = person("pat", "platform")
    facts = evidence(READ, pat)
    assert not is_met(ONE_DBA, READ, facts, NOW)
    standing_in = replace(facts, delegations={pat.id: (Delegation(BEN.id, "dba"),)})
    assert is_met(ONE_DBA, READ, standing_in, NOW)


def test_who_may_assent_widens_with_the_time_since_it_was_asked() -> None:
    waiting = replace(ONE_DBA, escalations=(Escalation(timedelta(minutes=10), "security"),))
    facts = replace(evidence(READ, CARL), asked_at=NOW - timedelta(minutes=10))
    assert is_met(waiting, READ, facts, NOW)
    assert not is_met(waiting, READ, facts, NOW - timedelta(seconds=1))
    assert not is_met(waiting, READ, replace(facts, asked_at=None), NOW)


def test_an_assent_that_was_withdrawn_counts_no_more() -> None:
    facts = evidence(READ, BEN)
    gone = tuple(replace(one, withdrawn_at=NOW) for one in facts.approvals)
    assert is_met(ONE_DBA, READ, facts, NOW)
    assert not is_met(ONE_DBA, READ, replace(facts, approvals=gone), NOW)
