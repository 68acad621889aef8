"""Where a link leads: the first administrator, somebody invited, somebody who was let in again."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request, Response

from assent.control.welcoming import Welcome
from assent.core.faults import Fault, MissingFault
from assent.core.secret import Secret
from assent.web.authorization import public
from assent.web.desk import Desk, PageRoute, TheDesk, status_of
from assent.web.safety import check_origin
from assent.web.signed_in import signed_in

router = APIRouter(route_class=PageRoute)

_WHY = "whoever has the link, and nobody else, comes in by it"
Link = Annotated[str, Path(max_length=128)]


@router.get("/welcome/{link}", dependencies=[Depends(public(_WHY))])
async def page(desk: TheDesk, link: Link) -> Response:
    """Return the page that asks who somebody is, or how they will sign in."""
    try:
        welcome = await desk.plane.local_people.welcoming.welcome(Secret(link))
    except MissingFault as fault:
        return _over(desk, fault)
    return _page(desk, link, welcome)


@router.post("/welcome/{link}", dependencies=[Depends(public(_WHY))])
async def accept(
    request: Request,
    desk: TheDesk,
    link: Link,
    name: Annotated[str, Form(max_length=128)] = "",
    display_name: Annotated[str, Form(max_length=200)] = "",
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
    if password != again:
        return _page(desk, link, welcome, "the two passwords are not the same", 422, **said)
    try:
        subject = await welcoming.accept(
            Secret(link), name=name, display_name=display_name, password=Secret(password)
        )
    except Fault as fault:
        return _page(desk, link, welcome, fault.detail, status_of(fault)[0], **said)
    return await signed_in(request, desk, subject, "password", "/")


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
        "passwords": desk.plane.sign_in.rules.local_passwords,
    }
    return _private(desk.pages.page("welcome.html", values, status))


def _over(desk: Desk, fault: MissingFault) -> Response:
    values = {"seat": None, "detail": fault.detail}
    return _private(desk.pages.page("welcome_over.html", values, 404))


def _private(response: Response) -> Response:
    """Return a page whose address is a secret: no cache keeps it, no other site hears of it."""
    response.headers["cache-control"] = "no-store"
    response.headers["referrer-policy"] = "no-referrer"
    return response
