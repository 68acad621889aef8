"""An OpenID Connect provider: where people are sent, and what comes back, checked.

Authorization code with PKCE (RFC 7636, S256), `iss` in the answer (RFC 9207), Discovery 1.0,
RP-Initiated Logout 1.0 and Back-Channel Logout 1.0.
"""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote_plus, urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import KeySet

from assent.control.providers import EndedThere, Returned, Trip
from assent.core.clock import Clock
from assent.core.faults import Fault, ForbiddenFault, OutsideFault
from assent.core.secret import Secret
from assent.identity.asking import Asking, is_safe
from assent.identity.claims import Reading
from assent.identity.oidc_tokens import (
    Expected,
    UnknownKeyError,
    id_token_claims,
    key_set_of,
    logout_of,
)

Answer = TypeVar("Answer")

_KEPT_FOR = timedelta(hours=1)
_AWAY_FOR = timedelta(seconds=5)
_KEYS_AGAIN_AFTER = timedelta(seconds=30)
_FRESH_S = 30
_MOST_AT_ONCE = 16
_MOST_LOGOUTS = 10_000
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Registration:
    """What we are at a provider, and how what it says is read; see `OidcConfig`.

    max_age_s: how long ago people may have proved who they are; None for any.
    """

    name: str
    display_name: str
    issuer: str
    client_id: str
    client_secret: Secret[str] | None
    scopes: tuple[str, ...]
    reading: Reading
    lasts_for: timedelta
    acr_values: tuple[str, ...] = ()
    max_age_s: int | None = None
    logout: bool = True


@dataclass(slots=True)
class _Known:
    """What is known of the provider."""

    metadata: Mapping[str, Any] = field(default_factory=dict)
    keys: KeySet | None = None
    metadata_at: datetime | None = None
    keys_at: datetime | None = None
    away: OutsideFault | None = None
    away_since: datetime | None = None


