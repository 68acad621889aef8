"""Failing closed: an answer that breaks in the middle is followed by no other one."""

import asyncio

import pytest
from aiohttp import web

from assent.core.faults import Fault, ForbiddenFault, PeerFault
from assent.gateway.http.server import HttpServer

FAULTS: list[Exception] = [
    ForbiddenFault("not-signed-in", "this token has ended"),
    PeerFault("malformed", "it is none"),
    ValueError("a mistake of ours"),
]


async def heard(fault: Exception, *, after: bytes) -> bytes:
    """Return all that a client hears whose answer breaks after some of it."""

    async def answer(request: web.BaseRequest, rest: str) -> web.StreamResponse:
        if after:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(after)
        raise fault

    server = HttpServer("example.org", None, 10)
    server.take("at", answer)
    host, port = await server.start("127.0.0.1", 0)
    try:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /at/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        found = b""
        try:
            async with asyncio.timeout(5):
                while data := await reader.read(65536):
                    found += data
        except ConnectionResetError:
            pass
        writer.close()
        return found
    finally:
        await server.stop()


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_what_began_is_broken_off(fault: Exception) -> None:
    found = await heard(fault, after=b"the beginning")
    assert found.count(b"HTTP/1.1") <= 1
    assert b"problem" not in found
    # The last chunk of a whole answer is missing (RFC 9112, section 7.1).
    assert not found.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_what_did_not_begin_is_answered(fault: Exception) -> None:
    found = await heard(fault, after=b"")
    assert found.startswith(b"HTTP/1.1 ")
    assert b"urn:assent:problem:" in found
    assert isinstance(fault, Fault) or b"a mistake of ours" not in found
