"""Signs in at targets that speak HTTP: by a token, a password, a header, OAuth or a certificate.

source: RFC 6750, section 2.1; RFC 7617, section 2; for `oauth` see `client_credentials`.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from assent.core.clock import Clock
from assent.core.faults import OperatorFault
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.credentials.client_credentials import AccessTokens, Client
from assent.credentials.references import References

FRESH_FOR = timedelta(seconds=5)
"""A secret is read again when it was read longer ago: what was rotated counts by then."""
_MOST_KEPT = 1_000
_LONGEST = 16_384
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
# RFC 9110, section 5.5: no control characters, and no space at an end.
_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
# What frames a message, says where it goes, or is said by the gateway itself.
_NOT_OURS = frozenset(
    {"connection", "content-length", "cookie", "expect", "host", "keep-alive", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)


@dataclass(frozen=True, slots=True)
class _Read:
    secret: Secret[str]
    at: datetime


class HttpLogin:
    """Says what requests to a target carry, by its `login`. A `core.web_login.WebLogin`."""

    def __init__(self, references: References, tokens: AccessTokens, clock: Clock) -> None:
        self._references = references
        self._tokens = tokens
        self._clock = clock
        self._read: dict[str, _Read] = {}

    async def headers(self, target: Target) -> Mapping[str, Secret[str]]:
        """Return the headers. Raises OutsideFault or OperatorFault."""
        kind, _, name = str(target.options.get("login", "none")).partition(":")
        match kind:
            case "none" | "certificate":
                return {}
            case "bearer":
                token = await self._secret(target)
                return _header("authorization", f"Bearer {token.reveal()}", target)
            case "basic":
                return _header("authorization", _basic(target, await self._secret(target)), target)
            case "header":
                return _header(name.lower(), (await self._secret(target)).reveal(), target)
            case "oauth":
                token = await self._tokens.token(await self._client(target))
                return _header("authorization", f"Bearer {token.reveal()}", target)
        raise _wrong(target, f"`{kind[:80]}` is no way to sign in")

    async def refused(self, target: Target, headers: Mapping[str, Secret[str]]) -> bool:
        """Return whether another try would carry something else. Raises as `headers` does."""
        if not headers:
            return False
        self._read.pop(target.credential, None)
        if target.options.get("login") == "oauth":
            used = headers["authorization"].reveal().removeprefix("Bearer ")
            return self._tokens.forget(await self._client(target), Secret(used))
        now = await self.headers(target)
        return _revealed(now) != _revealed(headers)

    async def certificate(self, target: Target) -> Secret[bytes] | None:
        """Return the client certificate. Raises OutsideFault or OperatorFault."""
        if target.options.get("login") != "certificate":
            return None
        return Secret((await self._secret(target)).reveal().encode())

    async def _client(self, target: Target) -> Client:
        url = str(target.options.get("token_url", ""))
        if not url or not target.user:
            raise _wrong(target, "`oauth` needs `token_url`, and the client's id as `user`")
        return Client(
            url=url,
            id=target.user,
            secret=await self._secret(target),
            scope=str(target.options.get("scope", "")),
            certificate_authority=target.certificate_authority,
        )

    async def _secret(self, target: Target) -> Secret[str]:
        """Return what `password` refers to, read a few seconds ago at most."""
        now, reference = self._clock.now(), target.credential
        kept = self._read.get(reference)
        if kept is not None and kept.at <= now < kept.at + FRESH_FOR:
            return kept.secret
        secret = await self._references.reveal(reference)
        if len(self._read) >= _MOST_KEPT:
            self._read.clear()
        self._read[reference] = _Read(secret, now)
        return secret


def _basic(target: Target, password: Secret[str]) -> str:
    if ":" in target.user:
        raise _wrong(target, "the `user` of `basic` cannot have a `:`")
    pair = f"{target.user}:{password.reveal()}"
    return "Basic " + base64.b64encode(pair.encode()).decode("ascii")


def _header(name: str, value: str, target: Target) -> Mapping[str, Secret[str]]:
    if _NAME.fullmatch(name) is None or name in _NOT_OURS:
        raise _wrong(target, f"`{name[:80]}` is no header that carries a secret")
    if len(value) > _LONGEST or _VALUE.fullmatch(value) is None:
        # Without the value: it is a secret.
        raise _wrong(
            target, "what `password` refers to cannot stand in a header: one line of ASCII"
        )
    return {name: Secret(value)}


def _revealed(headers: Mapping[str, Secret[str]]) -> dict[str, str]:
    return {name: value.reveal() for name, value in headers.items()}


def _wrong(target: Target, words: str) -> OperatorFault:
    return OperatorFault("web-login", words, f"target `{target.name}` login")
