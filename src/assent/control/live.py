"""The sessions that are open in this process, and what can be done to them from outside."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from assent.control.kept import Keeping
from assent.control.so_far import SoFar
from assent.control.standing import OPEN, Standing
from assent.core.action import Action
from assent.core.assessment import RiskLevel
from assent.core.decision import Obligation, Permit
from assent.core.device import Device
from assent.core.evidence import Authentication, Connection, Presence
from assent.core.ids import ActionId, SessionId, SubjectId, TokenId
from assent.core.impact import Impact, Waiter
from assent.core.plugins import Authorize
from assent.core.resource import Target
from assent.core.session import Epoch, Session
from assent.core.subject import Subject
from assent.policy.requirement import OWNERS, parse_groups

if TYPE_CHECKING:
    from assent.control.decide import Outcome


async def unmeasured(question: Authorize) -> Impact | None:
    """Return that nothing is measured here."""
    return None


def unheard(lines: tuple[str, ...]) -> None:
    """Say nothing: nobody listens."""


async def nobody_waits() -> tuple[Waiter, ...]:
    """Return that nobody is known to wait for locks."""
    return ()


class Nudges:
    """Tells all that waits in a session to look again; several may, each at its own pace."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def set(self) -> None:
        """Wake all of them."""
        for event in self._waiting:
            event.set()

    @contextmanager
    def heard(self) -> Iterator[asyncio.Event]:
        """Yield what is set by every nudge while the block lasts."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            yield event
        finally:
            self._waiting.discard(event)


@dataclass(slots=True, eq=False)
class Patience:
    """How long a client stays for the answer to one attempt. until: None for as long as it takes.

    What it does not stay for waits on without it, and the same, sent again, goes on with that.
    hung_up: the client went away by itself, and with it what it attempted.
    """

    until: datetime | None = None
    hung_up: bool = False
    nudge: Callable[[], None] = lambda: None

    def hang_up(self) -> None:
        """Withdraw what waits: its client is gone."""
        self.hung_up = True
        self.nudge()


@dataclass(slots=True, eq=False)
class LiveSession:
    """One open session. cut: tells its gateway to end it, with words for the client.

    nudged: set whenever something happened that a held action may be waiting for.
    cancelled: the client asked to cancel what is held. gone: the client hung up.
    process_id, secret_key: what the client cancels with, as PostgreSQL's BackendKeyData.
    measure: what a statement would do, asked at the target; None where nothing was asked.
    waiters: who waits for its locks now. say: tells the client something when it next can hear it,
    without an end of anything. so_far: what was done in it. presence: where else the
    person was when it opened.
    device: what is known of the device that it is bound to, None for none that counts.
    token: with which its password was asked for, None where that is not known.
    unavailable: kinds of evidence that could not be had when it opened.
    untaught: what was permitted and is not learned before its end is known, by action.
    measured: what was permitted with a limit would do, by entry. keeping: the obligations of what
    is under way.
    obliged: what the permit of its opening binds all that is done in it to. settings: what its
    target is told at the start for that. opened: what its opening was decided on. opening: that
    action, to be decided again. permitted: what its opening was permitted by last. standing: what
    may be done in it now. looked_at: when that was last decided, None for at once. level: the
    highest that the risk in it came to. suspicion_line: how many lines its suspicion has crossed.
    cut_since: since when it should be over, None for not. waiting: what is held on its connection
    now. stopped: by whom, None where nobody did. watchers: what hears of each frame of it.
    watching: who looks at it now, with their groups; its own person does not count.
    """

    session: Session
    subject: Subject
    target: Target
    authentication: Authentication
    connection: Connection
    process_id: int
    secret_key: bytes = field(repr=False)
    cut: Callable[[str], None]
    cancel_at_target: Callable[[], None]
    measure: Callable[[Authorize], Awaitable[Impact | None]] = unmeasured
    waiters: Callable[[], Awaitable[tuple[Waiter, ...]]] = nobody_waits
    say: Callable[[tuple[str, ...]], None] = unheard
    epoch: Epoch = field(default_factory=Epoch)
    so_far: SoFar = field(default_factory=SoFar)
    presence: Presence = field(default_factory=Presence)
    device: Device | None = None
    token: TokenId | None = None
    unavailable: frozenset[str] = frozenset()
    untaught: "dict[ActionId, Outcome]" = field(default_factory=dict)
    measured: dict[str, Impact] = field(default_factory=dict)
    keeping: Keeping = field(default_factory=Keeping)
    obliged: tuple[Obligation, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    opened: "Outcome | None" = None
    opening: Action | None = None
    permitted: Permit | None = None
    standing: Standing = OPEN
    looked_at: datetime | None = None
    level: RiskLevel = RiskLevel.LOW
    suspicion_line: int = 0
    cut_since: datetime | None = None
    waiting: Action | None = None
    stopped: "Pause | None" = None
    watching: Mapping[object, frozenset[str]] = field(default_factory=dict)
    watchers: "tuple[Callable[[], None], ...]" = ()
    nudged: Nudges = field(default_factory=Nudges)
    holding: int = 0
    cancelled: bool = False
    gone: bool = False

    @property
    def only_reads(self) -> bool:
        """Whether whatever is done in it may only read."""
        return any(item.name == "read_only" for item in self.obliged)

    @property
    def pause(self) -> "Pause | None":
        """Why nothing new begins in it, None where it does."""
        return self.stopped or self.unwatched

    @property
    def unwatched(self) -> "Pause | None":
        """Whose eyes it lacks, by the `@watched_by` of its opening, None for nobody's."""
        for item in self.obliged:
            if item.name != "watched_by":
                continue
            named = parse_groups(item.value)
            groups = frozenset(named) - {OWNERS}
            if OWNERS in named:
                groups |= self.target.owners
            if not any(groups & present for present in self.watching.values()):
                because = f"it goes on only while somebody of {' or '.join(named)} watches it"
                return Pause(SubjectId(""), "", because, self.session.opened_at, groups)
        return None

    def told_watchers(self) -> None:
        """Let whoever watches look again."""
        for saw in self.watchers:
            saw()


