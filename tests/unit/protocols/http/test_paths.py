"""A path has one form, which is decided on and sent; what has two readings is refused."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assent.core.faults import PeerFault
from assent.protocols.http.paths import decoded, name_parts, read_form, read_path, read_query

segments = st.text(min_size=1, max_size=20).filter(
    lambda text: (
        not re.search(r"[/\\;\x00-\x1f\x7f-\x9f]|%[0-9A-Fa-f]{2}", text)
        and text.strip() not in (".", "..")
        and not any("\ud800" <= letter <= "\udfff" for letter in text)
    )
)


def percent(text: str, every: bool) -> str:
    return "".join(
        chr(byte) if byte < 128 and chr(byte).isalnum() and not every else f"%{byte:02x}"
        for byte in text.encode()
    )


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("/a//b", "empty segment"),
        ("//a", "empty segment"),
        ("/a/../b", "dot segment"),
        ("/a/./b", "dot segment"),
        ("/a/..", "dot segment"),
        ("/a/%2e%2E/b", "dot segment"),
        ("/a/.%2e", "dot segment"),
        ("/a/%20..%20/b", "dot segment"),
        ("/a/..%3Bx/b", "dot segment"),
        ("/a%2Fb", "encoded `/`"),
        ("/a%5cb", "encoded `/`"),
        ("/a\\b", "cannot have"),
        ("/a;b", "cannot have"),
        ("/a b", "cannot have"),
        ("/a#b", "cannot have"),
        ("/a?b", "cannot have"),
        ("/a%", "cannot have"),
        ("/a%4", "cannot have"),
        ("/a%zz", "cannot have"),
        ("/é", "cannot have"),
        ("/a\r\nb", "cannot have"),
        ("", "cannot have"),
        ("a", "cannot have"),
        ("*", "cannot have"),
        ("http://other/a", "cannot have"),
        ("/a%00", "control character"),
        ("/a%0d%0ab", "control character"),
        ("/a%c2%85", "control character"),
        ("/a%ff", "UTF-8"),
        ("/a%c0%af", "UTF-8"),
        ("/a%252e", "encoded twice"),
        ("/a%25%32%66", "encoded twice"),
        ("/" + "a" * 8000, "longer than"),
        ("/a" * 101, "segments"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(raw: str, words: str) -> None:
    with pytest.raises(PeerFault, match=words):
        read_path(raw)


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ("/", "/"),
        ("/orders/", "/orders/"),
        ("/%6frders/%31%37", "/orders/17"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/a%21b%3D", "/a!b="),
        ("/a|b^c[d]", "/a%7Cb%5Ec%5Bd%5D"),
        ("/a%3bb", "/a%3Bb"),
        ("/100%25", "/100%25"),
        ("/~ana/a.b-c_d", "/~ana/a.b-c_d"),
    ],
)
def test_a_path_has_one_spelling(raw: str, sent: str) -> None:
    path = read_path(raw)
    assert path.sent == sent
    assert read_path(sent) == path


@given(st.lists(segments, min_size=1, max_size=5), st.booleans())
def test_what_is_sent_decodes_to_what_was_decided_on(parts: list[str], every: bool) -> None:
    path = read_path("/" + "/".join(percent(part, every) for part in parts))
    assert path.segments == tuple(parts)
    assert tuple(decoded(text).decode() for text in path.sent[1:].split("/")) == path.segments
    assert read_path(path.sent) == path


@given(st.text(alphabet="/.%25eEfF;\\a0", max_size=12))
def test_whatever_passes_has_no_second_reading(raw: str) -> None:
    try:
        path = read_path("/" + raw)
    except PeerFault:
        assume(False)
        return
    assert read_path(path.sent) == path
    once = decoded(path.sent).decode()
    assert not {".", ".."} & set(once.split("/"))
    assert "//" not in once
    assert decoded(once).decode() == once
    assert once.count("/") == path.sent.count("/")


def test_a_query_is_read_by_its_ampersands_and_sent_so_that_nothing_else_separates() -> None:
    query = read_query("a=1;b=2&%61=x%2fy&flag&q=a+b%20c%2B")
    assert query.pairs == (("a", "1;b=2"), ("a", "x/y"), ("flag", ""), ("q", "a b c+"))
    assert query.sent == "a=1%3Bb=2&a=x%2Fy&flag&q=a+b%20c%2B"
    assert read_query(query.sent) == query
    assert read_query("") == read_query("")
    assert read_query("").pairs == ()


@given(st.lists(st.tuples(segments, st.text(max_size=10)), max_size=5))
def test_a_query_says_the_same_where_it_is_sent(pairs: list[tuple[str, str]]) -> None:
    assume(all("\0" not in value and value.isprintable() for _, value in pairs))
    raw = "&".join(f"{percent(name, True)}={percent(value, True)}" for name, value in pairs)
    query = read_query(raw)
    assert query.pairs == tuple(pairs)
    assert read_query(query.sent) == query


@pytest.mark.parametrize("raw", ["a=%", "a=%f", "a=b c", "a=\r\n", "é", "a#b", "a=%00", "a=%ff"])
def test_a_query_that_is_none_is_refused(raw: str) -> None:
    with pytest.raises(PeerFault):
        read_query(raw)
    with pytest.raises(PeerFault, match="longer"):
        read_query("a" * 8001)
    with pytest.raises(PeerFault, match="parameters"):
        read_query("&" * 501)


def test_a_form_is_read_as_the_most_careful_server_would() -> None:
    assert read_form("a=1&b=x+y;c=3") == (("a", "1"), ("b", "x y"), ("c", "3"))
    for text in ("é=1", "a=%", "&".join(["a"] * 501)):
        with pytest.raises(PeerFault):
            read_form(text)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("email", ("email",)),
        ("customer.email", ("customer", "email")),
        ("filter[customer][email]", ("filter", "customer", "email")),
        ("items[0][sku]", ("items", "sku")),
        ("tags[]", ("tags",)),
        ("", ("",)),
        (".", (".",)),
        ("a[b", ("a[b",)),
    ],
)
def test_a_name_says_the_path_of_a_field(name: str, parts: tuple[str, ...]) -> None:
    assert name_parts(name) == parts
