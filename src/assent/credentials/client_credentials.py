"""Access tokens for the gateway itself, by the client credentials grant of OAuth.

source: RFC 6749, sections 2.3.1, 4.4 and 5. Nothing that a token server answers is ever part of a
fault's text, except the code of its error.
"""

import asyncio
import base64
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

import httpx2

from assent.core.clock import Clock
from assent.core.faults import Fault, OperatorFault, OutsideFault
from assent.core.secret import Secret

_DEADLINE_S = 10.0
_LARGEST_BYTES = 64 * 1024
_LONGEST_TOKEN = 8_192
_TOKEN = re.compile(r"[!-~]+")
_CODE = re.compile(r"[a-z_]{1,60}")
# Where the server does not say (RFC 6749, section 5.1, only recommends that it does).
_UNSAID = timedelta(minutes=5)
_LONGEST = timedelta(days=1)
_AHEAD = timedelta(seconds=60)
# A server that is away, or refuses us, is not asked again by each request.
_PATIENCE = timedelta(seconds=2)
# A token that is refused so soon is not refused for its age.
_YOUNG = timedelta(seconds=5)
_MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class Client:
    """As whom a token is asked for, and where. certificate_authority: a file, empty for none."""

    url: str
    id: str
    secret: Secret[str]
    scope: str = ""
    certificate_authority: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from others: a new secret is another client."""
        digest = sha256(self.secret.reveal().encode()).hexdigest()
        return self.url, self.id, self.scope, digest


@dataclass(slots=True)
class _Kept:
    """token: None until there is one. renew_at: from then on a new one is asked for.

    in_body: the server takes the secret in the body only.
    """

    token: Secret[str] | None = None
    got_at: datetime | None = None
    renew_at: datetime | None = None
    expires_at: datetime | None = None
    in_body: bool = False
    fault: Fault | None = None
    fault_at: datetime | None = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class AccessTokens:
    """Asks for tokens and keeps each until it is about to expire."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[tuple[str, ...], _Kept] = {}
        self._clients: dict[str, httpx2.AsyncClient] = {}

    async def token(self, client: Client) -> Secret[str]:
        """Return a token that counts. Those who wait share one request.

        One that still counts serves while its server is away. Raises OutsideFault, OperatorFault.
        """
        kept = self._of(client)
        if kept.token is not None and self._is_before(kept.renew_at):
            return kept.token
        async with kept.asking:
            if kept.token is not None and self._is_before(kept.renew_at):
                return kept.token
            try:
                return await self._renew(client, kept)
            except Fault:
                if kept.token is not None and self._is_before(kept.expires_at):
                    return kept.token
                raise

    def forget(self, client: Client, used: Secret[str]) -> bool:
        """Hear that a token was refused where it was used; return whether there is another one.

        One that was just made is kept: another would be refused as well.
        """
        kept = self._of(client)
        if kept.token is None or kept.token.reveal() != used.reveal():
            return True
        if kept.got_at is not None and self._clock.now() < kept.got_at + _YOUNG:
            return False
        kept.token = None
        return True

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    def _of(self, client: Client) -> _Kept:
        key = client.key
        if key not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = _Kept()
        return self._kept[key]

    def _is_before(self, at: datetime | None) -> bool:
        return at is not None and self._clock.now() < at

    async def _renew(self, client: Client, kept: _Kept) -> Secret[str]:
        now = self._clock.now()
        if kept.fault is not None and kept.fault_at and now < kept.fault_at + _PATIENCE:
            raise kept.fault.with_traceback(None)
        try:
            answer = await self._ask(client, kept)
            token, lasts_for = _token(answer, client)
        except Fault as fault:
            kept.fault, kept.fault_at = fault, now
            raise
        kept.token, kept.fault, kept.got_at = token, None, now
        kept.expires_at = now + lasts_for
        kept.renew_at = kept.expires_at - min(_AHEAD, lasts_for / 10)
        return token

    async def _ask(self, client: Client, kept: _Kept) -> Mapping[str, Any]:
        status, answer = await self._post(client, in_body=kept.in_body)
        if status in (400, 401) and answer.get("error") == "invalid_client":
            # Some servers take the secret in one of both places only.
            status, other = await self._post(client, in_body=not kept.in_body)
            if status == 200:
                kept.in_body = not kept.in_body
                return other
        if status == 200:
            return answer
        raise _refused(status, answer, client)

    async def _post(self, client: Client, *, in_body: bool) -> tuple[int, Mapping[str, Any]]:
        form = {"grant_type": "client_credentials"}
        headers = {"accept": "application/json"}
        if client.scope:
            form["scope"] = client.scope
        if in_body:
            form |= {"client_id": client.id, "client_secret": client.secret.reveal()}
        else:
            pair = f"{quote_plus(client.id)}:{quote_plus(client.secret.reveal())}"
            headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
        http = self._http(client.certificate_authority)
        try:
            async with (
                asyncio.timeout(_DEADLINE_S),
                http.stream("POST", client.url, data=form, headers=headers) as response,
            ):
                data = b""
                async for part in response.aiter_bytes():
                    data += part
                    if len(data) > _LARGEST_BYTES:
                        raise _strange("answers more than 64 KiB")
        except TimeoutError:
            raise _away(f"did not answer within {_DEADLINE_S:.0f} s", client) from None
        except httpx2.HTTPError:
            # Without the cause: its request carries the secret.
            raise _away(
                "cannot be reached; look at `token_url` and its certificate", client
            ) from None
        return response.status_code, _parsed(data)

    def _http(self, authority: str) -> httpx2.AsyncClient:
        if authority not in self._clients:
            self._clients[authority] = httpx2.AsyncClient(
                timeout=_DEADLINE_S,
                verify=_trusted(authority),
                # A proxy or a redirect would be told the secret.
                trust_env=False,
                follow_redirects=False,
            )
        return self._clients[authority]


