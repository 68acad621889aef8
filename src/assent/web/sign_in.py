"""The sign-in page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from starlette.responses import RedirectResponse

from assent.core.faults import ForbiddenFault
from assent.core.role import Permission
from assent.core.secret import Secret
from assent.web import oidc
from assent.web.authorization import needs, public
from assent.web.desk import ActingSeat, Desk, PageRoute, TheDesk, address_of
from assent.web.safety import check_origin, local_path

router = APIRouter(route_class=PageRoute)


@router.get("/sign-in", dependencies=[Depends(public("here people sign in"))])
async def page(desk: TheDesk, next: Annotated[str, Query(max_length=500)] = "/") -> Response:
    """Return the sign-in page. next: where to go afterwards."""
    return _page(desk, "", local_path(next), "", 200)


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
        token, kept = await desk.plane.sign_in.login(name, Secret(password), address_of(request))
    except ForbiddenFault as fault:
        status = 429 if fault.code == "too-many-attempts" else 403
        return _page(desk, name, local_path(next), fault.detail, status)
    response = RedirectResponse(local_path(next), status_code=303)
    lasts_for = kept.expires_at - desk.plane.clock.now()
    desk.cookies.keep(response, token, int(lasts_for.total_seconds()))
    return response


@router.post("/sign-out", dependencies=[Depends(needs(*Permission))])
async def sign_out(request: Request, seat: ActingSeat) -> Response:
    """Forget the sign-in, here and in the browser, and at its identity provider."""
    provider = await oidc.provider_of(seat)
    await seat.desk.plane.sign_in.logout(seat.caller)
    leaving = await oidc.leaving(request, seat.desk, provider) if provider else None
    response = leaving or RedirectResponse("/sign-in", status_code=303)
    seat.desk.cookies.forget(response)
    return response


def _page(desk: Desk, name: str, next: str, error: str, status: int) -> Response:
    values = {"seat": None, "name": name, "next": next, "error": error}
    return desk.pages.page("sign_in.html", values, status)
