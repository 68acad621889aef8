"""Sessions: who may open one, what may be done in it, and how it ends."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from assent.content.detectors import LABELS
from assent.control import databases, entries
from assent.control.arriving import Arrival, Arrivals, Arriving
from assent.control.decide import Decider, Outcome, is_reusable, permitted_until
from assent.control.directory import Directory
from assent.control.emergency import emergency_words, in_emergency
from assent.control.extending import Extending
from assent.control.gather import Circumstances
from assent.control.grants import Grants
from assent.control.holding import Holding
from assent.control.live import LiveSession, LiveSessions, nobody_waits, unheard, unmeasured
from assent.control.obligations import enforcement_of, session_wide, settings_of
from assent.control.plans import Plans
from assent.control.revocation import Revocations, cut
from assent.control.sign_in import SignIn
from assent.control.spending import Spending, begins
from assent.control.standing import standing_of
from assent.control.verifiers import ITERATIONS, Verifiers
from assent.control.watching import Watching
from assent.core.action import Action, Operation, Phase, Statement, Touch
from assent.core.canonical import Json
from assent.core.changes import Change, EndSession, PutSession, UseCredential
from assent.core.clock import Clock, isoformat
from assent.core.decision import Deny, Permit
from assent.core.enforcement import Enforcement
from assent.core.entry import EntryKind
from assent.core.evidence import Authentication, Connection
from assent.core.faults import ConflictFault, Fault
from assent.core.frame import ResultFrame
from assent.core.grant import Grant
from assent.core.ids import ActionId, Ids, RequestId, SessionId, TargetId
from assent.core.impact import Impact, Waiter
from assent.core.plugins import (
    NO_WISHES,
    Answer,
    Authorize,
    Exceed,
    Held,
    Identified,
    Permitted,
    RefusalKind,
    Refused,
    Verifier,
    Wishes,
)
from assent.core.ports import Recorder, Store
from assent.core.resource import Resource, Target
from assent.core.secret import Secret
from assent.core.session import Credential, Session, SessionState
from assent.core.subject import Subject
from assent.policy.more import EXCEEDS

REUSE_FOR = timedelta(seconds=60)
_MOST_MEASURED = 1_000


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who says who they are: proved only when one of the credentials fits."""

    subject: Subject
    target: Target
    credentials: tuple[Credential, ...]


@dataclass(frozen=True, slots=True)
class Handles:
    """What a gateway gives the control plane to act on a connection with.

    drafted: hears of what waits before it is decided on, to say when the client hung up: of the
    client that has no access yet, then of its session.
    measure: what a statement would do, asked at the target, None where nothing was asked.
    waiters: who waits for locks of the session. say: tells the client something meanwhile.
    """

    drafted: Callable[[LiveSession | Arrival], None]
    cut: Callable[[str], None]
    cancel_at_target: Callable[[], None]
    measure: Callable[[Authorize], Awaitable[Impact | None]] = unmeasured
    waiters: Callable[[], Awaitable[tuple[Waiter, ...]]] = nobody_waits
    say: Callable[[tuple[str, ...]], None] = unheard


