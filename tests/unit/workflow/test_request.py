"""Unit tests of workflow/request.py."""

from datetime import UTC, datetime, timedelta

import pytest

from assent.core.action import Action, Statement
from assent.core.assessment import Assessment, RiskLevel
from assent.core.faults import ConflictFault
from assent.core.ids import ActionId, ApprovalId, GrantId, RequestId, SubjectId
from assent.core.request import Approval, Request, RequestState, Verdict
from assent.workflow.request import TERMINAL, TRANSITIONS, RequestEvent, advance

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
DEADLINE = NOW + timedelta(minutes=15)
BEN = SubjectId("sub_ben")


def request(state: RequestState = RequestState.PENDING) -> Request:
    action = Action(ActionId("act_1"), SubjectId("sub_ana"), Statement("sql.delete", (), True))
    return Request(
        RequestId("req_1"),
        action,
        action.digest(),
        Assessment(0, RiskLevel.LOW),
        (),
        (),
        (),
        "pol-1",
        state,
        NOW,
        DEADLINE,
        NOW,
    )


def approval(of: str = "req_1") -> Approval:
    return Approval(ApprovalId("apr_1"), RequestId(of), BEN, Verdict.APPROVE, "sha256:0", NOW)


def test_the_table_has_every_state() -> None:
    assert set(TRANSITIONS) == set(RequestState)


def test_every_state_is_reached_from_pending() -> None:
    reached, frontier = set(), {RequestState.PENDING}
    while frontier:
        reached |= frontier
        frontier = {to for state in frontier for to in TRANSITIONS[state].values()} - reached
    assert reached == set(RequestState)


def test_an_answer_is_kept_and_the_request_still_waits() -> None:
    after = advance(request(), RequestEvent.ANSWERED, LATER, approval=approval())
    assert after.state is RequestState.PENDING
    assert after.approvals == (approval(),)
    assert after.changed_at == LATER


def test_the_whole_road_ends_completed() -> None:
    after = request()
    for event in (RequestEvent.SATISFIED, RequestEvent.RELEASED, RequestEvent.COMPLETED):
        after = advance(after, event, LATER)
    assert (after.state, after.outcome) == (RequestState.COMPLETED, "it ran")


def test_a_rejection_names_who_settled_it() -> None:
    after = advance(
        request(), RequestEvent.REJECTED, LATER, approval=approval(), by=BEN, outcome="too broad"
    )
    assert (after.settled_by, after.outcome) == (BEN, "too broad")


def test_a_grant_is_kept_at_release_only() -> None:
    grant = GrantId("grt_1")
    assert advance(request(), RequestEvent.SATISFIED, LATER, grant=grant).grant is None
    approved = request(RequestState.APPROVED)
    assert advance(approved, RequestEvent.RELEASED, LATER, grant=grant).grant == grant


def test_a_request_of_which_more_is_demanded_waits_again_and_keeps_its_answers() -> None:
    answered = advance(request(), RequestEvent.SATISFIED, LATER, approval=approval())
    again = advance(answered, RequestEvent.REOPENED, LATER)
    assert (again.state, again.approvals) == (RequestState.PENDING, (approval(),))


def test_a_restart_before_release_says_that_it_did_not_run() -> None:
    for state in (RequestState.PENDING, RequestState.APPROVED):
        after = advance(request(state), RequestEvent.INTERRUPTED, LATER)
        assert after.state is RequestState.INTERRUPTED


def test_a_restart_after_release_says_that_the_outcome_is_unknown() -> None:
    after = advance(request(RequestState.RELEASED), RequestEvent.INTERRUPTED, LATER)
    assert after.state is RequestState.OUTCOME_UNKNOWN
    assert "at most once" in after.outcome


def test_an_answer_at_the_deadline_comes_too_late() -> None:
    for event in (RequestEvent.ANSWERED, RequestEvent.SATISFIED):
        with pytest.raises(ConflictFault, match="ask again") as caught:
            advance(request(), event, DEADLINE)
        assert caught.value.code == "request-expired"


def test_a_request_does_not_expire_before_its_deadline() -> None:
    with pytest.raises(ConflictFault, match="may be answered until"):
        advance(request(), RequestEvent.EXPIRED, LATER)
    assert advance(request(), RequestEvent.EXPIRED, DEADLINE).state is RequestState.EXPIRED


def test_a_released_request_cannot_be_released_again() -> None:
    with pytest.raises(ConflictFault, match="is released, so it cannot be released now"):
        advance(request(RequestState.RELEASED), RequestEvent.RELEASED, LATER)


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_a_settled_request_says_that_it_is_settled(state: RequestState) -> None:
    with pytest.raises(ConflictFault) as caught:
        advance(request(state), RequestEvent.RELEASED, LATER)
    assert caught.value.code == "request-settled"


def test_an_approval_of_another_request_is_refused() -> None:
    with pytest.raises(ConflictFault, match="no answer to request"):
        advance(request(), RequestEvent.ANSWERED, LATER, approval=approval("req_2"))
    with pytest.raises(ConflictFault, match="no answer to request"):
        advance(request(), RequestEvent.WITHDRAWN, LATER, approval=approval())


def test_a_clock_that_was_set_back_does_not_move_a_change_back() -> None:
    after = advance(request(), RequestEvent.WITHDRAWN, NOW - timedelta(hours=1))
    assert after.changed_at == NOW
