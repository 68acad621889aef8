"""Where Slack tells of pressed buttons: signed by Slack, and never an answer to a request."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from starlette.background import BackgroundTask

from assent.api.authorization import public
from assent.api.door import TheDoor
from assent.core.faults import ForbiddenFault

router = APIRouter(prefix="/v1/slack", tags=["chat"])
# The signature is over the bytes as they came, so the framework does not read them.
_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "properties": {"payload": {"type": "string"}}}
            }
        }
    }
}


@router.post(
    "/interactions",
    dependencies=[Depends(public("Slack signs it, and a click answers nothing"))],
    openapi_extra=_BODY,
)
async def interactions(request: Request, door: TheDoor) -> Response:
    """Take a click that Slack signed, and answer it there with a link to the request's page.

    A click approves and rejects nothing: whoever pressed it signs in on the page, and answers
    there.
    """
    if door.clicks is None:
        words = "no Slack app is connected here; name its `signing_secret` in `[[notifiers]]`"
        raise ForbiddenFault("no-chat", words)
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    answer = door.clicks.take(timestamp, signature, await request.body())
    # Slack waits for three seconds; the link follows on its own way.
    return Response(status_code=200, background=BackgroundTask(_awaited, answer))


async def _awaited(answer: Callable[[], Awaitable[None]]) -> None:
    # A task that is not itself a coroutine function would be called in a thread, and not awaited.
    await answer()
