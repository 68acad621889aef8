"""Small nouns, a clock and luck that stand still, and a control plane on a real store.

What a test is about is said in the test; everything else comes from here.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from assent.audit.note import Signer
from assent.control.absences import Absences
from assent.control.access import Access
from assent.control.answers import Answers
from assent.control.arriving import Arrivals
from assent.control.assemble import Outside, assemble
from assent.control.audit import Audit
from assent.control.canary import Canary
from assent.control.comments import Comments
from assent.control.configuring import Configuring
from assent.control.continuous import Continuous
from assent.control.decide import Decider, Outcome
from assent.control.decided import Decided
from assent.control.delegating import Delegating
from assent.control.delegations import Delegations
from assent.control.directory import Directory
from assent.control.events import Events
from assent.control.explain import Explain
from assent.control.gather import Circumstances
from assent.control.grants import Grants
from assent.control.hearing import Hearing
from assent.control.history import History
from assent.control.holding import Holding
from assent.control.learning import Learning
from assent.control.live import LiveSession, LiveSessions
from assent.control.minting import Minting
from assent.control.offers import Offers
from assent.control.opening import Candidate, Handles, Proof
from assent.control.outbox import Outbox
from assent.control.plane import ControlPlane
from assent.control.policies import Policies
from assent.control.requests import Requests
from assent.control.resuming import Resuming
from assent.control.retracting import Retracting
from assent.control.revocation import Revocations
from assent.control.risk import Risk
from assent.control.seeing import SessionViews
from assent.control.session_credentials import Opened
from assent.control.sessions import Sessions
from assent.control.sign_in import Caller, SignIn, caller_as
from assent.control.sweep import Sweep
from assent.control.timers import Timers
from assent.control.verifiers import Verifiers
from assent.control.waiting import Waiting
from assent.control.warnings import Warnings
from assent.core.action import Action, Operation, Phase, Statement, Touch
from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.changes import Change, PutSubject, PutTarget
from assent.core.decision import ApprovalRemedy, Quorum
from assent.core.entry import Entry
from assent.core.evidence import Authentication, Connection
from assent.core.faults import OutsideFault
from assent.core.frame import Frame, Recorded, ResultFrame
from assent.core.grant import Grant
from assent.core.ids import (
    PREFIXES,
    ActionId,
    GrantId,
    RequestId,
    SessionId,
    SubjectId,
    TargetId,
)
from assent.core.plugins import Authorize, Held, Permitted, ProtocolPlugin, Refused
from assent.core.ports import Recorder, Store
from assent.core.request import Request, RequestState
from assent.core.resource import Resource, Target
from assent.core.secret import Secret
from assent.core.subject import Subject
from assent.credentials.master_keys import FileMasterKey
from assent.edges.policies import workbench
from assent.identity.totp import SealedTotp
from assent.identity.webauthn import WebAuthnParty
from assent.policy import PolicySet, load
from assent.recording.checking import Found
from assent.recording.segment import SegmentFacts
from assent.signals import SIGNALS
from assent.stores import SqlStore, open_store
from described_targets import described

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PASSWORD = "correct horse battery staple"
OFFICE = "192.0.2.1"
SIGNER = Signer("assent.example/tests", Secret(b"s" * 32))

SQL = ProtocolPlugin(
    "postgres",
    verbs=frozenset({"sql.read", "sql.insert", "sql.update", "sql.delete", "sql.unknown"}),
    resources=frozenset({"Table", "Object"}),
    honours=frozenset({"max_duration", "record", "decide_each"}),
)
OPERATIONS = {"sql.read": Operation.READ, "sql.unknown": Operation.UNKNOWN}

POLICIES = """
@id("request") @max_duration("30m")
permit (principal in Group::"engineers", action == Action::"access.request", resource);

@id("request-temp") @max_duration("30m")
permit (principal in Group::"temps", action == Action::"access.request", resource);
@id("temps-ask") @require("approve: 1 of dba") @message("temps need a DBA")
forbid (principal in Group::"temps", action == Action::"access.request", resource);

@id("open") @max_duration("20m")
permit (principal, action == Action::"session.open", resource);
@id("grant") @message("no grant")
forbid (principal, action == Action::"session.open", resource) unless { context.grant.active };

