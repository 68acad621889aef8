"""What waits for the caller's answer."""

from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from assent.api.authentication import PresentedToken, SignedIn, peer_address
from assent.api.door import TheDoor
from assent.api.render import request_out
from assent.api.schemas import RequestsOut
from assent.api.waiting import changed_requests

router = APIRouter(prefix="/v1/inbox", tags=["requests"])


@router.get("")
async def inbox(door: TheDoor, caller: SignedIn) -> RequestsOut:
    """List what you can answer now, oldest deadline first."""
    waiting = await door.plane.requests.inbox(caller)
    return RequestsOut(items=[request_out(door, request) for request in waiting])


@router.get("/stream", response_class=EventSourceResponse)
async def stream(
    request: Request, door: TheDoor, caller: SignedIn, token: PresentedToken
) -> AsyncIterator[ServerSentEvent]:
    """Send an event `changed` with the id of each request that changes.

    Open the stream before reading the inbox, so that nothing falls between the two. It ends
    when you sign out or when you read too slowly; read the inbox again then.
    """
    # A comment first, so that a client knows at once that the stream stands.
    yield ServerSentEvent(comment=f"for {caller.subject.name}")
    async for changed in changed_requests(door, token, peer_address(request)):
        yield ServerSentEvent(event="changed", raw_data=changed)