@dataclass(frozen=True, slots=True)
class Pause:
    """Somebody stopped a session from going on until it is resumed; or nobody of `groups` watches.

    groups: empty where somebody stopped it.
    """

    by: SubjectId
    name: str
    because: str
    since: datetime
    groups: frozenset[str] = frozenset()


class LiveSessions:
    """Finds open sessions by id, by cancel key and by subject.

    changes: moves when facts change that sessions are decided on; a session that is being opened
    meanwhile is decided again.
    """

    def __init__(self) -> None:
        self.changes = 0
        self._sessions: dict[SessionId, LiveSession] = {}
        self._keys: dict[int, LiveSession] = {}

    def __iter__(self) -> Iterator[LiveSession]:
        return iter(tuple(self._sessions.values()))

    def __len__(self) -> int:
        return len(self._sessions)

    def add(self, live: LiveSession) -> None:
        """Count a session as open."""
        self._sessions[live.session.id] = live
        self._keys[live.process_id] = live

    def remove(self, live: LiveSession) -> None:
        """Forget a session that has ended."""
        self._sessions.pop(live.session.id, None)
        self._keys.pop(live.process_id, None)

    def get(self, session: SessionId | None) -> LiveSession | None:
        """Return the open session, None if it is not open here."""
        return self._sessions.get(session) if session else None

    def has_key(self, process_id: int) -> bool:
        """Return whether a cancel key with this number is taken."""
        return process_id in self._keys

    def cancel(self, process_id: int, secret_key: bytes) -> None:
        """Cancel what the session with this key does; nothing happens for a wrong key."""
        live = self._keys.get(process_id)
        if live is None or not hmac.compare_digest(live.secret_key, secret_key):
            return
        if live.holding:
            live.cancelled = True
            live.nudged.set()
        else:
            live.cancel_at_target()

    def of(self, subject: SubjectId) -> list[LiveSession]:
        """Return the subject's open sessions."""
        return [live for live in self if live.subject.id == subject]
