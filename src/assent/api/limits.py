"""How much a client may send."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assent.api.problems import Problem

MAX_BODY_BYTES = 64 * 1024
MAX_CONFIGURATION_BYTES = 1024 * 1024
"""All policies of an installation may come at once, to be compared and applied."""

MAX_SCIM_BYTES = 2 * 1024 * 1024
"""More than SCIM takes, so that it can say so in its own words."""

_CONFIGURATION = "/v1/configuration/"
_SCIM = "/scim/v2/"


class BodyLimit:
    """Refuses a body of more than a path may be sent, announced or not, before all of it came."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = _most(scope["path"])
        too_large = f"the body is larger than {most // 1024} KiB; send less"
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit() or int(announced) > most:
            problem = Problem(413, "body-too-large", too_large)
            await problem(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(413, too_large)
            return message

        await self._app(scope, counted, send)


def _most(path: str) -> int:
    if path.startswith(_SCIM):
        return MAX_SCIM_BYTES
    return MAX_CONFIGURATION_BYTES if path.startswith(_CONFIGURATION) else MAX_BODY_BYTES
