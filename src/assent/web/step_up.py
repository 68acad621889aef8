"""Confirming that it is still the same person: by passkey, or by password and code."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Response
from starlette.responses import JSONResponse, RedirectResponse

from assent.core.faults import Fault
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.web.authorization import acts, needs
from assent.web.desk import PageRoute, Seat, status_of
from assent.web.passkeys import Credential, said_to_script
from assent.web.safety import local_path

router = APIRouter(route_class=PageRoute)

Sees = Annotated[Seat, Depends(needs(Permission.ACCOUNT))]
Changes = Annotated[Seat, Depends(acts(Permission.ACCOUNT))]
Password = Annotated[str, Form(max_length=1024)]
Code = Annotated[str, Form(max_length=64)]


@router.get("/step-up")
async def page(seat: Sees, next: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """Return the page that asks for it. next: where to go afterwards."""
    return _page(seat, local_path(next), "", 200)


@router.post("/step-up/options")
async def options(seat: Changes) -> Response:
    """Return what the browser confirms with by passkey, for the script."""
    try:
        begun = await seat.desk.plane.passkeys.begin_step_up(seat.caller)
    except Fault as fault:
        return said_to_script(fault)
    return JSONResponse(begun, headers={"cache-control": "no-store"})


@router.post("/step-up")
async def step_up(
    seat: Changes,
    credential: Credential = "",
    password: Password = "",
    code: Code = "",
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Take the proof and go on; say on the same page why not."""
    try:
        await confirmed(seat, credential, password, code)
    except Fault as fault:
        return _page(seat, local_path(next), fault.detail, status_of(fault)[0])
    return RedirectResponse(local_path(next), status_code=303)


async def confirmed(seat: Seat, credential: str, password: str, code: str) -> None:
    """Take a fresh proof of who sits there: a passkey's answer, or else the password.

    Raises ForbiddenFault, ConflictFault.
    """
    plane = seat.desk.plane
    if credential:
        await plane.passkeys.step_up(seat.caller, credential)
    else:
        await plane.sign_in.step_up(seat.caller, Secret(password), code.strip())


def _page(seat: Seat, next: str, error: str, status: int) -> Response:
    values = {"seat": seat, "next": next, "error": error}
    return seat.desk.pages.page("step_up.html", values, status)
