"""Messages to one collector over HTTP, with little trust in what it answers."""

import asyncio
import base64
import binascii
import hmac
import logging
import ssl
from collections.abc import Mapping
from hashlib import sha256

import httpx2

from assent.core.faults import OperatorFault, OutsideFault
from assent.core.secret import Secret

WITHIN_S = 15.0
MOST_ANSWER = 64 * 1024
_FEWEST_BYTES = 24
_PREFIX = "whsec_"
_QUIET = ("httpx2", "httpcore2")


class Posting:
    """Posts to one address. what: how faults call it; no address or header is part of them."""

    def __init__(self, what: str, url: str, trust: ssl.SSLContext, within_s: float = WITHIN_S):
        self._what = what
        self._url = url
        self._within_s = within_s
        for name in _QUIET:
            # They log each address, and headers with tokens in them.
            logging.getLogger(name).setLevel(logging.WARNING)
        # A proxy or a redirect would be told what is sent.
        self._client = httpx2.AsyncClient(
            timeout=within_s, trust_env=False, follow_redirects=False, verify=trust
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def post(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Return what is answered, once the message was taken.

        Raises OutsideFault where it was not: all of it is sent again then.
        """
        try:
            async with (
                asyncio.timeout(self._within_s),
                self._client.stream("POST", self._url, content=body, headers=headers) as response,
            ):
                data = b""
                async for part in response.aiter_bytes():
                    data += part
                    if len(data) > MOST_ANSWER:
                        raise self.away(f"answered more than {MOST_ANSWER} bytes")
                if not 200 <= response.status_code < 300:
                    words = f"answered {response.status_code} where 200 to 299 was expected"
                    raise self.away(words)
                return data
        except TimeoutError:
            raise self.away(f"did not answer within {self._within_s:.0f} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
            # Without the cause: its text would show the address.
            raise self.away(f"cannot be reached ({type(fault).__name__})") from None

    def away(self, words: str) -> OutsideFault:
        """Return the fault of this collector: what it is, and these words."""
        return OutsideFault("exporter-away", f"{self._what} {words}")


def signed(secret: Secret[str], identity: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers by which a receiver knows who sent a message, and when.

    The signature is HMAC-SHA256 of `<id>.<timestamp>.<body>`. timestamp: seconds since 1970.
    Source: Standard Webhooks 1.0, symmetric signatures. Raises OperatorFault.
    """
    said = f"{identity}.{timestamp}.".encode() + body
    digest = hmac.new(signing_key(secret), said, sha256).digest()
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def signing_key(secret: Secret[str]) -> bytes:
    """Return the key that a secret stands for: `whsec_` and Base64, or its own bytes.

    Raises OperatorFault for one that could be guessed.
    """
    text = secret.reveal()
    key = text.encode()
    if text.startswith(_PREFIX):
        try:
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            # Without the cause and its text: it is the secret.
            words = "an exporter's secret that begins with `whsec_` goes on in Base64"
            raise OperatorFault("exporter-secret", words) from None
    if len(key) < _FEWEST_BYTES:
        words = f"an exporter's secret has {_FEWEST_BYTES} bytes or more; make a longer one"
        raise OperatorFault("exporter-secret", words)
    return key