@id("statements") @record
permit (principal, action in [Action::"sql.read", Action::"sql.insert", Action::"sql.update",
  Action::"sql.delete"], resource);
@id("where") @require("approve: 1 of dba") @message("a DBA must assent")
@hold("15m") @hold_in_transaction("60s")
forbid (principal, action == Action::"sql.delete", resource)
unless { context.statement.has_where };
"""
GROUPS = frozenset({"engineers", "temps", "dba", "security", "auditors"})


class FixedClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by


class CountingIds:
    """Ids and tokens that count: the same in every run."""

    def __init__(self) -> None:
        self.count = 0

    def mint(self, kind: str) -> str:
        self.count += 1
        return f"{PREFIXES[kind]}_{self.count:026d}"

    def token(self, nbytes: int = 32) -> str:
        self.count += 1
        return f"token-{self.count:04d}"


class PlainHasher:
    """Keeps passwords as they are, and lets others run while it compares."""

    async def hash(self, password: Secret[str]) -> str:
        return password.reveal()

    async def verify(self, kept: Secret[str] | None, password: Secret[str]) -> bool:
        await asyncio.sleep(0)
        return kept is not None and kept.reveal() == password.reveal()

    def is_outdated(self, kept: Secret[str]) -> bool:
        return kept.reveal().startswith("old ")


def a_subject(name: str, *groups: str, disabled: bool = False) -> Subject:
    return Subject(SubjectId(f"sub_{name}"), name, groups=frozenset(groups), disabled=disabled)


ANA = a_subject("ana", "engineers")
BEN = a_subject("ben", "dba", "engineers")
DORA = a_subject("dora", "dba")
CARL = a_subject("carl", "security")
TIM = a_subject("tim", "temps")
PEOPLE = (ANA, BEN, DORA, CARL, TIM)
SHOP = Target(
    TargetId("tgt_shop"),
    "shop",
    "postgres",
    "127.0.0.1",
    5432,
    "shop",
    "assent",
    "env:SHOP",
    owners=frozenset({"dba"}),
    databases=("archive",),
)


def a_touch(verb: str = "sql.read", name: str = "public.orders", *columns: str) -> Touch:
    operation = OPERATIONS.get(verb, Operation.WRITE)
    return Touch(verb, operation, Resource("Table", name), frozenset(columns))


def a_statement(
    verb: str = "sql.read", *, has_where: bool = True, name: str = "public.orders"
) -> Statement:
    reusable = verb == "sql.read"
    touches = (a_touch(verb, name),)
    return Statement(verb, touches, True, has_where=has_where, reusable=reusable)


def an_action(
    verb: str = "sql.read",
    *,
    subject: Subject = ANA,
    text: str = "select 1",
    session: str | None = "ses_1",
    details: Mapping[str, str] | None = None,
) -> Action:
    return Action(
        id=ActionId("act_1"),
        subject=subject.id,
        statement=a_statement(verb),
        target=SHOP.id,
        session=SessionId(session) if session else None,
        text=text,
        details=details or {},
        salt="salt",
    )


def a_request(
    action: Action | None = None,
    *,
    state: RequestState = RequestState.PENDING,
    remedies: Sequence[Any] = (ApprovalRemedy(((Quorum(1, "dba"),),)),),
) -> Request:
    action = action or an_action("sql.delete")
    return Request(
        id=RequestId("req_1"),
        action=action,
        action_digest=action.digest(),
        assessment=Assessment(40, RiskLevel.MEDIUM, (Factor("what", 40, "it deletes"),)),
        remedies=tuple(remedies),
        messages=("a DBA must assent",),
        denied_by=("where",),
        revision="sha256:00",
        state=state,
        created_at=NOON,
        deadline_at=NOON + 15 * MINUTE,
        changed_at=NOON,
    )


def a_grant(subject: Subject = ANA, *, lasts_for: timedelta = 30 * MINUTE) -> Grant:
    return Grant(GrantId("grt_1"), subject.id, SHOP.id, NOON, NOON + lasts_for)


def a_caller(subject: Subject, *, stepped_up_at: datetime | None = None) -> Caller:
    proof = Authentication("password", NOON, stepped_up_at)
    return caller_as(subject, proof, f"digest-of-{subject.name}", "127.0.0.1", "api")


def policies(*texts: str) -> PolicySet:
    sources = {f"{number:02}.cedar": text for number, text in enumerate(texts)}
    return load(sources, [SQL], GROUPS)


class SpyStore:
    """A real store that writes down in which order it was asked, and can be made to fail."""

    def __init__(self, store: SqlStore, journal: list[str]) -> None:
        self._store = store
        self.journal = journal
        self.away = False
        self.refused_kinds: set[str] = set()
        # Commits of these kinds wait for the gate, so that a test can say what happens meanwhile.
        self.gated_kinds: set[str] = set()
        self.gate = asyncio.Event()
        self.waiting = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, changes: Sequence[Change], entries: Sequence[Entry]) -> None:
        kinds = [entry.kind.value for entry in entries]
        if self.gated_kinds.intersection(kinds):
            self.waiting += 1
            await self.gate.wait()
        if self.away or self.refused_kinds.intersection(kinds):
            raise OutsideFault("store-unavailable", "the store cannot be written")
        await self._store.commit(changes, entries)
        self.journal += kinds


class MemoryRecorder:
    """Keeps frames in lists."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Frame]] = {}
        self.sealed_all: list[SubjectId | None] = []
        self.sealed: dict[str, list[tuple[SegmentFacts, Found]]] = {}
        self.full = False
        self.behind = False

    async def ready(self) -> None: ...

    def open(self, session: SessionId, subject: SubjectId | None) -> None:
        self.kept.setdefault(session, [])

    def record(self, session: SessionId, frame: Frame) -> None:
        if self.full:
            raise OutsideFault("recording-full", "the disk is full")
        self.kept[session].append(frame)

    async def close(self, session: SessionId) -> Recorded:
        if self.full:
            raise OutsideFault("recording-full", "the disk is full")
        frames = len(self.kept.get(session, []))
        return Recorded(frames, len(self.sealed.get(session, ())) or min(frames, 1))

    async def seal_all(self, subject: SubjectId | None) -> None:
        self.sealed_all.append(subject)

    async def forget(self, session: SessionId) -> None:
        self.kept.pop(session, None)

    async def frames(self, session: SessionId) -> Sequence[Mapping[str, Any]]:
        return [{"kind": frame.kind} for frame in self.kept.get(session, [])]

    async def page(
        self, session: SessionId, after: int = 0, limit: int | None = None
    ) -> Sequence[tuple[int, Mapping[str, Any]]]:
        numbered = list(enumerate(await self.frames(session), 1))[after:]
        return numbered if limit is None else numbered[:limit]

    async def segments(self, session: SessionId) -> Sequence[SegmentFacts]:
        return [facts for facts, _ in self.sealed.get(session, [])]

    async def found(self, session: SessionId, number: int) -> Found | None:
        return next(
            (found for facts, found in self.sealed.get(session, []) if facts.number == number), None
        )


