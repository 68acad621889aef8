"""Which headers go on, in both directions, and what is changed in them.

Hop-by-hop ones end here (RFC 9110, section 7.6.1), ours never reach the target, and what says where
a request comes from is said by us alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import hdrs
from multidict import CIMultiDict, CIMultiDictProxy

_HOP_BY_HOP = frozenset(
    [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "http2-settings",
    ]
)
_SAID_BY_US = frozenset(
    [
        "host",
        "content-length",
        "expect",
        "cookie",
        "forwarded",
        "via",
        "x-real-ip",
        "x-client-ip",
        "true-client-ip",
        "cf-connecting-ip",
        "x-original-url",
        "x-rewrite-url",
        "x-original-host",
        "prefer",
    ]
)
_OWN_PREFIXES = ("assent-", "x-assent-", "x-forwarded-", "sec-websocket-")
# By these, applications take somebody's word for who a request is from: proxies before them say so,
# and no client of ours may.
_IDENTITY = (
    "remote-",
    "x-remote-",
    "x-auth-request-",
    "x-authenticated-",
    "x-webauth-",
    "x-goog-authenticated-",
    "x-goog-iap-",
    "cf-access-",
    "x-ms-client-principal",
    "x-amzn-oidc-",
    "tailscale-user-",
    "impersonate-",
)
_NOT_FROM_TARGET = frozenset({"alt-svc", "strict-transport-security", "content-length"})
COOKIE = "assent-door"
"""Our cookies on hosts of targets begin so, also behind `__Host-`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where clients see a target, and where it is.

    origin: of the target, such as `https://orders.internal:8443`. base: of its path, without a
    slash at its end. public: the origin that the client uses. prefix: of the path there, as
    `/at/orders`, empty on a host of its own.
    """

    origin: str
    base: str
    public: str
    prefix: str


def to_target(headers: CIMultiDictProxy[str], *, keep_authorization: bool) -> CIMultiDict[str]:
    """Return what the target is sent of a client's headers.

    keep_authorization: it is the target's own, and not ours.
    """
    dropped = _HOP_BY_HOP | named_by_connection(headers) | _SAID_BY_US
    sent: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        lowered = name.lower()
        # With an underscore it would be the same name for CGI, WSGI and PHP (as nginx has it).
        if lowered in dropped or "_" in lowered or lowered.startswith((*_OWN_PREFIXES, *_IDENTITY)):
            continue
        if lowered == "authorization" and not keep_authorization:
            continue
        sent.add(name, text_of(value))
    if cookies := others_cookies(headers.getall(hdrs.COOKIE, ())):
        sent[hdrs.COOKIE] = text_of(cookies)
    return sent


def say(headers: CIMultiDict[str], place: Place, *, address: str, subject: str) -> None:
    """Add what we say to the target ourselves. address: the client's. subject: who it is."""
    public = urlsplit(place.public)
    headers[hdrs.HOST] = urlsplit(place.origin).netloc
    headers[hdrs.X_FORWARDED_FOR] = address
    headers[hdrs.X_FORWARDED_HOST] = public.netloc
    headers[hdrs.X_FORWARDED_PROTO] = public.scheme
    if place.prefix:
        headers["X-Forwarded-Prefix"] = place.prefix
    headers[hdrs.VIA] = "1.1 assent"
    headers["X-Assent-Subject"] = subject


def to_client(headers: CIMultiDictProxy[str], place: Place, *, length: bool) -> CIMultiDict[str]:
    """Return what the client is sent of a target's headers. length: the body goes on as it is."""
    dropped = _HOP_BY_HOP | named_by_connection(headers)
    sent: CIMultiDict[str] = CIMultiDict()
    for name, value in headers.items():
        lowered = name.lower()
        if lowered in dropped or lowered.startswith(("assent-", "x-assent-")):
            continue
        if lowered in _NOT_FROM_TARGET and not (length and lowered == "content-length"):
            continue
        value = text_of(value)
        if lowered in ("location", "content-location"):
            sent.add(name, moved(value, place))
        elif lowered == "set-cookie":
            if kept := host_only(value, place):
                sent.add(name, kept)
        else:
            sent.add(name, value)
    sent.setdefault(hdrs.SERVER, "assent")
    sent.add(hdrs.VIA, "1.1 assent")
    return sent


def text_of(value: str) -> str:
    """Return the value of a header as it can be written again: what is no UTF-8 is replaced."""
    if value.isascii():
        return value
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def named_by_connection(headers: CIMultiDictProxy[str]) -> frozenset[str]:
    """Return the names that `Connection` says end here."""
    said = ",".join(headers.getall(hdrs.CONNECTION, ()))
    return frozenset(word.strip().lower() for word in said.split(","))


def others_cookies(values: Iterable[str]) -> str:
    """Return a `Cookie` without ours."""
    pairs = (pair.strip() for value in values for pair in value.split(";"))
    return "; ".join(pair for pair in pairs if pair and not _is_ours(pair))


def moved(location: str, place: Place) -> str:
    """Return where the client finds what a target says is at `location`.

    What is elsewhere stays as it is. Of a path outside of the target's base nothing can be said.
    """
    parts = urlsplit(location)
    if parts.scheme or parts.netloc:
        if not _is_origin(parts.scheme, parts.netloc, place):
            return location
        return place.public + place.prefix + _below(location_path(location), place)
    if location.startswith("/"):
        return place.prefix + _below(location, place)
    return location


def location_path(location: str) -> str:
    """Return path, query and fragment of an absolute or a scheme-relative address."""
    behind = location.partition("//")[2]
    for number, character in enumerate(behind):
        if character in "/?#":
            rest = behind[number:]
            return rest if character == "/" else f"/{rest}"
    return "/"


def host_only(cookie: str, place: Place) -> str:
    """Return a target's `Set-Cookie` for this host alone, below where the client sees it.

    Empty for one that would take the place of ours.
    """
    pair, *attributes = (part.strip() for part in cookie.split(";"))
    if _is_ours(pair):
        return ""
    kept = [pair]
    for attribute in attributes:
        name, _, value = attribute.partition("=")
        lowered = name.strip().lower()
        if lowered == "domain":
            continue
        if lowered == "path" and value.startswith("/"):
            attribute = f"Path={place.prefix + _below(value, place)}"
        kept.append(attribute)
    return "; ".join(kept)


def _is_ours(pair: str) -> bool:
    name = pair.partition("=")[0].strip()
    return name.removeprefix("__Host-").startswith(COOKIE)


def _is_origin(scheme: str, netloc: str, place: Place) -> bool:
    origin = urlsplit(place.origin)
    return netloc.lower() == origin.netloc.lower() and scheme.lower() in ("", origin.scheme)


def _below(path: str, place: Place) -> str:
    base = place.base
    if base and (path == base or path.startswith((f"{base}/", f"{base}?", f"{base}#"))):
        path = path[len(base) :] or "/"
    return path if path.startswith("/") else f"/{path}"
