"""Who may open a session: by a credential that fits, a grant behind it, and what policies say."""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from assent.control import databases, entries
from assent.control.arriving import Arrival, Arrivals, Arriving
from assent.control.attempts import Attempts
from assent.control.decide import Outcome
from assent.control.device_evidence import DeviceEvidence
from assent.control.directory import Directory
from assent.control.emergency import emergency_words, in_emergency
from assent.control.ending import Ending
from assent.control.extending import Extending
from assent.control.grants import Grants
from assent.control.holding import Holding
from assent.control.live import (
    LiveSession,
    LiveSessions,
    Patience,
    nobody_waits,
    unheard,
    unmeasured,
)
from assent.control.obligations import session_wide, settings_of
from assent.control.refusals import Refusals
from assent.control.results import Results
from assent.control.session_words import access_over, unavailable
from assent.control.sign_in import Caller
from assent.control.spending import Spending, begins
from assent.control.standing import standing_of
from assent.control.surroundings import Surroundings
from assent.control.token_bonds import TokenBonds
from assent.control.verifiers import ITERATIONS, Verifiers
from assent.control.watching import Watching
from assent.core.action import Action, Operation, Phase, Statement, Touch
from assent.core.changes import PutSession, UseCredential
from assent.core.clock import Clock
from assent.core.decision import Permit
from assent.core.entry import EntryKind
from assent.core.evidence import Authentication, Connection
from assent.core.faults import ConflictFault, Fault
from assent.core.grant import Grant
from assent.core.ids import DeviceKeyId, Ids, SessionId, SubjectId, TokenId
from assent.core.impact import Impact, Waiter
from assent.core.plugins import (
    NO_WISHES,
    Authorize,
    Held,
    Identified,
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


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who says who they are: proved only when one of the credentials fits."""

    subject: Subject
    target: Target
    credentials: tuple[Credential, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """How somebody proved who they are: by a session credential, or by being signed in.

    One of the two is there.
    """

    credential: Credential | None = None
    caller: Caller | None = None

    @property
    def device(self) -> DeviceKeyId | None:
        """The device that it is bound to, None for none."""
        if self.credential is not None:
            return self.credential.device
        return self.caller.holds or self.caller.device if self.caller else None

    def authentication(self, now: datetime) -> Authentication:
        """Return what counts as their proof."""
        if self.caller is not None:
            return self.caller.authentication
        return Authentication("session-credential", now)


@dataclass(frozen=True, slots=True)
class Handles:
    """What a gateway gives the control plane to act on a connection with.

    drafted: hears of what waits before it is decided on, to say when the client hung up: of the
    client that has no access yet, then of its session.
    measure: what a statement would do, asked at the target, None where nothing was asked.
    waiters: who waits for locks of the session. say: tells the client something meanwhile.
    shown: of which device the connection showed a certificate, None for none. patience: how long
    the client stays while people are asked.
    """

    drafted: Callable[[LiveSession | Arrival], None]
    cut: Callable[[str], None]
    cancel_at_target: Callable[[], None]
    measure: Callable[[Authorize], Awaitable[Impact | None]] = unmeasured
    waiters: Callable[[], Awaitable[tuple[Waiter, ...]]] = nobody_waits
    say: Callable[[tuple[str, ...]], None] = unheard
    shown: DeviceKeyId | None = None
    patience: Patience | None = None


class Opening:
    """Opens sessions."""

    def __init__(
        self,
        *,
        store: Store,
        recorder: Recorder,
        directory: Directory,
        grants: Grants,
        holding: Holding,
        arrivals: Arrivals,
        live: LiveSessions,
        verifiers: Verifiers,
        watching: Watching,
        refusals: Refusals,
        spending: Spending,
        extending: Extending,
        attempts: Attempts,
        results: Results,
        surroundings: Surroundings,
        ending: Ending,
        devices: DeviceEvidence,
        bonds: TokenBonds,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._recorder = recorder
        self._directory = directory
        self._grants = grants
        self._holding = holding
        self._arrivals = arrivals
        self._live = live
        self._verifiers = verifiers
        self._watching = watching
        self._refusals = refusals
        self._spending = spending
        self._extending = extending
        self._attempts = attempts
        self._results = results
        self._surroundings = surroundings
        self._ending = ending
        self._devices = devices
        self._bonds = bonds
        self._clock = clock
        self._ids = ids

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

    async def prove(self, user: str, target_name: str, password: Secret[str]) -> Candidate | None:
        """Return who holds the password, with the one credential that it is of; None for nobody.

        Takes as long for a name that nobody has.
        """
        return await self.prove_among(user, (target_name,), password)

    async def prove_among(
        self, user: str, target_names: Sequence[str], password: Secret[str]
    ) -> Candidate | None:
        """Return who holds the password, for the first of these targets that it is for.

        The password is worked on once, however many targets there are.
        """
        made = self._verifiers.make(user, password)
        proved = None
        for name in target_names:
            candidate, identified = await self.identify(user, name)
            found = [
                number
                for number, verifier in enumerate(identified.verifiers)
                if hmac.compare_digest(verifier.stored_key, made.stored_key)
            ]
            if candidate is not None and found and proved is None:
                proved = replace(candidate, credentials=(candidate.credentials[found[0]],))
        return proved

    async def open(
        self,
        candidate: Candidate,
        proof: Proof,
        database: str,
        connection: Connection,
        handles: Handles,
        tell: Callable[[Held], None],
        wishes: Wishes = NO_WISHES,
    ) -> LiveSession | Refused:
        """Return the opened session, or why not; `tell` hears if it is held for people first.

        wishes: what the client says for the case that access must be asked for.
        """
        credential = proof.credential
        refused = await self._not_on(proof, candidate.subject.id, handles)
        if refused is not None:
            return refused
        arriving = Arriving(
            candidate.subject, candidate.target, credential, connection, wishes, proof.caller
        )
        try:
            grant = await self._admitted(arriving, handles, tell)
        except Fault as fault:
            return unavailable(fault)
        if isinstance(grant, Refused):
            return grant
        now = self._clock.now()
        live = self._draft(candidate, proof, grant, database, connection, handles)
        live.token = self._token(proof)
        handles.drafted(live)
        await self._place(live, credential)
        live.device = await self._devices.of(live.subject.id, proof.device)
        action = self._attempts.action_in(
            live,
            Statement(
                "session.open", (_opening(candidate.target, live.session.database),), complete=True
            ),
            databases.shown(candidate.target, live.session.database),
            (),
            Phase.EXECUTE,
            in_transaction=False,
            details={"database": live.session.database[: databases.LONGEST]},
        )
        use = () if credential is None else (UseCredential(credential.id, now),)
        changes = self._live.changes
        try:
            answer, outcome = await self._attempts.ask(
                live, action, tell, patience=handles.patience
            )
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
            return unavailable(fault)
        if refused is not None:
            return refused
        self._watching.finished(live, action, well=True)
        self._recorder.open(live.session.id, live.session.subject)
        self._live.add(live)
        if self._live.changes != changes:
            # What it was decided on may have changed before there was a session to look at.
            live.epoch.bump()
            live.looked_at = None
        if proof.device in self._devices.revoked:
            # It was revoked while the opening was written down, when nothing was there to cut.
            await self._ending.end(live, "its device was revoked", cut=True)
            return device_revoked()
        if self._bonds.is_over(live.token):
            await self._ending.end(live, "the sign-in behind it was ended", cut=True)
            return sign_in_over()
        if live.device is not None:
            # A report that came meanwhile found no session to tell.
            live.device = await self._devices.of(live.subject.id, proof.device)
        if grants := self._surroundings.of(live).grants:
            if in_emergency(grants):
                live.say(emergency_words(live.target.name))
            return live
        # It was taken away while the opening was written down, when nothing was there to cut.
        await self._ending.end(live, "the access behind it is over", cut=True)
        return access_over(candidate.target)

    async def _not_on(self, proof: Proof, subject: SubjectId, handles: Handles) -> Refused | None:
        """Return why the proof opens nothing on this connection, None where it may."""
        if self._bonds.is_over(self._token(proof)):
            return sign_in_over()
        if self._directory.is_own(subject):
            return None
        if proof.device is not None:
            try:
                key = await self._devices.key(subject, proof.device)
            except Fault as fault:
                return unavailable(fault)
            if key is None or key.revoked_at is not None:
                return device_revoked()
        credential = proof.credential
        if credential is None:
            return None
        demanded = self._devices.rules.client_certificates == "require"
        if handles.shown is not None and handles.shown != credential.device:
            words = "the client certificate is of another device than this password"
            return Refused(RefusalKind.DENIED, words, "", _OWN_DEVICE)
        if handles.shown is None and (demanded or credential.certified):
            words = "this password opens nothing without the client certificate of its device"
            return Refused(RefusalKind.DENIED, words, "", _OWN_DEVICE)
        return None

    def _token(self, proof: Proof) -> TokenId | None:
        if proof.credential is not None:
            return self._bonds.token_of(proof.credential.id)
        return proof.caller.token if proof.caller else None

    async def _admitted(
        self, arriving: Arriving, handles: Handles, tell: Callable[[Held], None]
    ) -> Grant | Refused:
        """Return the grant behind the credential; where there is none, the one that is found."""
        credential, target = arriving.credential, arriving.target
        if credential is None or credential.grant is None:
            arrival = Arrival(patience=handles.patience or Patience())
            handles.drafted(arrival)
            return await self._arrivals.admit(arriving, arrival, tell)
        valid = self._grants.valid(arriving.subject.id, target.id, self._clock.now())
        found = next((grant for grant in valid if grant.id == credential.grant), None)
        return found or access_over(target)

    async def _begin(
        self,
        live: LiveSession,
        action: Action,
        outcome: Outcome,
        request: str,
        use: Sequence[UseCredential],
    ) -> Refused | None:
        """Take a connection from the credential and keep the opening; say why not otherwise."""
        now = self._clock.now()
        begun = self._spending.begun_by(action, outcome.evidence.grants, now)
        try:
            ends_at = self._extending.end_of(live, now, begun)
            live.session = replace(live.session, ends_at=ends_at)
            opened = entries.of_session(self._ids, EntryKind.SESSION_OPENED, live.session, now, "")
            changes = (*use, *begins(begun), PutSession(live.session))
            clocks = entries.begun_by(self._ids, begun, now)
            await self._store.commit(changes, (opened, *clocks))
            self._spending.kept(begun)
        except ConflictFault:
            await self._results.settle(
                action, request, {"outcome": "not-run"}, "no session was opened"
            )
            words = "this credential has opened every connection that it was made for"
            hint = f"ask for more: assent connect {live.target.name} --connections N"
            return Refused(RefusalKind.DENIED, words, "", hint)
        finally:
            self._spending.not_kept(begun)
        await self._results.settle(action, request, {"outcome": "done"}, "the session was opened")
        return None

    def refused(self, candidate: Candidate | None, address: str = "") -> None:
        """Count that somebody named this person and did not hold a credential of theirs.

        candidate: None where there is no such person or target, or nothing was minted.
        """
        subject = candidate.subject.id if candidate else None
        if subject is not None:
            self._watching.refused(subject)
        self._refusals.count(subject, "session", "credential-refused", address)

    async def _place(self, live: LiveSession, credential: Credential | None) -> None:
        """Find out where else the person is and was, or say that it is not known."""
        now = self._clock.now()
        presence = await self._watching.presence(live.subject.id, credential, now)
        if presence is None:
            live.unavailable = frozenset({"presence"})
        else:
            live.presence = presence

    def _draft(
        self,
        candidate: Candidate,
        proof: Proof,
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
            device=proof.device,
        )
        # Hashed, because a token's own letters hold six bits a byte and not eight.
        key = sha256(self._ids.token(16).encode()).digest()
        process_id = int.from_bytes(key[:4], "big") & 0x7FFFFFFF
        while self._live.has_key(process_id):
            process_id = (process_id + 1) & 0x7FFFFFFF
        return LiveSession(
            session=session,
            subject=candidate.subject,
            target=candidate.target,
            authentication=proof.authentication(now),
            connection=connection,
            process_id=process_id,
            secret_key=key[4:8],
            cut=handles.cut,
            cancel_at_target=handles.cancel_at_target,
            measure=handles.measure,
            waiters=handles.waiters,
            say=handles.say,
        )


_OWN_DEVICE = "ask on the device that connects: assent connect TARGET --psql"


def sign_in_over() -> Refused:
    """Return what is said where the sign-in was ended that the password was asked for with."""
    words = "the sign-in that asked for this password was ended"
    return Refused(RefusalKind.DENIED, words, "", "sign in again: assent login")


def device_revoked() -> Refused:
    """Return what is said of a device that was revoked."""
    hint = "enrol a device that you hold: assent device enroll"
    return Refused(
        RefusalKind.DENIED, "the device that this password was made on is revoked", "", hint
    )


def _opening(target: Target, database: str) -> Touch:
    # As whom somebody works on a server is a policy's business; which database its resources are.
    account = {f"account={database[: databases.LONGEST]}"} if target.protocol == "ssh" else set()
    resource = Resource("Target", target.name)
    return Touch("session.open", Operation.EXECUTE, resource, arguments=frozenset(account))