class Sessions:
    """Opens sessions, answers what they ask, and ends them."""

    def __init__(
        self,
        *,
        store: Store,
        recorder: Recorder,
        directory: Directory,
        decider: Decider,
        grants: Grants,
        holding: Holding,
        arrivals: Arrivals,
        live: LiveSessions,
        sign_in: SignIn,
        verifiers: Verifiers,
        watching: Watching,
        spending: Spending,
        extending: Extending,
        plans: Plans,
        clock: Clock,
        ids: Ids,
        mask_key: Secret[bytes],
        recognised: frozenset[str] = frozenset(LABELS),
    ) -> None:
        self._mask_key = mask_key
        self._recognised = recognised
        self._store = store
        self._recorder = recorder
        self._watching = watching
        self._directory = directory
        self._decider = decider
        self._grants = grants
        self._holding = holding
        self._arrivals = arrivals
        self.live = live
        self._sign_in = sign_in
        self._verifiers = verifiers
        self._spending = spending
        self._extending = extending
        self._plans = plans
        self._clock = clock
        self._ids = ids
        self.revocations = Revocations(clock)
        grants.when_over(self._grant_over)

    async def identify(self, user: str, target_name: str) -> tuple[Candidate | None, Identified]:
        """Return who that could be and what their proof is checked against.

        A name or a target that does not exist gives a salt like any other, and no verifier.
        """
        subject = self._directory.subject_named(user)
        target = self._directory.target_named(target_name)
        salt = self._verifiers.salt(user)
        if subject is None or target is None or subject.disabled:
            return None, Identified(salt, ITERATIONS, ())
        found = await self._store.credentials(subject.id, target.id, self._clock.now())
        verifiers = tuple(
            Verifier(bytes.fromhex(credential.stored_key), bytes.fromhex(credential.server_key))
            for credential in found
        )
        return Candidate(subject, target, tuple(found)), Identified(salt, ITERATIONS, verifiers)

    async def open(
        self,
        candidate: Candidate,
        credential: Credential,
        database: str,
        connection: Connection,
        handles: Handles,
        tell: Callable[[Held], None],
        wishes: Wishes = NO_WISHES,
    ) -> LiveSession | Refused:
        """Return the opened session, or why not; `tell` hears if it is held for people first.

        wishes: what the client says for the case that access must be asked for.
        """
        arriving = Arriving(candidate.subject, candidate.target, credential, connection, wishes)
        try:
            grant = await self._admitted(arriving, handles, tell)
        except Fault as fault:
            return _unavailable(fault)
        if isinstance(grant, Refused):
            return grant
        now = self._clock.now()
        live = self._draft(candidate, grant, database, connection, handles)
        handles.drafted(live)
        await self._place(live, credential)
        action = self._action(
            live,
            Statement("session.open", (_opening(candidate.target),), complete=True),
            databases.shown(candidate.target, live.session.database),
            (),
            Phase.EXECUTE,
            in_transaction=False,
            details={"database": live.session.database[: databases.LONGEST]},
        )
        use = UseCredential(credential.id, now)
        changes = self.live.changes
        try:
            answer, outcome = await self._ask(live, action, tell)
            action = self._holding.acted(answer, action)
            self._watching.decided(live, action, outcome)
            if isinstance(answer, Refused):
                return answer
            live.opened, live.opening = outcome, action
            live.looked_at = outcome.evidence.at
            if isinstance(outcome.decision, Permit):
                live.permitted = outcome.decision
                live.standing = standing_of(outcome.decision)
                live.obliged = session_wide(outcome.decision)
                live.settings = settings_of(outcome.decision)
            refused = await self._begin(live, action, outcome, answer.request, use)
        except Fault as fault:
            return _unavailable(fault)
        if refused is not None:
            return refused
        self._watching.finished(live, action, well=True)
        self._recorder.open(live.session.id)
        self.live.add(live)
        if self.live.changes != changes:
            # What it was decided on may have changed before there was a session to look at.
            live.epoch.bump()
            live.looked_at = None
        if grants := self._circumstances(live).grants:
            if in_emergency(grants):
                live.say(emergency_words(live.target.name))
            return live
        # It was taken away while the opening was written down, when nothing was there to cut.
        await self.end(live, "the access behind it is over", cut=True)
        return _access_over(candidate.target)

    async def _admitted(
        self, arriving: Arriving, handles: Handles, tell: Callable[[Held], None]
    ) -> Grant | Refused:
        """Return the grant behind the credential; where there is none, the one that is found."""
        credential, target = arriving.credential, arriving.target
        if credential.grant is None:
            arrival = Arrival()
            handles.drafted(arrival)
            return await self._arrivals.admit(arriving, arrival, tell)
        valid = self._grants.valid(arriving.subject.id, target.id, self._clock.now())
        found = next((grant for grant in valid if grant.id == credential.grant), None)
        return found or _access_over(target)

    async def _begin(
        self,
        live: LiveSession,
        action: Action,
        outcome: Outcome,
        request: str,
        use: UseCredential,
    ) -> Refused | None:
        """Take a connection from the credential and keep the opening; say why not otherwise."""
        now = self._clock.now()
        begun = self._spending.begun_by(action, outcome.evidence.grants, now)
        try:
            ends_at = self._extending.end_of(live, now, begun)
            live.session = replace(live.session, ends_at=ends_at)
            opened = entries.of_session(self._ids, EntryKind.SESSION_OPENED, live.session, now, "")
            changes = (use, *begins(begun), PutSession(live.session))
            await self._store.commit(changes, (opened,))
            self._spending.kept(begun)
        except ConflictFault:
            await self._settle(action, request, {"outcome": "not-run"}, "no session was opened")
            words = "this credential has opened every connection that it was made for"
            hint = f"ask for more: assent connect {live.target.name} --connections N"
            return Refused(RefusalKind.DENIED, words, "", hint)
        finally:
            self._spending.not_kept(begun)
        await self._settle(action, request, {"outcome": "done"}, "the session was opened")
        return None

    async def authorize(
        self, live: LiveSession, question: Authorize, tell: Callable[[Held], None]
    ) -> tuple[Answer, Action]:
        """Return whether the session may do this, durable in the log; `tell` hears of a hold.

        Nothing is raised for faults of ours or of the outside: they are refusals.
        """
        action = self._action(
            live,
            databases.placed(question.statement, live.target, live.session.database),
            question.text,
            question.parameters,
            question.phase,
            in_transaction=question.in_transaction,
        )
        epoch = live.epoch.value
        impact = await live.measure(question)
        try:
            answer, outcome = await self._ask(live, action, tell, impact)
        except Fault as fault:
            return _unavailable(fault), action
        action = self._holding.acted(answer, action)
        self._watching.decided(live, action, outcome)
        if isinstance(answer, Refused):
            # Faster than the sweep: the client hears that its time is over, and nothing else.
            _cut_if_over(live, self._clock.now())
        if isinstance(answer, Permitted) and isinstance(outcome.decision, Permit):
            within = databases.prefix(live.target, live.session.database)
            answer = replace(
                answer,
                enforcement=enforcement_of(
                    outcome.decision,
                    action,
                    outcome.evidence,
                    self._mask_key,
                    within,
                    self._recognised,
                ),
            )
            answer = replace(
                answer, enforcement=self._spending.enforcement(action, answer.enforcement)
            )
            if impact is not None and answer.enforcement and answer.enforcement.limits:
                _keep_measured(live, answer.entry, impact)
        if isinstance(answer, Permitted) and is_reusable(action, outcome):
            until = min(self._clock.now() + REUSE_FOR, live.session.ends_at)
            if isinstance(outcome.decision, Permit):
                evidence = outcome.evidence
                until = min(until, permitted_until(outcome.decision, evidence, action) or until)
                until = min(
                    until, self._extending.reusable_until(action, evidence.grants, evidence.at)
                )
            return replace(answer, epoch=epoch, reuse_until=until), action
        return answer, action

    async def exceed(
        self, live: LiveSession, question: Exceed, action: Action, tell: Callable[[Held], None]
    ) -> Permitted | Refused:
        """Return whether more of the result of `action` may pass than its permit lets.

        It is an attempt of its own, held like any other for what `@more` asks, and in the log.
        """
        if question.counted:
            return await self._counted(live, question, action)
        more = replace(
            action,
            id=ActionId(self._ids.mint("action")),
            phase=Phase.EXECUTE,
            details={
                EXCEEDS: f"{question.limit} {question.most}",
                "passed_bytes": str(question.passed_bytes),
                "passed_rows": str(question.passed_rows),
            },
            salt=self._ids.token(16),
        )
        try:
            answer, _ = await self._ask(live, more, tell, live.measured.get(question.entry))
            if isinstance(answer, Permitted):
                facts: dict[str, Json] = {"outcome": "done"}
                await self._settle(more, answer.request, facts, "the rest was let through")
        except Fault as fault:
            words = "whether more may pass cannot be decided now, so it may not"
            hint = "what was sent before stands; try again, and tell the operator if it stays so"
            return Refused(RefusalKind.UNAVAILABLE, words, fault.code, hint)
        return answer

    async def _counted(
        self, live: LiveSession, question: Exceed, action: Action
    ) -> Permitted | Refused:
        """Return whether a budget has more left for a result; nobody is asked for more than it."""
        limits = await self._spending.more(action)
        if limits is not None:
            return Permitted(question.entry, enforcement=Enforcement(limits=limits))
        passed = question.passed_rows, question.passed_bytes
        words, changes = self._spending.stopped(action, question.limit, *passed)
        hint = f"what was sent before stands; ask for more: assent request {live.target.name}"
        try:
            await self._store.commit(changes, ())
        except Fault as fault:
            return Refused(RefusalKind.DENIED, words, fault.code, hint)
        return Refused(RefusalKind.DENIED, words, "", hint)

    async def finish(
        self, live: LiveSession, action: Action, request: str, frame: ResultFrame
    ) -> None:
        """Keep in the log what came of an action that was decided singly."""
        self._watching.finished(live, action, well=not frame.error)
        facts: dict[str, Json] = {
            "bytes": frame.bytes,
            "duration_us": frame.duration_us,
            "outcome": "error" if frame.error else "done",
            "rows": frame.rows,
        }
        if frame.error:
            facts["error"] = frame.error[:5]
        words = f"failed: {frame.error}" if frame.error else _done(frame.rows)
        spent = self._spending.result(action.id, frame.rows, frame.bytes)
        await self._settle(action, request, facts, words, spent)

    async def abandon(
        self, live: LiveSession, action: Action, request: str, *, released: bool
    ) -> None:
        """Keep in the log that a permitted action has no known end: the connection broke first.

        released: whether it had gone up; then it ran at most once, otherwise it did not run.
        """
        facts: dict[str, Json] = {"outcome": "unknown" if released else "not-run"}
        request_id = RequestId(request) if request else None
        entry = entries.result(self._ids, action, self._clock.now(), request_id, facts)
        spent = self._spending.lost(action.id, released=released)
        if request_id is not None:
            if spent:
                await self._store.commit(spent, ())
            await self._holding.lose(request_id, entry, released=released)
        else:
            await self._store.commit(spent, (entry,))

    def not_sent(self, action: Action) -> None:
        """Let go of an action that was permitted and could not be sent: it has no result."""
        self._spending.result(action.id, 0, 0)

    async def _settle(
        self,
        action: Action,
        request: str,
        facts: dict[str, Json],
        words: str,
        spent: Sequence[Change] = (),
    ) -> None:
        """Keep what came of an action, and settle the request that it waited in, if it did."""
        request_id = RequestId(request) if request else None
        entry = entries.result(self._ids, action, self._clock.now(), request_id, facts)
        if request_id is not None:
            if spent:
                await self._store.commit(spent, ())
            await self._holding.complete(request_id, words, entry)
        else:
            await self._store.commit(spent, (entry,))

    async def end(self, live: LiveSession, because: str, *, cut: bool = False) -> None:
        """Count the session as ended, seal its recording, and say so in the log."""
        if self.live.get(live.session.id) is None:
            return
        self.live.remove(live)
        self._spending.ended(live.session.id)
        self._extending.forget(live.session.id)
        self._watching.ended(live)
        live.gone = True
        live.nudged.set()
        now = self._clock.now()
        state = SessionState.CUT if cut else SessionState.CLOSED
        ended = replace(live.session, state=state, ended_at=now, ended_because=because)
        entry = entries.of_session(self._ids, EntryKind.SESSION_ENDED, ended, now, because)
        try:
            await self._recorder.close(live.session.id)
        finally:
            await self._store.commit((EndSession(live.session.id, now, because, cut),), (entry,))

    async def recover(self) -> None:
        """End what an earlier process left open: its connections are gone."""
        because = "the gateway stopped"
        now = self._clock.now()
        for session in await self._store.sessions(open_only=True, limit=100_000):
            ended = replace(session, state=SessionState.CLOSED, ended_at=now, ended_because=because)
            entry = entries.of_session(self._ids, EntryKind.SESSION_ENDED, ended, now, because)
            await self._store.commit((EndSession(session.id, now, because),), (entry,))

    def expire(self, now: datetime) -> None:
        """Cut every session whose time is over, and tell those whose end is near."""
        for live in self.live:
            if now >= live.session.ends_at and not self._extending.goes_on(live, now):
                _cut_if_over(live, now)
        self._extending.remind(now)

    async def keep_ends(self) -> None:
        """Keep the ends of sessions that have moved."""
        await self._extending.flush()

    def names_changed(self, target: TargetId) -> None:
        """Make the sessions on a target decide anew: names there may mean something else."""
        for live in self.live:
            if live.target.id == target:
                live.epoch.bump()

    def reopening(self, live: LiveSession) -> Circumstances:
        """Return what is known now for deciding again whether the session may be open."""
        return replace(self._circumstances(live), obliged=(), standing=None)

    async def _grant_over(self, grant: Grant) -> None:
        because = f": {grant.revoked_because}" if grant.revoked_because else ""
        now = self._clock.now()
        for live in self._extending.sessions_of(grant):
            live.epoch.bump()
            if self._extending.goes_on(live, now):
                # Another grant still carries it; what this one alone covered is refused from now.
                live.say((_fewer(live, grant, because),))
            elif grant.revoked_at is None:
                # The words of the sweep, which sees the same moment a little sooner or later.
                cut(live, min(grant.ends_at, live.session.ends_at), _time_over(live))
            else:
                cut(
                    live,
                    grant.revoked_at,
                    f"your access to `{live.target.name}` was revoked{because} "
                    f"(grant {grant.id}); ask again with `assent connect {live.target.name}`",
                )

    async def _ask(
        self,
        live: LiveSession,
        action: Action,
        tell: Callable[[Held], None],
        impact: Impact | None = None,
    ) -> tuple[Permitted | Refused, Outcome]:
        outcome = await self._decider.decide(action, self._circumstances(live, impact))
        decision = outcome.decision
        if isinstance(decision, Permit):
            return Permitted(outcome.entry), outcome
        if decision.remedies and action.phase is Phase.PREPARE:
            # Preparing runs nothing; the same text is decided again, with its parameters,
            # before it does.
            return Permitted(outcome.entry), outcome
        if decision.remedies:
            now = self._circumstances(live, impact)
            planned = await self._plans.again(live, action, now)
            if planned is not None:
                return Permitted(planned.entry), planned
            return await self._holding.hold(
                live, action, outcome, lambda: self._circumstances(live, impact), tell
            )
        return _denied(live.target, action, decision, outcome), outcome

    def _circumstances(self, live: LiveSession, impact: Impact | None = None) -> Circumstances:
        stepped_up_at = self._sign_in.stepped_up_at(live.subject.id)
        now = self._clock.now()
        return Circumstances(
            authentication=replace(live.authentication, stepped_up_at=stepped_up_at),
            connection=live.connection,
            unavailable=live.unavailable,
            impact=impact,
            session=live.so_far.shown(now, live.session.opened_at),
            obliged=live.obliged,
            standing=live.standing.denial,
            presence=self._watching.now_at(
                live.presence, self.live.of(live.subject.id), live.subject.id, now, live.session.id
            ),
            # A session may end before its grants; from then on they are none of its.
            grants=self._resting(live) if now < live.session.ends_at else (),
        )

    def _resting(self, live: LiveSession) -> tuple[Grant, ...]:
        now = self._clock.now()
        return tuple(self._grants.resting(live.subject.id, live.target.id, now))

    async def _place(self, live: LiveSession, credential: Credential) -> None:
        """Find out where else the person is and was, or say that it is not known."""
        now = self._clock.now()
        presence = await self._watching.presence(live.subject.id, credential, now)
        if presence is None:
            live.unavailable = frozenset({"presence"})
        else:
            live.presence = presence

    def refused(self, candidate: Candidate) -> None:
        """Count that somebody named this person and did not hold a credential of theirs."""
        self._watching.refused(candidate.subject.id)

    def ran(self, live: LiveSession, frame: ResultFrame) -> None:
        """Count what came of a statement of an open session."""
        self._watching.ran(live, frame)

    def _draft(
        self,
        candidate: Candidate,
        grant: Grant,
        database: str,
        connection: Connection,
        handles: Handles,
    ) -> LiveSession:
        now = self._clock.now()
        session = Session(
            id=SessionId(self._ids.mint("session")),
            subject=candidate.subject.id,
            target=candidate.target.id,
            grant=grant.id,
            protocol=candidate.target.protocol,
            database=database or candidate.target.database,
            client_address=connection.address,
            application=connection.application,
            state=SessionState.OPEN,
            opened_at=now,
            # Moved with all grants that it rests on, once its opening is permitted.
            ends_at=grant.ends_at,
        )
        # Hashed, because a token's own letters hold six bits a byte and not eight.
        key = sha256(self._ids.token(16).encode()).digest()
        process_id = int.from_bytes(key[:4], "big") & 0x7FFFFFFF
        while self.live.has_key(process_id):
            process_id = (process_id + 1) & 0x7FFFFFFF
        return LiveSession(
            session=session,
            subject=candidate.subject,
            target=candidate.target,
            authentication=Authentication("session-credential", now),
            connection=connection,
            process_id=process_id,
            secret_key=key[4:8],
            cut=handles.cut,
            cancel_at_target=handles.cancel_at_target,
            measure=handles.measure,
            waiters=handles.waiters,
            say=handles.say,
        )

    def _action(
        self,
        live: LiveSession,
        statement: Statement,
        text: str,
        parameters: Sequence[str | None],
        phase: Phase,
        *,
        in_transaction: bool,
        details: Mapping[str, str] | None = None,
    ) -> Action:
        return Action(
            id=ActionId(self._ids.mint("action")),
            subject=live.subject.id,
            statement=statement,
            target=live.target.id,
            session=live.session.id,
            text=text,
            parameters=tuple(parameters),
            phase=phase,
            in_transaction=in_transaction,
            details=details or {},
            salt=self._ids.token(16),
        )


