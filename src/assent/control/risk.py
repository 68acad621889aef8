"""What people ask the risk engine: why this score, what is usual for somebody, forget it."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from assent.control.directory import Directory
from assent.control.entries import assessment_json
from assent.control.explain import Explain
from assent.control.learning import Learning
from assent.control.live import LiveSessions
from assent.control.reading import LONGEST_REASON, Readers
from assent.control.replay import replay
from assent.control.revocation import cut
from assent.control.sign_in import Caller
from assent.control.warnings import Warnings
from assent.core.assessment import Assessment
from assent.core.canonical import Json, canonical_bytes
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.faults import ConflictFault, MissingFault
from assent.core.ids import EntryId, Ids, RequestId, SessionId
from assent.core.lesson import Lesson
from assent.core.plugins import SignalPlugin
from assent.core.ports import Store
from assent.core.request import RejectedAs, Request, RequestState
from assent.core.role import Permission
from assent.core.security_event import SecurityEvent
from assent.core.subject import Subject
from assent.risk.confidence import confidence_in
from assent.signals.aspects import UNKNOWN

_MOST_VALUES = 8
_PAGE = 1_000
_MOST_LOOKED_AT = 100_000
# What was kept by another version, or changed in the store since, may make no sense to signals.
_NOT_EVIDENCE = (msgspec.ValidationError, ArithmeticError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Explained:
    """Why an action had its score. replayed_*: what its evidence gives when it is assessed again.

    replayed_same: whether every factor and word of it is the same.
    """

    action: str
    entry: str
    at: datetime
    subject: str | None
    target: str | None
    verb: str
    permitted: bool
    assessment: Assessment
    replayed_score: int
    replayed_same: bool


@dataclass(frozen=True, slots=True)
class Usual:
    """How often one value of a dimension was learned. share: of the dimension, in percent."""

    value: str
    times: float
    share: float


@dataclass(frozen=True, slots=True)
class Usually:
    """What is normal for somebody. dimensions: name → the most usual values, first one most.

    sessions, days: from how much; first_at, last_at: from when. hours: `Tue 14`, in their own
    zone, → how often.
    """

    subject: Subject
    sessions: int
    days: int
    lessons: int
    first_at: datetime | None
    last_at: datetime | None
    confidence: str
    confidence_because: str
    dimensions: Mapping[str, Sequence[Usual]]
    hours: Mapping[str, float] = field(default_factory=dict)


class Risk:
    """Explains scores, shows and forgets profiles, and takes "this was not me"."""

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        explain: Explain,
        learning: Learning,
        warnings: Warnings,
        live: LiveSessions,
        signals: Sequence[SignalPlugin],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._explain = explain
        self._learning = learning
        self._warnings = warnings
        self._live = live
        self._signals = signals
        self._clock = clock
        self._ids = ids
        self._readers = Readers(store=store, clock=clock, ids=ids)

    async def explain(self, caller: Caller, about: str) -> Explained:
        """Return the assessment of an action, as it was made and as it is made again now.

        about: an action (act_…), an entry (ent_…), or a request (req_…): its last decision.
        Raises MissingFault when there is none that this person may see.
        """
        told = await self._told(caller, about)
        if told.get("withheld"):
            caller.check_payloads()
        entries: Sequence[Mapping[str, Any]] = told["entries"]
        decisions = [entry for entry in entries if entry["kind"] == EntryKind.DECISION]
        if not decisions:
            raise MissingFault("nothing-to-explain", f"nothing was decided in `{about[:60]}`")
        action = decisions[-1]["facts"]["action"]
        attempts = [
            entry
            for entry in entries
            if entry["kind"] == EntryKind.ATTEMPT and entry["facts"]["action"] == action
        ]
        return self._explained(attempts[-1] if attempts else None, decisions[-1])

    async def profile(self, caller: Caller, name: str) -> Usually:
        """Return what is normal for a person: for themselves, and who may read of risk.

        Who is told that of others is in the log first. Raises MissingFault, OutsideFault.
        """
        subject = self._subject(caller, name)
        if subject.id != caller.subject.id:
            await self._readers.read(caller, "profile", subject.id)
        await self._learning.ready(subject.id)
        lessons = await self._learning.lessons(subject.id)
        known = self._learning.known(subject.id, (), self._clock.now())
        confidence, because = confidence_in(known)
        return Usually(
            subject=subject,
            sessions=known.sessions,
            days=known.days,
            lessons=len(lessons),
            first_at=lessons[0].at if lessons else None,
            last_at=lessons[-1].at if lessons else None,
            confidence=confidence.value,
            confidence_because=because,
            dimensions=_dimensions(lessons),
            hours=_hours(lessons),
        )

    async def forget(self, caller: Caller, name: str, reason: str = "") -> Subject:
        """Forget all that was learned of a person; only `security` may, and the log says so.

        reason: lies beside the entry. Raises ForbiddenFault, MissingFault.
        """
        caller.check(Permission.REPORT)
        subject = self._subject(caller, name)
        entry = self._entry(EntryKind.PROFILE_FORGOTTEN, caller.subject, subject)
        if reason:
            entry = replace(entry, payload={"reason": reason})
        await self._store.commit((), (entry,))
        await self._learning.forget(subject.id)
        return subject

    async def disown(self, caller: Caller, session: SessionId) -> int:
        """Take "this was not me": cut the session, unlearn it, and remember that it happened.

        The person themselves, from elsewhere, or `security`. Return how many lessons were
        taken back. Raises MissingFault, ForbiddenFault.
        """
        found = await self._store.session(session)
        if found is None or not (
            caller.subject.id == found.subject or caller.may(Permission.READ_RISK)
        ):
            raise MissingFault("no-such-session", f"there is no session `{session[:60]}` for you")
        if found.subject != caller.subject.id:
            caller.check(Permission.REPORT)
        subject = self._directory.subject(found.subject)
        now = self._clock.now()
        reason = f"{caller.subject.name} says that session {session} was not {subject.name}"
        event = SecurityEvent("not-me", subject.id, now, "person", reason=reason)
        entry = self._entry(EntryKind.SECURITY_EVENT, caller.subject, subject, session=session)
        live = self._live.get(session)
        if live is not None:
            # Before anything that could fail: what is not them ends at once.
            cut(live, now, f"{caller.subject.name} says that this is not {subject.name}")
        await self._warnings.warn(event, (entry,))
        return await self._learning.unlearn(subject.id, session)

    async def report(self, caller: Caller, name: str, reason: str) -> Subject:
        """Take that what somebody signs in with is in other hands; only `security` may say so.

        What they have open is decided on again, with that as evidence. Raises ForbiddenFault,
        MissingFault, ConflictFault without a reason.
        """
        caller.check(Permission.REPORT)
        subject = self._subject(caller, name)
        if not 1 <= len(reason.strip()) <= LONGEST_REASON:
            words = f"say what makes you think so, in 1 to {LONGEST_REASON} characters"
            raise ConflictFault("no-reason", words)
        said = f"{caller.subject.name} reports it: {reason.strip()}"
        event = SecurityEvent(
            "credential-compromise", subject.id, self._clock.now(), "person", reason=said
        )
        entry = self._entry(EntryKind.SECURITY_EVENT, caller.subject, subject)
        entry = replace(
            entry, facts={**entry.facts, "type": event.type}, payload={"reason": reason.strip()}
        )
        await self._warnings.warn(event, (entry,))
        return subject

    async def rejected(self, request: Request) -> None:
        """Remember that somebody found a request suspicious, and unlearn its session."""
        if request.state is not RequestState.REJECTED:
            return
        for approval in request.approvals:
            if approval.rejected_as is RejectedAs.SUSPICIOUS:
                subject = self._directory.subject(request.action.subject)
                who = self._directory.subject(approval.approver)
                event = SecurityEvent(
                    "rejected-as-suspicious",
                    subject.id,
                    self._clock.now(),
                    "people",
                    reason=f"{who.name} found request {request.id} suspicious",
                )
                entry = self._entry(EntryKind.SECURITY_EVENT, who, subject, request=request.id)
                await self._warnings.warn(event, (entry,))
                if request.action.session is not None:
                    await self._learning.unlearn(subject.id, request.action.session)
                return

    def _explained(
        self, attempt: Mapping[str, Any] | None, decision: Mapping[str, Any]
    ) -> Explained:
        if attempt is None or not attempt["payload"] or not decision["payload"]:
            raise ConflictFault("payload-gone", "its evidence is not kept any more")
        try:
            again = replay(attempt, decision, self._signals)
            made = _assessment(decision["facts"], decision["payload"]["assessment"])
        except _NOT_EVIDENCE as fault:
            words = (
                "its entry holds no evidence that can be assessed again: it is older, or changed"
            )
            raise ConflictFault("not-replayable", words) from fault
        facts = decision["facts"]
        said = json.loads(canonical_bytes(assessment_json(again)))
        return Explained(
            action=facts["action"],
            entry=decision["id"],
            at=datetime.fromisoformat(decision["at"]),
            subject=decision["subject"],
            target=decision["target"],
            verb=attempt["facts"]["verb"],
            permitted=facts["outcome"] == "permit",
            assessment=made,
            replayed_score=again.score,
            replayed_same=(again.score, again.level) == (facts["score"], facts["level"])
            and said == decision["payload"]["assessment"],
        )

    async def _told(self, caller: Caller, about: str) -> Mapping[str, Any]:
        """Return what `Explain` says, of an action what it says of its last decision."""
        if not about.startswith("act_"):
            return await self._explain.explain(caller, about)
        try:
            return await self._explain.explain(caller, await self._decision_of(about))
        except MissingFault:
            # In the same words, whether it never was or is somebody else's.
            words = f"there is no action `{about[:60]}` for you"
            raise MissingFault("nothing-to-explain", words) from None

    async def _decision_of(self, action: str) -> str:
        """Return the id of an action's last decision. Raises MissingFault."""
        wanted = f'"action":"{action}"'.encode()
        checkpoint = await self._store.checkpoint()
        end = checkpoint.size if checkpoint else 0
        while more := len(await self._store.entries(end, _PAGE)):
            # The log has grown since its last checkpoint.
            end += more
        oldest = max(0, end - _MOST_LOOKED_AT)
        while end > oldest:
            start = max(oldest, end - _PAGE)
            for stored in reversed(await self._store.entries(start, end - start)):
                if wanted in stored.leaf:
                    leaf = json.loads(stored.leaf)
                    if leaf["kind"] == EntryKind.DECISION:
                        return str(leaf["id"])
            end = start
        raise MissingFault("nothing-to-explain", "it is not among the newest entries")

    def _subject(self, caller: Caller, name: str) -> Subject:
        subject = self._directory.subject_named(name)
        if subject is None or not (
            caller.subject.id == subject.id or caller.may(Permission.READ_RISK)
        ):
            raise MissingFault("no-such-person", f"there is no person `{name[:60]}` for you")
        return subject

    def _entry(
        self,
        kind: EntryKind,
        by: Subject,
        subject: Subject,
        *,
        session: SessionId | None = None,
        request: RequestId | None = None,
    ) -> Entry:
        facts: dict[str, Json] = {"about": subject.id}
        if session is not None:
            facts["session"] = session
        if request is not None:
            facts["request"] = request
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=kind,
            at=self._clock.now(),
            subject=by.id,
            session=session,
            request=request,
            facts=facts,
        )


