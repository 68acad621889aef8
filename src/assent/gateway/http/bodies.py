"""Bodies of requests: read whole before anybody decides, so that what is decided is what is sent.

A small one stays in memory, a larger one goes to a file without a name; either way its digest is
known before the first byte of it goes to the target.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import IO

from aiohttp import hdrs, web

from assent.core.faults import OutsideFault, PeerFault
from assent.protocols.http.reading import PART_NAME_WITHIN, has_parts, names_method

IN_MEMORY = 1024 * 1024
LARGEST = 1024 * 1024 * 1024
_SILENT_S = 60.0
_PIECE = 256 * 1024
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""What lets a client send that asked first; no answer yet."""


@dataclass(slots=True)
class Body:
    """A whole body. head: all of it up to 1 MiB. digest: SHA-256 of all of it, hex.

    file: where all of it lies if it is larger. kept: bytes in there. names_method: see
    `protocols.http.reading`.
    """

    head: bytes
    length: int
    digest: str
    file: IO[bytes] | None = field(default=None, repr=False)
    kept: int = 0
    names_method: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether `head` is all of it."""
        return self.length == len(self.head)

    def sent(self) -> bytes | AsyncIterator[bytes] | None:
        """Return it as it is sent, from its beginning, as often as needed."""
        if self.file is not None:
            return self._pieces(self.file)
        return self.head or None

    async def _pieces(self, file: IO[bytes]) -> AsyncIterator[bytes]:
        offset = 0
        while offset < self.length:
            piece = await asyncio.to_thread(_piece_of, file, offset)
            if not piece:
                return
            offset += len(piece)
            yield piece

    def close(self) -> None:
        """Let go of it."""
        if self.file is not None:
            self.file.close()


EMPTY = Body(b"", 0, sha256(b"").hexdigest())


class Bodies:
    """Reads them. most: bytes of all that lies in files at once."""

    def __init__(self, most: int = 4 * LARGEST) -> None:
        self._most = most
        self._in_files = 0

    async def read(self, request: web.BaseRequest) -> Body:
        """Return the body of a request, which `done` is told of in the end.

        Raises PeerFault for one that is too large or does not come, OutsideFault where there is
        no room for it.
        """
        if not request.can_read_body:
            return EMPTY
        length = request.headers.get(hdrs.CONTENT_LENGTH, "")
        if length.isdigit() and int(length) > LARGEST:
            raise _too_large()
        await _invite(request)
        digest, head, last = sha256(), bytearray(), b""
        body = Body(b"", 0, "")
        looks = has_parts(request.headers.get(hdrs.CONTENT_TYPE, ""))
        try:
            while piece := await _next(request):
                digest.update(piece)
                if looks and not body.names_method:
                    last = last[-PART_NAME_WITHIN:] + piece
                    body.names_method = names_method(last)
                body.length += len(piece)
                if body.length > LARGEST:
                    raise _too_large()
                if body.file is None and body.length > IN_MEMORY:
                    body.file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `done`
                    await self._keep(body, body.file, bytes(head))
                if body.file is not None:
                    await self._keep(body, body.file, piece)
                if len(head) < IN_MEMORY:
                    head += piece[: IN_MEMORY - len(head)]
        except BaseException:
            self.done(body)
            raise
        body.head, body.digest = bytes(head), digest.hexdigest()
        return body

    def done(self, body: Body) -> None:
        """Let go of a body."""
        if body.file is not None:
            self._in_files -= body.kept
            body.close()
            body.file = None

    async def _keep(self, body: Body, file: IO[bytes], data: bytes) -> None:
        body.kept += len(data)
        self._in_files += len(data)
        if self._in_files > self._most:
            raise OutsideFault("no-room", "too much is being sent at once; try again later")
        try:
            await asyncio.to_thread(file.write, data)
        except OSError as fault:
            words = "there is no room for a body of this size; try again later"
            raise OutsideFault("no-room", words) from fault


async def _invite(request: web.BaseRequest) -> None:
    """Let a client send that asked first (RFC 9110, section 10.1.1)."""
    expected = request.headers.get(hdrs.EXPECT, "")
    if not expected or request.version < (1, 1):
        return
    if expected.strip().lower() != "100-continue":
        raise PeerFault("malformed", f"`expect: {expected[:80]}` is not understood here")
    await request.writer.write(CONTINUE)


async def _next(request: web.BaseRequest) -> bytes:
    try:
        async with asyncio.timeout(_SILENT_S):
            return await request.content.readany()
    except TimeoutError as fault:
        raise PeerFault("body-slow", "the body did not come in time") from fault
    except web.RequestPayloadError as fault:
        raise PeerFault("malformed", "the body is not sent as its headers say") from fault


def _piece_of(file: IO[bytes], offset: int) -> bytes:
    file.seek(offset)
    return file.read(_PIECE)


def _too_large() -> PeerFault:
    return PeerFault("body-too-large", f"a body may have {LARGEST // 1024**2} MiB at most")
