"""Asks a witness over HTTP to cosign a checkpoint (C2SP tlog-witness, `add-checkpoint`)."""

import asyncio
import logging
import re
from collections.abc import Sequence

import httpx2

from assent.audit.cosignature import CosignatureVerifier, open_cosignature
from assent.audit.note import split_note
from assent.audit.proof import Submission, format_submission
from assent.core.faults import OutsideFault
from assent.core.observing import Answer, Cosigned, Disputed, HasSize, Refused

WITHIN_S = 10.0
"""How long a witness may take: it writes to a disk before it answers."""
SIZE_TYPE = "text/x.tlog.size"

_MOST_BYTES = 512 * 1024
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_QUIET = ("httpx2", "httpcore2")
_WHY = {
    400: "it does not understand the request",
    403: "it does not know the key that signed the checkpoint",
    404: "it does not know this log",
}


class HttpWitness:
    """One witness, as the configuration names it. url: its submission prefix."""

    def __init__(self, verifier: CosignatureVerifier, url: str, within_s: float = WITHIN_S) -> None:
        self.verifier = verifier
        self._url = f"{url.rstrip('/')}/add-checkpoint"
        self._within_s = within_s
        for name in _QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)
        # A redirect would be asked in its place, and could answer as another witness.
        self._client = httpx2.AsyncClient(timeout=within_s, trust_env=False, follow_redirects=False)

    @property
    def name(self) -> str:
        """The name of its key."""
        return self.verifier.name

    async def close(self) -> None:
        """Close its connections."""
        await self._client.aclose()

    async def add_checkpoint(self, old: int, proof: Sequence[bytes], note: str) -> Answer:
        """Return what it says; see `core.observing.Witness`."""
        status, kind, body = await self._post(
            format_submission(Submission(old, tuple(proof), note))
        )
        text, _ = split_note(note)
        if status == 200:
            return self._cosigned(body, text)
        if status == 409:
            return self._conflict(kind, body, old, int(text.split("\n")[1]))
        if status == 422:
            return Disputed(status, body.decode("utf-8", "replace"))
        return Refused(status, _WHY.get(status, f"it answers {status}"))

    def _cosigned(self, body: bytes, text: str) -> Answer:
        try:
            opened = open_cosignature(body.decode("utf-8"), self.verifier, text)
        except ValueError as cause:
            raise self._away(f"answers what is no cosignature: {cause}") from cause
        if opened is None:
            raise self._away("signs with another key than the configured one")
        return Cosigned(opened.line, opened.at)

    def _conflict(self, kind: str, body: bytes, old: int, size: int) -> Answer:
        found = _SIZE.fullmatch(body)
        if kind.partition(";")[0].strip().lower() != SIZE_TYPE or found is None:
            raise self._away("answers 409 without the size that it knows")
        known = int(found[1])
        if known == old == size:
            # It was asked about the size it knows, so its root is another one.
            return Disputed(409, f"{known}\n")
        if known == old:
            raise self._away("answers 409 to the very size that it knows")
        return HasSize(known)

    async def _post(self, body: str) -> tuple[int, str, bytes]:
        headers = {"content-type": "text/plain; charset=utf-8", "user-agent": "assent"}
        try:
            async with (
                asyncio.timeout(self._within_s),
                self._client.stream(
                    "POST", self._url, content=body.encode(), headers=headers
                ) as response,
            ):
                data = b""
                async for part in response.aiter_bytes():
                    data += part
                    if len(data) > _MOST_BYTES:
                        raise self._away(f"answers more than {_MOST_BYTES} bytes")
                return response.status_code, response.headers.get("content-type", ""), data
        except TimeoutError:
            raise self._away(f"did not answer within {self._within_s:g} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
            raise self._away(f"cannot be reached ({type(fault).__name__})") from None

    def _away(self, words: str) -> OutsideFault:
        return OutsideFault("witness-away", f"witness `{self.name}` {words}")
