"""Which route a path is one of, from templates and from descriptions."""

import pytest

from assent.core.action import Operation
from assent.core.canonical import Json
from assent.core.faults import OperatorFault
from assent.protocols.http.paths import read_path
from assent.protocols.http.routes import Match, Routes

DESCRIBED: Json = {
    "openapi": "3.1.0",
    "paths": {
        "/orders": {"get": {}, "post": {}},
        "/orders/{id}": {"get": {}, "delete": {"x-assent-operation": "administer"}},
        "/orders/search": {"x-assent-operation": "read", "post": {}, "parameters": []},
        "x-note": {},
    },
}


def find(routes: Routes, path: str, method: str = "GET") -> Match | None:
    return routes.find(method, read_path(path).segments)


def test_what_is_literal_comes_before_a_parameter() -> None:
    routes = Routes(["/users/{id}", "/users/me", "/users/{name}.json", "/users/{id}/keys"])
    assert find(routes, "/users/me") == Match("/users/me", ())
    assert find(routes, "/users/ana") == Match("/users/{id}", (("id", "ana"),))
    assert find(routes, "/users/ana.json") == Match("/users/{name}.json", (("name", "ana"),))
    assert find(routes, "/users/me/keys") == Match("/users/{id}/keys", (("id", "me"),))
    assert find(routes, "/users") is None
    assert find(routes, "/users/") is None
    assert find(routes, "/users/me/") is None
    assert find(routes, "/users/a/b") is None


def test_a_rest_takes_all_below() -> None:
    routes = Routes(["/static/{path*}", "/static/login"])
    assert find(routes, "/static/a/b.css") == Match("/static/{path*}", (("path", "a/b.css"),))
    assert find(routes, "/static/login") == Match("/static/login", ())
    assert find(routes, "/static") is None


def test_a_parameter_is_what_the_path_says_decoded() -> None:
    routes = Routes(["/caf%C3%A9/{name}", "/tea/{name}-{size}"])
    assert find(routes, "/caf%c3%a9/a%20b") == Match("/caf%C3%A9/{name}", (("name", "a b"),))
    match = find(routes, "/tea/green-big-one")
    assert match is not None
    assert dict(match.parameters) == {"name": "green", "size": "big-one"}


def test_a_long_segment_is_not_tried_at_length() -> None:
    routes = Routes(["/{a}-{b}-{c}.json", "/{id}"])
    assert find(routes, "/" + "-" * 5000) == Match("/{id}", (("id", "-" * 5000),))


def test_a_description_says_which_methods_a_route_has_and_what_they_do() -> None:
    routes = Routes(openapi=DESCRIBED)
    assert routes.known
    assert find(routes, "/orders", "HEAD") == Match("/orders", ())
    assert find(routes, "/orders", "OPTIONS") == Match("/orders", ())
    assert find(routes, "/orders", "DELETE") is None
    assert find(routes, "/orders/search", "POST") == Match("/orders/search", (), Operation.READ)
    deleted = find(routes, "/orders/17", "DELETE")
    assert deleted == Match("/orders/{id}", (("id", "17"),), Operation.ADMINISTER)
    # A server may take it for the route with the parameter, which has that method.
    assert find(routes, "/orders/search", "GET") == Match("/orders/{id}", (("id", "search"),))


def test_a_template_may_name_its_method_and_what_it_does() -> None:
    routes = Routes(["POST /search read", "/search"])
    assert find(routes, "/search", "POST") == Match("/search", (), Operation.READ)
    assert find(routes, "/search", "PUT") == Match("/search", ())


def test_without_any_the_routes_that_labels_name_are_told_and_the_others_are_not_unknown() -> None:
    labels = ["/customers/{id}.email", '"/v1.2/customers/{id}".email', "shop", "/plain"]
    routes = Routes(labelled=labels)
    assert not routes.known
    assert find(routes, "/customers/17") == Match("/customers/{id}", (("id", "17"),))
    assert find(routes, "/v1.2/customers/17") == Match("/v1.2/customers/{id}", (("id", "17"),))
    assert find(routes, "/orders") is None
    assert find(Routes(["/a"], labelled=labels), "/customers/17") is None


@pytest.mark.parametrize(
    "written",
    [
        "orders",
        "/a//b",
        "/a/{",
        "/a/{}",
        "/a{b*}",
        "FLY /a",
        "GET /a read more",
        "/a fly",
        "GET",
        "/{a}-{b}-{c}-{d}",
    ],
)
def test_a_route_that_is_none_is_named(written: str) -> None:
    with pytest.raises(OperatorFault, match="here"):
        Routes([written], place="here")


@pytest.mark.parametrize(
    "document",
    [[], {}, {"paths": {}}, {"openapi": "2.0", "paths": {}}, {"openapi": "3.0.0", "paths": []}],
)
def test_a_description_that_is_none_is_said_to_be(document: Json) -> None:
    with pytest.raises(OperatorFault, match="OpenAPI"):
        Routes(openapi=document)


def test_there_are_only_so_many() -> None:
    with pytest.raises(OperatorFault, match="more than"):
        Routes(f"/a{number}" for number in range(10_001))
