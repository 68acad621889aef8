"""A control plane in memory for tests of the doors: its requests, grants, sign-in and events
are the real ones; what would need a database, a target or policies is simple."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

from assent.control.absences import Absences
from assent.control.access import Access, Outlook
from assent.control.audit import Audit, Wanted
from assent.control.audit_actions import Ordered
from assent.control.break_glass import BreakGlass
from assent.control.bundles import Begun, Bundles, Row
from assent.control.canary import Canary
from assent.control.comments import Comments
from assent.control.configuring import Configuring
from assent.control.custody import Custody
from assent.control.decide import Outcome
from assent.control.decided import Decided
from assent.control.delegating import Delegating
from assent.control.delegations import Delegations
from assent.control.delivering import Delivering, channels
from assent.control.device_keys import DeviceKeys
from assent.control.directory import Directory
from assent.control.drafting import Drafting
from assent.control.eligibility import Eligibility
from assent.control.events import Events
from assent.control.explain import Explain
from assent.control.exporting import Exporting, Telling
from assent.control.exporting import Wanted as ExportWanted
from assent.control.external_sign_in import ExternalSignIn
from assent.control.grants import Grants
from assent.control.health import Check, Health, HowWell
from assent.control.insight import insight
from assent.control.key_rotation import KeyRotation
from assent.control.label_scans import LabelScans
from assent.control.labels import Labels
from assent.control.legal_holds import LegalHolds
from assent.control.live import LiveSessions
from assent.control.live_watch import LiveWatch
from assent.control.local_people import local_people
from assent.control.log_pages import LogPages
from assent.control.log_status import LogReport, LogStatus
from assent.control.offers import Offers
from assent.control.outbox import Outbox
from assent.control.passkeys import Passkeys
from assent.control.people import People
from assent.control.personal_credentials import PersonalCredentials
from assent.control.plane import ControlPlane
from assent.control.policies import Policies
from assent.control.programs import programs
from assent.control.providers import trips_of
from assent.control.provisioners import Provisioners
from assent.control.provisioning import Provisioning
from assent.control.receipts import LogReceipt, Receipts
from assent.control.recordings import Recordings
from assent.control.redaction import Redaction
from assent.control.reporting import Reporting
from assent.control.requests import Requests
from assent.control.retention import Retention
from assent.control.retracting import Retracting
from assent.control.revocation import Revocations
from assent.control.risk import Explained, Risk, Usual, Usually
from assent.control.searching import Searching
from assent.control.second_factor import SecondFactors
from assent.control.seeing import SessionViews
from assent.control.session_credentials import Opened
from assent.control.showing import Showing
from assent.control.sign_in import Caller, SignIn
from assent.control.signing import Signing
from assent.control.steering import Steering
from assent.control.tally import Tally
from assent.control.tool_pins import ToolPins
from assent.control.verifiers import Verifiers
from assent.control.waiting import Waiting
from assent.control.warnings import Warnings
from assent.core.action import Action, Operation, Statement, Touch
from assent.core.assessment import Assessment, Confidence, Factor, RiskLevel
from assent.core.decision import ApprovalRemedy, Deny, Quorum, Remedy
from assent.core.entry import Anchor, Checkpoint
from assent.core.evidence import Evidence
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.frame import Frame, Recorded
from assent.core.grant import Delegation, Grant, GrantKind
from assent.core.ids import (
    PREFIXES,
    ActionId,
    AnchorId,
    CredentialId,
    EntryId,
    GrantId,
    RequestId,
    SessionId,
    SubjectId,
    TargetId,
)
from assent.core.observing import Observer
from assent.core.ports import Store
from assent.core.request import Request, RequestState, Verdict
from assent.core.resource import Resource, Target
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.core.session import Session, SessionState
from assent.core.signal import Attacker, SignalStatus
from assent.core.subject import Subject
from assent.core.tool_pin import ToolPin
from assent.identity.totp import SealedTotp
from assent.identity.webauthn import WebAuthnParty
from assent.policy import PolicySet
from assent.recording.checking import Found
from assent.recording.segment import SegmentFacts
from assent.risk.budget import Thresholds
from assent.workflow.wishes import ANYTHING, Wish, details_of
from memory_audit import FakeLegalHolds, FakeRedaction, FakeRetention
from memory_configuring import FakeConfiguring, FakeDecided
from memory_devices import devices_in
from memory_emergency import FakeBreakGlass, reviews_of
from memory_plans import plans_of
from memory_store import PASSWORD, MemoryStore

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

PEOPLE = (
    Subject(SubjectId("sub_ana"), "ana", display_name="Ana Alvarez", groups=frozenset({"eng"})),
    Subject(SubjectId("sub_ben"), "ben", display_name="Ben Brandt", groups=frozenset({"dba"})),
    Subject(SubjectId("sub_dora"), "dora", display_name="Dora Diaz", groups=frozenset({"dba"})),
    Subject(SubjectId("sub_carl"), "carl", display_name="Carl", groups=frozenset({"security"})),
)
SHOP = Target(
    TargetId("tgt_shop"),
    "shop",
    "postgres",
    "127.0.0.1",
    5432,
    "shop",
    "assent",
    "env:SHOP",
    environment="production",
    owners=frozenset({"dba"}),
)
ONE_DBA = ApprovalRemedy(((Quorum(1, "dba"),),))
TWO_DBAS = ApprovalRemedy(((Quorum(2, "dba"),),))


class SteadyClock:
    """Stands still, unless it is moved or follows the machine's clock."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class WallClock:
    """The machine's clock, for tests with a real browser."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class CountingIds:
    """Ids that count: the same in every run."""

    def __init__(self) -> None:
        self.count = 0

    def mint(self, kind: str) -> str:
        self.count += 1
        return f"{PREFIXES[kind]}_{self.count:026d}"

    def token(self, nbytes: int = 32) -> str:
        self.count += 1
        return f"token-{self.count}"


class PlainHasher:
    """Knows one password."""

    async def hash(self, password: Secret[str]) -> str:
        return password.reveal()

    async def verify(self, kept: Secret[str] | None, password: Secret[str]) -> bool:
        return kept is not None and kept.reveal() == password.reveal()

    def is_outdated(self, kept: Secret[str]) -> bool:
        return kept.reveal().startswith("old ")


class NoRecorder:
    """Has one frame of every session."""

    behind = False

    async def ready(self) -> None: ...

    def open(self, session: SessionId, subject: SubjectId | None) -> None: ...

    def record(self, session: SessionId, frame: Frame) -> None: ...

    async def close(self, session: SessionId) -> Recorded:
        return Recorded(1, 1)

    async def frames(self, session: SessionId) -> Sequence[dict[str, object]]:
        return [{"kind": "mark", "event": "opened", "sequence": 0}]

    async def page(
        self, session: SessionId, after: int = 0, limit: int | None = None
    ) -> Sequence[tuple[int, dict[str, object]]]:
        return list(enumerate(await self.frames(session), 1))[after:][:limit]

    async def segments(self, session: SessionId) -> Sequence[SegmentFacts]:
        return []

    async def found(self, session: SessionId, number: int) -> Found | None:
        return None


class FakeAccess:
    """Opens `shop` for `ben` at once and asks for everybody else."""

    def __init__(self, plane: "MemoryPlane") -> None:
        self._plane = plane

    async def connect(
        self,
        caller: Caller,
        target_name: str,
        lasts_for: timedelta | None,
        reason: str,
        ticket: str,
        connections: int,
        wish: Wish = ANYTHING,
    ) -> Opened | Request:
        if caller.subject.name != "ben":
            return await self.ask(caller, target_name, lasts_for, reason, ticket)
        grant = self._plane.grant_to(caller.subject)
        ends_at = grant.ends_at
        credential = CredentialId("crd_1")
        return Opened(
            "ben", Secret("s3cret"), "shop", SHOP, ends_at, grant, connections, credential
        )

    async def ask(
        self,
        caller: Caller,
        target_name: str,
        lasts_for: timedelta | None,
        reason: str,
        ticket: str,
        wish: Wish = ANYTHING,
    ) -> Request:
        if target_name != "shop":
            raise MissingFault("no-such-target", f"there is no target `{target_name}`")
        if caller.subject.name == "carl":
            raise ForbiddenFault("denied", "no policy lets you reach `shop`")
        details = details_of(wish)
        if lasts_for:
            details["for_s"] = str(int(lasts_for.total_seconds()))
        touch = Touch("access.request", Operation.EXECUTE, Resource("Target", "shop"))
        action = Action(
            id=ActionId(self._plane.ids.mint("action")),
            subject=caller.subject.id,
            statement=Statement("access.request", (touch,), complete=True),
            target=SHOP.id,
            details=details,
        )
        return await self._plane.open_request(action, reason=reason, ticket=ticket)

    async def extend(
        self, caller: Caller, what: str, lasts_for: timedelta | None, reason: str, ticket: str
    ) -> Request:
        return await self.ask(caller, what or "shop", lasts_for, reason, ticket)

    async def outlook(self, caller: Caller, wish: Wish | None = None) -> Sequence[Outlook]:
        return [Outlook(SHOP, "ask", ("assent of 1 of dba",), None)]


class FakeDelegating:
    """Gives every delegation at once, but for those that `carl` would give."""

    def __init__(self, plane: "MemoryPlane") -> None:
        self._plane = plane

    async def give(
        self, caller: Caller, group: str, to: str, lasts_for: timedelta, reason: str
    ) -> Request:
        holder = self._plane.directory.subject_named(to)
        if holder is None:
            raise MissingFault("no-such-person", f"there is no person `{to}`")
        if group not in caller.subject.groups:
            raise ForbiddenFault("not-your-group", f"only people in `{group[:80]}` delegate it")
        now = self._plane.clock.now()
        grant = Grant(
            GrantId(self._plane.ids.mint("grant")),
            holder.id,
            None,
            now,
            now + lasts_for,
            reason=reason,
            kind=GrantKind.DELEGATION,
            delegation=Delegation(caller.subject.id, group),
        )
        self._plane.store.found_grants[grant.id] = grant
        self._plane.delegations.take_up(grant)
        touch = Touch("delegation.give", Operation.ADMINISTER, Resource("System", "delegations"))
        action = Action(
            id=ActionId(self._plane.ids.mint("action")),
            subject=caller.subject.id,
            statement=Statement("delegation.give", (touch,), complete=True),
            text=f"delegate {group} to {to}",
        )
        request = await self._plane.open_request(action, reason=reason)
        return replace(request, state=RequestState.COMPLETED, grant=grant.id)


class FakeExplain:
    """Explains what it is asked for with one entry."""

    async def explain(self, caller: Caller, about: str) -> dict[str, object]:
        if not about.startswith(("req_", "ses_", "ent_")):
            raise MissingFault("nothing-to-explain", "name a request, a session or an entry")
        return {"about": about, "entries": [{"index": 0}]}


class FakeRisk:
    """Explains one action, knows a little of ana, and takes one lesson back."""

    def __init__(self, plane: "MemoryPlane") -> None:
        self._plane = plane

    async def explain(self, caller: Caller, about: str) -> Explained:
        if about == "req_gone":
            raise ConflictFault("payload-gone", "its evidence is not kept any more")
        if not about.startswith(("act_", "req_", "ent_")):
            raise MissingFault("nothing-to-explain", "name an action, a request or an entry")
        return Explained(
            action="act_1",
            entry="ent_1",
            at=self._plane.clock.now(),
            subject="ana",
            target="shop",
            verb="sql.delete",
            permitted=False,
            assessment=assessment(),
            replayed_score=62,
            replayed_same=True,
        )

    async def profile(self, caller: Caller, name: str) -> Usually:
        subject = self._subject(caller, name)
        now = self._plane.clock.now()
        return Usually(
            subject=subject,
            sessions=3,
            days=2,
            lessons=4,
            first_at=now - timedelta(days=2),
            last_at=now,
            confidence="low",
            confidence_because="3 sessions seen: low confidence",
            dimensions={"client": (Usual("psql", 3.0, 75.0), Usual("DBeaver", 1.0, 25.0))},
        )

    async def forget(self, caller: Caller, name: str) -> Subject:
        caller.check(Permission.REPORT)
        return self._subject(caller, name)

    async def disown(self, caller: Caller, session: SessionId) -> int:
        found = self._plane.store.found_sessions.get(session)
        if found is None or found.subject != caller.subject.id:
            raise MissingFault("no-such-session", f"there is no session `{session[:60]}` for you")
        return 1

    def _subject(self, caller: Caller, name: str) -> Subject:
        subject = self._plane.directory.subject_named(name)
        if subject is None or not (caller.subject.id == subject.id or caller.oversees):
            raise MissingFault("no-such-person", f"there is no person `{name[:60]}` for you")
        return subject


class FakeAudit:
    """A log with nothing in it."""

    async def checkpoint(self, caller: Caller) -> Checkpoint:
        return Checkpoint(0, b"", "assent.example/audit\n0\n\n", NOON)

    async def export_names(self, caller: Caller, wanted: Wanted) -> Sequence[str]:
        caller.check(Permission.EXPORT_LOG)
        return ["checkpoint", "tile/entries/000.p/1"]

    async def export_file(self, caller: Caller, path: str) -> bytes | None:
        return b"\x00\x01" if path == "tile/entries/000.p/1" else None


class FakeBundles:
    """One row, of whatever period begins before the present."""

    async def begin(
        self, caller: Caller, since: datetime, until: datetime, *, with_text: bool
    ) -> Begun:
        caller.check(Permission.EXPORT_LOG)
        if since > NOON:
            raise ConflictFault("empty-period", "the log has no entries of that period")
        note = "assent.example/audit\n1\n\n"
        checkpoint = Checkpoint(1, b"", note, NOON)
        telling = cast(Telling, None)
        return Begun(0, 1, checkpoint, note, ("key",), ExportWanted(), telling)

    async def rows(self, caller: Caller, start: int) -> Sequence[Row]:
        return [Row(0, b"{}", (b"\x00" * 32,), {"class_uid": 0})] if start == 0 else []


class FakeReceipts:
    """Has one receipt of whatever is no `gone`."""

    async def receipts(self, caller: Caller, about: str, wait_s: int = 0) -> Sequence[LogReceipt]:
        if not about.startswith(("ent_", "req_", "act_")) or about.endswith("gone"):
            raise MissingFault("no-receipt", "the log has none of it for you")
        text = "c2sp.org/tlog-proof@v1\nindex 0\n\nassent.example/audit\n1\n\n"
        return [LogReceipt("ent_1", "decision", 0, 1, text, b"{}", ("witness.example/w1",))]


class FakeLogStatus:
    """A log that one witness has seen, and that another disputes."""

    async def report(self, caller: Caller) -> LogReport:
        caller.check(Permission.READ_HEALTH)
        seen = Observer("witness.example/w1", "witness", 1, NOON)
        saw_other = Observer(
            "witness.example/w2", "witness", problem="it answers 422", disputed=True
        )
        return LogReport(
            at=NOON,
            keys=("assent.example/audit+00000000+AAAA",),
            checkpoint=Checkpoint(1, b"", "assent.example/audit\n1\n\n", NOON),
            observers=(seen, saw_other),
            checks=(Check("witness w2", HowWell.FAIL, "it answers 422", "look at it"),),
            anchors=(Anchor(AnchorId("anc_1"), 1, "file", "disk", "line 1", NOON),),
            minimum=0,
            holds=1,
        )


class FakeToolPins:
    """One tool of the shop that may be called, and one that is new."""

    async def of(self, target: TargetId) -> Mapping[str, ToolPin]:
        known = ToolPin(target, "add", NOON, "sha256:1", "{}", NOON)
        new = ToolPin(target, "wipe", NOON, waiting_digest="sha256:2", waiting_definition="{}")
        return {pin.name: pin for pin in (new, known)}


class FakeRotation:
    """Rotates at once for `security`, and asks for everybody else."""

    public = ("assent.example/audit+00000000+AAAA",)

    def __init__(self, plane: "MemoryPlane") -> None:
        self._plane = plane

    async def rotate(self, caller: Caller, reason: str, ticket: str = "") -> Ordered:
        if "security" in caller.subject.groups:
            return Ordered("done", {"from": "old", "to": "new", "size": 7})
        return Ordered("waiting", {}, await self._plane.ask(caller))


class MemoryPlane:
    """The plane and the knobs that a test turns."""

    def __init__(self, clock: SteadyClock | WallClock | None = None) -> None:
        self.clock = clock or SteadyClock()
        self.ids = CountingIds()
        self.store = MemoryStore()
        self.directory = Directory(PEOPLE, (SHOP,))
        self.events = Events()
        self.live: dict[str, object] = {}
        self.assessment = assessment()
        store = cast(Store, self.store)
        self.second_factors = SecondFactors(
            store=store,
            hasher=PlainHasher(),
            generators=SealedTotp(Secret(b"k" * 32)),
            clock=self.clock,
            ids=self.ids,
        )
        self.sign_in = SignIn(
            store=store,
            directory=self.directory,
            hasher=PlainHasher(),
            second_factors=self.second_factors,
            clock=self.clock,
            ids=self.ids,
        )
        delivering = Delivering(
            store=store,
            channels=channels(),
            directory=self.directory,
            events=self.events,
            clock=self.clock,
        )
        self.outbox = Outbox(
            store=store,
            channels=channels(),
            delivering=delivering,
            clock=self.clock,
            ids=self.ids,
            public_url="http://assent.example",
        )
        self.waiting = Waiting(store=store, events=self.events, clock=self.clock, ids=self.ids)
        self.delegations = Delegations(store=store, directory=self.directory, clock=self.clock)
        self.absences = Absences(store=store, clock=self.clock, ids=self.ids)
        self.device_keys = DeviceKeys(
            store=store, outbox=self.outbox, clock=self.clock, ids=self.ids
        )
        self.passkeys = Passkeys(
            party=WebAuthnParty("http://localhost:8470"),
            store=store,
            directory=self.directory,
            sign_in=self.sign_in,
            device_keys=self.device_keys,
            warnings=Warnings(store, self.clock),
            clock=self.clock,
            ids=self.ids,
        )
        self.showing = Showing(store=store, directory=self.directory)
        self.requests = Requests(
            store=store,
            waiting=self.waiting,
            directory=self.directory,
            eligibility=Eligibility(
                directory=self.directory, delegations=self.delegations, clock=self.clock
            ),
            sign_in=self.sign_in,
            clock=self.clock,
            ids=self.ids,
            signing=Signing(showing=self.showing, device_keys=self.device_keys),
        )
        self.grants = Grants(
            store=store,
            directory=self.directory,
            events=self.events,
            clock=self.clock,
            ids=self.ids,
        )
        self.labels = Labels(store=store, directory=self.directory, clock=self.clock, ids=self.ids)
        self.reviews = reviews_of(self)
        views = SessionViews(
            store=store,
            recorder=NoRecorder(),  # type: ignore[arg-type]
            directory=self.directory,
            clock=self.clock,
            ids=self.ids,
        )
        self.people = People(store=store, directory=self.directory, clock=self.clock, ids=self.ids)
        self.providers = ExternalSignIn(
            store=store,
            directory=self.directory,
            people=self.people,
            sign_in=self.sign_in,
            trips=trips_of(Secret(b"k" * 32), self.clock, self.ids),
            clock=self.clock,
            ids=self.ids,
        )
        kept_by = Custody(
            cast(Receipts, FakeReceipts()),
            cast(LogStatus, FakeLogStatus()),
            cast(KeyRotation, FakeRotation(self)),
            Exporting(store),
            cast(Bundles, FakeBundles()),
        )
        health = self._health(store)
        self.plane = ControlPlane(
            clock=self.clock,
            ids=self.ids,
            store=store,
            directory=self.directory,
            events=self.events,
            sign_in=self.sign_in,
            access=cast(Access, FakeAccess(self)),
            requests=self.requests,
            delegating=cast(Delegating, FakeDelegating(self)),
            delegations=self.delegations,
            absences=self.absences,
            offers=Offers(
                waiting=self.waiting,
                requests=self.requests,
                directory=self.directory,
                again=self.again,
                outbox=self.outbox,
                ids=self.ids,
            ),
            comments=Comments(
                waiting=self.waiting,
                requests=self.requests,
                outbox=self.outbox,
                clock=self.clock,
                ids=self.ids,
            ),
            retracting=Retracting(
                store=store,
                waiting=self.waiting,
                requests=self.requests,
                grants=self.grants,
                again={"access.request": self.again},
                outbox=self.outbox,
                clock=self.clock,
                ids=self.ids,
            ),
            grants=self.grants,
            sessions=views,
            steering=Steering(
                store=store,
                directory=self.directory,
                views=views,
                live=cast(LiveSessions, self.live),
                outbox=self.outbox,
                clock=self.clock,
                ids=self.ids,
            ),
            live_watch=LiveWatch(
                store=store,
                library=NoRecorder(),  # type: ignore[arg-type]
                views=views,
                directory=self.directory,
                live=cast(LiveSessions, self.live),
                clock=self.clock,
                ids=self.ids,
            ),
            recordings=Recordings(
                store=store,
                library=NoRecorder(),  # type: ignore[arg-type]
                views=views,
                clock=self.clock,
                ids=self.ids,
            ),
            explain=cast(Explain, FakeExplain()),
            audit=cast(Audit, FakeAudit()),
            risk=cast(Risk, FakeRisk(self)),
            labels=self.labels,
            label_scans=LabelScans(labels=self.labels, store=store, clock=self.clock, ids=self.ids),
            credentials=PersonalCredentials(
                store=store,
                directory=self.directory,
                verifiers=Verifiers(Secret(b"k" * 32)),
                clock=self.clock,
                ids=self.ids,
            ),
            outbox=self.outbox,
            configuring=cast(Configuring, FakeConfiguring((SHOP,), self._ask_to_apply)),
            drafting=cast(Drafting, None),
            tool_pins=cast(ToolPins, FakeToolPins()),
            decided=cast(Decided, FakeDecided()),
            health=health,
            device_keys=self.device_keys,
            passkeys=self.passkeys,
            devices=devices_in(self),
            showing=self.showing,
            break_glass=cast(BreakGlass, FakeBreakGlass(self, self.reviews)),
            reviews=self.reviews,
            plans=plans_of(self),
            custody=kept_by,
            searching=Searching(
                store=store, directory=self.directory, clock=self.clock, ids=self.ids
            ),
            people=self.people,
            local_people=local_people(
                store=store,
                directory=self.directory,
                people=self.people,
                sign_in=self.sign_in,
                second_factors=self.second_factors,
                hasher=PlainHasher(),
                outbox=self.outbox,
                public_url="http://assent.example",
                clock=self.clock,
                ids=self.ids,
            ),
            programs=programs(
                store=store,
                directory=self.directory,
                sign_in=self.sign_in,
                people=self.people,
                outbox=self.outbox,
                clock=self.clock,
                ids=self.ids,
            ),
            providers=self.providers,
            provisioning=Provisioning(
                store=store,
                directory=self.directory,
                people=self.people,
                clock=self.clock,
                ids=self.ids,
            ),
            provisioners=Provisioners(
                store=store,
                directory=self.directory,
                people=self.people,
                sign_in=self.sign_in,
                clock=self.clock,
                ids=self.ids,
            ),
            log_pages=LogPages(
                store=store, directory=self.directory, clock=self.clock, ids=self.ids
            ),
            reporting=Reporting(
                store=store,
                directory=self.directory,
                policies=Policies(cast(PolicySet, SimpleNamespace(revision="rev-1", rules=()))),
                clock=self.clock,
                ids=self.ids,
            ),
            redaction=cast(Redaction, FakeRedaction(self)),
            legal_holds=cast(LegalHolds, FakeLegalHolds(self)),
            retention=cast(Retention, FakeRetention(self)),
            insight=insight(
                store=store,
                directory=self.directory,
                health=health,
                custody=kept_by,
                waiting=self.waiting,
                policies=Policies(cast(PolicySet, SimpleNamespace(revision="rev-1", rules=()))),
                providers=self.providers,
                recorder=NoRecorder(),
                notifiers=(),
                thresholds=Thresholds(),
                signals=(),
                network=None,
                clock=self.clock,
                ids=self.ids,
            ),
        )

    async def ask(self, caller: Caller) -> Request:
        """Return a request that waits for people."""
        return await self._ask_to_apply(caller)

    def _health(self, store: Store) -> Health:
        revocations = Revocations(self.clock)
        self.canary = Canary(
            store=store,
            directory=self.directory,
            grants=self.grants,
            verifiers=Verifiers(Secret(b"k" * 32)),
            revocations=revocations,
            clock=self.clock,
            ids=self.ids,
        )
        return Health(
            store=store,
            directory=self.directory,
            live=cast(LiveSessions, self.live),
            waiting=self.waiting,
            grants=self.grants,
            policies=Policies(cast(PolicySet, SimpleNamespace(revision="sha256:" + "0" * 64))),
            tally=Tally(),
            revocations=revocations,
            canary=self.canary,
            clock=self.clock,
            token=Secret("monitoring"),
        )

    async def _ask_to_apply(self, caller: Caller) -> Request:
        return await self.plane.access.ask(caller, "shop", None, "", "")

    async def again(self, request: Request) -> Outcome:
        """Deny a request what it was denied before, as long as people have not answered."""
        denial = Deny("rev-1", "remedy-needed", request.messages, (), request.remedies)
        evidence = Evidence(self.clock.now(), PEOPLE[0])
        return Outcome(denial, (), self.assessment, evidence, EntryId("ent_0"))

    async def caller(self, name: str) -> Caller:
        """Return `name`, signed in."""
        token, _ = await self.sign_in.login(name, Secret(PASSWORD), "192.0.2.1")
        return await self.sign_in.authenticate(token, "192.0.2.1", "api")

    async def answer(self, name: str, request: RequestId, verdict: Verdict) -> Request:
        """Let `name` answer a request through another door."""
        return await self.requests.answer(await self.caller(name), request, verdict, "")

    def grant_to(self, person: Subject) -> Grant:
        """Keep and return an hour's grant on `shop`."""
        now = self.clock.now()
        ends_at = now + timedelta(hours=1)
        grant = Grant(GrantId(self.ids.mint("grant")), person.id, SHOP.id, now, ends_at)
        self.store.found_grants[grant.id] = grant
        return grant

    def open_session(self, person: Subject) -> Session:
        """Keep and return an open session on `shop`."""
        now = self.clock.now()
        session = Session(
            id=SessionId(self.ids.mint("session")),
            subject=person.id,
            target=SHOP.id,
            grant=self.grant_to(person).id,
            protocol="postgres",
            database="shop",
            client_address="192.0.2.7",
            application="psql",
            state=SessionState.OPEN,
            opened_at=now,
            ends_at=now + timedelta(hours=1),
        )
        self.store.found_sessions[session.id] = session
        return session

    async def hold(
        self,
        text: str = "DELETE FROM orders",
        *,
        parameters: tuple[str | None, ...] = (),
        remedies: tuple[Remedy, ...] = (ONE_DBA,),
        lasts_for: timedelta = timedelta(minutes=15),
        person: Subject = PEOPLE[0],
    ) -> Request:
        """Hold a statement of `person` on `shop`, as the gateway would."""
        resource = Resource("Table", "public.orders")
        action = Action(
            id=ActionId(self.ids.mint("action")),
            subject=person.id,
            statement=Statement(
                "sql.delete",
                (
                    Touch("sql.delete", Operation.WRITE, resource),
                    Touch("sql.read", Operation.READ, resource, frozenset({"id", "total"})),
                ),
                complete=True,
                has_where=False,
            ),
            target=SHOP.id,
            session=self.open_session(person).id,
            text=text,
            parameters=parameters,
        )
        return await self.open_request(action, remedies=remedies, lasts_for=lasts_for)

    async def open_request(
        self,
        action: Action,
        *,
        remedies: tuple[Remedy, ...] = (ONE_DBA,),
        lasts_for: timedelta = timedelta(minutes=15),
        reason: str = "",
        ticket: str = "",
    ) -> Request:
        """Open a request for `remedies`."""
        denial = Deny(
            "rev-1",
            "remedy-needed",
            ("DELETE without WHERE on production: a DBA must assent to this exact statement",),
            ("prod.delete-without-where",),
            remedies,
            hold_for=lasts_for,
        )
        evidence = Evidence(self.clock.now(), PEOPLE[0])
        outcome = Outcome(denial, (), self.assessment, evidence, EntryId("ent_0"))
        return await self.waiting.open(action, outcome, denial, reason=reason, ticket=ticket)


def assessment() -> Assessment:
    """Return a score of 62: 72 points for it, 10 against it, and one thing unmeasured."""
    return Assessment(
        62,
        RiskLevel.HIGH,
        (
            Factor("statement_class", 40, "DELETE without WHERE removes every row of orders"),
            Factor(
                "new_network",
                24,
                "192.0.2.7 was never seen, neither its network nor its country",
                at=NOON - timedelta(hours=3),
                source="network files",
            ),
            Factor("off_hours", 8, "23:40 is outside of ana's usual hours"),
            Factor("new_client", -10, "psql, as in 41 of 44 times by ana", source="profile"),
            Factor("first_time", 0, "history is away", SignalStatus.UNAVAILABLE),
        ),
        attacker=Attacker.NAIVE,
        headline="like somebody who has the password, but not the network",
        confidence=Confidence.MEDIUM,
        confidence_because="12 sessions seen in 9 days: medium confidence",
        unknown=("which device it is", "how old its system is"),
        otherwise="on a network that ana uses: 38 instead of 62",
        odds_mb=2_400,
    )
