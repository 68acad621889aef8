"""What waits for the caller's answer."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from assent.api.authentication import PresentedToken, SignedIn, peer_address
from assent.api.authorization import needs
from assent.api.door import TheDoor
from assent.api.render import request_out
from assent.api.schemas import InboxOut
from assent.api.waiting import changed_requests
from assent.control.requests import MOST_IN_INBOX
from assent.core.role import Permission

router = APIRouter(prefix="/v1/inbox", tags=["requests"])


@router.get("", dependencies=[Depends(needs(Permission.ANSWER))])
async def inbox(
    door: TheDoor,
    caller: SignedIn,
    limit: Annotated[int, Query(ge=1, le=MOST_IN_INBOX)] = 50,
) -> InboxOut:
    """List what you can answer now, the nearest deadline first."""
    found, waiting = await door.plane.requests.inbox_and_count(caller, limit)
    return InboxOut(items=[request_out(door, request) for request in found], waiting=waiting)


@router.get(
    "/stream",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
    response_class=EventSourceResponse,
)
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
