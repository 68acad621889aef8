"""Every page of the console, from its routes: where it is, filled in, and who looks at it.

A new route is taken in by itself: it is looked at as whoever may, or is named below as no page.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from assent.web.navigation import PLACES
from doors import matrix

NOBODY = "nobody"
# Routes that answer no whole page → what they answer.
NO_PAGES: Mapping[str, str] = {
    "/account/passkeys/signer": "JSON for the script",
    "/grants/part": "a part of /grants",
    "/labels/{name}/scan": "a part of /labels/{name}",
    "/inbox/cards/{request_id}": "a part of the inbox",
    "/inbox/ids": "JSON for the script",
    "/inbox/items": "parts of the inbox",
    "/inbox/stream": "events",
    "/log/consistency/{old}/{new}": "JSON for the proof",
    "/log/stream": "events",
    "/log/{entry_id}/leaf": "a file",
    "/log/{entry_id}/proof": "JSON for the proof",
    "/log/{entry_id}/receipt": "a file",
    "/requests/{request_id}/card": "a part of a request's page",
    "/sessions/stream": "events",
    "/sessions/{session_id}/frames": "what the player plays",
    "/sessions/{session_id}/now": "a part of a live session",
    "/sign-in/oidc/{name}": "leads to the provider",
    "/sign-in/oidc/{name}/again": "leads to the provider",
    "/enter": "leads on to the host of a target; clients/test_http_in_chromium.py enters",
    "/sign-in/oidc/{name}/callback": "leads to a page",
    "/status/part": "a part of /status",
}
# What is asked for besides, where the page is nothing without it.
QUERIES: Mapping[str, str] = {
    "/device": "?code={user_code}",
    "/sign-in/command-line": "?port=2222&challenge={challenge}&state={challenge}&host=anas-laptop",
    "/search": "?text=orders",
}
# Pages with most on them for somebody else than security.
LOOKED_AT_BY: Mapping[str, str] = {
    "/": "ben",
    "/ask": "ana",
    "/ask/{name}": "ana",
    "/account": "ana",
    "/account/devices": "ana",
    "/account/passkeys": "ana",
    "/account/tokens": "ana",
    "/device": "ana",
    "/grants": "ana",
    "/reason": "adam",
    "/agents": "adam",
    "/people": "adam",
    "/people/{name}": "adam",
    "/requests/{request_id}": "ben",
    "/requests/{request_id}/granted": "ana",
    "/settings": "adam",
    "/sign-in/command-line": "ana",
    "/standing-in": "ben",
    "/start": "adam",
    "/step-up": "ana",
    "/targets/{name}": "ben",
    "/labels": "ben",
    "/labels/{name}": "ben",
    "/targets": "ben",
    "/devices": "carl",
}
# The same page with something else in it: name → (who, address).
BESIDES: Mapping[str, tuple[str, str]] = {
    "inbox-empty": ("otto", "/"),
    "inbox-of-an-auditor": ("audrey", "/"),
    "grants-empty": ("otto", "/grants"),
    "reviews-empty": ("otto", "/reviews"),
    "sessions-empty": ("otto", "/sessions"),
    "search-empty": ("carl", "/search?text=nothing-is-called-so"),
    "log-empty": ("carl", "/log?kind=login&target=shop"),
    "tokens-empty": ("otto", "/account/tokens"),
    "request-of-ones-own": ("ana", "/requests/{request_id}"),
    "request-rejected": ("ana", "/requests/{rejected_id}"),
    "not-there": ("ana", "/nowhere"),
    "log-of-a-decision": ("carl", "/log/{decision_id}"),
}
_ROLES = {"security": "carl", "administrator": "adam", "operator": "otto", "requester": "ana"}


@dataclass(frozen=True, slots=True)
class ConsolePage:
    """One page. name: of its screenshots. route: with the parts of its path as they are named."""

    name: str
    route: str
    who: str
    address: str


def routes() -> list[str]:
    """Return the paths that answer whole pages; test_matrix.py holds the table to the routes."""
    found = [
        path
        for method, _, path in (row.partition(" ") for row in matrix())
        if method == "GET" and not path.startswith("/v1") and path not in NO_PAGES
    ]
    return sorted(path for path in found if path not in ("/healthz", "/metrics", "/openapi.json"))


def pages(known: Mapping[str, str]) -> list[ConsolePage]:
    """Return every page. known: the parts of paths. Raises KeyError, with the part, for others."""
    rows = matrix()
    found = [
        ConsolePage(_name(path), path, _viewer(path, rows[f"GET {path}"]), _filled(path, known))
        for path in routes()
    ]
    found += [
        ConsolePage(name, address, who, _filled(address, known, with_query=False))
        for name, (who, address) in BESIDES.items()
    ]
    return found


def menu() -> list[str]:
    """Return the paths of the menu; each must be among the pages."""
    return [place.path for place in PLACES]


def _viewer(path: str, who: frozenset[str]) -> str:
    if NOBODY in who:
        return NOBODY
    return LOOKED_AT_BY.get(path) or next(_ROLES[role] for role in _ROLES if role in who)


def _filled(path: str, known: Mapping[str, str], *, with_query: bool = True) -> str:
    """Return an address. A `{name}` is that of what the path is about: `{targets_name}`."""
    address = path.replace("{name}", "{" + f"{path.split('/{name}')[0].strip('/')}/name" + "}")
    if path == "/requests/{request_id}/granted":
        address = "/requests/{granted_id}/granted"
    if path == "/sessions/{session_id}/live":
        address = "/sessions/{live_id}/live"
    address += QUERIES.get(path, "") if with_query else ""
    try:
        return re.sub(r"\{([\w/-]+)\}", lambda part: known[part[1]], address)
    except KeyError as missing:
        words = f"{path}: say in console_world.py what {missing} is, or here that it is no page"
        raise KeyError(words) from None


def _name(path: str) -> str:
    return re.sub(r"[^a-z-]+", "-", path).strip("-") or "inbox"