def _trusted(authority: str) -> ssl.SSLContext:
    """Return what token servers are checked by: those the system trusts, and one of our own."""
    context = ssl.create_default_context()
    if authority:
        try:
            context.load_verify_locations(cafile=authority)
        except (OSError, ssl.SSLError) as fault:
            words = f"`{authority}` cannot be read as PEM certificates"
            raise OperatorFault("certificate-authority", words) from fault
    return context


def _token(answer: Mapping[str, Any], client: Client) -> tuple[Secret[str], timedelta]:
    token, kind = answer.get("access_token"), answer.get("token_type")
    if not isinstance(token, str) or len(token) > _LONGEST_TOKEN or not _TOKEN.fullmatch(token):
        raise _strange("answers without a token that could be sent")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise _strange("gives tokens of another type than `bearer`")
    seconds = answer.get("expires_in")
    if isinstance(seconds, str) and seconds.isdecimal() and len(seconds) < 10:
        seconds = int(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        return Secret(token), _UNSAID
    return Secret(token), timedelta(seconds=min(float(seconds), _LONGEST.total_seconds()))


def _parsed(data: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _refused(status: int, answer: Mapping[str, Any], client: Client) -> Fault:
    code = answer.get("error")
    said = f" `{code}`" if isinstance(code, str) and _CODE.fullmatch(code) else ""
    if status in (400, 401, 403):
        words = f"the token server refuses us ({status}{said}); look at `user`, `password`, `scope`"
        return OperatorFault("token-refused", f"{words} of the target", client.url[:80])
    if 300 <= status < 400:
        words = f"the token server points elsewhere ({status}); name that place as `token_url`"
        return OperatorFault("token-redirect", words, client.url[:80])
    return _away(f"failed ({status}{said})", client)


def _away(what: str, client: Client) -> OutsideFault:
    return OutsideFault("token-server-away", f"the token server `{client.url[:80]}` {what}")


def _strange(what: str) -> OutsideFault:
    return OutsideFault("token-server-strange", f"the token server {what}")
