"""Signing in with a password, bearer tokens, and step-up."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from assent.control.attempt_limits import network_of
from assent.control.directory import Directory
from assent.control.entering import Entering
from assent.control.pending_sign_ins import PendingSignIns
from assent.control.proving import REFUSED, Proving
from assent.control.refusals import Refusals
from assent.control.second_factor import SecondFactors
from assent.control.sign_in_rules import SignInRules
from assent.control.token_bonds import TokenBonds
from assent.core.changes import Change, DropToken, PutToken, StepUp
from assent.core.clock import Clock, isoformat
from assent.core.entry import Entry, EntryKind
from assent.core.evidence import Authentication
from assent.core.faults import Fault, ForbiddenFault
from assent.core.ids import DeviceKeyId, EntryId, Ids, SubjectId, TokenId
from assent.core.people_changes import KeepNetwork, SeeToken
from assent.core.ports import PasswordHasher, Store
from assent.core.role import Permission, Role, permissions_of
from assent.core.secret import Secret
from assent.core.subject import Subject, roles_of
from assent.core.token import Token, TokenKind

TOKEN_LASTS_FOR = timedelta(hours=12)
FRESH_FOR = timedelta(minutes=10)
"""How long a proof lasts for changes of one's own account."""
SEEN_EVERY = timedelta(minutes=10)
"""How closely it is kept when a sign-in was used last: not every use is worth a commit."""
API_TOKEN = "api-token"  # noqa: S105 - how somebody proves who they are, no secret
NEEDS_REASON = (
    "not shown: an administrator says first why they have to read it, and the log keeps that; "
    "send it as `x-assent-reason`, or say it at `/reason`"
)
PEOPLE_ONLY = frozenset({Permission.ACCOUNT, Permission.ANSWER})
"""What no token of a program is good for, whatever it was made for."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is at one of the doors for people and programs. door: `api` or `web`.

    permissions: what they may do there: what their roles give, of that what the token is for.
    device: whose key vouched for the sign-in. holds: whose key signed this very call;
    certified: and is handed a client certificate by it. proved_at: when they last proved at this
    very sign-in who they are. falls_short: whether more than they proved is asked of them; then
    only their own account is open to them. reason: why they say that they have to read what others
    wrote. provider: that they came by, as `oidc:NAME`; empty for none. task: what a program says
    that it does just now, as `core.declared_task` keeps it.
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
    holds: DeviceKeyId | None = None
    certified: bool = False
    proved_at: datetime | None = None
    falls_short: bool = False
    reason: str = ""
    provider: str = ""
    task: str = ""

    @property
    def oversees(self) -> bool:
        """Whether this person may see what others did."""
        return Permission.READ_ACCESS in self.permissions

    def may(self, permission: Permission) -> bool:
        """Return whether the door is open to them for that."""
        return permission in self.permissions

    def check(self, permission: Permission, *others: Permission) -> None:
        """Raise ForbiddenFault `not-permitted` unless the door is open for that, or for another."""
        if self.falls_short and Permission.ACCOUNT not in (permission, *others):
            self.check_whole()
        if self.permissions.isdisjoint((permission, *others)):
            named = " or ".join(f"`{one}`" for one in (permission, *others))
            words = f"this needs the permission {named}, which you do not have here"
            raise ForbiddenFault("not-permitted", words)

    @property
    def asks_reason(self) -> bool:
        """Whether what others wrote is shown to them for a reason only, and there is none."""
        return Role.ADMINISTRATOR in self.roles and not self.reason

    @property
    def withheld(self) -> str:
        """Why they are not shown what others wrote, in words; empty where they are."""
        if Permission.READ_PAYLOADS not in self.permissions:
            return f"this is shown to who has the permission `{Permission.READ_PAYLOADS}`"
        return NEEDS_REASON if self.asks_reason else ""

    def check_payloads(self) -> None:
        """Raise ForbiddenFault `reason-needed` or `not-permitted` where that is withheld."""
        self.check(Permission.READ_PAYLOADS)
        if self.asks_reason:
            raise ForbiddenFault("reason-needed", NEEDS_REASON)

    def check_whole(self) -> None:
        """Raise ForbiddenFault where more is asked of them than they proved."""
        if self.falls_short:
            words = "a password is not enough here: add an app for codes or a passkey at `/account`"
            raise ForbiddenFault("second-factor-missing", words)

    def check_fresh(self, now: datetime) -> None:
        """Raise ForbiddenFault unless they proved a moment ago who they are, at this sign-in."""
        if self.proved_at is None or now - self.proved_at > FRESH_FOR:
            words = "confirm first who you are: `assent step-up`, or sign in again"
            raise ForbiddenFault("step-up-needed", words)


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
    bonds: what was opened with which token. entering: leads browsers on to hosts of targets.
    """

    def __init__(
        self,
        *,
        store: Store,
        directory: Directory,
        hasher: PasswordHasher,
        second_factors: SecondFactors,
        clock: Clock,
        ids: Ids,
        rules: SignInRules | None = None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._second_factors = second_factors
        self._clock = clock
        self._ids = ids
        self.rules = rules or SignInRules()
        self._pending = PendingSignIns(clock, ids)
        self.bonds = TokenBonds()
        self.entering = Entering(clock, ids)
        self.refusals = Refusals(store=store, clock=clock, ids=ids)
        self.proving = Proving(
            store=store,
            directory=directory,
            hasher=hasher,
            second_factors=second_factors,
            refusals=self.refusals,
            rules=self.rules,
            clock=clock,
        )
        self._stepped_up: dict[SubjectId, tuple[datetime, EntryId, str]] = {}
        self._listeners: list[Callable[[Subject], Awaitable[None]]] = []

    def when_refused(self, listener: Callable[[SubjectId], None]) -> None:
        """Call `listener` after every refused password of somebody who is known."""
        self.proving.when_refused(listener)

    def when_stepped_up(self, listener: Callable[[Subject], Awaitable[None]]) -> None:
        """Await `listener` after every step-up."""
        self._listeners.append(listener)

    def stepped_up_at(self, subject: SubjectId) -> datetime | None:
        """Return when this subject last proved who they are again, None for never."""
        found = self._stepped_up.get(subject)
        return found[0] if found else None

    def with_step_up(self, proof: Authentication, subject: SubjectId) -> Authentication:
        """Return a proof with the last step-up of this subject beside it."""
        at, _, method = self._stepped_up.get(subject, (None, None, ""))
        return replace(proof, stepped_up_at=at, stepped_up_by=method)

    def step_up_of(self, subject: SubjectId) -> EntryId | None:
        """Return the entry of the last step-up of this subject, None for none."""
        found = self._stepped_up.get(subject)
        return found[1] if found else None

    async def login(
        self, name: str, password: Secret[str], address: str, *, code: str = "", **more: Any
    ) -> tuple[Secret[str], Token]:
        """Return a new bearer token and what is kept of it. more: further fields of `Token`.

        Raises ForbiddenFault `sign-in-refused`, `too-many-attempts`; `second-factor-needed` where
        the password is right, and a code is needed as well.
        """
        subject, method = await self._prove(name, password, code, address, EntryKind.LOGIN)
        more = {"kind": TokenKind.COMMAND_LINE, "address": address} | more
        return await self.issue(subject, method=method, **more)

    async def first_step(
        self, name: str, password: Secret[str], address: str
    ) -> tuple[Subject, Secret[str] | None]:
        """Return whose password it is, and with what `second_step` goes on where a code is needed.

        Raises ForbiddenFault, OutsideFault, as `login` does.
        """
        subject, attempt = await self.proving.password(name, password, address, EntryKind.LOGIN)
        if await self._second_factors.is_on(subject.id):
            return subject, self._pending.keep(subject.id, attempt, address)
        self.proving.succeeded(attempt)
        return subject, None

    async def second_step(
        self, pending: Secret[str], code: str, address: str
    ) -> tuple[Subject, str]:
        """Return who it is, and how they proved it. Raises ForbiddenFault, OutsideFault.

        `sign-in-over` says that it has to begin again.
        """
        kept = self._pending.take(pending, address)
        subject = self._directory.subject(kept.subject)
        method = await self.proving.code(subject, code, address, EntryKind.LOGIN)
        self._pending.drop(pending)
        self.proving.succeeded(kept.attempt)
        return subject, method

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
            raise ForbiddenFault("sign-in-refused", REFUSED)
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
            stepped_up_at=begins_at if fresh and kind is not TokenKind.API else None,
            **more,
        )
        if kind is TokenKind.API:
            entry = minted(self._ids, token, now)
        else:
            entry = self._entry(EntryKind.LOGIN, subject, now, token.address, method, token.id)
            if token.device is not None:
                entry = replace(entry, facts={**entry.facts, "device": token.device})
        changes = [PutToken(token), *with_changes]
        if token.address and kind is not TokenKind.API:
            changes.append(KeepNetwork(subject.id, network_of(token.address), now))
        await self._store.commit(changes, (entry,))
        return secret, token

    async def authenticate(self, token: Secret[str], address: str, door: str) -> Caller:
        """Return who holds this token. Raises ForbiddenFault `not-signed-in`."""
        # Looking a digest up instead of the token leaves nothing to time.
        return await self.by_digest(digest_of(token), address, door)

    async def by_digest(self, digest: str, address: str, door: str) -> Caller:
        """Return who holds the token of which this is kept. Raises ForbiddenFault `not-signed-in`.

        For who has seen the token before, and kept no more of it than that.
        """
        kept = await self._store.token(digest)
        if kept is None or self.is_over(kept):
            raise ForbiddenFault("not-signed-in", "sign in first: `assent login`")
        subject = self._directory.subject(kept.subject)
        if subject.disabled:
            raise ForbiddenFault("not-signed-in", f"`{subject.name}` is disabled")
        # What its owner proved elsewhere is no proof of whoever holds a program's token.
        of_program = kept.kind is TokenKind.API
        proof = Authentication(kept.method, kept.issued_at)
        if not of_program:
            proof = self.with_step_up(proof, subject.id)
        roles = self._directory.roles_of(subject)
        may = self._directory.permissions_of(subject)
        falls_short = self.rules.falls_short(roles, (kept.method, kept.stepped_up_by))
        if falls_short:
            may &= {Permission.ACCOUNT}
        if of_program:
            may -= PEOPLE_ONLY
        if kept.permissions is not None:
            may &= kept.permissions
        await self._see(kept)
        return Caller(
            subject,
            proof,
            digest,
            address,
            door,
            roles,
            may,
            kept.id,
            kept.device,
            proved_at=None if of_program else kept.stepped_up_at,
            falls_short=falls_short,
            provider=kept.provider,
        )

    def is_over(self, token: Token) -> bool:
        """Return whether a token does not count any more: it expired, or nobody used it."""
        now, idle = self._clock.now(), self.rules.idle
        if now >= token.expires_at:
            return True
        if token.kind is not TokenKind.BROWSER or idle is None:
            return False
        return now - (token.seen_at or token.issued_at) > idle + SEEN_EVERY

    async def _see(self, token: Token) -> None:
        now = self._clock.now()
        # Of a program's token the first use is worth knowing: it was made to be given away.
        is_first = token.kind is TokenKind.API and token.seen_at is None
        if is_first or now - (token.seen_at or token.issued_at) >= SEEN_EVERY:
            # A store that takes nothing is no reason to refuse what only reads.
            with suppress(Fault):
                await self._store.commit((SeeToken(token.digest, now),), ())

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

    async def step_up(self, caller: Caller, password: Secret[str], code: str = "") -> None:
        """Take a fresh proof of who the caller is: all that a sign-in asks of them.

        Raises ForbiddenFault as `login` does.
        """
        name, address = caller.subject.name, caller.address
        _, method = await self._prove(name, password, code, address, EntryKind.STEP_UP)
        await self.stepped_up(caller, method)

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
        self._stepped_up[subject.id] = (now, entry.id, method)
        for listener in self._listeners:
            await listener(subject)

    async def _prove(
        self, name: str, password: Secret[str], code: str, address: str, wanted: EntryKind
    ) -> tuple[Subject, str]:
        """Return who it is, and how they proved it."""
        subject, attempt = await self.proving.password(name, password, address, wanted)
        method = "password"
        if await self._second_factors.is_on(subject.id):
            if not code:
                words = "a code of your app is needed as well, or a recovery code"
                raise ForbiddenFault("second-factor-needed", words)
            method = await self.proving.code(subject, code, address, wanted)
        self.proving.succeeded(attempt)
        return subject, method

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
