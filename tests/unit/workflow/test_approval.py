"""Unit tests of workflow/approval.py."""

from datetime import UTC, datetime, timedelta

import pytest

from assent.core.action import Action, Statement
from assent.core.assessment import Assessment, RiskLevel
from assent.core.decision import ApprovalRemedy, Quorum, ReasonRemedy, Remedy
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.ids import ActionId, ApprovalId, RequestId, SubjectId
from assent.core.request import Approval, Request, RequestState, Verdict
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
) -> Approval:
    return answer(
        ApprovalId("apr_1"),
        of or request(),
        approver,
        requester,
        verdict,
        now,
        comment=comment,
        already=already,
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
