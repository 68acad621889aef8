"""Unit tests of workflow/approval.py."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from assent.core.action import Action, Statement
from assent.core.assenting import SPONSOR_SEAT, Assenting
from assent.core.assessment import Assessment, RiskLevel
from assent.core.decision import ApprovalRemedy, Escalation, Quorum, ReasonRemedy, Remedy
from assent.core.device_key import ApprovalSignature
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.grant import Delegation
from assent.core.ids import ActionId, ApprovalId, DeviceKeyId, RequestId, SubjectId
from assent.core.request import Approval, RejectedAs, Request, RequestState, Verdict
from assent.core.scope import Scope, Terms
from assent.core.subject import Subject, SubjectKind
from assent.workflow.approval import LONGEST_COMMENT, answer

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
DEADLINE = NOW + timedelta(minutes=15)


def person(name: str, *groups: str, **more: object) -> Subject:
    return Subject(SubjectId(f"sub_{name}"), name, groups=frozenset(groups), **more)  # type: ignore[arg-type]


ANA = person("ana", "engineers", "dba")
BEN = person("ben", "dba")
DORA = person("dora", "dba")
CARL = person("carl", "security")
EVE = person("eve", "engineers")
TWO_DBAS = ApprovalRemedy(((Quorum(2, "dba"),), (Quorum(1, "security"),)))
ONE_DBA = ApprovalRemedy(((Quorum(1, "dba"),),))


def request(
    *remedies: Remedy,
    state: RequestState = RequestState.PENDING,
    approvals: tuple[Approval, ...] = (),
) -> Request:
    action = Action(ActionId("act_1"), ANA.id, Statement("sql.delete", (), True))
    return Request(
        RequestId("req_1"),
        action,
        action.digest(),
        Assessment(0, RiskLevel.LOW),
        remedies or (ONE_DBA,),
        (),
        (),
        "pol-1",
        state,
        NOW,
        DEADLINE,
        NOW,
        approvals,
    )


def answered(
    approver: Subject,
    of: Request | None = None,
    verdict: Verdict = Verdict.APPROVE,
    now: datetime = NOW,
    requester: Subject = ANA,
    comment: str = "",
    already: tuple[Subject, ...] = (),
    **more: Any,
) -> Approval:
    return answer(
        ApprovalId("apr_1"),
        of or request(),
        approver,
        requester,
        verdict,
        now,
        comment=comment,
        already=[Assenting(one) for one in already],
        **more,
    )


def test_an_approval_is_bound_to_the_exact_action() -> None:
    waiting = request()
    approval = answered(BEN, waiting, comment="go on")
    assert approval.action_digest == waiting.action_digest
    assert (approval.approver, approval.comment, approval.at) == (BEN.id, "go on", NOW)


def test_nobody_answers_their_own_request() -> None:
    with pytest.raises(ForbiddenFault, match="is your own; somebody else has to answer it"):
        answered(ANA)


def test_an_agent_does_not_answer() -> None:
    robot = person("robot", "dba", kind=SubjectKind.AGENT, on_behalf_of=ANA.id)
    with pytest.raises(ForbiddenFault, match="only people answer"):
        answered(robot)


def test_a_workload_does_not_answer() -> None:
    with pytest.raises(ForbiddenFault, match="only people answer"):
        answered(person("cron", "dba", kind=SubjectKind.WORKLOAD))


def test_the_person_behind_an_agent_does_not_answer_for_it() -> None:
    agent = person("ana", kind=SubjectKind.AGENT, on_behalf_of=BEN.id)
    with pytest.raises(ForbiddenFault, match="was made on your behalf"):
        answered(BEN, requester=agent)


def test_the_sponsor_of_an_agent_answers_where_that_is_asked() -> None:
    agent = person("ana", kind=SubjectKind.AGENT, on_behalf_of=BEN.id)
    seat = ApprovalRemedy(((Quorum(1, f"{SPONSOR_SEAT}{BEN.id}"),),))
    assert answered(BEN, request(seat), requester=agent).approver == BEN.id
    with pytest.raises(ForbiddenFault, match="it needs assent"):
        answered(DORA, request(seat), requester=agent)


def test_a_disabled_person_does_not_answer() -> None:
    with pytest.raises(ForbiddenFault, match="is disabled"):
        answered(person("ben", "dba", disabled=True))


def test_who_is_not_asked_is_told_who_is() -> None:
    for verdict in Verdict:
        with pytest.raises(ForbiddenFault, match="it needs assent of 1 of dba") as caught:
            answered(EVE, verdict=verdict)
        assert caught.value.code == "not-asked"


def test_nobody_answers_twice() -> None:
    before = answered(BEN, request(TWO_DBAS))
    with pytest.raises(ConflictFault, match="somebody else has to answer now"):
        answered(BEN, request(TWO_DBAS, approvals=(before,)), already=(BEN,))


def test_a_second_person_of_the_stage_may_answer() -> None:
    before = answered(BEN, request(TWO_DBAS))
    assert (
        answered(DORA, request(TWO_DBAS, approvals=(before,)), already=(BEN,)).approver == DORA.id
    )


def test_a_later_stage_waits_for_its_turn() -> None:
    with pytest.raises(ForbiddenFault, match="taken or come later"):
        answered(CARL, request(TWO_DBAS))
    assert answered(CARL, request(TWO_DBAS), already=(BEN, DORA)).approver == CARL.id


def test_a_later_stage_may_reject_at_once() -> None:
    assert answered(CARL, request(TWO_DBAS), Verdict.REJECT).verdict is Verdict.REJECT


def test_a_settled_request_takes_no_answers() -> None:
    with pytest.raises(ConflictFault, match="takes no more answers: it is withdrawn"):
        answered(BEN, request(state=RequestState.WITHDRAWN))


def test_an_answer_at_the_deadline_comes_too_late() -> None:
    with pytest.raises(ConflictFault, match="the requester has to ask again"):
        answered(BEN, now=DEADLINE)


def test_a_request_that_waits_for_something_else_says_for_what() -> None:
    with pytest.raises(ConflictFault, match="it waits for: say why"):
        answered(BEN, request(ReasonRemedy()))


def test_a_comment_is_bounded() -> None:
    with pytest.raises(ForbiddenFault, match="shorten it"):
        answered(BEN, comment="x" * (LONGEST_COMMENT + 1))


def test_a_requester_who_is_not_the_actions_subject_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="requester"):
        answered(BEN, requester=EVE)


def test_a_delegate_answers_in_the_place_of_who_delegated() -> None:
    eve = answered(EVE, delegations=(Delegation(BEN.id, "dba"),))
    assert (eve.approver, eve.in_place_of) == (EVE.id, BEN.id)
    assert answered(DORA, delegations=(Delegation(BEN.id, "dba"),)).in_place_of is None


def test_a_delegate_rejects_in_the_place_of_who_delegated() -> None:
    asked = request(TWO_DBAS)
    no = answered(EVE, asked, Verdict.REJECT, delegations=(Delegation(CARL.id, "security"),))
    assert no.in_place_of == CARL.id


def test_a_delegate_of_the_requester_is_not_asked() -> None:
    for verdict in (Verdict.APPROVE, Verdict.REJECT):
        with pytest.raises(ForbiddenFault, match="you are not asked"):
            answered(EVE, verdict=verdict, delegations=(Delegation(ANA.id, "dba"),))


def test_the_requester_answers_where_the_policy_counts_them() -> None:
    own = request(replace(ONE_DBA, by_requester=True))
    assert answered(ANA, own).approver == ANA.id
    for verdict, terms in ((Verdict.REJECT, None), (Verdict.OFFER, Terms())):
        with pytest.raises(ForbiddenFault, match="is your own"):
            answered(ANA, own, verdict, terms=terms)


def test_a_requester_outside_of_the_group_is_not_asked_even_then() -> None:
    own = request(ApprovalRemedy(((Quorum(1, "security"),),), by_requester=True))
    with pytest.raises(ForbiddenFault, match="you are not asked"):
        answered(ANA, own)


def test_an_offer_has_terms_and_is_bound_to_the_action_with_them() -> None:
    terms = Terms(timedelta(minutes=30), Scope(read_only=True))
    offer = answered(BEN, verdict=Verdict.OFFER, terms=terms, action_digest="sha256:narrower")
    assert (offer.terms, offer.action_digest) == (terms, "sha256:narrower")
    with pytest.raises(ConflictFault, match="name its terms"):
        answered(BEN, verdict=Verdict.OFFER)
    with pytest.raises(ConflictFault, match="only an offer has terms"):
        answered(BEN, terms=terms)


def test_the_same_person_answers_again_when_something_else_is_asked() -> None:
    before = replace(answered(BEN), action_digest="sha256:before")
    assert answered(BEN, request(approvals=(before,))).approver == BEN.id


def test_who_withdrew_an_answer_leaves_it_to_somebody_else() -> None:
    before = replace(answered(BEN), withdrawn_at=NOW)
    with pytest.raises(ConflictFault, match="somebody else has to answer now"):
        answered(BEN, request(approvals=(before,)))


def test_an_answer_is_signed_where_that_is_asked() -> None:
    signed = request(replace(ONE_DBA, signed=True))
    signature = ApprovalSignature("ed25519", DeviceKeyId("dky_1"), "shown", "c2ln")
    assert answered(BEN, signed, signature=signature).signature == signature
    assert answered(BEN, signed, Verdict.REJECT).signature is None
    with pytest.raises(ForbiddenFault, match="signed with a device's key") as caught:
        answered(BEN, signed)
    assert caught.value.code == "signature-needed"


def test_further_groups_answer_once_it_has_waited() -> None:
    escalating = request(
        replace(ONE_DBA, escalations=(Escalation(timedelta(minutes=5), "security"),))
    )
    assert answered(CARL, escalating, now=NOW + timedelta(minutes=5)).approver == CARL.id
    with pytest.raises(ForbiddenFault, match="you are not asked"):
        answered(CARL, escalating)


def test_why_is_said_with_a_rejection_alone() -> None:
    no = answered(BEN, verdict=Verdict.REJECT, rejected_as=RejectedAs.SUSPICIOUS)
    assert no.rejected_as is RejectedAs.SUSPICIOUS
    assert answered(BEN, rejected_as=RejectedAs.SUSPICIOUS).rejected_as is None
