"""A witness, or something that answers like one, on a free port of this machine."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from assent.witnesses.server import server_of
from assent.witnesses.witness import Witness


@asynccontextmanager
async def served(witness: Witness) -> AsyncIterator[str]:
    """Serve until the block is left; yields the submission prefix."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = server_of(witness)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listening.close()


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """Answer every request with these bytes; empty for never."""

    handling: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handling.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            if not answer:
                await reader.read()
            writer.write(answer)
            await writer.drain()
        finally:
            writer.close()
            handling.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        if handling:
            await asyncio.wait(handling)


def http(status: int, body: bytes, kind: str = "text/plain") -> bytes:
    head = f"HTTP/1.1 {status} x\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
    return f"{head}connection: close\r\n\r\n".encode() + body
