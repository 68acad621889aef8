"""What people do on the pages: assent, reject, give a reason, confirm, withdraw."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import RedirectResponse

from assent.control.signing import Proof
from assent.core.faults import Fault, MissingFault
from assent.core.ids import RequestId
from assent.core.request import RejectedAs, RequestState, Verdict
from assent.core.request import Request as Asked
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.web.authorization import needs
from assent.web.desk import ActingSeat, PageRoute, Seat, from_htmx, status_of
from assent.web.inbox import RequestPath, values_of
from assent.web.views import card_of, inbox_cards

router = APIRouter(route_class=PageRoute)

Page = Annotated[Literal["inbox", "request"], Form()]
Prose = Annotated[str, Form(max_length=2000)]
Line = Annotated[str, Form(max_length=200)]


@router.post("/requests/{request_id}/answer", dependencies=[Depends(needs(Permission.ANSWER))])
async def answer(
    request: Request,
    seat: ActingSeat,
    request_id: RequestPath,
    verdict: Annotated[Literal["approve", "reject"], Form()],
    comment: Prose = "",
    rejected_as: Literal["", "not-needed", "suspicious"] = Form(""),
    shown: Annotated[str, Form(max_length=71, pattern=r"^$|^sha256:[0-9a-f]{64}$")] = "",
    page: Page = "request",
) -> Response:
    """Take one person's answer. rejected_as: counts with a rejection only.

    shown: digest of what the page showed; an assent to anything else is not taken.
    """
    doing = seat.desk.plane.requests.answer(
        seat.caller,
        RequestId(request_id),
        Verdict(verdict),
        clean(comment),
        RejectedAs(rejected_as) if rejected_as else None,
        # A rejection stands, whatever has changed meanwhile.
        Proof(shown if verdict == "approve" else ""),
    )
    return await done(request, seat, request_id, page, doing, answered_words)


@router.post("/requests/{request_id}/reason", dependencies=[Depends(needs(Permission.ASK))])
async def give_reason(
    request: Request,
    seat: ActingSeat,
    request_id: RequestPath,
    reason: Prose = "",
    ticket: Line = "",
    page: Page = "request",
) -> Response:
    """Take the requester's reason or ticket."""
    doing = seat.desk.plane.requests.give_reason(
        seat.caller, RequestId(request_id), clean(reason), clean(ticket)
    )
    return await done(request, seat, request_id, page, doing, added_words)


@router.post("/requests/{request_id}/withdraw", dependencies=[Depends(needs(Permission.ASK))])
async def withdraw(
    request: Request, seat: ActingSeat, request_id: RequestPath, page: Page = "request"
) -> Response:
    """Take the requester's own request back."""
    doing = seat.desk.plane.requests.withdraw(seat.caller, RequestId(request_id))
    return await done(request, seat, request_id, page, doing, answered_words)


@router.post("/requests/{request_id}/confirm", dependencies=[Depends(needs(Permission.ASK))])
async def confirm(
    request: Request,
    seat: ActingSeat,
    request_id: RequestPath,
    password: Annotated[str, Form(max_length=1024)] = "",
    page: Page = "request",
) -> Response:
    """Take a fresh proof of who the requester is."""
    doing = _confirmed(seat, request_id, Secret(password))
    return await done(request, seat, request_id, page, doing, added_words)


async def _confirmed(seat: Seat, request: str, password: Secret[str]) -> Asked:
    plane = seat.desk.plane
    await plane.sign_in.step_up(seat.caller, password)
    return await plane.requests.get(seat.caller, RequestId(request))


def clean(text: str) -> str:
    """Return text as it is stored: with plain line ends, and without U+0000."""
    return text.replace("\r\n", "\n").replace("\x00", "").strip()


async def done(
    request: Request,
    seat: Seat,
    request_id: str,
    page: str,
    doing: Awaitable[Asked],
    words: Callable[[Asked], str],
) -> Response:
    """Do it, and show the page that it was done on with what came of it."""
    status, said, error = 200, "", ""
    try:
        said = words(await doing)
    except Fault as fault:
        if fault.code == "not-signed-in":
            raise
        status, _ = status_of(fault)
        error = fault.detail
    if not from_htmx(request) and not error:
        return RedirectResponse("/" if page == "inbox" else f"/requests/{request_id}", 303)
    template = "region.html" if from_htmx(request) else f"{page}.html"
    return await _shown(seat, request_id, page, template, said, error, status)


async def _shown(
    seat: Seat, request_id: str, page: str, template: str, said: str, error: str, status: int
) -> Response:
    plane, further = seat.desk.plane, 0
    if page == "inbox":
        cards, further = await inbox_cards(plane, seat.caller)
    else:
        try:
            found = await plane.requests.get(seat.caller, RequestId(request_id))
            cards = (await card_of(plane, seat.caller, found),)
        except MissingFault:
            cards = ()
    errors = {request_id: error} if error else {}
    return seat.desk.pages.page(
        template, values_of(seat, page, cards, said, errors, further), status
    )


def answered_words(request: Asked) -> str:
    """Return what an answer led to."""
    match request.state:
        case RequestState.PENDING:
            return "Your answer is kept; it still waits for others."
        case RequestState.REJECTED:
            return "Rejected. It did not run, and the person is told."
        case RequestState.WITHDRAWN:
            return "Withdrawn. It did not run."
        case _:
            return "Assented. It is decided once more, and then goes ahead."


def added_words(request: Asked) -> str:
    """Return what came of something that was added."""
    if request.state is RequestState.PENDING:
        return "Kept. It still waits for what is missing."
    return "Kept. Nothing is missing any more."