class OidcProvider:
    """One provider. Faults: OutsideFault where it is away, ForbiddenFault for what it says."""

    def __init__(self, registration: Registration, asking: Asking, clock: Clock) -> None:
        self.registration = registration
        self.name = registration.name
        self.display_name = registration.display_name or registration.name
        self.lasts_for = registration.lasts_for
        self._asking = asking
        self._clock = clock
        self._known = _Known()
        self._lock = asyncio.Lock()
        self._under_way = 0
        self._logouts: dict[str, int] = {}

    async def check(self) -> None:
        """Read anew what the provider says of itself, and its keys. Raises OutsideFault."""
        metadata = await self._discover()
        key_set_of(await self._asking.get(metadata["jwks_uri"]))

    async def begin(self, trip: Trip, redirect_uri: str) -> str:
        """Return where the browser is sent to prove who somebody is."""
        metadata, ours = await self._metadata(), self.registration
        query = {
            "response_type": "code",
            "client_id": ours.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(dict.fromkeys(("openid", *ours.scopes))),
            "state": trip.state,
            "nonce": trip.nonce,
            "code_challenge": create_s256_code_challenge(trip.verifier.reveal()),
            "code_challenge_method": "S256",
        }
        if ours.acr_values:
            query["acr_values"] = " ".join(ours.acr_values)
        if trip.fresh_since is not None:
            # With 0, some providers ask again and again: the proof is older once they look.
            query |= {"prompt": "login", "max_age": str(_FRESH_S)}
        elif ours.max_age_s is not None:
            query["max_age"] = str(ours.max_age_s)
        return _with_query(metadata["authorization_endpoint"], query)

    async def redeem(self, trip: Trip, redirect_uri: str, code: str, issuer: str) -> Returned:
        """Return who came back with this code. issuer: as the answer names it, or empty.

        Raises ForbiddenFault `sign-in-refused`, `too-many-attempts`, OutsideFault.
        """
        if self._under_way >= _MOST_AT_ONCE:
            raise ForbiddenFault("too-many-attempts", "too many sign in at once; try in a minute")
        self._under_way += 1
        try:
            return await self._redeem(trip, redirect_uri, code, issuer)
        finally:
            self._under_way -= 1

    def check_issuer(self, metadata: Mapping[str, Any], issuer: str) -> None:
        """Raise ForbiddenFault unless the answer is this provider's own (RFC 9207, section 2.4)."""
        told = metadata.get("authorization_response_iss_parameter_supported") is True
        if (issuer or told) and issuer != self.registration.issuer:
            words = "the answer is from another identity provider than the one you were sent to"
            raise ForbiddenFault("sign-in-refused", words)

    async def ended(self, token: str) -> EndedThere:
        """Return what a back-channel logout says, once. Raises ForbiddenFault."""
        ours, now = self.registration, self._clock.now()
        said = await self._checked(
            lambda keys: logout_of(token, keys, ours.issuer, ours.client_id, now)
        )
        for jti, until in [*self._logouts.items()]:
            if until + 120 < now.timestamp():
                del self._logouts[jti]
        if said.id in self._logouts:
            raise ForbiddenFault("sign-in-refused", "that logout token was used before")
        if len(self._logouts) >= _MOST_LOGOUTS:
            raise ForbiddenFault("too-many-attempts", "too many logouts at once; send it again")
        self._logouts[said.id] = said.expires_at
        return said

    def forget(self, ended: EndedThere) -> None:
        """Let the provider tell of it again: what it asks for could not be done."""
        self._logouts.pop(ended.id, None)

    async def end_session_url(self, back_to: str, hint: Secret[str] | None) -> str:
        """Return where somebody signs out there, empty where that is not wanted or possible."""
        if not self.registration.logout:
            return ""
        try:
            metadata = await self._metadata()
        except Fault:
            # Signing out here must not depend on it.
            return ""
        url = metadata.get("end_session_endpoint")
        if not is_safe(url, self.registration.issuer):
            return ""
        query = {"client_id": self.registration.client_id, "post_logout_redirect_uri": back_to}
        if hint is not None:
            query["id_token_hint"] = hint.reveal()
        return _with_query(str(url), query)

    async def _redeem(self, trip: Trip, redirect_uri: str, code: str, issuer: str) -> Returned:
        metadata, ours = await self._metadata(), self.registration
        self.check_issuer(metadata, issuer)
        tokens = await self._tokens(metadata, trip, redirect_uri, code)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token", "")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise ForbiddenFault("sign-in-refused", "the identity provider sent no ID token")
        expected = Expected(
            issuer=ours.issuer,
            client_id=ours.client_id,
            nonce=trip.nonce,
            access_token=access_token,
            max_age_s=ours.max_age_s,
            proved_since=trip.fresh_since,
            acr_values=ours.acr_values,
        )
        now = self._clock.now()
        claims = await self._checked(lambda keys: id_token_claims(id_token, keys, expected, now))
        if ours.reading.lacks(claims):
            claims = {**await self._user_info(metadata, claims["sub"], access_token), **claims}
        return Returned(ours.reading.proved(claims), Secret(id_token))

    async def _tokens(
        self, metadata: Mapping[str, Any], trip: Trip, redirect_uri: str, code: str
    ) -> dict[str, Any]:
        ours = self.registration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": trip.verifier.reveal(),
        }
        headers: dict[str, str] = {}
        ways = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if ours.client_secret is None:
            form["client_id"] = ours.client_id
        elif "client_secret_basic" in ways or "client_secret_post" not in ways:
            # RFC 6749, section 2.3.1: both are form-encoded first.
            pair = f"{quote_plus(ours.client_id)}:{quote_plus(ours.client_secret.reveal())}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": ours.client_id, "client_secret": ours.client_secret.reveal()}
        status, said = await self._asking.post(metadata["token_endpoint"], form, headers)
        if status >= 500:
            raise self._asking.away(f"answered {status} where it should know who you are")
        if status != 200 or not isinstance(said, dict):
            code_said = said.get("error") if isinstance(said, dict) else ""
            words = f"the identity provider did not take it (`{str(code_said)[:80]}`); start again"
            raise ForbiddenFault("sign-in-refused", words)
        return said

    async def _user_info(
        self, metadata: Mapping[str, Any], subject: str, access_token: str
    ) -> Mapping[str, Any]:
        """Return what it says beside the ID token (OpenID Connect Core 1.0, section 5.3)."""
        url = metadata.get("userinfo_endpoint")
        if not is_safe(url, self.registration.issuer) or not access_token:
            return {}
        headers = {"authorization": f"Bearer {access_token}"}
        said = await self._asking.get(str(url), headers)
        if not isinstance(said, dict) or said.get("sub") != subject:
            words = "the identity provider says something of another person than you"
            raise ForbiddenFault("sign-in-refused", words)
        return said

    async def _checked(self, check: Callable[[KeySet], Answer]) -> Answer:
        """Return what `check` makes of the provider's keys; new ones are fetched once."""
        try:
            return check(await self._keys())
        except UnknownKeyError:
            pass
        try:
            return check(await self._keys(again=True))
        except UnknownKeyError:
            words = "its token is signed with a key that it does not publish"
            raise ForbiddenFault("sign-in-refused", f"the identity provider: {words}") from None

    async def _metadata(self) -> Mapping[str, Any]:
        """Return what the provider says of itself (OpenID Connect Discovery 1.0, section 4)."""
        known, now = self._known, self._clock.now()
        if known.metadata_at is not None and now - known.metadata_at < _KEPT_FOR:
            return known.metadata
        async with self._lock:
            if known.metadata_at is None or now - known.metadata_at >= _KEPT_FOR:
                known.metadata = await self._fetched(self._discover, known.metadata)
                known.metadata_at = now
        return known.metadata

    async def _keys(self, *, again: bool = False) -> KeySet:
        metadata = await self._metadata()
        known, now = self._known, self._clock.now()
        kept_for = _KEYS_AGAIN_AFTER if again else _KEPT_FOR
        if known.keys is not None and known.keys_at is not None and now - known.keys_at < kept_for:
            return known.keys
        async with self._lock:
            if known.keys is None or known.keys_at is None or now - known.keys_at >= kept_for:

                async def ask() -> KeySet:
                    return key_set_of(await self._asking.get(metadata["jwks_uri"]))

                known.keys = await self._fetched(ask, known.keys)
                known.keys_at = now
        return known.keys

    async def _fetched(self, ask: Callable[[], Awaitable[Answer]], before: Answer | None) -> Answer:
        """Return what it answers, or what it said before while it is away.

        Where there is nothing from before, nobody waits for it again within 5 s.
        """
        known, now = self._known, self._clock.now()
        if known.away is not None and known.away_since is not None:
            if now - known.away_since < _AWAY_FOR and not before:
                raise known.away
            known.away = None
        try:
            return await ask()
        except OutsideFault as fault:
            if before:
                return before
            known.away, known.away_since = fault, now
            raise

    async def _discover(self) -> Mapping[str, Any]:
        issuer = self.registration.issuer
        url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        said = await self._asking.get(url)
        if not isinstance(said, dict) or said.get("issuer") != issuer:
            named = str(said.get("issuer"))[:200] if isinstance(said, dict) else ""
            raise self._asking.away(f"calls itself `{named}` where `{issuer[:200]}` was expected")
        for key in _NEEDED:
            if not is_safe(said.get(key), issuer):
                raise self._asking.away(f"names no `{key}` that can be reached by TLS")
        return said


def _with_query(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
