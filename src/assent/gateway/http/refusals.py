"""How a refusal is answered: a problem for programs, a calm page for people."""

from aiohttp import web

from assent.core.canonical import Json
from assent.core.plugins import RefusalKind, Refused
from assent.gateway.http.pages import refused_page
from assent.gateway.http.problems import problem

RETRY_AFTER_S = 5
_STATUS = {RefusalKind.UNAVAILABLE: 503, RefusalKind.WAITING: 503}
_CODES = {
    RefusalKind.DENIED: "denied",
    RefusalKind.REJECTED: "rejected",
    RefusalKind.TIMED_OUT: "nobody-answered",
    RefusalKind.WITHDRAWN: "withdrawn",
    RefusalKind.UNAVAILABLE: "unavailable",
    RefusalKind.WAITING: "waiting",
}
_HEADINGS = {
    RefusalKind.DENIED: "That is not permitted",
    RefusalKind.REJECTED: "People said no",
    RefusalKind.TIMED_OUT: "Nobody answered in time",
    RefusalKind.WITHDRAWN: "That was withdrawn",
    RefusalKind.UNAVAILABLE: "That cannot be decided now",
}


def refused_problem(refused: Refused, console: str) -> web.Response:
    """Return it for a program. console: address of the console, where the request is shown.

    `request` and `entry` are what `assent explain` takes; with code `waiting`, the same request,
    sent again, goes on with what people are asked.
    """
    more: dict[str, Json] = {
        name: value
        for name, value in (
            ("kind", str(refused.kind)),
            ("why", refused.detail),
            ("hint", refused.hint),
            ("request", refused.request),
            ("entry", refused.entry),
        )
        if value
    }
    if refused.request:
        more["url"] = f"{console}/requests/{refused.request}"
    status = _STATUS.get(refused.kind, 403)
    headers = {}
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_S)
        more["retry_after"] = RETRY_AFTER_S
    return problem(status, _CODES[refused.kind], refused.message, headers, **more)


def refused_to_people(refused: Refused, console: str, nonce: str) -> web.Response:
    """Return the page for somebody in a browser."""
    lines: tuple[str, ...] = (refused.message, refused.detail, refused.hint)
    thing = refused.request or refused.entry
    link = f"{console}/requests/{refused.request}" if refused.request else ""
    if thing and not link:
        lines += (f"why: assent explain {thing}",)
    status = _STATUS.get(refused.kind, 403)
    return refused_page(nonce, status, _HEADINGS[refused.kind], lines, link)
