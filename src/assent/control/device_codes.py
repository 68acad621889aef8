"""Signing a command line in on a machine without a browser (RFC 8628).

The machine shows a short code; whoever is signed in in a browser, on any machine, types it there
and says yes. What waits is kept in memory: after a restart one begins again.
"""

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from assent.control.at_a_browser import issued_to, printable, sign_in_of
from assent.control.directory import Directory
from assent.control.sign_in import Caller, SignIn, digest_of
from assent.control.sign_in_rules import WEAK
from assent.core.clock import Clock
from assent.core.entry import EntryKind
from assent.core.faults import ConflictFault, ForbiddenFault, MissingFault
from assent.core.ids import Ids, SubjectId
from assent.core.ports import Store
from assent.core.secret import Secret
from assent.core.token import Token

METHOD = "device-code"
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no words come of it, and no letters that look like figures (section 6.1)."""
LENGTH = 8
LASTS_FOR = timedelta(minutes=10)
INTERVAL_S = 5
SLOWER_BY_S = 5
MOST_WAITING = 1_000
MOST_OF_AN_ADDRESS = 50
MOST_GUESSES = 10
"""Wrong codes of one person within LASTS_FOR. With all MOST_WAITING places taken one guess of
20**8 / 1000 = 2.6e7 hits: at one a minute an even chance takes 33 years, signed in under one's own
name all the time, and what it wins is that a stranger's command line is signed in as oneself."""
_MOST_GUESSERS = 10_000


class Trouble(StrEnum):
    """Why there is no token (RFC 8628, section 3.5; RFC 6749, section 5.2)."""

    PENDING = "authorization_pending"
    SLOW_DOWN = "slow_down"
    DENIED = "access_denied"
    EXPIRED = "expired_token"
    BAD_GRANT = "invalid_grant"


class NoToken(Exception):
    """A poll that brings no token. interval_s: how long to wait before the next one."""

    def __init__(self, trouble: Trouble, interval_s: int = INTERVAL_S) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.interval_s = interval_s


@dataclass(slots=True)
class Waiting:
    """A command line that waits to be signed in.

    host: what it calls its machine, which nobody has checked. address: from where it asked.
    """

    user_code: str
    digest: str
    host: str
    address: str
    user_agent: str
    asked_at: datetime
    expires_at: datetime
    interval_s: int = INTERVAL_S
    polled_at: datetime | None = None
    denied: bool = False
    by: Caller | None = None
    """Who said yes."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What the command line is told, once. device_code: what it asks for its token with."""

    device_code: Secret[str]
    user_code: str
    expires_at: datetime
    interval_s: int