def _keep_measured(live: LiveSession, entry: str, impact: Impact) -> None:
    """Keep what is told again when the result reaches its limit; the oldest is forgotten."""
    live.measured[entry] = impact
    if len(live.measured) > _MOST_MEASURED:
        del live.measured[next(iter(live.measured))]


def _cut_if_over(live: LiveSession, now: datetime) -> None:
    if now >= live.session.ends_at:
        cut(live, live.session.ends_at, _time_over(live))


def _fewer(live: LiveSession, grant: Grant, because: str) -> str:
    what = "was revoked" + because if grant.revoked_at else "is over"
    ends_at = isoformat(live.session.ends_at)[:19]
    return f"grant {grant.id} {what}; your other access to `{live.target.name}` ends at {ends_at}Z"


def _time_over(live: LiveSession) -> str:
    return (
        f"your time on `{live.target.name}` is over: it ended at "
        f"{isoformat(live.session.ends_at)[:19]}Z (grant {live.session.grant}); "
        f"ask again with `assent connect {live.target.name}`"
    )


def _opening(target: Target) -> Touch:
    return Touch("session.open", Operation.EXECUTE, Resource("Target", target.name))


def _access_over(target: Target) -> Refused:
    hint = f"ask again: assent connect {target.name}"
    return Refused(RefusalKind.DENIED, "the access behind this credential is over", "", hint)


def _denied(target: Target, action: Action, decision: Deny, outcome: Outcome) -> Refused:
    hint = f"see why: assent explain {outcome.entry}"
    if decision.code == "no-such-database":
        hint = f"connect to {databases.offered(target)}"
    return Refused(
        RefusalKind.DENIED,
        decision.messages[0] if decision.messages else "not permitted",
        detail="; ".join((*decision.messages[1:], *action.statement.problems))[:2_000],
        hint=hint,
        entry=outcome.entry,
    )


def _done(rows: int) -> str:
    """Return that it was done. rows: -1 where the target did not say."""
    if rows < 0:
        return "done"
    return f"done, {rows} row" + ("s" if rows != 1 else "")


def _unavailable(fault: Fault) -> Refused:
    return Refused(
        RefusalKind.UNAVAILABLE,
        "this cannot be decided now, so it is denied",
        detail=fault.code,
        hint="nothing was sent to the target; try again, and tell the operator if it stays so",
    )
