"""An address that leads nowhere, as a page to whoever reads pages."""

from collections.abc import Awaitable, Callable
from typing import cast

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from assent.web.desk import desk_of

_Handler = Callable[[Request, Exception], Response | Awaitable[Response]]
_DETAIL = "nothing is at this address: it was mistyped, or what it was about is gone"


def install(app: FastAPI) -> None:
    """Let browsers have a page where there is none; programs are answered as before."""
    before = cast(_Handler, app.exception_handlers[HTTPException])

    async def answer(request: Request, error: Exception) -> Response:
        if _reads_pages(request) and getattr(error, "status_code", 0) == 404:
            values = {"heading": "There is no such page", "detail": _DETAIL, "seat": None}
            return desk_of(request).pages.page("trouble.html", values, 404)
        answered = before(request, error)
        return answered if isinstance(answered, Response) else await answered

    app.add_exception_handler(HTTPException, answer)


def _reads_pages(request: Request) -> bool:
    wants = "text/html" in request.headers.get("accept", "")
    return wants and request.method == "GET" and not request.url.path.startswith(("/v1/", "/scim/"))
