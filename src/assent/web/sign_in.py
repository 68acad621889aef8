"""The sign-in page, and the page that asks for a code."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from starlette.responses import RedirectResponse

from assent.core.faults import Fault, ForbiddenFault, OutsideFault, TooManyFault
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.web import oidc
from assent.web.authorization import needs, public
from assent.web.desk import ActingSeat, Desk, PageRoute, TheDesk, address_of, status_of
from assent.web.safety import CLEARED, check_origin, local_path
from assent.web.sign_in_page import sign_in_page
from assent.web.signed_in import signed_in

router = APIRouter(route_class=PageRoute)


@router.get("/sign-in", dependencies=[Depends(public("here people sign in"))])
async def page(desk: TheDesk, next: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """Return the sign-in page. next: where to go afterwards."""
    return sign_in_page(desk, local_path(next))


@router.post("/sign-in", dependencies=[Depends(public("here people sign in"))])
async def sign_in(
    request: Request,
    desk: TheDesk,
    name: Annotated[str, Form(max_length=128)] = "",
    password: Annotated[str, Form(max_length=1024)] = "",
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Sign in and go on; say on the same page why not."""
    check_origin(request, desk.public_url)
    try:
        subject, pending = await desk.plane.sign_in.first_step(
            name, Secret(password), address_of(request)
        )
    except (ForbiddenFault, OutsideFault) as fault:
        return sign_in_page(desk, local_path(next), fault.detail, _status(fault), name)
    if pending is None:
        return await signed_in(request, desk, subject, "password", next)
    response = _code_page(desk, local_path(next), "", 200)
    desk.cookies.keep_step(response, pending)
    return response


@router.post("/sign-in/code", dependencies=[Depends(public("here people sign in"))])
async def second_step(
    request: Request,
    desk: TheDesk,
    code: Annotated[str, Form(max_length=64)] = "",
    next: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Take the code that a sign-in waits for; say on the same page why not."""
    check_origin(request, desk.public_url)
    pending = desk.cookies.step(request)
    try:
        if pending is None:
            words = "the browser keeps no cookies, or was too slow; begin again"
            raise ForbiddenFault("sign-in-over", words)
        subject, method = await desk.plane.sign_in.second_step(pending, code, address_of(request))
    except (ForbiddenFault, OutsideFault) as fault:
        if fault.code == "sign-in-over":
            return sign_in_page(desk, local_path(next), fault.detail, 403)
        return _code_page(desk, local_path(next), fault.detail, _status(fault))
    response = await signed_in(request, desk, subject, method, next)
    desk.cookies.forget_step(response)
    return response


@router.post("/sign-out", dependencies=[Depends(needs(*Permission))])
async def sign_out(request: Request, seat: ActingSeat) -> Response:
    """Forget the sign-in, here and in the browser, and at its identity provider."""
    provider = await oidc.provider_of(seat)
    await seat.desk.plane.sign_in.logout(seat.caller)
    leaving = await oidc.leaving(request, seat.desk, provider) if provider else None
    response = leaving or RedirectResponse("/sign-in", status_code=303)
    seat.desk.cookies.forget(response)
    # What the browser keeps of this person's pages must not come back for the next one.
    response.headers["clear-site-data"] = CLEARED
    return response


def _code_page(desk: Desk, next: str, error: str, status: int) -> Response:
    values = {"seat": None, "next": next, "error": error}
    return desk.pages.page("sign_in_code.html", values, status)


def _status(fault: Fault) -> int:
    return 429 if isinstance(fault, TooManyFault) else status_of(fault)[0]
