"""The plug-in shapes. A protocol is a sans-IO relay: bytes and answers in, steps out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from msgspec import Struct

from assent.core.action import Action, Phase, Statement
from assent.core.enforcement import Enforcement
from assent.core.evidence import Evidence
from assent.core.frame import Frame
from assent.core.secret import Secret
from assent.core.session import Epoch
from assent.core.signal import Signal


class Side(StrEnum):
    """The two ends of a relay."""

    CLIENT = "client"
    TARGET = "target"


# Questions: what a relay may ask.


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a client says as it connects, for the case that it must ask for access first.

    lasts_for_s: how long it wants access for, None for as long as policies let.
    """

    reason: str = ""
    ticket: str = ""
    lasts_for_s: int | None = None


NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True)
class Identify:
    """Who is this? user, database: as the client named them."""

    user: str
    database: str
    application: str
    wishes: Wishes = NO_WISHES


@dataclass(frozen=True, slots=True)
class Connect:
    """The client proved that it holds credential number `credential` of `Identified`."""

    credential: int


@dataclass(frozen=True, slots=True)
class Authorize:
    """May this be done? text and parameters: exactly what would be done."""

    statement: Statement
    text: str
    parameters: tuple[str | None, ...]
    phase: Phase
    in_transaction: bool


@dataclass(frozen=True, slots=True)
class Cancel:
    """The client asks, on a connection of its own, to cancel what another one does."""

    process_id: int
    secret_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refresh:
    """What is known of the target's names is out of date: say `Refreshed` when it is not."""


@dataclass(frozen=True, slots=True)
class Exceed:
    """A result has reached a limit: may more of it pass? It waits at the target meanwhile.

    entry: of the decision that permitted the statement. limit: the name, `max_rows` or
    `max_bytes`, and most, how many of it. passed_rows, passed_bytes: what the client has.
    counted: the limit is what a budget has left.
    """

    entry: str
    limit: str
    most: int
    passed_rows: int
    passed_bytes: int
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Overrun:
    """A statement runs longer than it may: cancel it at the target. Nothing is answered."""

    entry: str


@dataclass(frozen=True, slots=True)
class Inquired:
    """What came of statements of the gateway's own. Nothing is answered.

    results: for each, its rows as text, None for NULL. error: SQLSTATE and message of the one
    that failed, empty when none did; there are no results behind it.
    """

    number: int
    results: tuple[tuple[tuple[str | None, ...], ...], ...]
    error: str = ""


Question: TypeAlias = (
    Identify | Connect | Authorize | Cancel | Refresh | Exceed | Overrun | Inquired
)


# Answers: what a relay may be told. `Held` may come several times, the others end a question.


@dataclass(frozen=True, slots=True)
class Verifier:
    """A SCRAM-SHA-256 verifier (RFC 5802, section 3)."""

    stored_key: bytes
    server_key: bytes


@dataclass(frozen=True, slots=True)
class Identified:
    """What a proof of possession is checked against; no verifier fits an unknown person."""

    salt: bytes
    iterations: int
    verifiers: tuple[Verifier, ...]


@dataclass(frozen=True, slots=True)
class Connected:
    """The target is dialled; speak to it as `user`. tls: `disable` … `verify`.

    process_id, secret_key: what the client is told to cancel with. settings: what the target
    is told at the start. knowledge: what the protocol's own part of the gateway knows of the
    target's names; of no concern to anybody else.
    """

    user: str
    password: Secret[str]
    database: str
    tls: str
    search_path: tuple[str, ...]
    process_id: int
    secret_key: bytes = field(repr=False)
    epoch: Epoch
    settings: Mapping[str, str] = field(default_factory=dict)
    knowledge: object = None


@dataclass(frozen=True, slots=True)
class Permitted:
    """Release it. entry: id of the decision. epoch: of the session when it was decided.

    reuse_until: until then the same shape may pass without asking; None for never.
    enforcement: what is to be done to the statement and its results, None for nothing.
    """

    entry: str
    request: str = ""
    epoch: int = 0
    reuse_until: datetime | None = None
    enforcement: Enforcement | None = None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What is known of the target's names is as good as it can be."""


class RefusalKind(StrEnum):
    """Why it was refused; each has its own error code in each protocol."""

    DENIED = "denied"
    REJECTED = "rejected"
    TIMED_OUT = "timed-out"
    WITHDRAWN = "withdrawn"
    UNAVAILABLE = "unavailable"
    WAITING = "waiting"
    """People are asked, and the client did not stay: the same, sent again, goes on with it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Do not release it. hint: what would make it a yes. request: its id, if there is one."""

    kind: RefusalKind
    message: str
    detail: str = ""
    hint: str = ""
    request: str = ""
    entry: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """It waits for people; tell the client. lines: what to say, the first one most important."""

    lines: tuple[str, ...]
    deadline_at: datetime
    request: str


Answer: TypeAlias = Identified | Connected | Permitted | Refused | Held | Refreshed


# Steps: the five things that can happen. The two of every statement are structs, made in C.


class Send(Struct, frozen=True, gc=False):
    """Send these bytes to that side."""

    side: Side
    data: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """Answer this question with `answer(ticket, …)`."""

    ticket: int
    question: Question


class Record(Struct, frozen=True, gc=False):
    """Write this frame before any later step is performed."""

    frame: Frame


@dataclass(frozen=True, slots=True)
class StartTls:
    """Begin TLS with that side, as its server or its client; nothing is fed until it stands."""

    side: Side


PROOF_REFUSED = "wrong password"
"""The reason of a `Close` when somebody did not hold the credential that they named."""


@dataclass(frozen=True, slots=True)
class Close:
    """End the conversation. reason: for the log and the recording."""

    reason: str


Step: TypeAlias = Send | Ask | Record | StartTls | Close


class Relay(Protocol):
    """One conversation between a client and a target, without IO or clock.

    It never awaits: it asks, and holds the bytes until answered. It never raises for what a
    peer sent: a fault is a last `Close`. Every waiting state has a `wake_at`.
    """

    def feed(self, side: Side, data: bytes, now: datetime) -> Sequence[Step]: ...

    def answer(self, ticket: int, answer: Answer, now: datetime) -> Sequence[Step]: ...

    def wake(self, now: datetime) -> Sequence[Step]: ...

    def hang_up(self, side: Side, now: datetime) -> Sequence[Step]: ...

    def tls_started(self, side: Side, now: datetime) -> Sequence[Step]: ...

    def cut(self, message: str, now: datetime) -> Sequence[Step]:
        """End the session for a reason that the client is told in its own protocol."""
        ...

    @property
    def wake_at(self) -> datetime | None: ...

    @property
    def buffered_bytes(self) -> int: ...

    @property
    def target_waits(self) -> bool:
        """Whether the target is not to be read from for now."""
        ...


@dataclass(frozen=True, slots=True)
class ProtocolPlugin:
    """A protocol. verbs: the only ones it may emit. honours: the obligations it can keep.

    resources: the kinds of resource that it emits, as Cedar entity types.
    """

    name: str
    verbs: frozenset[str]
    resources: frozenset[str]
    honours: frozenset[str]


@dataclass(frozen=True, slots=True)
class SignalPlugin:
    """A signal. needs: kinds of evidence. measure: pure."""

    name: str
    needs: frozenset[str]
    measure: Callable[[Action, Evidence, datetime], Signal]
