"""A Vault server, as far as it is needed: secrets of KV version 2, database users, transit keys.

Source: HashiCorp Vault's HTTP API: "KV Secrets Engine - Version 2", "Database Secrets Engine",
"Transit Secrets Engine", "AppRole Auth Method", "/sys/leases". Nothing that Vault answers is
ever part of a fault's text.
"""

import asyncio
import base64
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2

from assent.core.faults import OperatorFault, OutsideFault
from assent.core.secret import Secret

_DEADLINE_S = 10.0
_LARGEST_BYTES = 1 << 20
_LONGEST_LEASE_S = 10 * 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """Where it is and who we are there. token, role_id, secret_id: references, empty for none."""

    address: str
    token: str = ""
    role_id: str = ""
    secret_id: str = ""
    approle: str = "approle"
    namespace: str = ""
    certificate_authority: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseUser:
    """A user that Vault made, and takes away when `lasts_for` is over."""

    name: str
    password: Secret[str]
    lease: str
    lasts_for: timedelta


class Vault:
    """Asks Vault. Every method may raise OutsideFault or OperatorFault.

    reveal: reads a reference, afresh for every login, so that a new token file counts at once.
    """

    def __init__(self, settings: VaultSettings, reveal: Callable[[str], Secret[str]]) -> None:
        self._settings = settings
        self._reveal = reveal
        self._token: Secret[str] | None = None
        self._logging_in = asyncio.Lock()
        headers = {"x-vault-request": "true"}
        if settings.namespace:
            headers["x-vault-namespace"] = settings.namespace
        self._client = httpx2.AsyncClient(
            base_url=settings.address.rstrip("/") + "/v1/",
            headers=headers,
            timeout=_DEADLINE_S,
            verify=_trusted(settings.certificate_authority),
            # A proxy or a redirect would be told the token.
            trust_env=False,
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def secret(self, place: str) -> Secret[str]:
        """Return the field at `MOUNT/data/PATH#FIELD`."""
        path, _, field = place.partition("#")
        content = await self._ask("GET", path)
        found = _at(content, "data", "data", field)
        if not isinstance(found, str):
            words = f"Vault has no text `{field[:80]}` at `{path[:80]}`; write it there"
            raise OperatorFault("vault-field", words)
        return Secret(found)

    async def database_user(self, role: str) -> DatabaseUser:
        """Return a new user by `MOUNT/ROLE` of a database engine."""
        mount, _, name = role.rpartition("/")
        content = await self._ask("GET", f"{mount}/creds/{name}")
        user, password = _at(content, "data", "username"), _at(content, "data", "password")
        lease = content.get("lease_id")
        texts = [item for item in (user, password, lease) if isinstance(item, str) and item]
        if len(texts) != 3:
            raise _strange(f"made no user by `{role[:80]}`")
        return DatabaseUser(texts[0], Secret(texts[1]), texts[2], _lasting(content))

    async def renew(self, lease: str, lasts_for: timedelta) -> timedelta:
        """Ask that a lease last so long from now; return how long it does."""
        body = {"lease_id": lease, "increment": int(lasts_for.total_seconds())}
        return _lasting(await self._ask("PUT", "sys/leases/renew", body))

    async def revoke(self, lease: str) -> None:
        """End a lease and take its user away. One that is over already is no fault."""
        await self._ask("PUT", "sys/leases/revoke", {"lease_id": lease}, over=(400, 404))

    async def encrypt(self, place: str, plain: Secret[bytes], context: bytes) -> str:
        """Return the ciphertext by the transit key at `MOUNT/KEY`, `vault:v…`."""
        path, body = _at_transit(place, "encrypt", context)
        text = base64.b64encode(plain.reveal()).decode("ascii")
        found = _at(
            await self._ask("POST", path, {**body, "plaintext": text}), "data", "ciphertext"
        )
        if not isinstance(found, str) or not found.isascii() or not found:
            raise _strange(f"encrypted nothing by `{place[:80]}`")
        return found

    async def decrypt(self, place: str, sealed: str, context: bytes) -> Secret[bytes]:
        """Return what was encrypted by the transit key at `MOUNT/KEY`, in the same context."""
        path, body = _at_transit(place, "decrypt", context)
        found = _at(
            await self._ask("POST", path, {**body, "ciphertext": sealed}), "data", "plaintext"
        )
        try:
            return Secret(base64.b64decode(str(found).encode("ascii"), validate=True))
        except ValueError:
            # Without the cause: its text would show what was decrypted.
            raise _strange(f"decrypted nothing by `{place[:80]}`") from None

    async def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        over: tuple[int, ...] = (),
    ) -> Mapping[str, Any]:
        """Return what Vault answers. over: statuses that say that there is nothing to do."""
        token = await self._logged_in(None)
        status, content = await self._send(method, path, body, token)
        if status == 403:
            # The token may be over; only when a new one is refused as well it is the policy.
            token = await self._logged_in(token)
            status, content = await self._send(method, path, body, token)
        if status in over:
            return {}
        if not 200 <= status < 300:
            raise _refused(status, method, path)
        return content

    async def _logged_in(self, refused: Secret[str] | None) -> Secret[str]:
        """Return a token other than the one that was refused; those who wait share a login."""
        async with self._logging_in:
            if self._token is None or self._token is refused:
                self._token = await self._log_in()
            return self._token

    async def _log_in(self) -> Secret[str]:
        settings = self._settings
        if settings.token:
            return self._reveal(settings.token)
        body = {
            "role_id": self._reveal(settings.role_id).reveal(),
            "secret_id": self._reveal(settings.secret_id).reveal(),
        }
        status, content = await self._send("POST", f"auth/{settings.approle}/login", body, None)
        if status in (400, 403):
            words = "Vault refused the AppRole; renew the secrets that `[vault]` refers to"
            raise OperatorFault("vault-login", words)
        if status != 200:
            raise _refused(status, "POST", f"auth/{settings.approle}/login")
        token = _at(content, "auth", "client_token")
        if not isinstance(token, str) or not token:
            raise _strange("answered a login without a token")
        return Secret(token)

    async def _send(
        self, method: str, path: str, body: Mapping[str, object] | None, token: Secret[str] | None
    ) -> tuple[int, Mapping[str, Any]]:
        """Return the status and the JSON of an answer, empty where there is none."""
        headers = {} if token is None else {"x-vault-token": token.reveal()}
        try:
            async with asyncio.timeout(_DEADLINE_S):
                async with self._client.stream(
                    method, path, json=body, headers=headers
                ) as response:
                    data = b""
                    async for part in response.aiter_bytes():
                        data += part
                        if len(data) > _LARGEST_BYTES:
                            raise _strange("answered more than 1 MiB")
        except TimeoutError as fault:
            words = f"Vault did not answer within {_DEADLINE_S:.0f} s"
            raise OutsideFault("vault-away", words) from fault
        except httpx2.HTTPError as fault:
            words = "Vault cannot be reached; look at `[vault] address` and its certificate"
            raise OutsideFault("vault-away", words) from fault
        return response.status_code, _parsed(data)


