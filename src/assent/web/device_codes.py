"""Where somebody lets a command line in: by the browser that it opened, or by the code it shows."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from starlette.responses import RedirectResponse

from assent.control.device_codes import Waiting, shown
from assent.control.loop_back import Asked, asked_of
from assent.core.clock import isoformat
from assent.core.faults import Fault
from assent.core.role import Permission
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, address_of, status_of
from assent.web.safety import CONTENT_SECURITY_POLICY

router = APIRouter(route_class=PageRoute)

_HERE = "/sign-in/command-line"
Sees = Annotated[Seat, Depends(needs(Permission.ACCOUNT))]
Changes = Annotated[Seat, Depends(acts(Permission.ACCOUNT))]
Answer = Annotated[Literal["allow", "refuse"], Form()]


def in_query(
    port: Annotated[int, Query(ge=1024, le=65535)],
    challenge: Annotated[str, Query(max_length=64)],
    state: Annotated[str, Query(max_length=64)],
    host: Annotated[str, Query(max_length=200)] = "",
) -> Asked:
    """Return what a command line asks by the address that it opened. Raises ConflictFault."""
    return asked_of(port, challenge, state, host)


def in_form(
    port: Annotated[int, Form(ge=1024, le=65535)],
    challenge: Annotated[str, Form(max_length=64)],
    state: Annotated[str, Form(max_length=64)],
    host: Annotated[str, Form(max_length=200)] = "",
) -> Asked:
    """Return what a command line asks, as the page has kept it. Raises ConflictFault."""
    return asked_of(port, challenge, state, host)


@router.get(_HERE)
async def command_line(seat: Sees, asked: Annotated[Asked, Depends(in_query)]) -> Response:
    """Ask whether the command line of this machine is to be signed in."""
    page = seat.desk.pages.page("command_line.html", {"seat": seat, "asked": asked})
    # The answer leads to where it listens, and a browser holds a form to where it may lead.
    policy = CONTENT_SECURITY_POLICY.replace(
        "form-action 'self'", f"form-action 'self' {asked.origin}"
    )
    page.headers["content-security-policy"] = policy
    return page


@router.post(_HERE)
async def let_in(
    seat: Changes, asked: Annotated[Asked, Depends(in_form)], answer: Answer
) -> Response:
    """Bring the command line its code, or that it is not let in."""
    if answer == "refuse":
        return RedirectResponse(asked.answered(error="access_denied"), status_code=303)
    code = await seat.desk.plane.programs.loop_back.confirm(seat.caller, asked)
    return RedirectResponse(asked.answered(code=code.reveal()), status_code=303)


@router.get("/device")
async def device(
    request: Request, seat: Sees, code: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """Ask for the code of a command line, and then whether it is to be signed in."""
    if not code.strip():
        return _page(request, seat, code)
    try:
        waiting = seat.desk.plane.programs.device_codes.look(seat.caller, code)
    except Fault as fault:
        return _page(request, seat, code, error=fault.detail, status=status_of(fault)[0])
    return _page(request, seat, code, waiting)


@router.post("/device")
async def answer_device(
    request: Request, seat: Changes, code: Annotated[str, Form(max_length=40)], answer: Answer
) -> Response:
    """Let the command line with this code in, or not."""
    allow = answer == "allow"
    try:
        waiting = await seat.desk.plane.programs.device_codes.answer(seat.caller, code, allow=allow)
    except Fault as fault:
        return _page(request, seat, code, error=fault.detail, status=status_of(fault)[0])
    return _page(request, seat, code, waiting, done="allowed" if allow else "refused")


def _page(
    request: Request,
    seat: Seat,
    code: str,
    waiting: Waiting | None = None,
    *,
    done: str = "",
    error: str = "",
    status: int = 200,
) -> Response:
    values = {
        "seat": seat,
        "code": shown(waiting.user_code) if waiting else code,
        "waiting": waiting,
        "asked_at": isoformat(waiting.asked_at) if waiting else "",
        "elsewhere": waiting is not None and waiting.address != address_of(request),
        "here": address_of(request),
        "done": done,
        "error": error,
    }
    return seat.desk.pages.page("device_code.html", values, status)
