"""Where a link leads: the first administrator, somebody invited, somebody who was let in again."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from starlette.responses import JSONResponse

from assent.control import welcome_passkeys
from assent.control.passkeys import METHOD
from assent.control.welcoming import Welcome
from assent.core.faults import Fault, MissingFault
from assent.core.secret import Secret
from assent.web.authorization import public
from assent.web.desk import Desk, PageRoute, TheDesk, status_of
from assent.web.passkeys import Credential, said_to_script
from assent.web.safety import check_origin
from assent.web.signed_in import signed_in

router = APIRouter(route_class=PageRoute)

_WHY = "whoever has the link, and nobody else, comes in by it"
Link = Annotated[str, Path(max_length=128)]
GivenName = Annotated[str, Form(max_length=128)]
Shown = Annotated[str, Form(max_length=200)]


@router.get("/welcome/{link}", dependencies=[Depends(public(_WHY))])
async def page(desk: TheDesk, link: Link) -> Response:
    """Return the page that asks who somebody is, or how they will sign in."""
    try:
        welcome = await desk.plane.local_people.welcoming.welcome(Secret(link))
    except MissingFault as fault:
        return _over(desk, fault)
    return _page(desk, link, welcome)


@router.post("/welcome/{link}/passkey", dependencies=[Depends(public(_WHY))])
async def options(
    request: Request, desk: TheDesk, link: Link, name: GivenName = "", display_name: Shown = ""
) -> Response:
    """Return what the browser makes a passkey with, for the script."""
    check_origin(request, desk.public_url)
    plane = desk.plane
    try:
        made = await welcome_passkeys.begin(
            plane.local_people.welcoming, plane.passkeys, Secret(link), name, display_name
        )
    except Fault as fault:
        return said_to_script(fault)
    return JSONResponse(made, headers={"cache-control": "no-store"})


@router.post("/welcome/{link}", dependencies=[Depends(public(_WHY))])
async def accept(
    request: Request,
    desk: TheDesk,
    link: Link,
    name: GivenName = "",
    display_name: Shown = "",
    credential: Credential = "",
    password: Annotated[str, Form(max_length=1024)] = "",
    again: Annotated[str, Form(max_length=1024)] = "",
) -> Response:
    """Take what they chose, and sign them in; say on the same page what is wrong with it."""
    check_origin(request, desk.public_url)
    welcoming = desk.plane.local_people.welcoming
    try:
        welcome = await welcoming.welcome(Secret(link))
    except MissingFault as fault:
        return _over(desk, fault)
    said = {"name": name, "display_name": display_name}
    if password != again and not credential:
        return _page(desk, link, welcome, "the two passwords are not the same", 422, **said)
    try:
        if credential:
            return await _with_passkey(request, desk, link, credential, **said)
        subject = await welcoming.accept(
            Secret(link), name=name, display_name=display_name, password=Secret(password)
        )
    except Fault as fault:
        return _page(desk, link, welcome, fault.detail, status_of(fault)[0], **said)
    return await signed_in(request, desk, subject, "password", "/")


async def _with_passkey(
    request: Request, desk: Desk, link: str, credential: str, *, name: str, display_name: str
) -> Response:
    plane = desk.plane
    subject = await welcome_passkeys.accept(
        plane.local_people.welcoming,
        plane.passkeys,
        plane.device_keys,
        Secret(link),
        name=name,
        display_name=display_name,
        credential=credential,
    )
    return await signed_in(request, desk, subject, METHOD, "/")


def _page(
    desk: Desk,
    link: str,
    welcome: Welcome,
    error: str = "",
    status: int = 200,
    *,
    name: str = "",
    display_name: str = "",
) -> Response:
    values = {
        "seat": None,
        "link": link,
        "welcome": welcome,
        "error": error,
        "name": name,
        "display_name": display_name,
        "problem": desk.plane.passkeys.problem,
        "passwords": desk.plane.sign_in.rules.local_passwords,
    }
    return _private(desk.pages.page("welcome.html", values, status))


def _over(desk: Desk, fault: MissingFault) -> Response:
    values = {"seat": None, "detail": fault.detail}
    return _private(desk.pages.page("welcome_over.html", values, 404))


def _private(response: Response) -> Response:
    """Return a page whose address is a secret: no cache keeps it, no other site hears of it."""
    response.headers["cache-control"] = "no-store"
    # Not `no-referrer`: browsers then send `Origin: null` with our own form, which is refused.
    response.headers["referrer-policy"] = "same-origin"
    return response
