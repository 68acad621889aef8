"""Signing in with a password, bearer tokens, and step-up."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from assent.control.directory import Directory
from assent.control.refusals import Refusals
from assent.core.changes import Change, DropToken, PutToken, StepUp
from assent.core.clock import Clock, isoformat
from assent.core.entry import Entry, EntryKind
from assent.core.evidence import Authentication
from assent.core.faults import ForbiddenFault
from assent.core.ids import DeviceKeyId, EntryId, Ids, SubjectId, TokenId
from assent.core.ports import PasswordHasher, Store
from assent.core.role import Permission, Role, permissions_of
from assent.core.secret import Secret
from assent.core.subject import Subject, roles_of
from assent.core.token import Token, TokenKind

TOKEN_LASTS_FOR = timedelta(hours=12)
_MOST_FAILURES = 10
_FAILURES_COUNT_FOR = timedelta(minutes=5)
_MOST_KEYS = 10_000
API_TOKEN = "api-token"  # noqa: S105 - how somebody proves who they are, no secret
PEOPLE_ONLY = frozenset({Permission.ACCOUNT, Permission.ANSWER})
"""What no token of a program is good for, whatever it was made for."""
_REFUSED = "the name or the password is wrong"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is at one of the doors for people and programs. door: `api` or `web`.

    permissions: what they may do there: what their roles give, of that what the token is for.
    """

    subject: Subject
    authentication: Authentication
    token_digest: str
    address: str
    door: str
    roles: frozenset[Role] = frozenset()
    permissions: frozenset[Permission] = frozenset()
    token: TokenId | None = None
    device: DeviceKeyId | None = None

    @property
    def oversees(self) -> bool:
        """Whether this person may see what others did."""
        return Permission.READ_ACCESS in self.permissions

    def may(self, permission: Permission) -> bool:
        """Return whether the door is open to them for that."""
        return permission in self.permissions

    def check(self, permission: Permission, *others: Permission) -> None:
        """Raise ForbiddenFault `not-permitted` unless the door is open for that, or for another."""
        if self.permissions.isdisjoint((permission, *others)):
            named = " or ".join(f"`{one}`" for one in (permission, *others))
            words = f"this needs the permission {named}, which you do not have here"
            raise ForbiddenFault("not-permitted", words)


def caller_as(
    subject: Subject, authentication: Authentication, token_digest: str, address: str, door: str
) -> Caller:
    """Return somebody at a door who holds no token, with what their roles give."""
    roles = roles_of(subject)
    may = permissions_of(roles)
    return Caller(subject, authentication, token_digest, address, door, roles, may)


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
        return await self.issue(subject, TokenKind.COMMAND_LINE, "password", address=address)

    async def issue(
        self,
        subject: Subject,
        kind: TokenKind,
        method: str,
        *,
        lasts_for: timedelta = TOKEN_LASTS_FOR,
        fresh: bool = True,
        proved_at: datetime | None = None,
        with_changes: Sequence[Change] = (),
        **more: Any,
    ) -> tuple[Secret[str], Token]:
        """Return a new bearer token of a subject who has just proved who they are, as by `method`.

        fresh: whether that proof counts as a step-up of this sign-in. proved_at: when that was,
        from then on it lasts; None for just now. with_changes: kept in the same unit. more:
        further fields of `Token`. Raises ForbiddenFault where the subject is disabled.
        """
        if subject.disabled:
            raise ForbiddenFault("sign-in-refused", _REFUSED)
        now = self._clock.now()
        begins_at = proved_at or now
        secret = Secret(self._ids.token(32))
        token = Token(
            id=TokenId(self._ids.mint("token")),
            digest=digest_of(secret),
            subject=subject.id,
            kind=kind,
            method=method,
            issued_at=begins_at,
            expires_at=begins_at + lasts_for,
            **more,
        )
        if kind is TokenKind.API:
            entry = minted(self._ids, token, now)
        else:
            entry = self._entry(EntryKind.LOGIN, subject, now, token.address, method, token.id)
        await self._store.commit((PutToken(token), *with_changes), (entry,))
        return secret, token

    async def authenticate(self, token: Secret[str], address: str, door: str) -> Caller:
        """Return who holds this token. Raises ForbiddenFault `not-signed-in`."""
        # Looking a digest up instead of the token leaves nothing to time.
        digest = digest_of(token)
        kept = await self._store.token(digest)
        if kept is None or self._clock.now() >= kept.expires_at:
            raise ForbiddenFault("not-signed-in", "sign in first: `assent login`")
        subject = self._directory.subject(kept.subject)
        if subject.disabled:
            raise ForbiddenFault("not-signed-in", f"`{subject.name}` is disabled")
        # What its owner proved elsewhere is no proof of whoever holds a program's token.
        of_program = kept.kind is TokenKind.API
        stepped_up_at = None if of_program else self.stepped_up_at(subject.id)
        proof = Authentication(kept.method, kept.issued_at, stepped_up_at)
        roles = self._directory.roles_of(subject)
        may = self._directory.permissions_of(subject)
        if of_program:
            may -= PEOPLE_ONLY
        if kept.permissions is not None:
            may &= kept.permissions
        return Caller(subject, proof, digest, address, door, roles, may, kept.id, kept.device)

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
        await self._prove(caller.subject.name, password, caller.address, EntryKind.STEP_UP)
        await self.stepped_up(caller, "password")

    async def stepped_up(self, caller: Caller, method: str) -> None:
        """Take it as proved anew who the caller is; whoever calls this has checked the proof.

        Raises ForbiddenFault for the token of a program: nobody is there who proves anything.
        """
        if caller.authentication.method == API_TOKEN:
            words = "a program's token cannot step up; sign in yourself: `assent login`"
            raise ForbiddenFault("token-cannot-step-up", words)
        subject, now = caller.subject, self._clock.now()
        entry = self._entry(EntryKind.STEP_UP, subject, now, caller.address, method, caller.token)
        await self._store.commit((StepUp(caller.token_digest, now, method),), (entry,))
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

    def _entry(
        self,
        kind: EntryKind,
        subject: Subject,
        at: datetime,
        address: str,
        method: str,
        token: TokenId | None,
    ) -> Entry:
        return Entry(
            id=EntryId(self._ids.mint("entry")),
            kind=kind,
            at=at,
            subject=subject.id,
            facts={"method": method, "token": token},
            payload={"address": address},
        )


def minted(ids: Ids, token: Token, at: datetime) -> Entry:
    """Return the entry that says that a program's token was made."""
    may = token.permissions
    return Entry(
        id=EntryId(ids.mint("entry")),
        kind=EntryKind.TOKEN_MINTED,
        at=at,
        subject=token.made_by or token.subject,
        facts={
            "about": token.subject,
            "token": token.id,
            "expires_at": isoformat(token.expires_at),
            "permissions": None if may is None else sorted(one.value for one in may),
        },
        payload={"name": token.name, "address": token.address},
    )


def digest_of(token: Secret[str]) -> str:
    """Return what is kept in place of a bearer token: sha256 of it, hex."""
    return sha256(token.reveal().encode()).hexdigest()
