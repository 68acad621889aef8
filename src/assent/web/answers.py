"""What people do on the pages: assent, reject, give a reason, confirm, withdraw."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import RedirectResponse

from assent.control.signing import NOTHING, Proof
from assent.core.faults import ConflictFault, Fault, MissingFault
from assent.core.ids import RequestId
from assent.core.request import RejectedAs, RequestState, Verdict
from assent.core.request import Request as Asked
from assent.core.role import Permission
from assent.web.authorization import needs
from assent.web.desk import ActingSeat, PageRoute, Seat, from_htmx, status_of
from assent.web.inbox import Inbox, RequestPath, inbox_of, one_item, values_of
from assent.web.passkeys import Credential
from assent.web.signed_form import Signed
from assent.web.step_up import Code, Password, confirmed
from assent.web.views import card_of

router = APIRouter(route_class=PageRoute)

Page = Annotated[Literal["inbox", "request"], Form()]
Prose = Annotated[str, Form(max_length=2000)]
Line = Annotated[str, Form(max_length=200)]


@router.post("/requests/{request_id}/answer", dependencies=[Depends(needs(Permission.ANSWER))])
async def answer(
    request: Request,
    seat: ActingSeat,
    request_id: RequestPath,
    signed: Signed,
    verdict: Annotated[Literal["approve", "reject"], Form()],
    comment: Prose = "",
    rejected_as: Literal["", "not-needed", "suspicious"] = Form(""),
    page: Page = "request",
) -> Response:
    """Take one person's answer. rejected_as: counts with a rejection only.

    signed: an assent to anything else than what the page showed is not taken.
    """
    why = RejectedAs(rejected_as) if rejected_as else None
    doing = _answered(seat, request_id, Verdict(verdict), clean(comment), why, signed.proof)
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
    credential: Credential = "",
    password: Password = "",
    code: Code = "",
    page: Page = "request",
) -> Response:
    """Take a fresh proof of who the requester is."""
    doing = _confirmed(seat, request_id, credential, password, code)
    return await done(request, seat, request_id, page, doing, added_words)


async def _answered(
    seat: Seat,
    request: str,
    verdict: Verdict,
    comment: str,
    why: RejectedAs | None,
    proof: Proof,
) -> Asked:
    requests, about = seat.desk.plane.requests, RequestId(request)
    if verdict is Verdict.REJECT and proof.signature is None:
        proof = NOTHING
    try:
        return await requests.answer(seat.caller, about, verdict, comment, why, proof)
    except ConflictFault as fault:
        if verdict is not Verdict.REJECT or fault.code != "shown-changed":
            raise
    # A rejection stands, whatever has changed meanwhile; its signature would be of another thing.
    return await requests.answer(seat.caller, about, verdict, comment, why, NOTHING)


async def _confirmed(seat: Seat, request: str, credential: str, password: str, code: str) -> Asked:
    await confirmed(seat, credential, password, code)
    return await seat.desk.plane.requests.get(seat.caller, RequestId(request))


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
    if page == "inbox" and from_htmx(request):
        return await one_item(seat, request_id, said, error, status)
    errors = {request_id: error} if error else {}
    inbox = await inbox_of(seat) if page == "inbox" else await _only(seat, request_id)
    template = "region.html" if from_htmx(request) else f"{page}.html"
    return seat.desk.pages.page(template, values_of(seat, page, inbox, said, errors), status)


async def _only(seat: Seat, request_id: str) -> Inbox:
    plane = seat.desk.plane
    try:
        found = await plane.requests.get(seat.caller, RequestId(request_id))
    except MissingFault:
        return Inbox()
    return Inbox((await card_of(plane, seat.caller, found),))


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
