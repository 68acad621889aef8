"""What a request does, as it is read, and what makes it one that is not understood."""

import pytest

from assent.core.action import Operation
from assent.core.faults import PeerFault
from assent.protocols.http import PLUGIN
from assent.protocols.http.reading import UNKNOWN, Body, Reading, read_request, reads_body
from assent.protocols.http.routes import Routes

ROUTES = Routes(["/orders", "/orders/{id}", "POST /search read", "/search"])
NONE = Routes()


def read(method: str, path: str, query: str = "", data: bytes = b"", kind: str = "") -> Reading:
    return read_request(ROUTES, method, path, query, body=Body(data, kind))


def posted(text: str, kind: str = "application/json") -> Reading:
    return read("POST", "/orders", data=text.encode(), kind=kind)


def assert_unknown(reading: Reading, words: str) -> None:
    assert not reading.statement.complete
    assert not reading.statement.reusable
    assert reading.shape is None
    assert any(words in problem for problem in reading.statement.problems)
    assert [touch.verb for touch in reading.statement.touches][-1] == UNKNOWN
    assert reading.statement.touches[-1].operation is Operation.UNKNOWN


def test_a_get_reads_all_that_its_route_has() -> None:
    reading = read("GET", "/orders/%317", "expand=items&page[size]=5")
    (touch,) = reading.statement.touches
    assert (touch.verb, touch.operation) == ("http.get", Operation.READ)
    assert (touch.resource.kind, touch.resource.name) == ("Route", "/orders/{id}")
    assert touch.columns == {"*", "id", "expand", "page.size"}
    assert touch.arguments == {"id=17", "expand=items", "page.size=5"}
    assert reading.text == "GET /orders/17?expand=items&page%5Bsize%5D=5"
    assert reading.target == "/orders/17?expand=items&page%5Bsize%5D=5"
    assert reading.statement.complete
    assert reading.statement.flows is not None
    assert "/orders/{id}.expand" in reading.statement.flows.tested


def test_a_post_writes_the_fields_of_its_body() -> None:
    reading = posted('{"customer":{"email":"a@b.org"},"items":[{"sku":"x"},{"sku":"y"}],"n":1.50}')
    (touch,) = reading.statement.touches
    assert (touch.verb, touch.operation) == ("http.post", Operation.WRITE)
    assert touch.columns == {"customer.email", "items.sku", "n"}
    assert touch.arguments == {
        "content-type=application/json",
        "customer.email=a@b.org",
        "items.sku=x",
        "items.sku=y",
        "items.sku=*several",
        "n=1.50",
    }
    assert reading.text.startswith("POST /orders\n(application/json)\n{")
    assert reading.shape is None
    assert reading.statement.flows is not None
    assert not reading.statement.flows.tested


def test_a_form_is_read_by_its_fields() -> None:
    reading = posted("customer%5Bemail%5D=a&tags[]=x", "application/x-www-form-urlencoded")
    assert reading.statement.touches[0].columns == {"customer.email", "tags"}


def test_what_a_route_is_said_to_do_counts_more_than_its_method() -> None:
    reading = read("POST", "/search", data=b'{"email":"a"}', kind="application/json")
    (touch,) = reading.statement.touches
    assert touch.operation is Operation.READ
    assert touch.columns == {"*", "email"}
    assert reading.shape is None
    assert reading.statement.flows is not None
    assert reading.statement.flows.tested == {"/search.email"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a":1,"a":2}', "same key twice"),
        ('{"role":1,"Role":2}', "same key twice"),
        ('{"a":', "is none"),
        ("", "is none"),
        ('{"a":NaN}', "is none"),
        ("\ufeff{}", "is none"),
        ("[" * 40 + "]" * 40, "nested"),
        ("[" * 100_000, "is none"),
        ('{"a":"\\ud800"}', "no Unicode"),
        ("[" + ",".join(["1"] * 501) + "]", "more than 500"),
        ('{"' + "a" * 301 + '":1}', "longer than 300"),
    ],
)
def test_json_that_may_be_read_otherwise_is_not_understood(text: str, words: str) -> None:
    if not text:
        text = " "
    assert_unknown(posted(text), words)


def test_a_body_must_be_read_to_be_understood() -> None:
    latin = posted("{}", "application/json; charset=ISO-8859-1")
    assert_unknown(latin, "UTF-8")
    packed = Body(b"\x1f\x8b", "application/json", "gzip")
    assert_unknown(read_request(ROUTES, "POST", "/orders", body=packed), "encoded as `gzip`")
    large = Body(b"{", "application/json", whole=False, size=1 << 30)
    assert_unknown(read_request(ROUTES, "POST", "/orders", body=large), "too large")
    form = posted("a=%", "application/x-www-form-urlencoded")
    assert_unknown(form, "said to be a form")