class DeviceCodes:
    """Hands out codes, has people answer them, and makes the tokens."""

    def __init__(
        self, *, store: Store, directory: Directory, sign_in: SignIn, clock: Clock, ids: Ids
    ) -> None:
        self._store = store
        self._directory = directory
        self._sign_in = sign_in
        self._clock = clock
        self._ids = ids
        # Oldest first; both hold the same.
        self._by_digest: OrderedDict[str, Waiting] = OrderedDict()
        self._by_code: dict[str, Waiting] = {}
        self._guesses: OrderedDict[SubjectId, deque[datetime]] = OrderedDict()

    def begin(self, host: str, address: str, user_agent: str = "") -> Begun:
        """Return a new pair of codes for a command line on `host`.

        Raises ForbiddenFault `too-many-attempts` where too many wait already; nobody who waits
        is pushed out.
        """
        now = self._clock.now()
        self._drop_expired(now)
        of_address = Counter(one.address for one in self._by_digest.values())[address]
        if len(self._by_digest) >= MOST_WAITING or of_address >= MOST_OF_AN_ADDRESS:
            words = "too many command lines wait to be signed in; try again in some minutes"
            raise ForbiddenFault("too-many-attempts", words)
        secret = Secret(self._ids.token(32))
        waiting = Waiting(
            user_code=self._new_code(),
            digest=digest_of(secret),
            host=printable(host),
            address=address,
            user_agent=user_agent,
            asked_at=now,
            expires_at=now + LASTS_FOR,
        )
        self._by_digest[waiting.digest] = waiting
        self._by_code[waiting.user_code] = waiting
        return Begun(secret, waiting.user_code, waiting.expires_at, INTERVAL_S)

    def look(self, caller: Caller, typed: str) -> Waiting:
        """Return who waits with the code that somebody typed.

        Raises MissingFault where nobody does, ForbiddenFault `too-many-attempts` after too many
        of these.
        """
        now = self._clock.now()
        wrong = self._wrong_guesses(caller.subject.id, now)
        if len(wrong) >= MOST_GUESSES:
            words = "too many codes that nobody waits with; try again in ten minutes"
            raise ForbiddenFault("too-many-attempts", words)
        waiting = self._by_code.get(normal(typed))
        if waiting is None or now >= waiting.expires_at or waiting.by or waiting.denied:
            wrong.append(now)
            self._sign_in.refusals.count(
                caller.subject.id, EntryKind.LOGIN, "no-such-code", caller.address
            )
            words = "no command line waits with this code; look at it again, or begin again there"
            raise MissingFault("no-such-code", words)
        return waiting

    async def answer(self, caller: Caller, typed: str, *, allow: bool) -> Waiting:
        """Let the command line that waits with this code be signed in as the caller, or not.

        Raises as `look`, and ForbiddenFault unless the caller signed in themself in a browser.
        """
        await sign_in_of(self._store, caller)
        # Looked up after all that waits: of two answers at once the second finds nobody.
        waiting = self.look(caller, typed)
        if allow:
            waiting.by = caller
        else:
            waiting.denied = True
        return waiting

    async def poll(self, device_code: Secret[str]) -> tuple[Secret[str], Token]:
        """Return the token of a command line that somebody let in, once. Raises NoToken."""
        now = self._clock.now()
        waiting = self._by_digest.get(digest_of(device_code))
        if waiting is None:
            raise NoToken(Trouble.BAD_GRANT)
        if now >= waiting.expires_at:
            self._drop(waiting)
            raise NoToken(Trouble.EXPIRED)
        before, waiting.polled_at = waiting.polled_at, now
        if before is not None and now - before < timedelta(seconds=waiting.interval_s):
            waiting.interval_s += SLOWER_BY_S
            raise NoToken(Trouble.SLOW_DOWN, waiting.interval_s)
        if waiting.denied:
            self._drop(waiting)
            raise NoToken(Trouble.DENIED)
        if waiting.by is None:
            raise NoToken(Trouble.PENDING, waiting.interval_s)
        # Gone before anything is awaited: it is good for one token.
        self._drop(waiting)
        return await self._issue(waiting, waiting.by)

    async def _issue(self, waiting: Waiting, by: Caller) -> tuple[Secret[str], Token]:
        try:
            proof = await sign_in_of(self._store, by)
            subject = self._directory.subject(by.subject.id)
            return await issued_to(
                self._sign_in,
                subject,
                proof,
                now=self._clock.now(),
                # A passkey cannot be phished; a code that it was given for can be.
                method=proof.method if proof.method in WEAK else METHOD,
                name=f"command line on {waiting.host or 'an unnamed machine'}, by a code",
                address=waiting.address,
                user_agent=waiting.user_agent,
            )
        except (ForbiddenFault, MissingFault, ConflictFault):
            # They signed out or were disabled since they said yes.
            raise NoToken(Trouble.DENIED) from None

    def _new_code(self) -> str:
        while True:
            number = int.from_bytes(sha256(self._ids.token(32).encode()).digest())
            code = ""
            for _ in range(LENGTH):
                number, letter = divmod(number, len(LETTERS))
                code += LETTERS[letter]
            if code not in self._by_code:
                return code

    def _wrong_guesses(self, subject: SubjectId, now: datetime) -> deque[datetime]:
        while len(self._guesses) > _MOST_GUESSERS:
            self._guesses.popitem(last=False)
        wrong = self._guesses.setdefault(subject, deque(maxlen=MOST_GUESSES))
        while wrong and now - wrong[0] > LASTS_FOR:
            wrong.popleft()
        return wrong

    def _drop_expired(self, now: datetime) -> None:
        while self._by_digest:
            oldest = next(iter(self._by_digest.values()))
            if now < oldest.expires_at + LASTS_FOR:
                return  # For a while it can still be told that it expired.
            self._drop(oldest)

    def _drop(self, waiting: Waiting) -> None:
        self._by_digest.pop(waiting.digest, None)
        self._by_code.pop(waiting.user_code, None)


def normal(typed: str) -> str:
    """Return a code as it was typed without what only parts it, in capitals."""
    return "".join(mark for mark in typed.upper()[:40] if mark.isalnum())


def shown(user_code: str) -> str:
    """Return a code as people read it: `BCDF-GHJK`."""
    return f"{user_code[:4]}-{user_code[4:]}"
