"""How much a client may send."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assent.api.problems import Problem

MAX_BODY_BYTES = 64 * 1024

_TOO_LARGE = f"the body is larger than {MAX_BODY_BYTES // 1024} KiB; send less"


class BodyLimit:
    """Refuses a body of more than MAX_BODY_BYTES, announced or not, before all of it came."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > MAX_BODY_BYTES:
            problem = Problem(413, "body-too-large", _TOO_LARGE)
            await problem(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise HTTPException(413, _TOO_LARGE)
            return message

        await self._app(scope, counted, send)
