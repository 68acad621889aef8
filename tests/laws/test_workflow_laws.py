"""Laws of the state machines: settled is for ever, revoked is for ever, no grant exceeds."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from assent.core.action import Action, Statement
from assent.core.assessment import Assessment, RiskLevel
from assent.core.faults import ConflictFault, ForbiddenFault
from assent.core.ids import ActionId, GrantId, RequestId, SessionId, SubjectId, TargetId
from assent.core.request import Request, RequestState
from assent.core.session import Session, SessionState
from assent.workflow.grant import mint, revoke
from assent.workflow.request import TERMINAL, RequestEvent, advance
from assent.workflow.session import SessionEvent, end

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
DEADLINE = NOW + timedelta(minutes=15)
DID_NOT_RUN = {
    RequestState.PENDING,
    RequestState.APPROVED,
    RequestState.REJECTED,
    RequestState.WITHDRAWN,
    RequestState.EXPIRED,
    RequestState.INTERRUPTED,
}
spans = st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=800))
instants = st.timedeltas(min_value=-timedelta(days=900), max_value=timedelta(days=900)).map(
    lambda span: NOW + span
)


class Requests(RuleBasedStateMachine):
    """Any events in any order, with a clock that may go anywhere."""

    def __init__(self) -> None:
        super().__init__()
        subject = SubjectId("sub_ana")
        action = Action(ActionId("act_1"), subject, Statement("sql.delete", (), True))
        self.request = Request(
            RequestId("req_1"),
            action,
            action.digest(),
            Assessment(0, RiskLevel.LOW),
            (),
            (),
            (),
            "pol-1",
            RequestState.PENDING,
            NOW,
            DEADLINE,
            NOW,
        )
        self.settled: Request | None = None
        self.satisfied = False
        self.releases = 0

    @rule(event=st.sampled_from(RequestEvent), minutes=st.integers(-5, 30))
    def happen(self, event: RequestEvent, minutes: int) -> None:
        before = self.request
        try:
            self.request = advance(before, event, NOW + timedelta(minutes=minutes))
        except ConflictFault:
            assert self.request is before
            return
        assert self.settled is None
        assert self.request.changed_at >= before.changed_at
        self.satisfied = self.request.state is RequestState.APPROVED or (
            self.satisfied and event is not RequestEvent.REOPENED
        )
        self.releases += event is RequestEvent.RELEASED
        if self.request.state in TERMINAL:
            self.settled = self.request

    @invariant()
    def a_settled_request_never_changes(self) -> None:
        assert self.settled is None or self.request is self.settled

    @invariant()
    def it_is_released_at_most_once_and_only_when_satisfied(self) -> None:
        assert self.releases <= 1
        assert not self.releases or self.satisfied
        assert (self.releases == 0) == (self.request.state in DID_NOT_RUN)

    @invariant()
    def a_settled_request_says_how_it_ended(self) -> None:
        assert bool(self.request.outcome) == (self.request.state in TERMINAL)

    @invariant()
    def what_it_is_about_never_changes(self) -> None:
        assert self.request.action_digest == self.request.action.digest()
        assert self.request.deadline_at == DEADLINE


TestRequests = Requests.TestCase


@given(spans, spans)
def test_a_grant_never_exceeds_what_was_asked_nor_what_is_permitted(
    asked: timedelta, permitted: timedelta
) -> None:
    subject, target = SubjectId("sub_ana"), TargetId("tgt_shop")
    try:
        grant = mint(GrantId("grt_1"), subject, target, NOW, asked=asked, permitted=permitted)
    except ForbiddenFault:
        assert min(asked, permitted) < timedelta(seconds=1)
        return
    assert timedelta(0) < grant.ends_at - grant.starts_at <= min(asked, permitted)


@given(spans.filter(lambda span: span >= timedelta(seconds=1)), instants, st.lists(instants))
def test_revoked_is_for_ever(lasts: timedelta, at: datetime, later: list[datetime]) -> None:
    subject, target = SubjectId("sub_ana"), TargetId("tgt_shop")
    grant = mint(GrantId("grt_1"), subject, target, NOW, asked=lasts, permitted=lasts)
    revoked = revoke(grant, at, None, "over")
    assert not any(revoked.is_valid(instant) for instant in [at, NOW, *later])


@given(st.lists(st.sampled_from(SessionEvent), min_size=1), instants)
def test_an_ended_session_never_changes(events: list[SessionEvent], at: datetime) -> None:
    session = Session(
        SessionId("ses_1"),
        SubjectId("sub_ana"),
        TargetId("tgt_shop"),
        GrantId("grt_1"),
        "postgres",
        "shop",
        "",
        "",
        SessionState.OPEN,
        NOW,
        NOW,
    )
    ended = end(session, events[0], at, "first")
    for event in events[1:]:
        try:
            end(ended, event, at, "again")
        except ConflictFault:
            continue
        raise AssertionError("an ended session ended again")