@dataclass
class Client:
    """What a connected client heard: its session, and what was told while it was held."""

    live: LiveSession | Refused | None = None
    held: list[Held] = field(default_factory=list)
    cuts: list[str] = field(default_factory=list)
    said: list[tuple[str, ...]] = field(default_factory=list)
    cancels: int = 0
    drafts: list[LiveSession] = field(default_factory=list)

    @property
    def session(self) -> LiveSession:
        assert isinstance(self.live, LiveSession), self.live
        return self.live

    def handles(self) -> Handles:
        def cancel() -> None:
            self.cancels += 1

        return Handles(self.drafts.append, self.cuts.append, cancel, say=self.said.append)


@dataclass
class World:
    """A whole control plane on a real store, with a clock that stands still."""

    clock: FixedClock
    ids: CountingIds
    store: SpyStore
    recorder: MemoryRecorder
    directory: Directory
    events: Events
    policies: Policies
    history: History
    decider: Decider
    sign_in: SignIn
    waiting: Waiting
    requests: Requests
    offers: Offers
    comments: Comments
    retracting: Retracting
    delegating: Delegating
    delegations: Delegations
    absences: Absences
    grants: Grants
    live: LiveSessions
    holding: Holding
    resuming: Resuming
    arrivals: Arrivals
    sessions: Sessions
    access: Access
    minting: Minting
    views: SessionViews
    explain: Explain
    audit: Audit
    sweep: Sweep
    verifiers: Verifiers
    learning: Learning
    answers: Answers
    warnings: Warnings
    risk: Risk
    configuring: Configuring
    decided_before: Decided
    outbox: Outbox
    timers: Timers
    continuous: Continuous
    revocations: Revocations
    canary: Canary
    hearing: Hearing
    plane: ControlPlane

    @property
    def journal(self) -> list[str]:
        """The kinds of all entries, in the order in which they became durable."""
        return self.store.journal

    async def opened(self, subject: Subject = ANA, connections: int = 1) -> Opened:
        """Return a credential for the shop, permitted at once."""
        caller = a_caller(subject)
        opened = await self.access.connect(caller, "shop", None, "", "", connections)
        assert isinstance(opened, Opened)
        return opened

    async def step_up(self, subject: Subject) -> None:
        """Sign the subject in, and have them confirm who they are."""
        token, _ = await self.sign_in.login(subject.name, Secret(PASSWORD), "127.0.0.1")
        caller = await self.sign_in.authenticate(token, "127.0.0.1", "api")
        await self.sign_in.step_up(caller, Secret(PASSWORD))

    async def candidate(self, subject: Subject = ANA) -> Candidate:
        candidate, _ = await self.sessions.opening.identify(subject.name, "shop")
        assert candidate is not None
        return candidate

    async def connect(
        self, subject: Subject = ANA, client: Client | None = None, address: str = "127.0.0.1"
    ) -> Client:
        """Return a client with an open session, or with the refusal of it."""
        await self.opened(subject)
        return await self.connected(subject, address, client)

    async def connected(
        self, subject: Subject, address: str, client: Client | None = None
    ) -> Client:
        """Return a client that used the newest credential of a subject."""
        client = client or Client()
        candidate = await self.candidate(subject)
        client.live = await self.sessions.opening.open(
            candidate,
            Proof(candidate.credentials[0]),
            "",
            Connection(address, "psql"),
            client.handles(),
            client.held.append,
        )
        return client

    async def did(self, client: Client, question: Authorize, *, error: str = "") -> Any:
        """Ask, and when it is permitted let it end, well unless with an error."""
        answer, action = await self.sessions.attempts.authorize(
            client.session, question, client.held.append
        )
        if isinstance(answer, Permitted):
            frame = ResultFrame(1, self.clock.now(), 1_000, 3, 300, error)
            self.sessions.results.ran(client.session, frame)
            await self.sessions.results.finish(client.session, action, answer.request, frame)
        return answer

    async def decided(self, work: Awaitable[Any]) -> tuple[Action, Outcome]:
        """Return what was decided last while `work` was done."""
        found: list[tuple[Action, Outcome]] = []
        consider = self.decider.consider

        async def noted(action: Action, circumstances: Circumstances) -> Outcome:
            outcome = await consider(action, circumstances)
            found.append((action, outcome))
            return outcome

        with patch.object(self.decider, "consider", noted):
            await work
        return found[-1]

    async def ask(self, client: Client, question: Authorize) -> Any:
        """Return the final answer to one question of the session."""
        answer, _ = await self.sessions.attempts.authorize(
            client.session, question, client.held.append
        )
        return answer

    def asking(self, client: Client, question: Authorize) -> "asyncio.Task[Any]":
        return asyncio.create_task(self.ask(client, question))

    async def held(self, client: Client) -> RequestId:
        """Return the request that the client waits in, once it waits."""
        await until(lambda: client.held)
        return RequestId(client.held[-1].request)

    async def stored(self, request: str) -> Request:
        found = await self.store.request(RequestId(request))
        assert found is not None
        return cast(Request, found)

    async def log(self) -> str:
        """Return everything that the log holds, leaves and payloads, as one text."""
        entries = await self.store.entries(limit=10_000)
        return "\n".join(
            (entry.leaf + (entry.content or b"")).decode("utf-8", "replace") for entry in entries
        )

    def replace_people(self, *people: Subject) -> None:
        known = {person.id: person for person in self.directory.subjects()}
        known |= {person.id: person for person in people}
        self.directory.replace(known.values(), self.directory.targets())


