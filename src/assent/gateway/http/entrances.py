"""Browsers on hosts of targets: taken in with a code of the console, known by a cookie after that.

The cookie is of this host alone and stands for a sign-in of the console, of which only the digest
is kept here: with that sign-in it ends. What is kept lives in this process; after a restart a
browser is led through the console once more, which takes no click of anybody who is signed in.
"""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlencode

from aiohttp import hdrs, web

from assent.control.entering import Entering, local, state_of
from assent.core.faults import ForbiddenFault
from assent.core.ids import Ids
from assent.gateway.http.headers import COOKIE

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST = 50_000
_LONGEST = 128
_ENTERING_S = 600


@dataclass(frozen=True, slots=True)
class _Entered:
    target: str
    token_digest: str


class Entrances:
    """Takes browsers in. console: its address. https: how browsers reach hosts of targets."""

    def __init__(self, entering: Entering, ids: Ids, console: str, *, https: bool) -> None:
        self._entering = entering
        self._ids = ids
        self._console = console
        self._https = https
        self._name = f"__Host-{COOKIE}" if https else COOKIE
        self._entered: OrderedDict[str, _Entered] = OrderedDict()

    def digest_of(self, request: web.BaseRequest, target: str) -> str | None:
        """Return the digest of the token behind a browser's cookie for this target, or None."""
        value = _cookie(request, self._name)
        found = self._entered.get(_kept(value)) if value else None
        return found.token_digest if found and found.target == target else None

    def to_console(self, request: web.BaseRequest, target: str) -> web.StreamResponse:
        """Return what leads a browser to the console, from where it comes back."""
        state = _cookie(request, f"{self._name}-state") or self._ids.token(32)
        path = request.raw_path if request.method in SAFE_METHODS else "/"
        said = {"target": target, "state": state_of(state), "to": local(path)}
        response = _to(f"{self._console}/enter?{urlencode(said)}")
        self._set(response, f"{self._name}-state", state, _ENTERING_S)
        return response

    def take_in(self, request: web.BaseRequest, target: str) -> web.StreamResponse | None:
        """Return what keeps a browser that brings a code, and leads on; None for no good code."""
        query = request.rel_url.query
        state = _cookie(request, f"{self._name}-state")
        digest = self._entering.take(query.get("code", "")[:_LONGEST], target, state)
        if digest is None or not state:
            return None
        value = self._ids.token(32)
        self._entered[_kept(value)] = _Entered(target, digest)
        while len(self._entered) > _MOST:
            self._entered.popitem(last=False)
        response = _to(local(query.get("to", "/")))
        self._set(response, self._name, value, None)
        self._set(response, f"{self._name}-state", "", 0)
        return response

    def forget(self, token_digest: str) -> None:
        """Forget the browsers of a sign-in that is over."""
        for key, entered in tuple(self._entered.items()):
            if entered.token_digest == token_digest:
                del self._entered[key]

    def _set(self, response: web.Response, name: str, value: str, age_s: int | None) -> None:
        response.set_cookie(
            name,
            value,
            max_age=age_s,
            path="/",
            secure=self._https,
            httponly=True,
            samesite="Lax",
        )


def check_same_origin(request: web.BaseRequest, origin: str) -> None:
    """Raise ForbiddenFault for what another site has a signed-in browser send (CSRF).

    origin: of the target's host, as the browser sees it. A page may lead here; nothing else of
    another site may be asked for from there, and nothing sent (Fetch metadata; `Origin` on
    everything that is not safe, and on the opening of a WebSocket).
    """
    headers = request.headers
    site = headers.get("sec-fetch-site", "")
    leads = headers.get("sec-fetch-mode") == "navigate" and request.method in SAFE_METHODS
    if site in ("cross-site", "same-site") and not leads:
        raise _foreign(headers.get(hdrs.ORIGIN, "another site"))
    said = headers.get(hdrs.ORIGIN)
    if said is not None and said != origin and not (said == "null" and leads):
        raise _foreign(said)
    changes = request.method not in SAFE_METHODS or hdrs.UPGRADE in headers
    if changes and said is None and site != "same-origin":
        raise _foreign("somewhere that does not say so")


def _foreign(origin: str) -> ForbiddenFault:
    return ForbiddenFault("foreign-origin", f"this came from `{origin[:80]}`, and not from here")


def _to(address: str) -> web.Response:
    headers = {"Location": address, "Cache-Control": "no-store", "Server": "assent"}
    return web.Response(status=303, headers=headers)


def _cookie(request: web.BaseRequest, name: str) -> str:
    value = request.cookies.get(name, "")
    return value if len(value) <= _LONGEST else ""


def _kept(value: str) -> str:
    return sha256(value.encode()).hexdigest()
