"""The head of a CONNECT request, and what it is answered with. Pure.

Source: RFC 9110, sections 9.3.6 (CONNECT), 11.7 (Proxy-Authorization); RFC 7617 (Basic); RFC 7240,
section 4.3 (`Prefer: wait`).
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from assent.core.plugins import RefusalKind, Refused, Wishes
from assent.core.secret import Secret

LONGEST_HEAD = 8 * 1024
_END = b"\r\n\r\n"
_ADDRESS = re.compile(r"([^:/?#@\[\]\s]{1,128}):([0-9]{1,5})", re.ASCII)
_WAIT = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,5})(?:$|[,;\s])", re.ASCII)
_LONGEST_SAID = 500
_ONCE = ("proxy-authorization", "host", "prefer", "assent-reason", "assent-ticket")
_STATUS = {
    RefusalKind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    RefusalKind.WAITING: HTTPStatus.SERVICE_UNAVAILABLE,
}
_TRY_AGAIN_S = 5


class BadHead(Exception):
    """What a client sent is no request that is taken here; `answer` is what it is told."""

    def __init__(self, status: HTTPStatus, *lines: str) -> None:
        super().__init__(*lines)
        self.answer = answered(status, lines)


@dataclass(frozen=True, slots=True)
class Head:
    """A request for a stream. target, port: where to. rest: what came behind it.

    wait_s: how long the client stays while people are asked, None for as long as it takes.
    """

    target: str
    port: int
    name: str
    password: Secret[str]
    application: str
    wishes: Wishes
    wait_s: int | None
    rest: bytes


class HeadReader:
    """Reads one head out of what a client sends, piece by piece."""

    def __init__(self) -> None:
        self._seen = b""

    def feed(self, data: bytes) -> Head | None:
        """Return the request once it is whole. Raises BadHead for what is none."""
        self._seen += data
        end = self._seen.find(_END, 0, LONGEST_HEAD)
        if end < 0:
            if len(self._seen) >= LONGEST_HEAD:
                words = f"the request's head is longer than {LONGEST_HEAD} bytes"
                raise BadHead(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, words)
            return None
        end += len(_END)
        return _read(self._seen[:end], self._seen[end:])


def answered(
    status: HTTPStatus, lines: Sequence[str], headers: Mapping[str, str] | None = None
) -> bytes:
    """Return an answer that ends the connection, with lines of words as its body."""
    body = "".join(f"{line}\n" for line in lines if line).encode()
    fields = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **(headers or {}),
    }
    if status is HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        fields["Proxy-Authenticate"] = 'Basic realm="assent", charset="UTF-8"'
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return head.encode("ascii", "replace") + b"\r\n" + body


def refused(refusal: Refused) -> bytes:
    """Return what a client hears of a refusal, with its request and entry as headers."""
    status = _STATUS.get(refusal.kind, HTTPStatus.FORBIDDEN)
    headers = {"Assent-Request": refusal.request, "Assent-Entry": refusal.entry}
    if refusal.kind is RefusalKind.WAITING:
        headers["Retry-After"] = str(_TRY_AGAIN_S)
    kept = {name: value for name, value in headers.items() if value}
    return answered(status, (refusal.message, refusal.detail, refusal.hint), kept)


ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class _Fields:
    """What httptools tells of a head."""

    def __init__(self) -> None:
        self.url = b""
        self.headers: dict[str, str] = {}
        self.twice = ""

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.decode("ascii", "replace").lower()
        if key in self.headers and key in _ONCE:
            self.twice = key
        self.headers[key] = value.decode("utf-8", "replace").strip()


def _read(head: bytes, rest: bytes) -> Head:
    fields = _Fields()
    parser = HttpRequestParser(fields)
    try:
        parser.feed_data(head)
        method = parser.get_method()
    except HttpParserUpgrade:
        method = parser.get_method()
    except HttpParserError:
        raise BadHead(HTTPStatus.BAD_REQUEST, "this is no HTTP/1.1 request") from None
    if method != b"CONNECT":
        words = "this door takes CONNECT requests alone: assent tunnel TARGET makes them"
        raise BadHead(HTTPStatus.METHOD_NOT_ALLOWED, words)
    if fields.twice:
        raise BadHead(HTTPStatus.BAD_REQUEST, f"the header `{fields.twice}` is there twice")
    if fields.headers.keys() & {"content-length", "transfer-encoding"}:
        raise BadHead(HTTPStatus.BAD_REQUEST, "a CONNECT request has no body")
    address = _ADDRESS.fullmatch(fields.url.decode("utf-8", "replace"))
    if address is None or not 0 < int(address[2]) < 65536:
        words = "CONNECT is followed by the name of a target and its port, such as `cache:6379`"
        raise BadHead(HTTPStatus.BAD_REQUEST, words)
    name, password = _credentials(fields.headers.get("proxy-authorization", ""))
    wait = _WAIT.search(fields.headers.get("prefer", ""))
    return Head(
        target=address[1],
        port=int(address[2]),
        name=name,
        password=Secret(password),
        application=fields.headers.get("user-agent", "")[:64],
        wishes=Wishes(
            fields.headers.get("assent-reason", "")[:_LONGEST_SAID],
            fields.headers.get("assent-ticket", "")[:_LONGEST_SAID],
        ),
        wait_s=int(wait[1]) if wait else None,
        rest=rest,
    )


def _credentials(text: str) -> tuple[str, str]:
    """Return the name and the password of a Basic credential. Raises BadHead."""
    scheme, _, encoded = text.partition(" ")
    try:
        plain = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        plain = ""
    name, colon, password = plain.partition(":")
    if scheme.lower() != "basic" or not colon or not name:
        raise BadHead(HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, *NO_PASSWORD)
    return name[:128], password[:512]


NO_PASSWORD = (
    "this needs the name and the password of a session credential",
    "get one: assent connect TARGET",
)