def _assessment(facts: Mapping[str, Any], told: Mapping[str, Any]) -> Assessment:
    """Return the assessment that a decision's entry holds."""
    return msgspec.convert({**told, "score": facts["score"], "level": facts["level"]}, Assessment)


def _dimensions(lessons: Sequence[Lesson]) -> Mapping[str, Sequence[Usual]]:
    """Return the most usual values of each dimension, by the weight they were learned with."""
    counts: dict[str, defaultdict[str, float]] = {}
    for lesson in lessons:
        for aspect in lesson.aspects:
            if aspect.after:
                continue
            value = _chain(aspect.chain) if aspect.chain else _amount(aspect.amount)
            times = aspect.times_milli * lesson.weight_milli / 1_000_000
            found = counts.setdefault(aspect.dimension, defaultdict(float))
            found[value] += times
    usual = {}
    for name, found in sorted(counts.items()):
        total = sum(found.values()) or 1.0
        usual[name] = tuple(
            Usual(value, round(times, 1), round(100 * times / total, 1))
            for value, times in sorted(found.items(), key=lambda one: -one[1])[:_MOST_VALUES]
        )
    return usual


def _hours(lessons: Sequence[Lesson]) -> Mapping[str, float]:
    """Return how often each hour of the week was learned, such as `Tue 14`."""
    found: defaultdict[str, float] = defaultdict(float)
    for lesson in lessons:
        for aspect in lesson.aspects:
            if aspect.dimension == "hour" and aspect.chain:
                found[aspect.chain[0]] += aspect.times_milli * lesson.weight_milli / 1_000_000
    return dict(found)


def _chain(chain: Sequence[str]) -> str:
    """Return a chain for people: without what is not known, and what the part before it says."""
    said: list[str] = []
    for level in chain:
        if level != UNKNOWN and not any(level in before for before in said):
            said.append(level)
    return ", ".join(said) or chain[0]


def _amount(amount: int) -> str:
    """Return the range that an amount is counted in."""
    low = (1 << max(0, (amount + 1).bit_length() - 1)) - 1
    return str(low) if low == 0 else f"{low} to {2 * low}"
