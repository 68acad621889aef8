"""One question over HTTP to something of the operator's, with little trust in what it answers."""

import asyncio
import json
from collections.abc import Mapping

import httpx2

from assent.core.faults import OutsideFault

LARGEST_BYTES = 64 * 1024


class Asking:
    """Asks one URL for JSON within a deadline. what: how faults call the other side."""

    def __init__(self, what: str, url: str, within_s: float) -> None:
        self._what = what
        self._url = url
        self._within_s = within_s
        # A proxy or a redirect would be told what is sent.
        self._client = httpx2.AsyncClient(timeout=within_s, trust_env=False, follow_redirects=False)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def get(self, query: Mapping[str, str], headers: Mapping[str, str]) -> object:
        """Return the JSON that it answers to GET. Raises OutsideFault."""
        return await self._ask("GET", headers, query=query)

    async def post(self, body: bytes, headers: Mapping[str, str]) -> object:
        """Return the JSON that it answers to POST. Raises OutsideFault."""
        return await self._ask("POST", headers, body=body)

    async def _ask(
        self,
        method: str,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> object:
        try:
            async with (
                asyncio.timeout(self._within_s),
                self._client.stream(
                    method, self._url, params=query, content=body, headers=headers
                ) as response,
            ):
                status, data = response.status_code, b""
                async for part in response.aiter_bytes():
                    data += part
                    if len(data) > LARGEST_BYTES:
                        raise self._fault("answered more than 64 KiB")
        except TimeoutError:
            raise self._fault(f"did not answer within {self._within_s:.0f} s") from None
        except httpx2.HTTPError as fault:
            raise self._fault("cannot be reached") from fault
        if status != 200:
            raise self._fault(f"answered {status} where 200 was expected")
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            # Without the cause: its text would show what was answered.
            raise self._fault("answered something that is not JSON") from None

    def _fault(self, words: str) -> OutsideFault:
        return OutsideFault("source-away", f"{self._what} {words}")
