"""The inbox and the page of one request: what they show, and how they stay live."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.responses import JSONResponse

from assent.core.clock import isoformat
from assent.core.faults import Fault, MissingFault
from assent.core.ids import RequestId
from assent.core.role import Permission
from assent.web.authorization import needs
from assent.web.desk import PageRoute, Seat, TheSeat, address_of
from assent.web.inbox_rows import InboxRow, row_of
from assent.web.views import MOST_ROWS, MOST_WHOLE, Card, card_of

router = APIRouter(route_class=PageRoute)

RequestPath = Annotated[str, Path(max_length=64)]


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits for one person, the nearest deadline first: some whole, the others as lines.

    further: how many wait besides.
    """

    cards: tuple[Card, ...] = ()
    rows: tuple[InboxRow, ...] = ()
    further: int = 0


async def inbox_of(seat: Seat) -> Inbox:
    """Return what waits for who sits there."""
    plane = seat.desk.plane
    found, waiting = await plane.requests.inbox_and_count(seat.caller, MOST_ROWS)
    cards = [await card_of(plane, seat.caller, request) for request in found[:MOST_WHOLE]]
    rows = tuple(row_of(plane, request) for request in found[MOST_WHOLE:])
    return Inbox(tuple(cards), rows, waiting - len(found))


def values_of(
    seat: Seat,
    page: str,
    inbox: Inbox,
    said: str = "",
    errors: dict[str, str] | None = None,
) -> dict[str, object]:
    """Return what the templates of both pages need.

    page: `inbox` or `request`. said: what just happened. errors: request id → what is wrong.
    """
    return {
        "seat": seat,
        "page": page,
        "cards": inbox.cards,
        "rows": inbox.rows,
        "said": said,
        "errors": errors or {},
        "further": inbox.further,
        "now": isoformat(seat.desk.plane.clock.now()),
    }


@router.get(
    "/", dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))]
)
async def inbox(seat: TheSeat) -> Response:
    """Return the inbox."""
    values = values_of(seat, "inbox", await inbox_of(seat))
    return seat.desk.pages.page("inbox.html", values)


@router.get(
    "/inbox/items",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def items(seat: TheSeat) -> Response:
    """Return what waits now, as a part of the inbox."""
    values = values_of(seat, "inbox", await inbox_of(seat))
    return seat.desk.pages.page("region.html", values)


@router.get(
    "/inbox/ids",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def ids(seat: TheSeat) -> Response:
    """Return id and last change of each request that waits, in order: what a page compares."""
    found = await seat.desk.plane.requests.inbox(seat.caller, MOST_ROWS)
    return JSONResponse([[one.id, isoformat(one.changed_at)] for one in found])


@router.get(
    "/inbox/cards/{request_id}",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def item(
    seat: TheSeat, request_id: RequestPath, whole: Annotated[bool, Query()] = False
) -> Response:
    """Return one item of the inbox as it is now, whole or as a line; nothing for one settled."""
    return await one_item(seat, request_id, whole=whole)


async def one_item(
    seat: Seat,
    request: str,
    said: str = "",
    error: str = "",
    status: int = 200,
    *,
    whole: bool = True,
) -> Response:
    """Return one item of the inbox with what is said of it, empty once it waits no more."""
    plane, inbox = seat.desk.plane, Inbox()
    try:
        found = await plane.requests.get(seat.caller, RequestId(request))
    except MissingFault:
        found = None
    if found and plane.requests.may_answer(seat.caller, found):
        if whole:
            inbox = Inbox(cards=(await card_of(plane, seat.caller, found),))
        else:
            inbox = Inbox(rows=(row_of(plane, found),))
    nothing_left = not await plane.requests.inbox(seat.caller, 1)
    errors = {request: error} if error else {}
    values = {**values_of(seat, "inbox", inbox, said, errors), "nothing_left": nothing_left}
    return seat.desk.pages.page("inbox_item.html", values, status)


@router.get(
    "/requests/{request_id}",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def one(seat: TheSeat, request_id: RequestPath) -> Response:
    """Return the page of one request: where links in notices lead."""
    card = await _card(seat, request_id)
    return seat.desk.pages.page("request.html", values_of(seat, "request", Inbox((card,))))


@router.get(
    "/requests/{request_id}/card",
    dependencies=[Depends(needs(Permission.ASK, Permission.ANSWER, Permission.READ_ACCESS))],
)
async def one_part(seat: TheSeat, request_id: RequestPath) -> Response:
    """Return one request as it is now, as a part of its page."""
    card = await _card(seat, request_id)
    return seat.desk.pages.page("region.html", values_of(seat, "request", Inbox((card,))))


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
                await plane.requests.seen(caller, notice.request)
            except MissingFault:
                continue
            except Fault:
                return
            yield ServerSentEvent(event="changed", raw_data=notice.request)
