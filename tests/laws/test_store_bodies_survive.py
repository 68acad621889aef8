"""Law: a noun that was written into a body is read out of it unchanged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from assent.core.action import Action, Operation, Phase, Statement, Touch
from assent.core.assessment import Assessment, Confidence, Factor, RiskLevel
from assent.core.decision import (
    ApprovalRemedy,
    Escalation,
    Quorum,
    ReasonRemedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.core.device_key import ApprovalSignature
from assent.core.grant import Delegation, Grant, GrantKind, PlannedText
from assent.core.ids import (
    ActionId,
    ApprovalId,
    CredentialId,
    DeviceKeyId,
    GrantId,
    LessonId,
    NoticeId,
    RequestId,
    SessionId,
    SubjectId,
    TargetId,
)
from assent.core.lesson import Aspect, Lesson
from assent.core.notice import Notice
from assent.core.policy_revision import PolicyRevision
from assent.core.request import Approval, Comment, RejectedAs, Request, RequestState, Verdict
from assent.core.resource import Resource, Target
from assent.core.scope import Budget, Scope, Spent, Terms, Window
from assent.core.security_event import SecurityEvent
from assent.core.session import Credential
from assent.core.signal import Attacker, SignalStatus
from assent.core.subject import Subject, SubjectKind
from assent.stores import codec, rows
from assent.stores import workflow_rows as flow
from conformance import store_builders as make

text = some.text(some.characters(exclude_categories=["Cs"]), max_size=12)
names = some.frozensets(text, max_size=3)
instants = some.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=some.just(UTC))


def tuples_of(elements: some.SearchStrategy[object]) -> some.SearchStrategy[tuple[object, ...]]:
    return some.lists(elements, max_size=3).map(tuple)


touches = some.builds(
    Touch, text, some.sampled_from(Operation), some.builds(Resource, text, text), names
)
leaves = some.builds(
    Statement, text, tuples_of(touches), some.booleans(), some.booleans(), some.booleans(), names
)
statements = some.builds(
    Statement,
    kind=text,
    touches=tuples_of(touches),
    complete=some.booleans(),
    functions=names,
    problems=tuples_of(text),
    prepares=some.dictionaries(text, leaves, max_size=2),
    executes=names,
)
actions = some.builds(
    Action,
    id=text.map(ActionId),
    subject=text.map(SubjectId),
    statement=statements,
    target=some.none() | text.map(TargetId),
    session=some.none() | text.map(SessionId),
    text=text,
    parameters=tuples_of(some.none() | text),
    phase=some.sampled_from(Phase),
    in_transaction=some.booleans(),
    # Keys of canonical JSON are printable ASCII; others cannot be digested.
    details=some.dictionaries(
        some.text(some.characters(max_codepoint=126, min_codepoint=32), max_size=5),
        text,
        max_size=2,
    ),
    salt=text,
)
factors = some.builds(
    Factor,
    name=text,
    points=some.integers(-33, 33),
    reason=text,
    status=some.sampled_from(SignalStatus),
    at=some.none() | instants,
    source=text,
)
whole = some.integers(-(2**31), 2**31)


@some.composite
def assessments(draw: some.DrawFn) -> Assessment:
    """Return one with every field drawn, whose factors sum to its score."""
    addends = tuple(draw(some.lists(factors, max_size=3)))
    return Assessment(
        score=sum(each.points for each in addends),
        level=draw(some.sampled_from(RiskLevel)),
        factors=addends,
        attacker=draw(some.none() | some.sampled_from(Attacker)),
        headline=draw(text),
        confidence=draw(some.sampled_from(Confidence)),
        confidence_because=draw(text),
        unknown=tuple(draw(some.lists(text, max_size=3))),
        otherwise=draw(text),
        odds_mb=draw(whole),
    )


quorums = some.builds(Quorum, some.integers(1, 9), text)
durations = some.timedeltas(timedelta(0), timedelta(days=900))
escalations = some.builds(Escalation, durations, text)
remedies = (
    some.just(ReasonRemedy())
    | some.just(TicketRemedy())
    | durations.map(StepUpRemedy)
    | some.builds(
        ApprovalRemedy,
        tuples_of(tuples_of(quorums)),
        some.booleans(),
        some.booleans(),
        some.booleans(),
        tuples_of(escalations),
    )
)
requests = some.builds(
    Request,
    id=text.map(RequestId),
    action=actions,
    action_digest=text,
    assessment=assessments(),
    remedies=tuples_of(remedies),
    messages=tuples_of(text),
    denied_by=tuples_of(text),
    revision=text,
    state=some.sampled_from(RequestState),
    created_at=instants,
    deadline_at=instants,
    changed_at=instants,
    approvals=some.just(()),
    reason=text,
    ticket=text,
    outcome=text,
    settled_by=some.none() | text.map(SubjectId),
    grant=some.none() | text.map(GrantId),
    asked=tuples_of(text.map(SubjectId)),
    comments=tuples_of(some.builds(Comment, text.map(SubjectId), instants, text)),
    ticket_said=text,
    detached=some.booleans(),
)
subjects = some.builds(
    Subject,
    id=text.map(SubjectId),
    name=text,
    kind=some.sampled_from(SubjectKind),
    display_name=text,
    groups=names,
    verified=some.booleans(),
    disabled=some.booleans(),
    on_behalf_of=some.none() | text.map(SubjectId),
    since=some.none() | instants,
    time_zone=text,
    verified_by=text,
    verified_at=some.none() | instants,
    reports_to=tuples_of(text.map(SubjectId)),
)
targets = some.builds(
    Target,
    id=text.map(TargetId),
    port=some.integers(1, 65_535),
    owners=names,
    labels=some.dictionaries(text, names, max_size=2),
    search_path=tuples_of(text),
    databases=tuples_of(text),
    resource_owners=some.dictionaries(text, names, max_size=2),
    retired=some.booleans(),
    longest_grant_s=some.none() | some.integers(1, 2**31),
)
scopes = some.builds(Scope, names, names, some.booleans())
limits = some.none() | some.integers(1, 2**62)
budgets = some.builds(Budget, limits, limits, limits, limits, limits)
amounts = some.integers(0, 2**62)
minutes = some.integers(0, 1_439)
windows = some.builds(Window, some.frozensets(some.integers(1, 7)), minutes, minutes, text)
terms = some.builds(Terms, some.none() | durations, scopes, budgets)
signatures = some.builds(
    ApprovalSignature,
    text,
    text.map(DeviceKeyId),
    text,
    text,
    some.dictionaries(text, text, max_size=2),
)
grants = some.builds(
    Grant,
    id=text.map(GrantId),
    subject=text.map(SubjectId),
    # An id is never empty; an empty one is how a row says that there is none.
    target=some.none() | text.filter(bool).map(TargetId),
    starts_at=instants,
    ends_at=instants,
    request=some.none() | text.map(RequestId),
    reason=text,
    revoked_at=some.none() | instants,
    revoked_by=some.none() | text.map(SubjectId),
    revoked_because=text,
    kind=some.sampled_from(GrantKind),
    scope=scopes,
    budget=budgets,
    spent=some.builds(Spent, amounts, amounts, amounts, amounts, amounts),
    on_first_use=some.none() | durations,
    began_at=some.none() | instants,
    window=some.none() | windows,
    extends=some.none() | text.map(GrantId),
    delegation=some.none() | some.builds(Delegation, text.map(SubjectId), text),
    plan=tuples_of(some.builds(PlannedText, text, amounts, amounts)),
)
notices = some.builds(
    Notice,
    topic=text,
    at=instants,
    request=some.none() | text.map(RequestId),
    grant=some.none() | text.map(GrantId),
    id=text.map(NoticeId),
    key=text,
    to=tuples_of(text.map(SubjectId)),
    headline=text,
    lines=tuples_of(text),
    link=text,
    loud=some.booleans(),
    thread=text,
)
revisions = some.builds(
    PolicyRevision,
    text,
    some.dictionaries(text, text, max_size=3),
    instants,
    some.none() | text.map(SubjectId),
)

approvals = some.builds(
    Approval,
    id=text.map(ApprovalId),
    request=text.map(RequestId),
    approver=text.map(SubjectId),
    verdict=some.sampled_from(Verdict),
    action_digest=text,
    at=instants,
    comment=text,
    rejected_as=some.none() | some.sampled_from(RejectedAs),
    terms=some.none() | terms,
    signature=some.none() | signatures,
    in_place_of=some.none() | text.map(SubjectId),
    withdrawn_at=some.none() | instants,
)
credentials = some.builds(
    Credential,
    id=text.map(CredentialId),
    subject=text.map(SubjectId),
    target=text.map(TargetId),
    grant=some.none() | text.map(GrantId),
    stored_key=text,
    server_key=text,
    expires_at=instants,
    connections_left=some.integers(0, 100),
    minted_from=text,
    minted_at=some.none() | instants,
)
aspects = some.builds(
    Aspect,
    dimension=text,
    chain=tuples_of(text),
    amount=some.integers(-1, 2**62),
    after=text,
    times_milli=whole,
)
lessons = some.builds(
    Lesson,
    id=text.map(LessonId),
    subject=text.map(SubjectId),
    session=some.none() | text.map(SessionId),
    at=instants,
    groups=tuples_of(text),
    aspects=tuples_of(aspects),
    weight_milli=whole,
    strong=some.booleans(),
    confirmed=some.booleans(),
    opens=some.booleans(),
)
security_events = some.builds(
    SecurityEvent,
    type=text,
    subject=text.map(SubjectId),
    at=instants,
    source=text,
    level=text,
    reason=text,
)


@given(requests)
def test_a_request_survives(request: Request) -> None:
    again = rows.request_of(rows.request_row(request), ())
    assert again == request
    assert again.action.digest() == request.action.digest()


@given(subjects)
def test_a_subject_survives(subject: Subject) -> None:
    assert codec.decode_subject(codec.encode_subject(subject)) == subject


@given(targets)
def test_a_target_survives(target: Target) -> None:
    assert codec.decode_target(codec.encode_target(target)) == target


@given(assessments())
def test_an_assessment_survives_in_the_request_that_waits_with_it(assessment: Assessment) -> None:
    request = replace(make.request(), assessment=assessment)
    assert rows.request_of(rows.request_row(request), ()).assessment == assessment


@given(approvals)
def test_an_approval_survives(approval: Approval) -> None:
    assert rows.approval_of(rows.approval_row(approval)) == approval


@given(credentials)
def test_a_credential_survives(credential: Credential) -> None:
    assert rows.credential_of(rows.credential_row(credential)) == credential


@given(grants)
def test_a_grant_survives(grant: Grant) -> None:
    texts = [
        PlannedText(str(row["digest"]), int(str(row["times"])), int(str(row["used"])))
        for row in sorted(flow.plan_rows(grant), key=lambda row: int(str(row["position"])))
    ]
    assert flow.grant_of(flow.grant_row(grant), texts) == grant


@given(notices)
def test_a_notice_survives(notice: Notice) -> None:
    assert flow.notice_of(flow.notice_row(notice)) == notice


@given(revisions)
def test_a_policy_revision_survives(revision: PolicyRevision) -> None:
    assert flow.policy_revision_of(flow.policy_revision_row(revision)) == revision


@given(lessons)
def test_a_lesson_survives(lesson: Lesson) -> None:
    assert rows.lesson_of(rows.lesson_row(lesson)) == lesson


@given(security_events)
def test_a_security_event_survives(event: SecurityEvent) -> None:
    assert rows.security_event_of(rows.security_event_row(event)) == event
