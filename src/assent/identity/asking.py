"""Asking an identity provider over HTTP, with a deadline and a bound, and little trust."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx2

from assent.core.faults import OutsideFault

LARGEST_BYTES = 256 * 1024
WITHIN_S = 5.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Asking:
    """Asks one provider. name: how faults call it. trust: its certificate, None for usual ones."""

    def __init__(self, name: str, trust: ssl.SSLContext | None = None) -> None:
        self._name = name
        # A proxy or a redirect would be told secrets.
        self._client = httpx2.AsyncClient(
            timeout=WITHIN_S,
            trust_env=False,
            follow_redirects=False,
            verify=trust if trust is not None else True,
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> object:
        """Return the JSON that it answers to GET. Raises OutsideFault."""
        status, data = await self._ask("GET", url, headers or {}, None)
        if status != 200:
            raise self.away(f"answered {status} where 200 was expected")
        return self._json(data)

    async def post(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, object]:
        """Return the status and the JSON that it answers to a form. Raises OutsideFault."""
        status, data = await self._ask("POST", url, headers, form)
        return status, self._json(data)

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None
    ) -> tuple[int, bytes]:
        said = {"accept": "application/json", **headers}
        try:
            async with (
                asyncio.timeout(WITHIN_S),
                self._client.stream(method, url, data=form, headers=said) as response,
            ):
                data = b""
                async for part in response.aiter_bytes():
                    data += part
                    if len(data) > LARGEST_BYTES:
                        raise self.away("answered more than 256 KiB")
                return response.status_code, data
        except TimeoutError:
            raise self.away(f"did not answer within {WITHIN_S:.0f} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
            raise self.away("cannot be reached") from fault

    def _json(self, data: bytes) -> object:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            # Without the cause: its text would show what was answered.
            raise self.away("answered something that is not JSON") from None

    def away(self, words: str) -> OutsideFault:
        """Return the fault that says so."""
        return OutsideFault("identity-provider-away", f"the provider `{self._name}` {words}")


def is_safe(url: object, issuer: str) -> bool:
    """Return whether secrets may go there: by TLS, or on this machine as the issuer is."""
    if not isinstance(url, str) or len(url) > 2000:
        return False
    try:
        parts = urlsplit(url)
        host, here = parts.hostname, urlsplit(issuer).hostname in _LOOPBACK
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and here and host in _LOOPBACK
