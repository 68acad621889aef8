"""Reviews: whoever broke the glass is looked at by somebody else, and cannot do it again before.

A review belongs to a group. Its subject never closes it, nor does anybody in their place: no
agent of theirs, and no delegate who has the place from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from assent.control.delegations import Delegations
from assent.control.directory import Directory
from assent.control.outbox import Outbox
from assent.control.reading import Readers
from assent.control.review_words import (
    about_review,
    closed_lines,
    opened_entry,
    overdue_words,
    settled_entry,
)
from assent.control.sign_in import Caller
from assent.control.timers import Timers
from assent.control.warnings import Warnings
from assent.core.assenting import can_count, is_member
from assent.core.changes import Change, CloseReview, DropTimer, PutReview, PutTimer
from assent.core.clock import Clock, isoformat
from assent.core.decision import ApprovalRemedy, Deny, Permit, Quorum
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.grant import Grant
from assent.core.ids import EntryId, Ids, ReviewId, SubjectId, TargetId
from assent.core.ports import Store
from assent.core.quorum import unmet
from assent.core.resource import Target
from assent.core.review import Review, ReviewVerdict
from assent.core.role import Permission
from assent.core.security_event import SecurityEvent
from assent.core.session import Session
from assent.core.subject import Subject, SubjectKind
from assent.core.timer import Timer
from assent.policy.requirement import OWNERS
from assent.policy.reviewing import ReviewBy, reviews_in

REMIND, OVERDUE = "review.remind", "review.overdue"
UNSAID = ReviewBy(timedelta(days=1), "security")
"""The review that is owed where no policy says."""
AGAIN_AFTER = timedelta(days=1)
"""How often an overdue review is told of again."""
_LONGEST_COMMENT = 2_000
_MOST_LOOKED_AT = 10_000
_MOST_SHOWN = 500
_MOST_TOLD = 500
_MOST_ENTRIES = 10_000
_MOST_SESSIONS = 1_000
_ALTERNATIVE = "|"


@dataclass(frozen=True, slots=True)
class Done:
    """What was done on the target while the glass was broken.

    statements: how many actions were attempted in each of the sessions, refused: how many of them
    were denied or held first, by session id. Of a session's entries the first 10,000 are counted.
    """

    sessions: tuple[Session, ...]
    statements: dict[str, int]
    refused: dict[str, int]


class Reviews:
    """Opens reviews with the grants that they are about, reminds of them, and has them closed."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        delegations: Delegations,
        warnings: Warnings,
        outbox: Outbox,
        timers: Timers,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._delegations = delegations
        self._warnings = warnings
        self._outbox = outbox
        self._clock = clock
        self._ids = ids
        self._readers = Readers(store=store, clock=clock, ids=ids)
        timers.when(REMIND, self._remind)
        timers.when(OVERDUE, self._overdue)

    async def against(self, subject: Subject, revision: str) -> Deny | None:
        """Return what stands against this person breaking the glass now, None for nothing.

        Only humans do, and none who owes a review that is overdue. Raises OutsideFault.
        """
        if subject.kind is not SubjectKind.HUMAN:
            words = "only people break the glass, never machines nor agents"
            return Deny(revision, "not-a-person", (words,))
        now = self._clock.now()
        found = await self._store.reviews(subject.id, open_only=True, limit=_MOST_LOOKED_AT)
        overdue = [review for review in found if review.is_overdue(now)]
        if not overdue and len(found) < _MOST_LOOKED_AT:
            return None
        names = self._directory.names
        return Deny(
            revision,
            "review-overdue",
            tuple(overdue_words(review, self.reviewers(review), names) for review in overdue[:5]),
        )

    def owed(self, grant: Grant, target: Target, owed: Sequence[ReviewBy]) -> tuple[Review, ...]:
        """Return the reviews that a grant opens: `security` within a day where none is named.

        `owners` are those of the target now. Raises ForbiddenFault `no-reviewer` where somebody
        has to review who is not there.
        """
        now = grant.starts_at
        found = []
        for one in owed or (UNSAID,):
            review = Review(
                id=ReviewId(self._ids.mint("review")),
                grant=grant.id,
                subject=grant.subject,
                target=target.id,
                group=_of_target(one.group, target),
                reason=grant.reason,
                opened_at=now,
                due_at=now + one.within,
            )
            if not self.reviewers(review):
                words = f"nobody but you could review it: `{review.group}` has no other member"
                raise ForbiddenFault(
                    "no-reviewer", f"{words}; an operator can add somebody to the group"
                )
            found.append(review)
        return tuple(found)

    def opening(
        self, grant: Grant, reviews: Sequence[Review]
    ) -> tuple[tuple[Change, ...], tuple[Entry, ...]]:
        """Return what opens these reviews, for the commit of their grant."""
        changes: list[Change] = []
        for review in reviews:
            half = review.opened_at + (review.due_at - review.opened_at) / 2
            changes += [
                PutReview(review),
                PutTimer(Timer(REMIND, review.id, half)),
                PutTimer(Timer(OVERDUE, review.id, review.due_at)),
            ]
        entries = tuple(opened_entry(self._ids, review, grant) for review in reviews)
        return tuple(changes), entries

    def asked_of(
        self, grant: Grant, permit: Permit
    ) -> tuple[tuple[Change, ...], tuple[Entry, ...]]:
        """Return what opens the reviews that policies ask of usual access, nothing for none.

        Raises ForbiddenFault `no-reviewer`, MissingFault.
        """
        asked = reviews_in(permit.obligations)
        if not asked or grant.target is None:
            return (), ()
        return self.opening(grant, self.owed(grant, self._directory.target(grant.target), asked))

    def reviewers(self, review: Review) -> tuple[Subject, ...]:
        """Return who could close it now, by name."""
        able = (person for person in self._directory.subjects() if self.may_close(person, review))
        return tuple(sorted(able, key=lambda person: person.name))

    def may_close(self, person: Subject, review: Review) -> bool:
        """Return whether this person could close it now, open or not."""
        if not self._directory.may(person, Permission.ANSWER):
            return False
        subject = self._subject(review.subject)
        remedy = ApprovalRemedy(((Quorum(1, review.group),),))
        one = self._delegations.assenting(person, self._clock.now())
        return can_count(person, subject) and not unmet(remedy, subject, [one])

    async def list(self, caller: Caller, *, open_only: bool) -> Sequence[Review]:
        """Return the reviews that this person may see, newest first; at most 500."""
        found = await self._store.reviews(open_only=open_only, limit=_MOST_LOOKED_AT)
        seen = list(islice((one for one in found if self._may_see(caller, one)), _MOST_SHOWN))
        if any(not self._concerns(caller.subject, one) for one in seen):
            await self._readers.read(caller, "reviews")
        return seen

    async def get(self, caller: Caller, review: ReviewId) -> Review:
        """Return the review. Raises MissingFault where there is none this person may see."""
        found = await self._store.review(review)
        if found is None or not self._may_see(caller, found):
            raise MissingFault("no-such-review", f"there is no review `{review[:60]}` for you")
        if not self._concerns(caller.subject, found):
            await self._readers.read(caller, "review", review)
        return found

    async def done(self, review: Review) -> Done:
        """Return what the person did on the target while the glass was broken."""
        grant = await self._store.grant(review.grant)
        until = review.due_at if grant is None else grant.revoked_at or grant.ends_at
        found = await self._store.sessions(review.subject, limit=_MOST_SESSIONS)
        now = self._clock.now()
        sessions = tuple(
            session
            for session in found
            if session.target == review.target
            and session.opened_at < until
            and (session.ended_at or now) >= review.opened_at
        )
        statements: dict[str, int] = {}
        refused: dict[str, int] = {}
        for session in sessions:
            entries = await self._store.entries_about(session=session.id, limit=_MOST_ENTRIES)
            statements[session.id] = sum(_is_statement(entry.leaf) for entry in entries)
            refused[session.id] = sum(_is_refusal(entry.leaf) for entry in entries)
        return Done(sessions, statements, refused)

    async def close(
        self, caller: Caller, review: ReviewId, verdict: ReviewVerdict, comment: str
    ) -> Review:
        """Return the review, closed for ever with what this person found.

        `not-justified` counts as a warning about its subject, as a rejection as suspicious does.
        Raises ForbiddenFault `own-review`, `not-your-review`, ConflictFault, MissingFault.
        """
        found = await self.get(caller, review)
        # As they are now: somebody may have left a group since they signed in.
        person = self._directory.subject(caller.subject.id)
        self._check(person, found)
        comment = comment.strip()
        if not comment or len(comment) > _LONGEST_COMMENT:
            words = f"say what you found, in at most {_LONGEST_COMMENT} characters"
            raise ConflictFault("comment", words)
        now = self._clock.now()
        change = CloseReview(review, verdict, comment, person.id, now)
        changes: list[Change] = [change, DropTimer(review), self._told(found, person, change)]
        entry = settled_entry(self._ids, found, change)
        if verdict is ReviewVerdict.NOT_JUSTIFIED:
            words = f"{person.name} found what review {found.id} is about not justified"
            event = SecurityEvent(
                "rejected-as-suspicious", found.subject, now, "people", reason=words
            )
            warned = Entry(
                id=EntryId(self._ids.mint("entry")),
                kind=EntryKind.SECURITY_EVENT,
                at=now,
                subject=person.id,
                facts={"about": found.subject, "review": found.id},
            )
            await self._warnings.warn(event, (entry, warned), changes)
        else:
            await self._store.commit(changes, (entry,))
        return await self.get(caller, review)

    def told(
        self, grant: Grant, target: Target, reviews: Sequence[Review]
    ) -> tuple[SubjectId, ...]:
        """Return who hears of it at once: owners, security, reviewers, and the person too."""
        groups = {"security", *target.owners}
        groups.update(name for one in reviews for name in one.group.split(_ALTERNATIVE))
        return (grant.subject, *self._people(groups, grant.subject))

    def _check(self, person: Subject, review: Review) -> None:
        if person.id == review.subject or person.on_behalf_of == review.subject:
            raise ForbiddenFault(
                "own-review", "nobody closes a review of what they did, nor an agent of theirs"
            )
        if not self.may_close(person, review):
            words = f"only people of `{review.group}` close this review, in their own place"
            raise ForbiddenFault("not-your-review", words)
        if review.closed_at is not None:
            at = isoformat(review.closed_at)[:19]
            raise ConflictFault("review-closed", f"review `{review.id}` was closed at {at}Z")

    def _may_see(self, caller: Caller, review: Review) -> bool:
        return caller.oversees or self._concerns(caller.subject, review)

    def _concerns(self, person: Subject, review: Review) -> bool:
        """Return whether it is about them, or theirs to close."""
        return (
            person.id == review.subject
            or any(is_member(person, name) for name in review.group.split(_ALTERNATIVE))
            or self.may_close(person, review)
        )

    async def _remind(self, about: str, due_at: datetime) -> None:
        review = await self._open(about)
        if review is None:
            return
        notice = self._outbox.notice(
            "review.reminder",
            to=[person.id for person in self.reviewers(review)[:_MOST_TOLD]],
            headline=f"still to be reviewed: {self._title(review)}",
            lines=about_review(review),
            link=f"/reviews/{review.id}",
            grant=review.grant,
            key=f"{REMIND}:{about}:{isoformat(due_at)}",
            thread=review.id,
        )
        await self._store.commit((DropTimer(about, REMIND), notice), ())

    async def _overdue(self, about: str, due_at: datetime) -> None:
        """Tell everybody who could do something about it, loudly, and again every day."""
        review = await self._open(about)
        if review is None:
            return
        groups = {"security", *review.group.split(_ALTERNATIVE), *self._owners(review.target)}
        notice = self._outbox.notice(
            "review.overdue",
            to=self._people(groups, review.subject),
            headline=f"overdue review: {self._title(review)}",
            lines=about_review(review),
            link=f"/reviews/{review.id}",
            grant=review.grant,
            loud=True,
            key=f"{OVERDUE}:{about}:{isoformat(due_at)}",
            thread=review.id,
        )
        again = PutTimer(Timer(OVERDUE, about, self._clock.now() + AGAIN_AFTER))
        await self._store.commit((again, notice), ())

    async def _open(self, about: str) -> Review | None:
        """Return a review that is open still; the timers of any other are dropped."""
        review = await self._store.review(ReviewId(about))
        if review is not None and review.closed_at is None:
            return review
        await self._store.commit((DropTimer(about),), ())
        return None

    def _told(self, review: Review, by: Subject, change: CloseReview) -> Change:
        groups = {"security", *review.group.split(_ALTERNATIVE)}
        return self._outbox.notice(
            "review.closed",
            to=(review.subject, *self._people(groups, review.subject)),
            headline=f"{by.name}: {change.verdict.value}: {self._title(review)}",
            lines=closed_lines(review, change),
            link=f"/reviews/{review.id}",
            grant=review.grant,
            loud=change.verdict is ReviewVerdict.NOT_JUSTIFIED,
            key=f"review.closed:{review.id}",
            thread=review.id,
        )

    def _people(self, groups: set[str], but: SubjectId) -> tuple[SubjectId, ...]:
        found = [
            person
            for person in self._directory.subjects()
            if person.groups & groups
            and person.kind is SubjectKind.HUMAN
            and not person.disabled
            and person.id != but
        ]
        return tuple(person.id for person in sorted(found, key=lambda one: one.name)[:_MOST_TOLD])

    def _owners(self, target: TargetId) -> frozenset[str]:
        try:
            return self._directory.target(target).owners
        except MissingFault:
            return frozenset()

    def _title(self, review: Review) -> str:
        try:
            target = self._directory.target(review.target).name
        except MissingFault:
            target = review.target
        return f"what {self._subject(review.subject).name} did on {target}"

    def _subject(self, subject: SubjectId) -> Subject:
        """Return whom it is about, with nothing but their id where they are gone."""
        try:
            return self._directory.subject(subject)
        except MissingFault:
            return Subject(subject, subject)


def _of_target(group: str, target: Target) -> str:
    """Return the group with the target's owners in place of `owners`; `security` for nobody.

    Fixed when it is opened: who owns the target later changes nothing of who must look at it.
    """
    if group != OWNERS:
        return group
    return _ALTERNATIVE.join(sorted(target.owners)) or "security"


def _is_statement(leaf: bytes) -> bool:
    return b'"kind":"attempt"' in leaf and b'"phase":"execute"' in leaf


def _is_refusal(leaf: bytes) -> bool:
    return b'"kind":"decision"' in leaf and b'"outcome":"deny"' in leaf
