"""The HTTP door of a witness, as an ASGI application: one path, small bodies."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
import uvicorn

from assent.audit.proof import MAX_BYTES
from assent.core.faults import OperatorFault
from assent.witnesses.witness import PLAIN, Reply, Witness

READ_WITHIN_S = 10.0
MOST_AT_ONCE = 64

_Message = Mapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[dict[str, Any]], Awaitable[None]]
_log = structlog.get_logger("witness")


class WitnessApp:
    """ASGI application over one witness."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        reply = await self._reply(scope, receive)
        body = reply.body.encode()
        headers = [
            (b"content-type", reply.kind.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _reply(self, scope: _Message, receive: _Receive) -> Reply:
        if scope["path"] != "/add-checkpoint":
            return Reply(404, "only `POST /add-checkpoint` is answered here\n")
        if scope["method"] != "POST":
            return Reply(405, "only `POST` is answered here\n")
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                body = await _body(receive)
        except TimeoutError:
            return Reply(408, "the request did not come in time\n")
        if body is None:
            return Reply(413, f"a request has at most {MAX_BYTES} bytes\n")
        try:
            # A disk is waited for; what was begun goes on, also when its client is gone.
            return await asyncio.to_thread(self._witness.add_checkpoint, body)
        except (OSError, OperatorFault) as fault:
            _log.error("cannot-remember", why=str(fault))
            return Reply(500, "the witness cannot remember checkpoints now\n", PLAIN)


async def _body(receive: _Receive) -> bytes | None:
    """Return the whole body, None where it is too large."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += bytes(message.get("body", b""))
        if len(body) > MAX_BYTES:
            return None
        if not message.get("more_body", False):
            return body


def server_of(witness: Witness) -> uvicorn.Server:
    """Return a server for sockets that listen already; signals are left to who runs it."""
    return _Server(
        uvicorn.Config(
            WitnessApp(witness),
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=MOST_AT_ONCE,
            timeout_graceful_shutdown=2,
            lifespan="off",
        )
    )


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Leave the signals to whoever runs the process."""
        yield