def asking_to(
    verb: str,
    text: str = "",
    *,
    has_where: bool = True,
    parameters: Sequence[str | None] = (),
    phase: Phase = Phase.EXECUTE,
    in_transaction: bool = False,
) -> Authorize:
    statement = a_statement(verb, has_where=has_where)
    return Authorize(statement, text or verb, tuple(parameters), phase, in_transaction)


READ = asking_to("sql.read", "select * from orders")
DELETE_ALL = asking_to("sql.delete", "delete from orders", has_where=False)


async def until(probe: Any, turns: int = 20_000) -> None:
    """Let the others run until `probe()` is true; no time is guessed."""
    for turn in range(turns):
        if probe():
            return
        # The store writes in a thread of its own: now and then it needs its turn, too.
        await asyncio.sleep(0 if turn % 20 else 0.001)
    raise AssertionError("it did not happen")


@asynccontextmanager
async def a_world(
    folder: Path, *texts: str, clock: FixedClock | None = None, **outside: Any
) -> AsyncIterator[World]:
    """A control plane on a store in `folder`, with POLICIES and `texts` in force.

    outside: further fields of `Outside`.
    """
    clock, ids, journal = clock or FixedClock(), CountingIds(), list[str]()
    master = FileMasterKey(Secret(b"m" * 32), ids)
    real = await open_store(folder, SIGNER, ids, clock, master)
    spy = SpyStore(real, journal)
    try:
        people: list[Change] = [PutSubject(person, PASSWORD) for person in PEOPLE]
        await real.commit([*people, PutTarget(SHOP)], ())
        yield _wire(spy, clock, ids, policies(POLICIES, *texts), outside)
    finally:
        await real.close()


