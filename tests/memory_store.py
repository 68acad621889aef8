"""A store in dictionaries, for tests of what a database has no part in.

It keeps the promises of `core.ports.Store` that the use cases rest on, conflicts too; the
conformance suite holds the real stores to all of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any

from assent.core.absence import Absence
from assent.core.changes import (
    BeginGrant,
    Change,
    CloseReview,
    CountHabit,
    DropTimer,
    DropToken,
    EndCredential,
    EndSession,
    MoveSessionEnd,
    PutAbsence,
    PutApproval,
    PutCredential,
    PutDelivery,
    PutDeviceKey,
    PutGrant,
    PutLabel,
    PutNotice,
    PutPolicyRevision,
    PutRequest,
    PutReview,
    PutSecurityEvent,
    PutSession,
    PutSubject,
    PutTarget,
    PutTimer,
    PutToken,
    RevokeDeviceKey,
    RevokeGrant,
    SpendGrant,
    StepUp,
    UseCredential,
    WithdrawApproval,
)
from assent.core.device_key import DeviceKey
from assent.core.effect import EffectFilter, EffectPage, EffectPosition
from assent.core.entry import Anchor, Checkpoint, Cosignature, Entry
from assent.core.faults import ConflictFault
from assent.core.grant import Grant, GrantKind, PlannedText
from assent.core.ids import GrantId, RequestId, ReviewId, SessionId, SubjectId, TargetId
from assent.core.label import Label
from assent.core.notice import Delivery, Notice
from assent.core.policy_revision import PolicyRevision
from assent.core.ports import StoredEntry
from assent.core.request import Approval, Request, RequestState
from assent.core.resource import Target
from assent.core.review import Review
from assent.core.secret import Secret
from assent.core.security_event import SecurityEvent
from assent.core.session import Credential, Session, SessionState
from assent.core.subject import Subject
from assent.core.timer import Timer
from memory_people import MemoryPeople

PASSWORD = "correct horse"


@dataclass
class MemoryStore(MemoryPeople):
    """What use cases read and write. What was put last stands last in each."""

    in_trouble: str = ""
    found_requests: dict[str, Request] = field(default_factory=dict)
    found_approvals: dict[str, Approval] = field(default_factory=dict)
    found_grants: dict[str, Grant] = field(default_factory=dict)
    found_credentials: dict[str, Credential] = field(default_factory=dict)
    found_sessions: dict[str, Session] = field(default_factory=dict)
    found_subjects: dict[str, Subject] = field(default_factory=dict)
    found_targets: dict[str, Target] = field(default_factory=dict)
    found_labels: dict[tuple[str, str, str], Label] = field(default_factory=dict)
    found_habits: dict[tuple[str, str, str], int] = field(default_factory=dict)
    found_events: dict[int, SecurityEvent] = field(default_factory=dict)
    found_notices: dict[str, Notice] = field(default_factory=dict)
    found_deliveries: dict[tuple[str, str], Delivery] = field(default_factory=dict)
    found_timers: dict[tuple[str, str], Timer] = field(default_factory=dict)
    found_absences: dict[str, Absence] = field(default_factory=dict)
    found_reviews: dict[str, Review] = field(default_factory=dict)
    found_revisions: dict[str, PolicyRevision] = field(default_factory=dict)
    entries_written: list[Entry] = field(default_factory=list)

    async def commit(self, changes: Sequence[Change], entries: Sequence[Entry]) -> None:
        before = {name: dict(kept) for name, kept in self._dictionaries()}
        try:
            for change in changes:
                self._apply(change)
        except ConflictFault:
            for name, kept in self._dictionaries():
                kept.clear()
                kept.update(before[name])
            raise
        self.entries_written += entries

    def _dictionaries(self) -> Iterator[tuple[str, dict[Any, Any]]]:
        for each in fields(self):
            kept = getattr(self, each.name)
            if isinstance(kept, dict):
                yield each.name, kept

    def _apply(self, change: Change) -> None:
        match change:
            case PutRequest(request, expected):
                before = self.found_requests.get(request.id)
                if (before.state if before else None) is not expected:
                    raise ConflictFault("request-moved", "somebody was faster")
                self.found_requests[request.id] = request
            case PutApproval(approval):
                self._put_approval(approval)
            case WithdrawApproval(approval_id, at):
                given = self.found_approvals.get(approval_id)
                if given is None or given.withdrawn_at is not None:
                    raise ConflictFault("withdrawn-before", "it does not count any more")
                self.found_approvals[approval_id] = replace(given, withdrawn_at=at)
            case PutGrant() | RevokeGrant() | SpendGrant() | BeginGrant():
                self._apply_to_grant(change)
            case PutCredential(credential):
                self.found_credentials[credential.id] = credential
            case UseCredential(credential_id, at):
                usable = self.found_credentials.get(credential_id)
                if usable is None or usable.connections_left < 1 or usable.expires_at <= at:
                    raise ConflictFault("credential-spent", "it is used up")
                left = usable.connections_left - 1
                self.found_credentials[credential_id] = replace(usable, connections_left=left)
            case EndCredential(credential_id, at):
                usable = self.found_credentials.get(credential_id)
                if usable is None or usable.expires_at <= at:
                    raise ConflictFault("credential-over", "it opens nothing any more")
                self.found_credentials[credential_id] = replace(usable, expires_at=at)
            case PutSession(session):
                self.found_sessions[session.id] = session
            case EndSession(session_id, at, because, cut):
                self._change_session(
                    session_id,
                    state=SessionState.CUT if cut else SessionState.CLOSED,
                    ended_at=at,
                    ended_because=because,
                )
            case MoveSessionEnd(session_id, ends_at):
                self._change_session(session_id, ends_at=ends_at)
            case PutSubject(subject, password_hash):
                self.found_subjects[subject.id] = subject
                if password_hash is not None:
                    self.passwords[subject.id] = password_hash
            case PutTarget(target):
                self.found_targets[target.id] = target
            case PutLabel(label, _):
                self.found_labels[label.target, label.name, label.label] = label
            case PutToken(token):
                self.tokens_kept[token.digest] = token
            case StepUp(digest, at, by):
                self.tokens_kept[digest] = replace(
                    self.tokens_kept[digest], stepped_up_at=at, stepped_up_by=by
                )
            case DropToken(digest):
                self.tokens_kept.pop(digest, None)
            case CountHabit():
                key = (change.subject, change.target, f"{change.verb} {change.resource}")
                self.found_habits[key] = self.found_habits.get(key, 0) + change.times
            case PutSecurityEvent(event):
                self.found_events[len(self.found_events)] = event
            case _:
                self._apply_to_workflow(change)

    def _put_approval(self, approval: Approval) -> None:
        answered = (approval.request, approval.approver, approval.action_digest)
        for given in self.found_approvals.values():
            if answered == (given.request, given.approver, given.action_digest):
                raise ConflictFault("answered-before", "you answered this already")
        self.found_approvals[approval.id] = approval

    def _apply_to_grant(self, change: PutGrant | RevokeGrant | SpendGrant | BeginGrant) -> None:
        if isinstance(change, PutGrant):
            if change.grant.id in self.found_grants:
                raise ConflictFault("exists", "there is such a grant already")
            self.found_grants[change.grant.id] = change.grant
            return
        grant = self.found_grants.get(change.grant)
        over = grant is None or grant.revoked_at is not None
        match change:
            case RevokeGrant(_, at, by, because) if grant is not None and not over:
                after = replace(grant, revoked_at=at, revoked_by=by, revoked_because=because)
            case BeginGrant(_, at, ends_at) if grant is not None and grant.is_valid(at):
                if grant.began_at is not None:
                    raise ConflictFault("grant-begun", "it began before")
                after = replace(grant, began_at=at, ends_at=ends_at)
            case SpendGrant(_, more, planned, force) if grant is not None:
                if not force and (over or grant.spent.over(grant.budget)):
                    raise ConflictFault("budget-spent", "it is used up")
                plan = _used(grant.plan, planned, force) if planned else grant.plan
                after = replace(grant, spent=grant.spent.plus(more), plan=plan)
            case _:
                raise ConflictFault("grant-over", "it is over, or there is none")
        self.found_grants[change.grant] = after

    def _change_session(self, session_id: SessionId, **changed: object) -> None:
        session = self.found_sessions.get(session_id)
        if session is not None and session.state is SessionState.OPEN:
            self.found_sessions[session_id] = replace(session, **changed)  # type: ignore[arg-type]

    def _apply_to_workflow(self, change: Change) -> None:
        match change:
            case PutNotice(notice, channels):
                self._put_notice(notice, channels)
            case PutDelivery(delivery):
                self.found_deliveries[delivery.notice, delivery.channel] = delivery
            case PutTimer(timer):
                self.found_timers[timer.about, timer.kind] = timer
            case DropTimer(about, kind):
                for key in [*self.found_timers]:
                    if key == (about, kind or key[1]):
                        del self.found_timers[key]
            case PutAbsence(absence):
                self.found_absences[absence.subject] = absence
            case PutReview(review):
                self.found_reviews[review.id] = review
            case CloseReview(review_id, verdict, comment, by, at):
                looked_at = self.found_reviews.get(review_id)
                if looked_at is None or looked_at.closed_at is not None:
                    raise ConflictFault("review-closed", "it is closed already")
                self.found_reviews[review_id] = replace(
                    looked_at, verdict=verdict, comment=comment, closed_by=by, closed_at=at
                )
            case PutDeviceKey(key):
                if any(each.public_key == key.public_key for each in self.found_keys.values()):
                    raise ConflictFault("key-known", "it is enrolled already")
                self.found_keys[key.id] = key
            case RevokeDeviceKey(key_id, at):
                known = self.found_keys.get(key_id)
                if known is None or known.revoked_at is not None:
                    raise ConflictFault("key-revoked", "it is revoked already")
                self.found_keys[key_id] = replace(known, revoked_at=at)
            case PutPolicyRevision(revision):
                self._put_revision(revision)
            case _:
                self.apply_to_people(change)

    def _put_notice(self, notice: Notice, channels: Sequence[str]) -> None:
        if notice.id is None:
            raise ConflictFault("notice-without-id", "it has none")
        known = {each.key for each in self.found_notices.values() if each.key}
        if notice.id in self.found_notices or notice.key in known:
            return
        self.found_notices[notice.id] = notice
        for channel in channels:
            due = Delivery(notice.id, channel, due_at=notice.at)
            self.found_deliveries[notice.id, channel] = due

    def _put_revision(self, revision: PolicyRevision) -> None:
        kept = self.found_revisions.get(revision.revision)
        if kept is None:
            self.found_revisions[revision.revision] = revision
        elif revision.by is not None:
            # Applied again, it is the newest.
            del self.found_revisions[revision.revision]
            self.found_revisions[revision.revision] = replace(kept, by=revision.by)

    async def request(self, request: RequestId) -> Request | None:
        found = self.found_requests.get(request)
        return self._with_answers(found) if found else None

    def _with_answers(self, request: Request) -> Request:
        answers = {given.id: given for given in request.approvals}
        for given in self.found_approvals.values():
            if given.request == request.id:
                answers[given.id] = given
        return replace(request, approvals=tuple(answers.values()))

    async def requests(
        self,
        states: Sequence[RequestState] = (),
        subject: SubjectId | None = None,
        session: SessionId | None = None,
        limit: int = 100,
    ) -> Sequence[Request]:
        found = [
            self._with_answers(request)
            for request in reversed(self.found_requests.values())
            if (not states or request.state in states)
            and subject in (None, request.action.subject)
            and session in (None, request.action.session)
        ]
        return found[:limit]

    async def grant(self, grant: GrantId) -> Grant | None:
        return self.found_grants.get(grant)

    async def grants(
        self,
        subject: SubjectId | None = None,
        target: TargetId | None = None,
        valid_at: datetime | None = None,
        limit: int = 100,
        but: SubjectId | None = None,
    ) -> Sequence[Grant]:
        found = [
            grant
            for grant in self.found_grants.values()
            if subject in (None, grant.subject)
            and grant.subject != but
            and target in (None, grant.target)
            and (valid_at is None or grant.is_valid(valid_at))
        ]
        return found[:limit]

    async def delegations(self, valid_at: datetime) -> Sequence[Grant]:
        return [
            grant
            for grant in self.found_grants.values()
            if grant.kind is GrantKind.DELEGATION and grant.is_valid(valid_at)
        ]

    async def session(self, session: SessionId) -> Session | None:
        return self.found_sessions.get(session)

    async def sessions(
        self,
        subject: SubjectId | None = None,
        open_only: bool = False,
        limit: int = 100,
        but: SubjectId | None = None,
    ) -> Sequence[Session]:
        return [
            session
            for session in self.found_sessions.values()
            if subject in (None, session.subject)
            and session.subject != but
            and (not open_only or session.state is SessionState.OPEN)
        ]

    async def credentials(
        self, subject: SubjectId, target: TargetId, valid_at: datetime
    ) -> Sequence[Credential]:
        return [
            each
            for each in reversed(self.found_credentials.values())
            if (each.subject, each.target) == (subject, target)
            and each.expires_at > valid_at
            and each.connections_left > 0
        ]

    async def habits(
        self, subject: SubjectId, target: TargetId, keys: Sequence[tuple[str, str]]
    ) -> Mapping[str, int]:
        asked = [f"{verb} {resource}" for verb, resource in keys]
        return {key: self.found_habits.get((subject, target, key), 0) for key in asked}

    async def security_events(
        self, subject: SubjectId, since: datetime, limit: int = 100
    ) -> Sequence[SecurityEvent]:
        found = [
            event
            for event in reversed(self.found_events.values())
            if event.subject == subject and event.at >= since
        ]
        return found[:limit]

    async def due_timers(self, now: datetime, limit: int = 500) -> Sequence[Timer]:
        due = [timer for timer in self.found_timers.values() if timer.due_at <= now]
        return sorted(due, key=lambda timer: (timer.due_at, timer.about, timer.kind))[:limit]

    async def due_deliveries(
        self, now: datetime, limit: int = 100
    ) -> Sequence[tuple[Notice, Delivery]]:
        due = [
            (each.due_at, self.found_notices[each.notice], each)
            for each in self.found_deliveries.values()
            if each.due_at is not None and each.due_at <= now
        ]
        return [told[1:] for told in sorted(due, key=lambda told: told[0])][:limit]

    async def dead_deliveries(self, limit: int = 100) -> Sequence[tuple[Notice, Delivery]]:
        dead = [
            (self.found_notices[each.notice], each)
            for each in reversed(self.found_deliveries.values())
            if each.is_dead
        ]
        return dead[:limit]

    async def delivered(self, thread: str, channel: str) -> Sequence[Delivery]:
        return [
            each
            for each in reversed(self.found_deliveries.values())
            if each.reference
            and each.channel == channel
            and self.found_notices[each.notice].thread == thread
        ]

    async def absences(self) -> Sequence[Absence]:
        return list(self.found_absences.values())

    async def reviews(
        self, subject: SubjectId | None = None, open_only: bool = False, limit: int = 100
    ) -> Sequence[Review]:
        found = [
            review
            for review in reversed(self.found_reviews.values())
            if subject in (None, review.subject) and not (open_only and review.closed_at)
        ]
        return found[:limit]

    async def review(self, review: ReviewId) -> Review | None:
        return self.found_reviews.get(review)

    async def device_keys(self, subject: SubjectId | None = None) -> Sequence[DeviceKey]:
        return [key for key in self.found_keys.values() if subject in (None, key.subject)]

    async def policy_revision(self, revision: str) -> PolicyRevision | None:
        return self.found_revisions.get(revision)

    async def applied_policies(self) -> PolicyRevision | None:
        applied = [each for each in self.found_revisions.values() if each.by is not None]
        return applied[-1] if applied else None

    async def checkpoint(self) -> Checkpoint | None:
        return Checkpoint(0, b"", "assent.example/audit\n0\n\n", datetime(2026, 11, 21, tzinfo=UTC))

    async def publish(self) -> Checkpoint:
        note = "assent.example/audit\n0\n\n"
        return Checkpoint(0, b"", note, datetime(2026, 11, 21, tzinfo=UTC))

    async def minimum(self) -> int:
        return 0

    async def leaves(self, start: int, limit: int) -> Sequence[bytes]:
        return []

    async def newest_cosignatures(self) -> Sequence[Cosignature]:
        return []

    async def anchors(self, limit: int = 100) -> Sequence[Anchor]:
        return []

    def trouble(self) -> str:
        return self.in_trouble

    async def entries(self, start: int = 0, limit: int = 256) -> Sequence[StoredEntry]:
        return []

    async def cursor(self, name: str) -> int:
        return 0

    async def configured(self, kind: str) -> Mapping[str, str]:
        return {}

    async def effects(
        self, wanted: EffectFilter, before: EffectPosition | None = None, limit: int = 100
    ) -> EffectPage:
        return EffectPage((), None)

    async def entries_about(
        self,
        request: RequestId | None = None,
        session: SessionId | None = None,
        limit: int = 200,
    ) -> Sequence[StoredEntry]:
        return []

    async def leaves_of(
        self, session: SessionId, start: int, limit: int
    ) -> Sequence[tuple[int, bytes]]:
        return []

    async def subjects(self) -> Sequence[Subject]:
        return list(self.found_subjects.values())

    async def targets(self) -> Sequence[Target]:
        return list(self.found_targets.values())

    async def labels(self, target: TargetId | None = None) -> Sequence[Label]:
        return [label for label in self.found_labels.values() if target in (None, label.target)]

    async def password_hash(self, subject: SubjectId) -> Secret[str] | None:
        kept = self.passwords.get(subject, PASSWORD)
        return Secret(kept) if kept is not None else None


def _used(plan: tuple[PlannedText, ...], digest: str, force: bool) -> tuple[PlannedText, ...]:
    left = [text for text in plan if text.digest == digest and (force or text.used < text.times)]
    if not left:
        raise ConflictFault("plan-used-up", "it may not run once more")
    return tuple(
        replace(text, used=text.used + 1) if text.digest == digest else text for text in plan
    )
