"""Heads of CONNECT requests: whole, in pieces, and everything that is none."""

import contextlib
import itertools
from base64 import b64encode
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.plugins import RefusalKind, Refused
from assent.gateway.tcp.head import LONGEST_HEAD, BadHead, Head, HeadReader, answered, refused

GOOD = (
    b"CONNECT cache:6379 HTTP/1.1\r\nHost: cache:6379\r\n"
    b"Proxy-Authorization: Basic " + b64encode(b"ana:a:word") + b"\r\n"
    b"User-Agent: a client\r\nPrefer: respond-async, wait=20\r\n"
    b"Assent-Reason: the report\r\n\r\n"
)


def read(data: bytes) -> Head:
    head = HeadReader().feed(data)
    assert head is not None
    return head


def status_of(data: bytes) -> int:
    with pytest.raises(BadHead) as bad:
        HeadReader().feed(data)
    return int(bad.value.answer.split()[1])


def test_a_request_says_who_where_to_and_why() -> None:
    head = read(GOOD + b"first bytes")
    assert (head.target, head.port, head.name) == ("cache", 6379, "ana")
    assert head.password.reveal() == "a:word"
    assert (head.application, head.wishes.reason, head.wait_s) == ("a client", "the report", 20)
    assert head.rest == b"first bytes"


@given(st.lists(st.integers(1, len(GOOD) - 1), max_size=5))
def test_it_does_not_matter_in_which_pieces_it_comes(cuts: list[int]) -> None:
    reader, found = HeadReader(), []
    edges = [0, *sorted(set(cuts)), len(GOOD)]
    for begin, end in itertools.pairwise(edges):
        found.append(reader.feed(GOOD[begin:end]))
    assert found[-1] is not None
    assert (found[-1].target, found[-1].name, found[-1].rest) == ("cache", "ana", b"")
    assert not any(found[:-1])


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail_in_another_way(data: bytes) -> None:
    for text in (data, data + b"\r\n\r\n", GOOD[:-2] + data + b"\r\n\r\n"):
        with contextlib.suppress(BadHead):
            HeadReader().feed(text)


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (b"CONNECT", b"GET", 400),
        (b"CONNECT cache:6379", b"POST /", 405),
        (b"cache:6379 HTTP", b"cache HTTP", 400),
        (b"cache:6379 HTTP", b"cache:0 HTTP", 400),
        (b"cache:6379 HTTP", b"cache:70000 HTTP", 400),
        (b"cache:6379 HTTP", b"http://cache:6379 HTTP", 400),
        (b"cache:6379 HTTP", b"[::1]:6379 HTTP", 400),
        (b"Host:", b"Host: twice\r\nHost:", 400),
        (b"Host:", b"Proxy-Authorization: Basic eDp5\r\nHost:", 400),
        (b"Host:", b"Transfer-Encoding: chunked\r\nHost:", 400),
        (b"Host:", b"Content-Length: 0\r\nHost:", 400),
        (b"Host:", b"Host :", 400),
        (b"HTTP/1.1", b"HTTP/7.1", 400),
        (b"Basic ", b"Bearer ", 407),
        (b"Basic ", b"Basic !", 407),
        (b"Proxy-Authorization", b"Authorization", 407),
    ],
)
def test_what_is_no_such_request_has_its_status(before: bytes, after: bytes, status: int) -> None:
    assert before in GOOD
    assert status_of(GOOD.replace(before, after, 1)) == status


def test_a_head_has_an_end() -> None:
    assert HeadReader().feed(b"x" * (LONGEST_HEAD - 1)) is None
    assert status_of(b"x" * LONGEST_HEAD) == 431


def test_an_answer_says_how_long_it_is_and_what_to_show() -> None:
    said = answered(HTTPStatus.PROXY_AUTHENTICATION_REQUIRED, ["é", "", "two"]).decode()
    assert "Content-Length: 7\r\n" in said
    assert 'Proxy-Authenticate: Basic realm="assent", charset="UTF-8"\r\n' in said
    assert said.endswith("\r\n\r\né\ntwo\n")


def test_a_refusal_names_its_request_and_who_waits_may_come_again() -> None:
    denied = refused(Refused(RefusalKind.DENIED, "no", "really", "ask", "", "ent_1")).decode()
    assert denied.startswith("HTTP/1.1 403 ")
    assert "Assent-Entry: ent_1\r\n" in denied
    assert "Assent-Request" not in denied
    waits = refused(Refused(RefusalKind.WAITING, "needs a DBA", request="req_1")).decode()
    assert waits.startswith("HTTP/1.1 503 ")
    assert "Retry-After: 5\r\n" in waits
    assert "Assent-Request: req_1\r\n" in waits
