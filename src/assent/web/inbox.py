"""The inbox and the page of one request: what they show, and how they stay live."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from assent.core.clock import isoformat
from assent.core.faults import Fault, MissingFault
from assent.core.ids import RequestId
from assent.core.role import Permission
from assent.web.authorization import needs
from assent.web.desk import PageRoute, Seat, TheSeat, address_of
from assent.web.views import Card, card_of, inbox_cards

router = APIRouter(route_class=PageRoute)

RequestPath = Annotated[str, Path(max_length=64)]


def values_of(
    seat: Seat,
    page: str,
    cards: Sequence[Card],
    said: str = "",
    errors: dict[str, str] | None = None,
    further: int = 0,
) -> dict[str, object]:
    """Return what the templates of both pages need.

    page: `inbox` or `request`. said: what just happened. errors: request id → what is wrong.
    further: how many requests wait besides.
    """
    return {
        "seat": seat,
        "page": page,
        "cards": cards,
        "said": said,
        "errors": errors or {},
        "further": further,
        "now": isoformat(seat.desk.plane.clock.now()),
    }


@router.get(
    "/", dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))]
)
async def inbox(seat: TheSeat) -> Response:
    """Return the inbox."""
    cards, further = await inbox_cards(seat.desk.plane, seat.caller)
    return seat.desk.pages.page("inbox.html", values_of(seat, "inbox", cards, further=further))


@router.get(
    "/inbox/items",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def items(seat: TheSeat) -> Response:
    """Return what waits now, as a part of the inbox."""
    cards, further = await inbox_cards(seat.desk.plane, seat.caller)
    return seat.desk.pages.page("region.html", values_of(seat, "inbox", cards, further=further))


@router.get(
    "/requests/{request_id}",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def one(seat: TheSeat, request_id: RequestPath) -> Response:
    """Return the page of one request: where links in notices lead."""
    card = await _card(seat, request_id)
    return seat.desk.pages.page("request.html", values_of(seat, "request", (card,)))


@router.get(
    "/requests/{request_id}/card",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def one_part(seat: TheSeat, request_id: RequestPath) -> Response:
    """Return one request as it is now, as a part of its page."""
    card = await _card(seat, request_id)
    return seat.desk.pages.page("region.html", values_of(seat, "request", (card,)))


async def _card(seat: Seat, request: str) -> Card:
    plane = seat.desk.plane
    return await card_of(
        plane, seat.caller, await plane.requests.get(seat.caller, RequestId(request))
    )


@router.get(
    "/inbox/stream",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
    response_class=EventSourceResponse,
)
async def stream(request: Request, seat: TheSeat) -> AsyncIterator[ServerSentEvent]:
    """Send an event `changed` when the page should look again, and once at the beginning."""
    plane = seat.desk.plane
    async with plane.events.subscribe() as notices:
        # The page may have been made before the stream stood, or the stream been away.
        yield ServerSentEvent(event="changed", raw_data="all")
        async for notice in notices:
            if notice.request is None:
                continue
            try:
                # Asked again each time: a person who signed out hears nothing more.
                caller = await plane.sign_in.authenticate(seat.token, address_of(request), "web")
                await plane.requests.get(caller, notice.request)
            except MissingFault:
                continue
            except Fault:
                return
            yield ServerSentEvent(event="changed", raw_data=notice.request)
