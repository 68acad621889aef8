"""From the console on to the host of a web application, with a code that says who is signed in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from assent.core.faults import ForbiddenFault
from assent.core.role import Permission
from assent.web.authorization import public
from assent.web.desk import PageRoute, TheDesk, seated

router = APIRouter(route_class=PageRoute)


@router.get(
    "/enter",
    dependencies=[Depends(public("leads on whoever is signed in, and anybody else to sign in"))],
)
async def enter(
    request: Request,
    desk: TheDesk,
    target: Annotated[str, Query(max_length=128)],
    state: Annotated[str, Query(max_length=64, pattern=r"^[0-9a-f]{64}$")],
    to: Annotated[str, Query(max_length=8000)] = "/",
    again: Annotated[str, Query(max_length=1)] = "",
) -> Response:
    """Lead a browser that came from a target's host back to it, with a code.

    A browser keeps our cookie from what another site leads to; so it is led here again by us.
    again: it was.
    """
    if desk.cookies.token(request) is None and not again:
        here = request.url.include_query_params(again="1")
        return _on(desk, f"{here.path}?{here.query}", "One moment")
    seat = await seated(request, desk)
    if not seat.caller.may(Permission.ASK):
        raise ForbiddenFault("not-permitted", "what you are here for reads, and uses nothing")
    entering = desk.plane.sign_in.entering
    address = entering.lead(seat.caller.token_digest, target, state, to)
    # By a page, and not by a redirect: pages of ours send no form on to another host.
    return _on(desk, address, f"On to {target}")


def _on(desk: TheDesk, url: str, words: str) -> Response:
    values = {"seat": None, "url": url, "words": words}
    return desk.pages.page("going_on.html", values)
