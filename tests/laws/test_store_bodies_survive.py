"""Law: a noun that was written into a body is read out of it unchanged."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from assent.core.action import Action, Operation, Phase, Statement, Touch
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.decision import (
    ApprovalRemedy,
    Quorum,
    ReasonRemedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.core.ids import ActionId, GrantId, RequestId, SessionId, SubjectId, TargetId
from assent.core.request import Request, RequestState
from assent.core.resource import Resource, Target
from assent.core.signal import SignalStatus
from assent.core.subject import Subject, SubjectKind
from assent.stores import codec, rows

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
factors = some.builds(Factor, text, some.integers(0, 33), text, some.sampled_from(SignalStatus))
assessments = some.tuples(tuples_of(factors), some.sampled_from(RiskLevel)).map(
    lambda drawn: Assessment(sum(each.points for each in drawn[0]), drawn[1], drawn[0])  # type: ignore[attr-defined,arg-type]
)
quorums = some.builds(Quorum, some.integers(1, 9), text)
remedies = (
    some.just(ReasonRemedy())
    | some.just(TicketRemedy())
    | some.timedeltas(timedelta(0), timedelta(days=900)).map(StepUpRemedy)
    | some.builds(ApprovalRemedy, tuples_of(tuples_of(quorums)))
)
requests = some.builds(
    Request,
    id=text.map(RequestId),
    action=actions,
    action_digest=text,
    assessment=assessments,
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
)
targets = some.builds(
    Target,
    id=text.map(TargetId),
    port=some.integers(1, 65_535),
    owners=names,
    labels=some.dictionaries(text, names, max_size=2),
    search_path=tuples_of(text),
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
