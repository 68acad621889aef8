"""Headers on their way: what ends here, what we say ourselves, and what leads elsewhere."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from assent.gateway.http.headers import (
    Place,
    host_only,
    moved,
    others_cookies,
    say,
    text_of,
    to_client,
    to_target,
)

ENDS = """
Connection Keep-Alive TE Trailer Transfer-Encoding Upgrade Proxy-Connection Proxy-Authorization
Host Content-Length Expect Forwarded Via X-Forwarded-For X-Forwarded-Anything X-Real-IP
X-Original-URL X_Forwarded_For X-Assent-Subject Assent-Reason Prefer Sec-WebSocket-Key
Authorization Remote-User X-Remote-User X-Auth-Request-Email Cf-Access-Jwt-Assertion
Impersonate-User
"""
HOST = Place("https://wiki.internal:8443", "/base", "https://wiki.apps.test", "")
PATH = Place("https://wiki.internal:8443", "/base", "https://apps.test", "/at/wiki")


def given(*pairs: tuple[str, str]) -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict(pairs))


@pytest.mark.parametrize(
    "name",
    ENDS.split(),
)
def test_what_is_ours_or_ends_here_does_not_reach_the_target(name: str) -> None:
    sent = to_target(given((name, "1"), ("X-Kept", "2")), keep_authorization=False)
    assert list(sent.items()) == [("X-Kept", "2")]


def test_what_connection_names_ends_here_too() -> None:
    headers = given(("Connection", "close, X-Hop"), ("X-Hop", "1"), ("X-Kept", "2"))
    assert list(to_target(headers, keep_authorization=False).items()) == [("X-Kept", "2")]
    assert "X-Hop" not in to_client(headers, HOST, length=True)


def test_an_authorization_that_is_the_targets_own_is_kept() -> None:
    headers = given(("Authorization", "Basic eDp5"))
    assert to_target(headers, keep_authorization=True)["authorization"] == "Basic eDp5"


def test_a_header_that_comes_twice_goes_on_twice() -> None:
    headers = given(("X-Two", "1"), ("X-Two", "2"))
    assert to_target(headers, keep_authorization=False).getall("x-two") == ["1", "2"]


def test_we_say_who_it_is_and_where_from_and_nobody_else_does() -> None:
    sent = to_target(given(("X-Assent-Subject", "carl")), keep_authorization=False)
    say(sent, PATH, address="192.0.2.7", subject="ana")
    assert sent.getall("x-assent-subject") == ["ana"]
    assert sent["x-forwarded-for"] == "192.0.2.7"
    assert sent["x-forwarded-host"] == "apps.test"
    assert sent["x-forwarded-prefix"] == "/at/wiki"
    assert sent["host"] == "wiki.internal:8443"


@pytest.mark.parametrize(
    ("cookies", "kept"),
    [
        (["a=1; b=2"], "a=1; b=2"),
        (["assent-door=x; a=1"], "a=1"),
        (["__Host-assent-door=x", "a=1"], "a=1"),
        (["assent-door-state=x"], ""),
        (["a=assent-door"], "a=assent-door"),
    ],
)
def test_our_cookies_stay_with_us(cookies: list[str], kept: str) -> None:
    assert others_cookies(cookies) == kept


@pytest.mark.parametrize(
    ("location", "on_host", "below_path"),
    [
        ("https://wiki.internal:8443/base/a?b#c", "https://wiki.apps.test/a?b#c", None),
        ("https://wiki.internal:8443/base", "https://wiki.apps.test/", None),
        ("https://wiki.internal:8443/base/a", None, "https://apps.test/at/wiki/a"),
        ("//wiki.internal:8443/base/a", "https://wiki.apps.test/a", None),
        ("https://WIKI.internal:8443/base/a", "https://wiki.apps.test/a", None),
        ("/base/a", "/a", "/at/wiki/a"),
        ("/basement/a", "/basement/a", "/at/wiki/basement/a"),
        ("a/b", "a/b", "a/b"),
        ("?page=2", "?page=2", "?page=2"),
        ("https://elsewhere.test/base/a", "https://elsewhere.test/base/a", None),
        ("http://wiki.internal:8443/base/a", "http://wiki.internal:8443/base/a", None),
    ],
)
def test_where_a_target_leads_is_where_the_client_sees_it(
    location: str, on_host: str | None, below_path: str | None
) -> None:
    if on_host is not None:
        assert moved(location, HOST) == on_host
    if below_path is not None:
        assert moved(location, PATH) == below_path


@pytest.mark.parametrize(
    ("cookie", "kept"),
    [
        ("a=1; Domain=internal; Path=/base; Secure", "a=1; Path=/at/wiki/; Secure"),
        ("a=1; domain = internal", "a=1"),
        ("a=1; Path=/base/x", "a=1; Path=/at/wiki/x"),
        ("assent-door=forged; Path=/", ""),
        ("__Host-assent-door=forged; Path=/", ""),
    ],
)
def test_a_targets_cookies_are_of_this_host_alone_and_never_ours(cookie: str, kept: str) -> None:
    assert host_only(cookie, PATH) == kept


def test_what_a_target_says_of_itself_is_no_word_of_ours() -> None:
    headers = given(("X-Assent-Entry", "forged"), ("Strict-Transport-Security", "max-age=1"))
    sent = to_client(headers, HOST, length=True)
    assert "x-assent-entry" not in sent
    assert "strict-transport-security" not in sent
    assert sent["server"] == "assent"


def test_the_length_goes_on_only_with_the_body_as_it_is() -> None:
    headers = given(("Content-Length", "7"))
    assert to_client(headers, HOST, length=True)["content-length"] == "7"
    assert "content-length" not in to_client(headers, HOST, length=False)


def test_text_that_cannot_be_written_again_is_replaced() -> None:
    assert text_of("caf\udce9") == "caf�"
    assert text_of("café") == "café"
