"""Messages to one collector over HTTP, with little trust in what it answers."""

import asyncio
import logging
import ssl
from collections.abc import Mapping

import httpx2

from assent.core.faults import OutsideFault

WITHIN_S = 15.0
MOST_ANSWER = 64 * 1024
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
