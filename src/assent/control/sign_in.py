"""Signing in with a password, bearer tokens, and step-up."""

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from assent.control.directory import Directory
from assent.control.refusals import Refusals
from assent.core.changes import DropToken, PutToken, StepUp
from assent.core.clock import Clock
from assent.core.entry import Entry, EntryKind
from assent.core.evidence import Authentication
from assent.core.faults import ForbiddenFault
from assent.core.ids import EntryId, Ids, SubjectId
from assent.core.ports import PasswordHasher, Store, Token
from assent.core.secret import Secret
from assent.core.subject import Subject

TOKEN_LASTS_FOR = timedelta(hours=12)
_MOST_FAILURES = 10
_FAILURES_COUNT_FOR = timedelta(minutes=5)
_MOST_KEYS = 10_000
_REFUSED = "the name or the password is wrong"
# Who may see what others did.
OVERSEERS = frozenset({"security", "auditors"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is at one of the doors for people and programs. door: `api` or `web`."""

    subject: Subject
    authentication: Authentication
    token_digest: str
    address: str
    door: str

    @property
    def oversees(self) -> bool:
        """Whether this person may see what others did."""
        return not self.subject.groups.isdisjoint(OVERSEERS)


class SignIn:
    """Turns a name and a password into a bearer token, and a token into a caller.

    refusals: of it, and of other proofs of who somebody is, which are in the log little by little.
    """

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        hasher: PasswordHasher,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._store = store
        self._directory = directory
        self._hasher = hasher
        self._clock = clock
        self._ids = ids
        self._failures: dict[tuple[str, str], deque[datetime]] = {}
        self.refusals = Refusals(store=store, clock=clock, ids=ids)
        self._stepped_up: dict[SubjectId, tuple[datetime, EntryId]] = {}
        self._listeners: list[Callable[[Subject], Awaitable[None]]] = []
        self._when_refused: list[Callable[[SubjectId], None]] = []

    def when_refused(self, listener: Callable[[SubjectId], None]) -> None:
        """Call `listener` after every refused password of somebody who is known."""
        self._when_refused.append(listener)

    def when_stepped_up(self, listener: Callable[[Subject], Awaitable[None]]) -> None:
        """Await `listener` after every step-up."""
        self._listeners.append(listener)

    def stepped_up_at(self, subject: SubjectId) -> datetime | None:
        """Return when this subject last proved who they are again, None for never."""
        found = self._stepped_up.get(subject)
        return found[0] if found else None

    def step_up_of(self, subject: SubjectId) -> EntryId | None:
        """Return the entry of the last step-up of this subject, None for none."""
        found = self._stepped_up.get(subject)
        return found[1] if found else None

    async def login(
        self, name: str, password: Secret[str], address: str
    ) -> tuple[Secret[str], Token]:
        """Return a new bearer token and what is kept of it.

        Raises ForbiddenFault `sign-in-refused`, `too-many-attempts`.
        """
        subject = await self._prove(name, password, address, EntryKind.LOGIN)
        now = self._clock.now()
        token = Secret(self._ids.token(32))
        kept = Token(subject.id, "password", now, now + TOKEN_LASTS_FOR, None)
        await self._store.commit(
            (PutToken(_digest(token), subject.id, "password", now, kept.expires_at),),
            (self._entry(EntryKind.LOGIN, subject, now, address),),
        )
        return token, kept

    async def authenticate(self, token: Secret[str], address: str, door: str) -> Caller:
        """Return who holds this token. Raises ForbiddenFault `not-signed-in`."""
        # Looking a digest up instead of the token leaves nothing to time.
        digest = _digest(token)
        kept = await self._store.token(digest)
        if kept is None or self._clock.now() >= kept.expires_at:
            raise ForbiddenFault("not-signed-in", "sign in first: `assent login`")
        subject = self._directory.subject(kept.subject)
        if subject.disabled:
            raise ForbiddenFault("not-signed-in", f"`{subject.name}` is disabled")
        proof = Authentication(kept.method, kept.issued_at, self.stepped_up_at(subject.id))
        return Caller(subject, proof, digest, address, door)

    async def logout(self, caller: Caller) -> None:
        """Forget the caller's token."""
        entry = Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=EntryKind.LOGOUT,
            at=self._clock.now(),
            subject=caller.subject.id,
            payload={"address": caller.address},
        )
        await self._store.commit((DropToken(caller.token_digest),), (entry,))

    async def step_up(self, caller: Caller, password: Secret[str]) -> None:
        """Take a fresh proof of who the caller is. Raises ForbiddenFault `sign-in-refused`."""
        subject = await self._prove(
            caller.subject.name, password, caller.address, EntryKind.STEP_UP
        )
        now = self._clock.now()
        entry = self._entry(EntryKind.STEP_UP, subject, now, caller.address)
        await self._store.commit((StepUp(caller.token_digest, now),), (entry,))
        self._stepped_up[subject.id] = (now, entry.id)
        for listener in self._listeners:
            await listener(subject)

    async def _prove(
        self, name: str, password: Secret[str], address: str, wanted: EntryKind
    ) -> Subject:
        # Failures are counted per name *and* address, so that nobody can lock others out.
        failures = self._recent_failures((name, address))
        if len(failures) >= _MOST_FAILURES:
            self._count_unchecked(name, address, wanted)
            raise ForbiddenFault("too-many-attempts", "too many attempts; try in five minutes")
        # Counted before it is checked: checks take time, and many may be under way at once.
        failures.append(self._clock.now())
        subject = self._directory.subject_named(name)
        kept = await self._store.password_hash(subject.id) if subject else None
        # An unknown name costs the same work, so that time does not tell names apart.
        proved = await self._hasher.verify(kept, password)
        if subject is None or subject.disabled or not proved:
            if subject is not None:
                self._count_refused(subject)
            self.refusals.count(subject.id if subject else None, wanted, "sign-in-refused", address)
            raise ForbiddenFault("sign-in-refused", _REFUSED)
        failures.clear()
        return subject

    def _count_unchecked(self, name: str, address: str, wanted: EntryKind) -> None:
        subject = self._directory.subject_named(name)
        self.refusals.count(subject.id if subject else None, wanted, "too-many-attempts", address)

    def _count_refused(self, subject: Subject) -> None:
        for listener in self._when_refused:
            listener(subject.id)

    def _recent_failures(self, key: tuple[str, str]) -> deque[datetime]:
        while len(self._failures) > _MOST_KEYS:
            del self._failures[next(iter(self._failures))]
        failures = self._failures.setdefault(key, deque(maxlen=_MOST_FAILURES))
        while failures and self._clock.now() - failures[0] > _FAILURES_COUNT_FOR:
            failures.popleft()
        return failures

    def _entry(self, kind: EntryKind, subject: Subject, at: datetime, address: str) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=kind,
            at=at,
            subject=subject.id,
            facts={"method": "password"},
            payload={"address": address},
        )


def _digest(token: Secret[str]) -> str:
    return sha256(token.reveal().encode()).hexdigest()
