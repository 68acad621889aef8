"""What every page's route needs: the control plane, who sits there, and errors as pages."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Form, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse

from assent.control.plane import ControlPlane
from assent.control.reading import Reasons
from assent.control.sign_in import Caller
from assent.control.ways_in import WayIn, way_to
from assent.core.faults import (
    ConflictFault,
    Fault,
    ForbiddenFault,
    MissingFault,
    OutsideFault,
)
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.web.pages import Pages
from assent.web.safety import (
    Cookies,
    check_form,
    check_origin,
    check_page,
    form_token,
    local_path,
    page_mark,
)

# To whom no more than their own account is open until they can prove more than a password.
_ALWAYS_OPEN = ("/account", "/step-up", "/sign-out")
_STATUS: tuple[tuple[type[Fault], int, str], ...] = (
    (ForbiddenFault, 403, "That is not yours to do"),
    (MissingFault, 404, "There is no such thing"),
    (ConflictFault, 409, "Somebody was faster"),
    (OutsideFault, 503, "Something we depend on is away"),
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages are made from. public_url: without a slash at its end.

    gateway: host and port that clients of databases dial, None where that is not known.
    addresses: of the doors beside PostgreSQL's that listen: `ssh`, `http`, `tcp`.
    """

    plane: ControlPlane
    public_url: str
    cookies: Cookies
    pages: Pages
    gateway: Callable[[], tuple[str, int]] | None = None
    reasons: Reasons = field(default_factory=Reasons)
    addresses: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    def way_in(self, target: Target) -> WayIn | None:
        """Return how a target is reached, None where no door for its protocol is open."""
        postgres = {"postgres": self.gateway()} if self.gateway else {}
        return way_to(target, {**self.addresses, **postgres})


@dataclass(frozen=True, slots=True)
class Seat:
    """The desk with the person who sits at it. csrf: what their forms carry."""

    desk: Desk
    caller: Caller
    token: Secret[str]
    csrf: str

    @property
    def mark(self) -> str:
        """What parts of a page are asked for with, so that no page shows those of another."""
        return page_mark(self.token)


def desk_of(request: Request) -> Desk:
    """Return the desk of the application that serves this request."""
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(desk_of)]


def address_of(request: Request) -> str:
    """Return the address of the other end of the connection, empty when there is none."""
    return request.client.host if request.client else ""


def from_htmx(request: Request) -> bool:
    """Return whether a part of a page is asked for and not a page."""
    return request.headers.get("hx-request") == "true"


def to_page(request: Request, path: str) -> Response:
    """Return what leads the browser on to another page, as a part of a page or as a whole one."""
    if from_htmx(request):
        return Response(status_code=204, headers={"hx-redirect": path})
    return RedirectResponse(path, status_code=303)


async def seated(request: Request, desk: TheDesk) -> Seat:
    """Return who is signed in. Raises ForbiddenFault `not-signed-in`."""
    token = desk.cookies.token(request)
    if token is None:
        raise ForbiddenFault("not-signed-in", "sign in first")
    caller = await desk.plane.sign_in.authenticate(token, address_of(request), "web")
    if not request.url.path.startswith(_ALWAYS_OPEN):
        caller.check_whole()
    check_page(request, token)
    reason = desk.reasons.of(caller, desk.plane.clock.now())
    return Seat(desk, replace(caller, reason=reason), token, form_token(token))


TheSeat = Annotated[Seat, Depends(seated)]


async def acting(
    request: Request, seat: TheSeat, csrf: Annotated[str, Form(max_length=128)] = ""
) -> Seat:
    """Return who acts through a form of ours. Raises ForbiddenFault for any other form."""
    check_origin(request, seat.desk.public_url)
    check_form(seat.token, csrf)
    return seat


ActingSeat = Annotated[Seat, Depends(acting)]


def check_stays(fault: Fault) -> None:
    """Raise a fault again that leads to another page, whatever this one says of others."""
    if fault.code in ("not-signed-in", "step-up-needed"):
        raise fault


def status_of(fault: Fault) -> tuple[int, str]:
    """Return the HTTP status of a fault and a heading for people."""
    for kind, status, heading in _STATUS:
        if isinstance(fault, kind):
            return status, heading
    return 422, "That does not work"


class PageRoute(APIRoute):
    """A route whose faults become pages: the sign-in page, or one that says what is wrong."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with faults turned into pages."""
        plain = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await plain(request)
            except Fault as fault:
                return _trouble(request, fault)
            except RequestValidationError:
                # What was sent is not repeated: it may hold a password.
                return _page(request, 422, "That does not work", "a field is missing or too long")

        return handler


def _trouble(request: Request, fault: Fault) -> Response:
    is_look = request.method == "GET"
    if fault.code == "another-person" and from_htmx(request) and is_look:
        # The tab becomes a page of whoever is signed in now.
        return Response(status_code=204, headers={"hx-refresh": "true"})
    if fault.code == "not-signed-in":
        return _to_sign_in(request)
    if fault.code == "second-factor-missing":
        return to_page(request, "/account")
    if fault.code == "step-up-needed":
        return to_page(request, to_step_up(_place_of(request)))
    status, heading = status_of(fault)
    return _page(request, status, heading, fault.detail)


def to_step_up(path: str) -> str:
    """Return where somebody confirms who they are, and then goes on to `path`."""
    return f"/step-up?next={quote(path, safe='/')}"


def _place_of(request: Request) -> str:
    """Return the page that somebody is on: a form cannot be sent again, what it stood on can."""
    if request.method == "GET" and not from_htmx(request):
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    headers, ours = request.headers, desk_of(request).public_url
    page = headers.get("hx-current-url") or headers.get("referer", "")
    return local_path(page.removeprefix(ours)) if page.startswith(f"{ours}/") else "/"


def _to_sign_in(request: Request) -> Response:
    # A form cannot be sent again after signing in; the page it stood on can be.
    path = "/"
    if request.method == "GET" and not from_htmx(request):
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = "/sign-in" if path == "/" else f"/sign-in?next={quote(path)}"
    if from_htmx(request):
        return Response(status_code=401, headers={"hx-redirect": address})
    return RedirectResponse(address, status_code=303)


def _page(request: Request, status: int, heading: str, detail: str) -> Response:
    pages = desk_of(request).pages
    values = {"heading": heading, "detail": detail, "seat": None}
    if not from_htmx(request):
        return pages.page("trouble.html", values, status)
    part = pages.page("said.html", values, status)
    # The page stays as it is; what went wrong is said beside it.
    part.headers.update({"hx-retarget": "#said", "hx-reswap": "innerHTML"})
    return part
