"""Requests that could be read in two ways, sent as bytes: refused, or one that was decided on."""

import json
import socket
from collections.abc import Iterator

import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway
from http_world import POLICIES, WebApplication, target_table, token_of, web_application

WITHIN_S = 5.0


@pytest.fixture(scope="module")
def wiki() -> Iterator[WebApplication]:
    """The application."""
    with web_application() as running:
        yield running


@pytest.fixture(scope="module")
def house(
    template: World, wiki: WebApplication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway before it."""
    created = gateway_world.create_world(
        tmp_path_factory.mktemp("smuggling") / "world",
        template,
        policies={"web.cedar": POLICIES},
        more=target_table(wiki.url),
    )
    with gateway_world.serving(created) as running:
        yield running


@pytest.fixture(scope="module")
def token(house: Gateway) -> str:
    """Ana's."""
    return token_of(house, "ana")


def sent(house: Gateway, data: bytes) -> bytes:
    """Return all that is answered to bytes, until the gateway closes or says nothing more."""
    with socket.create_connection(house.addresses["http"], timeout=WITHIN_S) as wire:
        wire.sendall(data)
        found = b""
        wire.settimeout(1.0)
        try:
            while piece := wire.recv(65536):
                found += piece
        except TimeoutError:
            pass
        except ConnectionResetError:
            pass
        return found


def written(token: str, line: str, *headers: str, body: str = "", host: str = "gateway") -> bytes:
    own = [line, f"Host: {host}", f"Authorization: Bearer {token}", *headers]
    return ("\r\n".join(own) + "\r\n\r\n" + body).encode("latin-1")


def status_of(answer: bytes) -> int:
    """Return the status of the first answer, which is all that there is of ours."""
    assert answer.startswith(b"HTTP/1."), answer[:200]
    assert b"aiohttp" not in answer
    return int(answer.split(b" ", 2)[1])


SMUGGLED = "GET /at/wiki/customers/666 HTTP/1.1\r\nHost: x\r\n\r\n"
REFUSED = {
    "both lengths": ["Content-Length: 4", "Transfer-Encoding: chunked"],
    "two lengths": ["Content-Length: 4", "Content-Length: 40"],
    "a list of lengths": ["Content-Length: 4, 4"],
    "a length with a sign": ["Content-Length: +4"],
    "a length of letters": ["Content-Length: 0x4"],
    "a coding that is none": ["Transfer-Encoding: xchunked"],
    "a coding behind another": ["Transfer-Encoding: gzip, chunked"],
    "a coding twice": ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
    "a space before the colon": ["Transfer-Encoding : chunked"],
    "a line that goes on": ["X-Folded: one", " Transfer-Encoding: chunked"],
    "a name with a null": ["X-\0Null: 1"],
    "a value with a null": ["X-Null: a\0b"],
    "a second host": ["Host: other"],
    "another upgrade": ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: A"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_framing_that_reads_in_two_ways_is_refused(
    house: Gateway, wiki: WebApplication, token: str, name: str
) -> None:
    before = len(wiki.reached)
    data = written(
        token, "POST /at/wiki/echo HTTP/1.1", *REFUSED[name], body="0\r\n\r\n" + SMUGGLED
    )
    answer = sent(house, data)
    assert status_of(answer) == 400
    assert answer.count(b"HTTP/1.") == 1
    assert len(wiki.reached) == before


LINES = {
    "a dot segment": "GET /at/wiki/orders/../customers/7 HTTP/1.1",
    "an encoded dot segment": "GET /at/wiki/orders/%2e%2e/customers/7 HTTP/1.1",
    "a double slash": "GET /at/wiki//customers/7 HTTP/1.1",
    "an encoded slash": "GET /at/wiki/customers%2f7 HTTP/1.1",
    "a backslash": "GET /at/wiki/customers\\7 HTTP/1.1",
    "an encoded backslash": "GET /at/wiki/customers%5c7 HTTP/1.1",
    "a parameter of a segment": "GET /at/wiki/customers;x/7 HTTP/1.1",
    "a null": "GET /at/wiki/customers/%00 HTTP/1.1",
    "bytes that are no text": "GET /at/wiki/customers/%ff HTTP/1.1",
    "encoded twice": "GET /at/wiki/customers/%252e%252e HTTP/1.1",
    "a fragment": "GET /at/wiki/customers/7#x HTTP/1.1",
    "another server": "GET http://127.0.0.1/at/wiki/orders HTTP/1.1",
    "a connection": "CONNECT 127.0.0.1:22 HTTP/1.1",
    "no path": "OPTIONS * HTTP/1.1",
    "a line break": "GET /at/wiki/orders%0d%0aX:1 HTTP/1.1",
    "a space": "GET /at/wiki/orders x HTTP/1.1",
    "a long one": f"GET /at/wiki/{'a' * 20_000} HTTP/1.1",
}


@pytest.mark.parametrize("name", LINES)
def test_a_path_that_reads_in_two_ways_is_refused(
    house: Gateway, wiki: WebApplication, token: str, name: str
) -> None:
    before = len(wiki.reached)
    answer = sent(house, written(token, LINES[name]))
    assert status_of(answer) == 400
    assert len(wiki.reached) == before


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "TRACK", "get"])
def test_a_method_that_is_not_known_is_permitted_by_nothing(
    house: Gateway, wiki: WebApplication, token: str, method: str
) -> None:
    before = len(wiki.reached)
    answer = sent(house, written(token, f"{method} /at/wiki/orders HTTP/1.1"))
    assert status_of(answer) in (400, 403)
    assert len(wiki.reached) == before


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override"])
def test_a_header_that_makes_another_request_of_it_is_permitted_by_nothing(
    house: Gateway, wiki: WebApplication, token: str, name: str
) -> None:
    before = len(wiki.reached)
    answer = sent(house, written(token, "GET /at/wiki/orders HTTP/1.1", f"{name}: DELETE"))
    assert answer.startswith(b"HTTP/1.1 403 "), answer[:200]
    assert len(wiki.reached) == before


