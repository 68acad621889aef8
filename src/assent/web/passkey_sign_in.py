"""Signing in with a passkey: what the browser needs for it, and its answer."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import JSONResponse

from assent.control.passkeys import LONGEST_CREDENTIAL
from assent.core.faults import ConflictFault, Fault
from assent.web.authorization import public
from assent.web.desk import PageRoute, TheDesk, address_of, status_of
from assent.web.passkeys import said_to_script
from assent.web.safety import check_origin, local_path
from assent.web.sign_in_page import sign_in_page
from assent.web.signed_in import agent_of, forgetting, led_on

router = APIRouter(route_class=PageRoute)

_WHY = "here people sign in"
_LASTS_FOR_S = 300
_LONGEST = 128


@router.post("/sign-in/passkey/options", dependencies=[Depends(public(_WHY))])
async def options(request: Request, desk: TheDesk) -> Response:
    """Return what the browser signs in with, for the script; only this browser can use it."""
    check_origin(request, desk.public_url)
    name = f"{desk.cookies.name}-passkey"
    whose = _whose(request, name) or desk.plane.ids.token(32)
    try:
        begun = desk.plane.passkeys.begin_sign_in(whose)
    except Fault as fault:
        return said_to_script(fault)
    response = JSONResponse(begun, headers={"cache-control": "no-store"})
    response.set_cookie(
        name,
        whose,
        max_age=_LASTS_FOR_S,
        path="/",
        secure=desk.cookies.https,
        httponly=True,
        samesite="strict",
    )
    return response


@router.post("/sign-in/passkey", dependencies=[Depends(public(_WHY))])
async def sign_in(
    request: Request,
    desk: TheDesk,
    credential: Annotated[str, Form(max_length=LONGEST_CREDENTIAL)] = "",
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Sign in and go on; say on the sign-in page why not."""
    check_origin(request, desk.public_url)
    plane = desk.plane
    whose = _whose(request, f"{desk.cookies.name}-passkey")
    try:
        if not whose:
            words = "the browser keeps no cookies, or was too slow; load the page again"
            raise ConflictFault("no-challenge", words)
        token, kept = await plane.passkeys.sign_in(
            whose,
            credential,
            address_of(request),
            agent_of(request),
            with_changes=forgetting(request, desk),
        )
    except Fault as fault:
        return sign_in_page(desk, local_path(next), fault.detail, status_of(fault)[0])
    return led_on(desk, token, kept, next)


def _whose(request: Request, name: str) -> str:
    value = request.cookies.get(name, "")
    return value if len(value) <= _LONGEST else ""
