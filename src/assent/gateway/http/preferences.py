"""How long a client stays while people are asked (RFC 7240), and what it says as it asks."""

from datetime import timedelta

from aiohttp import hdrs, web

from assent.core.faults import PeerFault
from assent.core.plugins import NO_WISHES, Wishes
from assent.gateway.http.headers import text_of

USUAL = timedelta(seconds=20)
OF_BROWSERS = timedelta(milliseconds=700)
LONGEST = timedelta(minutes=5)
_LONGEST_TEXT = 2_000
_MOST_SECONDS = 366 * 86_400


def stays(request: web.BaseRequest, *, browses: bool) -> timedelta:
    """Return how long the client waits for an answer to what is held.

    `Prefer: wait=30` says how many seconds, `Prefer: respond-async` that it does not. browses: a
    person looks at a page meanwhile.
    """
    for value in request.headers.getall("prefer", ()):
        for part in value.split(","):
            name, _, number = part.partition(";")[0].strip().lower().partition("=")
            name, number = name.strip(), number.strip(' "')
            if name == "respond-async":
                return timedelta(0)
            if name == "wait" and number.isascii() and number.isdigit():
                return min(timedelta(seconds=int(number[:6])), LONGEST)
    return OF_BROWSERS if browses else USUAL


def wishes(request: web.BaseRequest) -> Wishes:
    """Return what the client says for the case that access must be asked for first.

    `Assent-Reason`, `Assent-Ticket` and, in seconds, `Assent-For`. Raises PeerFault.
    """
    reason, ticket = _text(request, "assent-reason"), _text(request, "assent-ticket")
    seconds = request.headers.get("assent-for", "")
    if not (reason or ticket or seconds):
        return NO_WISHES
    if seconds and not (seconds.isascii() and seconds.isdigit() and len(seconds) < 10):
        words = f"`assent-for: {seconds[:80]}` is no number of seconds"
        raise PeerFault("malformed", words)
    lasts_for_s = min(int(seconds), _MOST_SECONDS) if seconds else None
    return Wishes(reason, ticket, lasts_for_s)


def browses(request: web.BaseRequest) -> bool:
    """Return whether a person looks at what is answered: a browser goes to a page."""
    mode = request.headers.get("sec-fetch-mode")
    if mode is not None:
        return mode == "navigate"
    return request.method in ("GET", "POST") and "text/html" in request.headers.get(hdrs.ACCEPT, "")


def _text(request: web.BaseRequest, name: str) -> str:
    return text_of(request.headers.get(name, "")[:_LONGEST_TEXT])