def test_a_body_that_looks_like_a_request_is_a_body(
    house: Gateway, wiki: WebApplication, token: str
) -> None:
    length = f"Content-Length: {len(SMUGGLED)}"
    kind = "Content-Type: text/plain"
    data = written(token, "POST /at/wiki/echo HTTP/1.1", length, kind, body=SMUGGLED)
    answer = sent(house, data)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 200 ") == 1
    assert (wiki.last().target, wiki.last().body) == ("/echo", SMUGGLED.encode())


def test_lines_that_end_in_a_bare_line_feed_carry_no_second_request(
    house: Gateway, wiki: WebApplication, token: str
) -> None:
    before = len(wiki.reached)
    data = written(token, "GET /at/wiki/orders HTTP/1.1", "X-A: 1").replace(b"\r\n", b"\n")
    answer = sent(house, data)
    assert status_of(answer) == 400
    assert len(wiki.reached) == before


def test_two_requests_on_one_connection_are_two_decisions(
    house: Gateway, wiki: WebApplication, token: str
) -> None:
    both = written(token, "GET /at/wiki/orders HTTP/1.1") + written(
        token, "DELETE /at/wiki/customers/7 HTTP/1.1"
    )
    before = len(wiki.reached)
    answer = sent(house, both)
    assert answer.count(b"HTTP/1.1 200 ") == 1
    assert answer.count(b"HTTP/1.1 403 ") == 1
    assert len(wiki.reached) == before + 1


@pytest.mark.parametrize("spelled", ["/%6frders", "/or%64ers", "/orders?a=%41", "/orders?"])
def test_what_is_decided_on_is_what_is_sent_however_it_was_spelled(
    house: Gateway, wiki: WebApplication, token: str, spelled: str
) -> None:
    answer = sent(house, written(token, f"GET /at/wiki{spelled} HTTP/1.1"))
    assert answer.startswith(b"HTTP/1.1 200 "), answer[:300]
    assert wiki.last().target in ("/orders", "/orders?a=A")


def test_a_header_cannot_carry_another_one_to_the_application(
    house: Gateway, wiki: WebApplication, token: str
) -> None:
    header = "X-A: 1\rX-Assent-Subject: x"
    answer = sent(house, written(token, "GET /at/wiki/echo HTTP/1.1", header))
    if answer.startswith(b"HTTP/1.1 200 "):
        said = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert [v for n, v in said["headers"] if n.lower() == "x-assent-subject"] == ["ana"]
    else:
        assert status_of(answer) == 400


def test_a_request_with_too_much_in_its_head_is_refused(house: Gateway, token: str) -> None:
    many = [f"X-{number}: 1" for number in range(500)]
    for headers in ([f"X-Large: {'a' * 40_000}"], many):
        answer = sent(house, written(token, "GET /at/wiki/orders HTTP/1.1", *headers))
        assert status_of(answer) == 400


def test_a_host_that_is_no_targets_leads_to_none(
    house: Gateway, wiki: WebApplication, token: str
) -> None:
    before = len(wiki.reached)
    for host in (
        "wiki.localhost.evil.example",
        "a.wiki.localhost",
        ".localhost",
        "wiki.localhost@x",
    ):
        answer = sent(house, written(token, "GET /orders HTTP/1.1", host=host))
        assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 ")), (host, answer[:200])
    assert sent(house, written(token, "GET /orders HTTP/1.1", host="WIKI.localhost:1")).startswith(
        b"HTTP/1.1 200 "
    )
    assert len(wiki.reached) == before + 1