def _wire(
    spy: SpyStore,
    clock: FixedClock,
    ids: CountingIds,
    policy_set: PolicySet,
    outside: Mapping[str, Any],
) -> World:
    recorder = MemoryRecorder()
    made = assemble(
        Outside(
            store=cast(Store, spy),
            recorder=cast(Recorder, recorder),
            library=recorder,
            hasher=PlainHasher(),
            generators=SealedTotp(Secret(b"k" * 32)),
            clock=clock,
            ids=ids,
            policies=policy_set,
            signals=SIGNALS,
            credential_key=Secret(b"k" * 32),
            verifier_key=SIGNER.verifier_key,
            public_url="http://127.0.0.1:8470",
            party=WebAuthnParty("http://localhost:8470"),
            read_policies=lambda sources, groups: load(sources, [SQL], groups),
            workbench=workbench(),
            read_targets=described,
            **{"honours": SQL.honours, **outside},
        )
    )
    plane = made.plane
    plane.directory.replace(PEOPLE, (SHOP,))
    return World(
        clock=clock,
        ids=ids,
        store=spy,
        recorder=recorder,
        directory=plane.directory,
        events=plane.events,
        policies=made.policies,
        history=made.history,
        decider=made.decider,
        sign_in=plane.sign_in,
        waiting=made.waiting,
        requests=plane.requests,
        offers=plane.offers,
        comments=plane.comments,
        retracting=plane.retracting,
        delegating=plane.delegating,
        delegations=plane.delegations,
        absences=plane.absences,
        grants=plane.grants,
        live=made.live,
        holding=made.holding,
        resuming=made.resuming,
        arrivals=made.arrivals,
        sessions=made.sessions,
        access=plane.access,
        minting=made.minting,
        views=plane.sessions,
        explain=plane.explain,
        audit=plane.audit,
        sweep=made.sweep,
        verifiers=made.verifiers,
        learning=made.learning,
        answers=made.answers,
        warnings=made.decider._gatherer._from.warnings,
        risk=plane.risk,
        configuring=plane.configuring,
        decided_before=plane.decided,
        outbox=made.outbox,
        timers=made.timers,
        continuous=made.continuous,
        revocations=made.revocations,
        canary=made.canary,
        hearing=made.hearing,
        plane=plane,
    )


async def restarted(world: World, *texts: str) -> World:
    """Return a control plane on the same store, as the next process would start."""
    again = _wire(world.store, world.clock, world.ids, policies(*(texts or (POLICIES,))), {})
    await again.sessions.ending.recover()
    await again.grants.recover()
    await again.waiting.recover()
    await again.resuming.recover()
    await again.waiting.carry_out()
    return again


def disabled(person: Subject) -> Subject:
    return replace(person, disabled=True)
