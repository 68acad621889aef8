"""What `control` needs from the outside, each port as narrow as its use."""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assent.core.absence import Absence
from assent.core.authenticator import (
    Authenticator,
    ExternalIdentity,
    Invitation,
    ProvisionedGroup,
)
from assent.core.canonical import Json
from assent.core.changes import Change
from assent.core.data_key import DataKey, LegalHold
from assent.core.device import Device
from assent.core.device_key import DeviceKey
from assent.core.effect import DropEffects, EffectFilter, EffectPage, EffectPosition
from assent.core.entry import Anchor, Checkpoint, Cosignature, Entry
from assent.core.frame import Frame, Recorded
from assent.core.grant import Grant
from assent.core.ids import (
    CredentialId,
    DataKeyId,
    DeviceKeyId,
    EntryId,
    GrantId,
    PolicyDraftId,
    RequestId,
    ReviewId,
    SessionId,
    SubjectId,
    TargetId,
)
from assent.core.label import Label, Sampled
from assent.core.lease import Lease, Privileges
from assent.core.lesson import Lesson
from assent.core.network import Network
from assent.core.notice import Delivery, Notice
from assent.core.policy_draft import PolicyDraft
from assent.core.policy_revision import PolicyRevision
from assent.core.request import Request, RequestState
from assent.core.resource import Target
from assent.core.review import Review
from assent.core.secret import Secret
from assent.core.security_event import SecurityEvent
from assent.core.session import Credential, Session
from assent.core.subject import Subject
from assent.core.timer import Timer
from assent.core.token import Token
from assent.core.tool_pin import ToolPin


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it stands in the log. leaf: the exact bytes that were hashed.

    payload: the stored bytes beside it, None when there are none (any more). content: what they
    say, canonical JSON, opened; None where there is none or its key was destroyed.
    """

    index: int
    leaf: bytes
    payload: bytes | None
    content: bytes | None = None


class Store(Protocol):
    """Durable state and the audit log, one writer. Every method may raise OutsideFault."""

    async def commit(self, changes: Sequence[Change], entries: Sequence[Entry]) -> None:
        """Apply all changes and append all entries, or nothing; durable on return.

        Commits of one moment share a transaction. Raises ConflictFault when a change no
        longer fits (the other commits of that moment are unaffected), OutsideFault when the
        disk cannot take it.
        """
        ...

    async def request(self, request: RequestId) -> Request | None: ...

    async def requests(
        self,
        states: Sequence[RequestState] = (),
        subject: SubjectId | None = None,
        session: SessionId | None = None,
        limit: int = 100,
    ) -> Sequence[Request]:
        """Return requests, newest first; an empty `states` means all of them."""
        ...

    async def grant(self, grant: GrantId) -> Grant | None: ...

    async def grants(
        self,
        subject: SubjectId | None = None,
        target: TargetId | None = None,
        valid_at: datetime | None = None,
        limit: int = 100,
        but: SubjectId | None = None,
    ) -> Sequence[Grant]:
        """Return grants, newest first. but: a subject whose are left out."""
        ...

    async def delegations(self, valid_at: datetime) -> Sequence[Grant]:
        """Return the delegations that are valid at that time, oldest first; at most 10,000."""
        ...

    async def session(self, session: SessionId) -> Session | None: ...

    async def sessions(
        self,
        subject: SubjectId | None = None,
        open_only: bool = False,
        limit: int = 100,
        but: SubjectId | None = None,
    ) -> Sequence[Session]:
        """Return sessions, newest first. but: a subject whose are left out."""
        ...

    async def credentials(
        self, subject: SubjectId, target: TargetId, valid_at: datetime
    ) -> Sequence[Credential]:
        """Return at most 64 usable credentials, newest first."""
        ...

    async def habits(
        self, subject: SubjectId, target: TargetId, keys: Sequence[tuple[str, str]]
    ) -> Mapping[str, int]:
        """Return `verb resource` → how often, for each (verb, resource) asked; 0 for never."""
        ...

    async def profile(self, subject: SubjectId) -> bytes | None:
        """Return the body of the subject's profile, None if nothing was learned yet."""
        ...

    async def profiles(
        self, after: SubjectId | None = None, limit: int = 1000
    ) -> Sequence[tuple[SubjectId, bytes]]:
        """Return profiles in order of subject, those behind `after`, to read all in pages."""
        ...

    async def lessons(
        self,
        subject: SubjectId,
        session: SessionId | None = None,
        since: datetime | None = None,
        limit: int = 100_000,
    ) -> Sequence[Lesson]:
        """Return what was learned of the subject, oldest first."""
        ...

    async def due_timers(self, now: datetime, limit: int = 500) -> Sequence[Timer]:
        """Return timers whose time has come, the earliest first."""
        ...

    async def due_deliveries(
        self, now: datetime, limit: int = 100
    ) -> Sequence[tuple[Notice, Delivery]]:
        """Return deliveries to be tried now, the longest due first."""
        ...

    async def dead_deliveries(self, limit: int = 100) -> Sequence[tuple[Notice, Delivery]]:
        """Return deliveries that were given up, newest first."""
        ...

    async def delivered(self, thread: str, channel: str) -> Sequence[Delivery]:
        """Return the deliveries of a thread on a channel that have a reference, newest first."""
        ...

    async def absences(self) -> Sequence[Absence]: ...

    async def reviews(
        self,
        subject: SubjectId | None = None,
        open_only: bool = False,
        limit: int = 100,
    ) -> Sequence[Review]:
        """Return reviews, newest first."""
        ...

    async def review(self, review: ReviewId) -> Review | None: ...

    async def device_keys(self, subject: SubjectId | None = None) -> Sequence[DeviceKey]:
        """Return device keys, revoked ones too, oldest first; at most 10,000."""
        ...

    async def policy_revision(self, revision: str) -> PolicyRevision | None: ...

    async def applied_policies(self) -> PolicyRevision | None:
        """Return the revision that somebody applied last, None if nobody ever did."""
        ...

    async def security_events(
        self, subject: SubjectId, since: datetime, limit: int = 100
    ) -> Sequence[SecurityEvent]:
        """Return the subject's security events at or after `since`, newest first."""
        ...

    async def subjects(self) -> Sequence[Subject]: ...

    async def targets(self) -> Sequence[Target]: ...

    async def labels(self, target: TargetId | None = None) -> Sequence[Label]:
        """Return what was suggested and decided, by target, name and label; at most 100,000."""
        ...

    async def password_hash(self, subject: SubjectId) -> Secret[str] | None: ...

    async def token(self, digest: str) -> Token | None: ...

    async def tokens(
        self,
        subject: SubjectId | None = None,
        provider: str = "",
        provider_session: str = "",
    ) -> Sequence[Token]:
        """Return bearer tokens that fit all that is said, by when they expire; at most 10,000."""
        ...

    async def knows_network(self, subject: SubjectId, network: str) -> bool:
        """Return whether the subject signed in from that network before."""
        ...

    async def authenticators(self, subject: SubjectId | None = None) -> Sequence[Authenticator]:
        """Return what a person has beside a password and passkeys, None for all, oldest first."""
        ...

    async def invitation(self, digest: str) -> Invitation | None: ...

    async def external_identities(
        self, provider: str, external: str = "", subject: SubjectId | None = None
    ) -> Sequence[ExternalIdentity]:
        """Return as whom a provider knows people, by what it calls them; at most 100,000."""
        ...

    async def provisioned_groups(self) -> Sequence[ProvisionedGroup]:
        """Return groups that identity providers keep, by name; at most 10,000."""
        ...

    async def policy_drafts(self, owner: SubjectId | None = None) -> Sequence[PolicyDraft]:
        """Return drafts of policies, the one changed last first; at most 200."""
        ...

    async def tool_pins(self, target: TargetId) -> Sequence[ToolPin]:
        """Return what is known of the tools of a target, by name; at most 10,000."""
        ...

    async def policy_draft(self, draft: PolicyDraftId) -> PolicyDraft | None: ...

    async def device_reports(self, keys: Sequence[DeviceKeyId]) -> Mapping[DeviceKeyId, Device]:
        """Return what these devices said of themselves last."""
        ...

    async def entries(self, start: int = 0, limit: int = 256) -> Sequence[StoredEntry]:
        """Return entries from index `start`, in order."""
        ...

    async def entry(self, entry: EntryId) -> StoredEntry | None: ...

    async def entries_about(
        self,
        request: RequestId | None = None,
        session: SessionId | None = None,
        limit: int = 200,
    ) -> Sequence[StoredEntry]:
        """Return entries that name the request or the session, in order."""
        ...

    async def leaves_of(
        self, session: SessionId, start: int, limit: int
    ) -> Sequence[tuple[int, bytes]]:
        """Return index and leaf of entries that name a session, in order, from index `start`."""
        ...

    async def checkpoint(self) -> Checkpoint | None:
        """Return the newest checkpoint."""
        ...

    async def checkpoints(self) -> Sequence[Checkpoint]: ...

    async def publish(self) -> Checkpoint:
        """Sign a checkpoint over all that is committed, keep it and return it."""
        ...

    async def covering(self, size: int, within_s: float) -> Checkpoint:
        """Return a checkpoint over at least the first `size` entries, waiting for it.

        Raises OutsideFault when there is none in time.
        """
        ...

    async def publish_on_growth(self) -> None:
        """Sign a checkpoint whenever the log has grown, at most once a second, until cancelled."""
        ...

    async def thin_checkpoints(self) -> int:
        """Delete checkpoints that are not retained any more; return how many."""
        ...

    def trouble(self) -> str:
        """Return what keeps the log from growing; empty while nothing does."""
        ...

    async def wait_beyond(self, size: int) -> int:
        """Return how many entries the log has, as soon as it is more than `size`."""
        ...

    async def hashes(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile, joined (C2SP tlog-tiles).

        Raises MissingFault where the log is not as large.
        """
        ...

    async def inclusion(self, index: int, size: int) -> Sequence[bytes]:
        """Return the audit path of an entry in the tree of `size`, from the leaf up."""
        ...

    async def consistency(self, old: int, new: int) -> Sequence[bytes]:
        """Return the proof that the tree of size `new` continues that of size `old`."""
        ...

    async def leaves(self, start: int, limit: int) -> Sequence[bytes]:
        """Return leaves as they are stored, in order, from index `start`; at most 10,000."""
        ...

    async def payloads(self, start: int, limit: int) -> Sequence[tuple[int, bytes]]:
        """Return index and stored bytes of the payloads among so many entries from `start`."""
        ...

    async def checkpoint_sizes(self, most: int) -> Sequence[int]:
        """Return the sizes of retained checkpoints up to the size `most`, the smallest first."""
        ...

    async def checkpoint_at(self, size: int) -> Checkpoint | None:
        """Return the checkpoint of exactly that size."""
        ...

    async def live_data_keys(self, after: str = "", limit: int = 1_000) -> Sequence[DataKey]:
        """Return the data keys that are not destroyed, by id, those behind `after`."""
        ...

    async def minimum(self) -> int:
        """Return the index of the first entry that is not pruned."""
        ...

    async def cursor(self, name: str) -> int:
        """Return how far a reader of the log has come; 0 for one that never began."""
        ...

    async def configured(self, kind: str) -> Mapping[str, str]:
        """Return the digests that were remembered last of this kind, by key; see PutConfigured."""
        ...

    async def cosignatures(self, size: int) -> Sequence[Cosignature]:
        """Return what witnesses signed of the checkpoint of `size`, by witness."""
        ...

    async def newest_cosignatures(self) -> Sequence[Cosignature]:
        """Return of each witness the one on the largest checkpoint, by witness."""
        ...

    async def anchors(self, limit: int = 100) -> Sequence[Anchor]:
        """Return anchors, newest first."""
        ...

    async def data_keys(
        self, subject: SubjectId | None, *, live_only: bool = False
    ) -> Sequence[DataKey]:
        """Return the data keys of a subject (None: those of nobody), newest first."""
        ...

    async def data_key(self, key: DataKeyId) -> DataKey | None: ...

    async def legal_holds(self) -> Sequence[LegalHold]:
        """Return legal holds, lifted ones too, newest first; at most 10,000."""
        ...

    async def effects(
        self, wanted: EffectFilter, before: EffectPosition | None = None, limit: int = 100
    ) -> EffectPage:
        """Return effects that fit, newest first, those behind `before`; see `EffectPage`."""
        ...

    async def left_to_drop(self, drop: DropEffects) -> bool:
        """Return whether a change would still take an effect out."""
        ...

    async def close(self) -> None: ...


class MasterKey(Protocol):
    """Wraps data keys. Raises OutsideFault when it cannot be asked."""

    @property
    def name(self) -> str:
        """What is kept with what it wrapped, to tell one master key from another."""
        ...

    async def wrap(self, key: Secret[bytes], about: str) -> bytes:
        """Return the data key encrypted. about: the data key's id, bound to it."""
        ...

    async def unwrap(self, wrapped: bytes, about: str) -> Secret[bytes]:
        """Return the data key. Raises OperatorFault where it is not one of this master key."""
        ...


class Recorder(Protocol):
    """Keeps the frames of sessions. `record` returns when the frame is written, not synced."""

    @property
    def behind(self) -> bool:
        """Whether nothing new should be released before `ready`."""
        ...

    async def ready(self) -> None:
        """Wait until it is not behind. Raises OutsideFault when that takes too long."""
        ...

    def open(self, session: SessionId, subject: SubjectId | None) -> None:
        """Begin the recording of a session of this person, under whose key it is kept."""
        ...

    def record(self, session: SessionId, frame: Frame) -> None:
        """Write one frame, durable within 50 ms. Raises OutsideFault when it cannot."""
        ...

    async def close(self, session: SessionId) -> Recorded:
        """Seal what is left, append its digest to the log, and say how much there is in all.

        Of a session that is not open it says what was recorded of it.
        """
        ...

    async def frames(self, session: SessionId) -> Sequence[Mapping[str, Json]]:
        """Return the frames recorded so far, in order."""
        ...

    async def seal_all(self, subject: SubjectId | None) -> None:
        """Seal what was recorded of a person up to now, under the key that they have now.

        Raises OutsideFault.
        """
        ...

    async def forget(self, session: SessionId) -> None:
        """Delete the recording of a session that has ended. Raises OutsideFault."""
        ...


class NetworkBook(Protocol):
    """What the operator's files say of addresses."""

    def look_up(self, address: str) -> Network:
        """Return what is known of an address, in microseconds; never raises."""
        ...

    @property
    def dates(self) -> Mapping[str, datetime]:
        """How old the oldest content in use is: of `address database`, of `address lists`."""
        ...


class DeviceCertificates(Protocol):
    """Certifies keys that devices show on the wire."""

    @property
    def authority(self) -> str:
        """The certificate of who vouches for them, PEM."""
        ...

    def issue(
        self, public_key: bytes, device: DeviceKeyId, name: str, begins: datetime, ends: datetime
    ) -> str:
        """Return a certificate for a client, PEM. public_key: DER (RFC 5280, section 4.1).

        name: of whose device it is. Raises ConflictFault for a key that cannot be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """What a client's SSH certificate says. public_key: the one that it certifies, one line."""

    credential: CredentialId
    person: str
    target: str
    public_key: str


class SshAuthority(Protocol):
    """Certifies keys for SSH: of clients, and of the gateway before them."""

    @property
    def host_key(self) -> str:
        """The gateway's host key, as in known_hosts behind the name."""
        ...

    @property
    def host_authority(self) -> str:
        """Who vouches for the gateway under a target's name: behind `@cert-authority NAME`."""
        ...

    @property
    def target_authority(self) -> str:
        """What targets name in `TrustedUserCAKeys`."""
        ...

    def issue(
        self,
        public_key: str,
        credential: CredentialId,
        person: str,
        target: str,
        begins: datetime,
        ends: datetime,
    ) -> str:
        """Return a client's certificate, one line, which stands for that credential.

        public_key: one line, as in `id_ed25519.pub`. It lasts a minute at most. Raises
        ConflictFault for a key that cannot be used.
        """
        ...

    def read(self, line: str, now: datetime) -> ShownCertificate | None:
        """Return what a client's certificate says, None for one that counts for nothing."""
        ...

    @property
    def own_host_key(self) -> Secret[str]:
        """The gateway's host key, whole."""
        ...

    def for_host(self, name: str, now: datetime) -> tuple[Secret[str], str]:
        """Return the gateway's host key, and its certificate for a name, good for a day."""
        ...


class PostureSource(Protocol):
    """A system that manages devices, asked what it knows of them itself."""

    @property
    def name(self) -> str:
        """What it is called in the log."""
        ...

    async def posture(self, managed_as: str) -> Device | None:
        """Return what it says of the device that it calls so, None where it knows of none.

        Raises OutsideFault where it does not say.
        """
        ...


class CredentialBroker(Protocol):
    """How sessions, and the gateway itself, reach a target. Raises OutsideFault, OperatorFault."""

    def needs_privileges(self, target: Target) -> bool:
        """Return whether `lease` must be told what the session may do."""
        ...

    async def lease(self, target: Target, session: Session, privileges: Privileges | None) -> Lease:
        """Return a way in for one session, to be released when it has ended.

        privileges: what it may be good for; None where the broker was not said to need them.
        """
        ...

    async def release(self, target: Target, lease: Lease) -> None:
        """Take it back. What is gone already is no fault, and what fails is left to `sweep`."""
        ...

    async def sweep(self, target: Target, live: Collection[str]) -> list[str]:
        """Take back what crashes left: all but the handles in `live`. Return what was."""
        ...

    async def standing(self, target: Target) -> tuple[str, Secret[str]]:
        """Return user and password of the gateway's own connections."""
        ...


class ValueSampler(Protocol):
    """Looks at values of a target, and tells what they look like and never what they are."""

    def sample(
        self,
        target: Target,
        labels: Sequence[str],
        most: int,
        told: Callable[[int, int, int], None],
    ) -> AsyncGenerator[Sampled, None]:
        """Yield what at most so many values of each column look like, column by column.

        told: is called with how many tables were looked at, of how many, and how many of them
        could not be read. Raises OutsideFault, OperatorFault.
        """
        ...


class Notifier(Protocol):
    """One channel by which people hear of things. Raises OutsideFault when it cannot now."""

    @property
    def name(self) -> str:
        """What the channel is called, in configuration and in deliveries."""
        ...

    async def send(self, notice: Notice, to: Sequence[Subject], earlier: str) -> str:
        """Tell these people; return what the channel calls the message, empty for nothing.

        earlier: what it called the last message of this thread, to change that one in its place
        where the channel can; empty for none.
        """
        ...


class OnCall(Protocol):
    """Who of a group is on call. Raises OutsideFault."""

    async def on_call(self, group: str, at: datetime) -> Sequence[str]:
        """Return names of subjects, the first one first; nobody where it is not known."""
        ...


class IssueTracker(Protocol):
    """Knows tickets. Raises OutsideFault."""

    async def look_up(self, ticket: str, subject: str, target: str) -> str:
        """Return `open`, `closed` or `unknown`: whether that ticket asks this person for this."""
        ...


class PasswordHasher(Protocol):
    """Hashes and checks the passwords of people."""

    async def hash(self, password: Secret[str]) -> str:
        """Return what to keep of a password."""
        ...

    async def verify(self, kept: Secret[str] | None, password: Secret[str]) -> bool:
        """Return whether the password is the kept one; None costs the same and is false."""
        ...

    def is_outdated(self, kept: Secret[str]) -> bool:
        """Return whether what is kept was made with less work than is asked now."""
        ...


class CodeGenerators(Protocol):
    """Makes generators of codes that change all the time (RFC 6238), and checks their codes."""

    def make(self, about: str) -> tuple[Secret[str], bytes]:
        """Return a new secret in base32, to be shown once, and what to keep of it, sealed.

        about: the id of what it is kept in, bound to it.
        """
        ...

    def step_of(self, sealed: bytes, about: str, code: str, now: datetime) -> int | None:
        """Return the time step that a code is of, None for a wrong one."""
        ...

    def uri(self, secret: Secret[str], account: str) -> Secret[str]:
        """Return what an app reads from a QR code."""
        ...