def _trusted(authority: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority or None)
    except (OSError, ssl.SSLError) as fault:
        words = f"`{authority}` cannot be read as PEM certificates"
        raise OperatorFault("certificate-authority", words, "[vault]") from fault


def _parsed(data: bytes) -> Mapping[str, Any]:
    if not data:
        return {}
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        # Without the cause: its text would show what was answered.
        raise _strange("answered something that is not JSON") from None
    return content if isinstance(content, dict) else {}


def _at(content: object, *keys: str) -> object:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


def _lasting(content: Mapping[str, Any]) -> timedelta:
    seconds = content.get("lease_duration")
    if type(seconds) is not int or not 0 < seconds <= _LONGEST_LEASE_S:
        raise _strange("did not say how long its lease lasts")
    return timedelta(seconds=seconds)


def _at_transit(place: str, what: str, context: bytes) -> tuple[str, dict[str, object]]:
    mount, _, key = place.rpartition("/")
    return f"{mount}/{what}/{key}", {"context": base64.b64encode(context).decode("ascii")}


def _strange(what: str) -> OutsideFault:
    return OutsideFault("vault-strange", f"Vault {what}")


def _refused(status: int, method: str, path: str) -> OperatorFault | OutsideFault:
    """Return a fault that says what to do. Vault's own words may hold what it was asked for."""
    place = path[:80]
    match status:
        case 403:
            capability = "read" if method == "GET" else "update"
            words = f"Vault refused `{place}` (403); give our policy there `{capability}` on it"
            return OperatorFault("vault-refused", words)
        case 404:
            return OperatorFault("vault-nothing", f"Vault has nothing at `{place}` (404)")
        case 503:
            return OutsideFault("vault-away", "Vault is sealed or starting (503); unseal it")
        case 429:
            return OutsideFault("vault-away", "Vault asks for fewer requests (429)")
        case _ if 300 <= status < 400:
            words = f"Vault points elsewhere ({status}); name its active node as `address`"
            return OperatorFault("vault-redirect", words)
        case _ if status >= 500:
            return OutsideFault("vault-away", f"Vault failed at `{place}` ({status}); see its log")
        case _:
            return OperatorFault("vault-refused", f"Vault refused `{place}` ({status})")
