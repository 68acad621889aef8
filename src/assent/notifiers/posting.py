"""One message to one place over HTTP, with little trust in what it answers."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx2

from assent.core.clock import Clock
from assent.core.faults import OperatorFault, OutsideFault

WITHIN_S = 5.0
"""How long a place may take to answer."""
_LONGEST_REST_S = 600
_QUIET = ("httpx2", "httpcore2")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered. data: as much of it as was asked for."""

    status: int
    data: bytes = b""

    @property
    def is_good(self) -> bool:
        """Whether it was taken."""
        return 200 <= self.status < 300


class Posting:
    """Posts to one side. what: how faults call it. No address is ever part of a fault.

    An address may itself be a secret, so the client's own log is kept quiet too.
    """

    def __init__(self, what: str, clock: Clock, within_s: float = WITHIN_S) -> None:
        self._what = what
        self._clock = clock
        self._within_s = within_s
        self._rests_until: datetime | None = None
        for name in _QUIET:
            # They log each address, and headers with tokens in them.
            logging.getLogger(name).setLevel(logging.WARNING)
        # A proxy or a redirect would be told what is sent.
        self._client = httpx2.AsyncClient(timeout=within_s, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], most_bytes: int = 0
    ) -> Answer:
        """Return what is answered to a POST.

        most_bytes: of the answer that may come; 0 to look at its status alone. Raises
        OutsideFault where it is away, slow or asks for a rest, which it then gets.
        """
        self._let_rest()
        try:
            async with (
                asyncio.timeout(self._within_s),
                self._client.stream("POST", url, content=body, headers=headers) as response,
            ):
                if response.status_code in (429, 503):
                    raise self._rest(response.status_code, response.headers.get("retry-after", ""))
                data = b""
                if most_bytes:
                    async for part in response.aiter_bytes():
                        data += part
                        if len(data) > most_bytes:
                            raise self.away(f"answered more than {most_bytes} bytes")
                return Answer(response.status_code, data)
        except TimeoutError:
            raise self.away(f"did not answer within {self._within_s:.0f} s") from None
        except httpx2.InvalidURL:
            words = f"{self._what} is at no address that can be posted to"
            raise OperatorFault("channel-address", words) from None
        except httpx2.HTTPError as fault:
            # Without the cause: its text would show the address.
            words = f"cannot be reached ({type(fault).__name__})"
            raise self.away(words) from None

    def away(self, words: str) -> OutsideFault:
        """Return the fault of this side: what it is, and these words."""
        return OutsideFault("channel-away", f"{self._what} {words}")

    def _let_rest(self) -> None:
        if self._rests_until is not None:
            left = (self._rests_until - self._clock.now()).total_seconds()
            if left > 0:
                raise self.away(f"asked to be left alone for another {left:.0f} s")
            self._rests_until = None

    def _rest(self, status: int, retry_after: str) -> OutsideFault:
        """Source: RFC 9110, section 10.2.3; a date instead of seconds counts as none given."""
        if not (retry_after.isascii() and retry_after.isdigit() and len(retry_after) < 9):
            return self.away(f"answered {status}")
        rest_s = min(int(retry_after), _LONGEST_REST_S)
        self._rests_until = self._clock.now() + timedelta(seconds=rest_s)
        return self.away(f"answered {status} and asked to be left alone for {rest_s} s")