def test_a_body_of_another_type_may_hold_any_field_and_is_named_by_its_digest() -> None:
    reading = posted("\0\1\2", "image/png")
    (touch,) = reading.statement.touches
    assert touch.columns == {"*"}
    assert touch.arguments == {"content-type=image/png"}
    assert "3 bytes, sha256:ae4b3280" in reading.text
    unread = read_request(
        ROUTES, "PUT", "/orders/1", body=Body(type="video/mp4", whole=False, size=5)
    )
    assert unread.statement.complete
    assert unread.text.endswith("(video/mp4, 5 bytes, not read)")


def test_json_is_read_whatever_it_is_said_to_be() -> None:
    assert posted('{"amount":5}', "text/plain").statement.touches[0].columns == {"amount"}
    assert posted('{"amount":5}', "").statement.touches[0].columns == {"amount"}
    assert posted("{amount", "text/plain").statement.touches[0].columns == {"*"}
    assert_unknown(posted('{"a":1,"a":2}', "text/plain"), "same key twice")


def test_a_long_body_is_shown_in_part_and_bound_whole() -> None:
    one, other = posted('["' + "é" * 50_000 + '"]'), posted('["' + "é" * 49_999 + 'e"]')
    assert one.text != other.text
    assert len(one.text.encode()) < 70_000
    assert one.text.endswith("…")


def test_another_method_in_a_field_or_a_header_is_not_understood() -> None:
    assert_unknown(read("POST", "/orders", "_method=DELETE"), "_method")
    assert_unknown(posted("_METHOD=put", "application/x-www-form-urlencoded"), "_method")
    assert read("POST", "/orders", "_method=post").statement.complete
    for name in ("X-HTTP-Method-Override", "x-original-url"):
        assert_unknown(read_request(ROUTES, "POST", "/orders", headers=[name]), name)


def test_what_is_not_known_is_not_understood() -> None:
    assert_unknown(read("PROPFIND", "/orders"), "method `PROPFIND`")
    assert_unknown(read("get", "/orders"), "method `get`")
    assert_unknown(read("GET", "/other"), "none of the target's routes")
    assert_unknown(read_request(NONE, "GET", "/" + "a" * 300), "longer than 300")
    with pytest.raises(PeerFault):
        read("GET", "/orders/../admin")


def test_without_routes_a_path_is_its_own_route() -> None:
    reading = read_request(NONE, "GET", "/caf%c3%a9/%7bid%7d")
    assert reading.statement.complete
    assert reading.route == "/caf%C3%A9/%7Bid%7D"


def test_a_decision_serves_again_only_where_all_that_policies_may_ask_is_the_same() -> None:
    one = read("GET", "/orders/17", "a=1")
    assert one.shape is not None
    assert one.shape == read("GET", "/orders/%317", "a=1").shape
    assert one.shape != read("GET", "/orders/18", "a=1").shape
    assert one.shape != read("GET", "/orders/17", "a=2").shape
    assert one.shape != read("HEAD", "/orders/17", "a=1").shape
    assert read("GET", "/orders", data=b"{}", kind="application/json").shape is None


def test_where_no_policy_asks_for_values_only_names_count() -> None:
    one = read("GET", "/orders/17", "a=1")
    assert one.shape_of_names is not None
    assert one.shape_of_names == read("GET", "/orders/18", "a=2").shape_of_names
    assert one.shape_of_names != read("GET", "/orders/17", "b=1").shape_of_names
    assert one.shape_of_names != read("GET", "/orders", "a=1").shape_of_names
    assert one.shape_of_names != one.shape
    assert read("POST", "/orders").shape_of_names is None


def test_a_websocket_is_opened_by_a_verb_of_its_own() -> None:
    reading = read_request(ROUTES, "GET", "/orders", upgrade=True)
    (touch,) = reading.statement.touches
    assert (touch.verb, touch.operation) == ("http.upgrade", Operation.EXECUTE)
    assert reading.shape is None


def test_only_verbs_of_the_protocol_are_emitted() -> None:
    for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"):
        for touch in read(method, "/orders").statement.touches:
            assert touch.verb in PLUGIN.verbs
            assert touch.resource.kind in PLUGIN.resources


def test_which_bodies_are_read_is_known_by_their_type() -> None:
    for kind in ("application/json", "Application/Problem+JSON; charset=utf-8", ""):
        assert reads_body(kind)
    assert reads_body("application/x-www-form-urlencoded")
    assert not reads_body("multipart/form-data; boundary=x")
