"""Identity providers as the doors see them, and the trips of browsers to them and back."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from assent.core.clock import Clock
from assent.core.faults import ForbiddenFault
from assent.core.ids import Ids
from assent.core.role import Role
from assent.core.secret import Secret

TRIP_LASTS_FOR = timedelta(minutes=10)
_MOST_USED = 50_000
_LONGEST_COOKIE = 3_000


@dataclass(frozen=True, slots=True)
class Proved:
    """Who a provider says that somebody is; checked, and in the words of this gateway.

    external: as whom it knows them. session: its own session, empty where it names none. ends_at:
    when that ends, None where it does not say.
    """

    external: str
    name: str
    display_name: str = ""
    email: str = ""
    time_zone: str = ""
    groups: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    session: str = ""
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Returned:
    """Who came back. hint: by which the provider knows its own session, for signing out there."""

    proved: Proved
    hint: Secret[str]


@dataclass(frozen=True, slots=True)
class EndedThere:
    """What a provider says is over: all sessions of somebody there, or one. id: good once."""

    external: str
    session: str
    id: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Trip:
    """One trip to a provider and back.

    nonce, verifier: as OpenID Connect and PKCE want them. path: where it goes on afterwards.
    token: digest of the sign-in that is to be proved anew, empty for a new one. before: digest of
    the one that a new one takes the place of, empty for none.
    """

    provider: str
    state: str
    nonce: str
    verifier: Secret[str]
    path: str
    began_at: datetime
    token: str = ""
    before: str = ""

    @property
    def fresh_since(self) -> datetime | None:
        """Since when the proof must be, None where an older one will do."""
        return self.began_at if self.token else None


class Provider(Protocol):
    """One identity provider. Raises OutsideFault where it is away, ForbiddenFault otherwise."""

    name: str
    display_name: str
    lasts_for: timedelta

    async def check(self) -> None:
        """Ask it anew what it says of itself; whoever signs in goes on with what was known."""
        ...

    async def begin(self, trip: Trip, redirect_uri: str) -> str:
        """Return where the browser is sent."""
        ...

    async def redeem(self, trip: Trip, redirect_uri: str, code: str, issuer: str) -> Returned:
        """Return who came back with a code. issuer: as the answer names it, or empty."""
        ...

    async def ended(self, token: str) -> EndedThere:
        """Return what the provider says is over."""
        ...

    def forget(self, ended: EndedThere) -> None:
        """Let it tell that again: what it asks for could not be done."""
        ...

    async def end_session_url(self, back_to: str, hint: Secret[str] | None) -> str:
        """Return where somebody signs out there, empty where that is not possible."""
        ...


@dataclass(slots=True)
class Trips:
    """Begins trips, and knows those again that come back: once, and within ten minutes.

    Nothing is kept of one that is under way, so nobody can crowd out those of others, and a
    restart ends none. What it must not lose is in a signed cookie; what the provider is told is
    derived from that with a key. key: 32 bytes.
    """

    key: Secret[bytes]
    clock: Clock
    ids: Ids
    _used: "OrderedDict[str, datetime]" = field(default_factory=OrderedDict)

    def begin(
        self, provider: str, path: str, token: str = "", before: str = ""
    ) -> tuple[Trip, str]:
        """Return a new trip, and the cookie by which its browser is known again."""
        trip = self._trip(provider, self.ids.token(24), path, self.clock.now(), token, before)
        body = {
            "at": int(trip.began_at.timestamp()),
            "before": before,
            "path": path,
            "provider": provider,
            "state": trip.state,
            "token": token,
        }
        text = urlsafe_b64encode(json.dumps(body).encode()).decode()
        return trip, f"{text}.{self._derived('cookie', text)}"

    def returned(self, provider: str, state: str, cookie: str) -> Trip:
        """Return the trip that comes back with this state. Raises ForbiddenFault."""
        said = self._read(cookie)
        now = self.clock.now()
        known = said is not None and hmac.compare_digest(said["state"].encode(), state.encode())
        if said is None or not known or said["provider"] != provider:
            words = "this browser was not on its way to the identity provider; start again"
            raise ForbiddenFault("sign-in-refused", words)
        began_at = datetime.fromtimestamp(int(said["at"]), UTC)
        if not began_at <= now + timedelta(seconds=1) <= began_at + TRIP_LASTS_FOR:
            words = "signing in took longer than ten minutes; start again"
            raise ForbiddenFault("sign-in-refused", words)
        self._use(state, now)
        return self._trip(provider, state, said["path"], began_at, said["token"], said["before"])

    def _use(self, state: str, now: datetime) -> None:
        while self._used:
            oldest, at = next(iter(self._used.items()))
            if now - at <= 2 * TRIP_LASTS_FOR and len(self._used) < _MOST_USED:
                break
            del self._used[oldest]
        if state in self._used:
            words = "this answer was used before; start again"
            raise ForbiddenFault("sign-in-refused", words)
        self._used[state] = now

    def _read(self, cookie: str) -> Mapping[str, str] | None:
        text, dot, signature = cookie.partition(".")
        if not dot or len(cookie) > _LONGEST_COOKIE or not cookie.isascii():
            return None
        if not hmac.compare_digest(self._derived("cookie", text), signature):
            return None
        said = json.loads(urlsafe_b64decode(text))
        return {name: str(value) for name, value in said.items()}

    def _trip(
        self, provider: str, state: str, path: str, began_at: datetime, token: str, before: str
    ) -> Trip:
        # Of PKCE: 43 to 128 characters (RFC 7636, section 4.1).
        verifier = Secret(self._derived("verifier", state))
        nonce = self._derived("nonce", state)
        return Trip(provider, state, nonce, verifier, path, began_at, token, before)

    def _derived(self, what: str, text: str) -> str:
        message = f"assent sign-in {what}\0{text}".encode()
        return hmac.digest(self.key.reveal(), message, "sha256").hex()


def trips_of(key: Secret[bytes], clock: Clock, ids: Ids) -> Trips:
    """Return trips with a key of their own, made from another one that it says nothing about."""
    own = hmac.digest(key.reveal(), b"assent trips to identity providers", "sha256")
    return Trips(Secret(own), clock, ids)
