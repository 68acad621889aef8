"""Small nouns for the tests of stores, and the luck and the clock that they are opened with."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from assent.audit.note import Signer
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.assessment import Assessment, Confidence, Factor, RiskLevel
from assent.core.changes import PutGrant, PutLesson, PutProfile, PutRequest
from assent.core.decision import (
    ApprovalRemedy,
    Quorum,
    ReasonRemedy,
    StepUpRemedy,
    TicketRemedy,
)
from assent.core.entry import Entry, EntryKind
from assent.core.grant import Grant
from assent.core.ids import (
    ActionId,
    ApprovalId,
    CredentialId,
    EntryId,
    GrantId,
    LessonId,
    RequestId,
    SessionId,
    SubjectId,
    TargetId,
)
from assent.core.label import Label, LabelSource, LabelState
from assent.core.lesson import Aspect, Lesson
from assent.core.request import Approval, RejectedAs, Request, RequestState, Verdict
from assent.core.resource import Resource
from assent.core.secret import Secret
from assent.core.security_event import SecurityEvent
from assent.core.session import Credential, Session, SessionState
from assent.core.signal import Attacker, SignalStatus
from assent.credentials.master_keys import FileMasterKey

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANA = SubjectId("sub_ana")
BEN = SubjectId("sub_ben")
SHOP = TargetId("tgt_shop")
GRANT = GrantId("grt_1")
SIGNER = Signer("assent.example/log", Secret(b"s" * 32))


@dataclass
class CountedIds:
    """Luck that counts, so that a failure shows the same names each time."""

    numbers: "count[int]" = field(default_factory=count)

    def mint(self, kind: str) -> str:
        return f"{kind}_{next(self.numbers)}"

    def token(self, nbytes: int = 32) -> str:
        return f"{next(self.numbers):0{nbytes}d}"


MASTER = FileMasterKey(Secret(b"m" * 32), CountedIds())


def unsealed(entry: Entry, content: bytes) -> bytes:
    """Return a payload of the older form."""
    return b'{"content":' + content + b',"salt":"salt"}'


class StoppedClock:
    """It is always noon."""

    def now(self) -> datetime:
        return NOON


def entry(
    name: str,
    *,
    at: datetime = NOON,
    request: str | None = None,
    session: str | None = None,
    text: str | None = None,
) -> Entry:
    return Entry(
        id=EntryId(name),
        kind=EntryKind.DECISION,
        at=at,
        subject=ANA,
        target=SHOP,
        session=SessionId(session) if session else None,
        request=RequestId(request) if request else None,
        facts={"outcome": "permit"},
        payload=None if text is None else {"text": text},
    )


def request(
    name: str = "req_1",
    *,
    state: RequestState = RequestState.PENDING,
    created_at: datetime = NOON,
    subject: SubjectId = ANA,
    session: str | None = "ses_1",
) -> Request:
    statement = Statement(
        kind="sql.delete",
        touches=(
            Touch(
                "sql.delete",
                Operation.WRITE,
                Resource("Table", "public.orders"),
                frozenset({"id", "email"}),
            ),
        ),
        complete=True,
        has_where=False,
        functions=frozenset({"now", "lower"}),
        prepares={"later": Statement("sql.read", (), complete=False, problems=("odd",))},
    )
    action = Action(
        id=ActionId(f"act_{name}"),
        subject=subject,
        statement=statement,
        target=SHOP,
        session=SessionId(session) if session else None,
        text="delete from orders -- gone\x00 \N{SNOWMAN}",
        parameters=("1", None, ""),
        in_transaction=True,
        details={"for_s": "7200"},
        salt="salt",
    )
    return Request(
        id=RequestId(name),
        action=action,
        action_digest=action.digest(),
        assessment=assessment(),
        remedies=(
            ReasonRemedy(),
            TicketRemedy(),
            StepUpRemedy(timedelta(minutes=15)),
            ApprovalRemedy(((Quorum(2, "dba"),), (Quorum(1, "owners"), Quorum(1, "security")))),
        ),
        messages=("two DBAs must assent",),
        denied_by=("prod.delete-without-where",),
        revision="sha256:00",
        state=state,
        created_at=created_at,
        deadline_at=created_at + HOUR,
        changed_at=created_at,
        reason="clean up",
    )


def assessment() -> Assessment:
    """Return an assessment that says all that one can say."""
    factors = (
        Factor("statement-class", 43, "a delete"),
        Factor("device", 0, "no report", SignalStatus.UNAVAILABLE),
        Factor("network", -3, "the usual one", at=NOON - HOUR, source="geo.mmdb"),
    )
    return Assessment(
        score=40,
        level=RiskLevel.MEDIUM,
        factors=factors,
        attacker=Attacker.HIJACKED_AGENT,
        headline="this looks like a program",
        confidence=Confidence.MEDIUM,
        confidence_because="12 sessions seen",
        unknown=("where they are",),
        otherwise="on your enrolled laptop: 22 instead of 40",
        odds_mb=-1_234,
    )


def approval(
    name: str, approver: SubjectId = BEN, *, request: str = "req_1", at: datetime = NOON
) -> Approval:
    return Approval(
        ApprovalId(name), RequestId(request), approver, Verdict.APPROVE, "sha256:00", at, "fine"
    )


def rejection(name: str, rejected_as: RejectedAs | None, approver: SubjectId = BEN) -> Approval:
    return replace(approval(name, approver), verdict=Verdict.REJECT, rejected_as=rejected_as)


def grant(
    name: str = GRANT,
    *,
    starts_at: datetime = NOON,
    ends_at: datetime = NOON + HOUR,
    target: TargetId = SHOP,
) -> Grant:
    return Grant(GrantId(name), ANA, target, starts_at, ends_at, reason="because")


def credential(
    name: str = "crd_1", *, expires_at: datetime = NOON + HOUR, connections_left: int = 1
) -> Credential:
    return Credential(
        CredentialId(name), ANA, SHOP, GRANT, "ab" * 32, "cd" * 32, expires_at, connections_left
    )


def label(
    name: str, label: str, *, source: LabelSource = LabelSource.SCAN, matched: int = 190
) -> Label:
    return Label(SHOP, name, label, LabelState.SUGGESTED, source, matched, 200, NOON, ANA)


def session(name: str = "ses_1", *, opened_at: datetime = NOON) -> Session:
    return Session(
        id=SessionId(name),
        subject=ANA,
        target=SHOP,
        grant=GRANT,
        protocol="postgres",
        database="shop",
        client_address="127.0.0.1",
        application="psql",
        state=SessionState.OPEN,
        opened_at=opened_at,
        ends_at=opened_at + HOUR,
    )


def lesson(
    name: str, *, subject: SubjectId = ANA, session: str | None = "ses_1", at: datetime = NOON
) -> Lesson:
    return Lesson(
        id=LessonId(name),
        subject=subject,
        session=SessionId(session) if session else None,
        at=at,
        groups=("dba", "owners"),
        aspects=(
            Aspect("network", ("192.0.2.1", "192.0.2.0/24", "AS64496 \N{SNOWMAN}\x00")),
            Aspect("rows", amount=12),
            Aspect("step", ("sql.read orders",), after="start", times_milli=250),
        ),
        weight_milli=750,
        strong=True,
        opens=True,
    )


def security_event(
    kind: str = "credential-compromise", *, subject: SubjectId = ANA, at: datetime = NOON
) -> SecurityEvent:
    return SecurityEvent(kind, subject, at, "person", "high", "this was not me \x00")


def put_lesson(name: str, subject: SubjectId = ANA) -> PutLesson:
    return PutLesson(lesson(name, subject=subject))


def put_profile(body: bytes = b"profile", subject: SubjectId = ANA) -> PutProfile:
    return PutProfile(subject, body, NOON)


PUT_REQUEST = PutRequest(request())
PUT_GRANT = PutGrant(grant())
