"""An API by its OpenAPI description, signed in at with OAuth: what policies ask of requests."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

import gateway_world
import token_server
from assent.demo.world import World
from gateway_world import Gateway, Loop
from http_world import WebApplication, token_of, web_application
from token_server import TokenServer

DESCRIPTION = {
    "openapi": "3.1.0",
    "info": {"title": "Orders", "version": "1"},
    "paths": {
        "/orders": {"get": {}, "post": {}},
        "/orders/{id}": {"get": {}, "delete": {}},
        "/orders/search": {"post": {"x-assent-operation": "read"}},
        "/customers/{id}": {"get": {}, "patch": {}},
        "/echo": {"get": {}},
    },
}
POLICIES = """
@id("api.ask") @max_duration("30m")
permit (principal in Group::"engineers", action == Action::"access.request", resource);

@id("api.open") @max_duration("30m") @record
permit (principal, action == Action::"session.open", resource);

@id("api.read")
permit (principal, action in Action::"read", resource in Target::"api")
unless { context.touch.labels.contains("pii") };

@id("api.small") @mask("pii: redact")
permit (principal, action == Action::"http.post", resource == Route::"api//orders")
when { context.touch.arguments.contains("state=draft") }
unless { context.touch.arguments.contains("state=*several") };

@id("api.no-discount")
forbid (principal, action, resource in Target::"api")
when { context.touch.columns.contains("lines.discount") };
"""


@dataclass(frozen=True, slots=True)
class Place:
    gateway: Gateway
    api: WebApplication
    tokens: TokenServer
    client: httpx2.Client


@pytest.fixture(scope="module")
def place(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An API, a token server, and a gateway before both."""
    folder = tmp_path_factory.mktemp("routes")
    (folder / "openapi.json").write_text(json.dumps(DESCRIPTION))
    (folder / "secret").write_text(token_server.SECRET)
    loop = Loop()
    serving = token_server.serving()
    tokens = loop.run(serving.__aenter__())
    try:
        with web_application() as api:
            created = gateway_world.create_world(
                folder / "world",
                template,
                policies={"api.cedar": POLICIES},
                more=_configuration(api.url, tokens.url, folder),
            )
            with gateway_world.serving(created) as running, _client(running) as client:
                yield Place(running, api, tokens, client)
    finally:
        loop.run(serving.__aexit__(None, None, None))
        loop.close()


def _configuration(url: str, token_url: str, folder: Path) -> str:
    return f"""
[http]
listen = "127.0.0.1:0"
[[targets]]
name = "api"
protocol = "http"
owners = ["dba"]
user = "{token_server.ID}"
password = "file:{folder / "secret"}"
[targets.http]
url = "{url}"
openapi = "{folder / "openapi.json"}"
login = "oauth"
token_url = "{token_url}"
scope = "orders"
[targets.labels]
"/customers/{{id}}.contact.email" = ["pii.email"]
"""


def _client(gateway: Gateway) -> httpx2.Client:
    host, port = gateway.addresses["http"]
    headers = {"authorization": f"Bearer {token_of(gateway, 'ana')}"}
    return httpx2.Client(
        base_url=f"http://{host}:{port}/at/api", headers=headers, timeout=30, trust_env=False
    )


def test_a_request_carries_the_gateways_token_and_not_the_clients(place: Place) -> None:
    for _ in range(3):
        said = place.client.get("/echo").json()
        sent = {name.lower(): value for name, value in said["headers"]}
        assert sent["authorization"] == "Bearer token-1"
    assert place.tokens.asked == [{"grant_type": "client_credentials", "scope": "orders"}]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/admin"), ("DELETE", "/orders"), ("GET", "/orders/1/lines")]
)
def test_what_is_not_described_is_not_permitted(place: Place, method: str, path: str) -> None:
    before = len(place.api.reached)
    assert place.client.request(method, path).status_code == 403
    assert len(place.api.reached) == before


def test_a_search_is_a_read_where_the_description_says_so(place: Place) -> None:
    assert place.client.post("/orders/search", json={"state": "open"}).status_code == 201
    assert place.client.post("/orders/17", json={}).status_code == 403


def test_a_route_whose_answer_holds_labelled_fields_is_known_by_their_labels(
    place: Place,
) -> None:
    assert place.client.get("/customers/17").status_code == 403
    assert place.client.get("/orders/17").status_code == 200


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ('{"state": "draft"}', 201),
        ('{"state": "draft", "lines": [{"sku": "a"}]}', 201),
        ('{"state": "final"}', 403),
        ('{"state": ["draft", "final"]}', 403),
        ('{"state": "draft", "state": "final"}', 403),
        ('{"state": "draft", "State": "final"}', 403),
        ('{"state": "draft", "lines": [{"sku": "a"}, {"discount": 90}]}', 403),
        ('{"state": "draft"', 403),
    ],
)
def test_policies_ask_for_fields_of_bodies_and_cannot_be_told_two_things(
    place: Place, text: str, status: int
) -> None:
    headers = {"content-type": "application/json"}
    answer = place.client.post("/orders", content=text, headers=headers)
    assert answer.status_code == status, answer.text


def test_a_decision_on_a_read_serves_for_other_values_and_not_for_other_fields(
    place: Place,
) -> None:
    for number in range(1, 12):
        place.client.get(f"/orders/{number}", params={"expand": "a"})
    place.client.get("/orders/12", params={"embed": "a"})
    found = _verdicts(place.gateway)
    assert found["/orders/12?embed=a"] == "permit"
    assert found["/orders/11?expand=a"] == "reuse"


def _verdicts(gateway: Gateway) -> dict[str, str]:
    """Return by what each GET was let through, by where it went."""
    found = {}
    for one in gateway.answer("ana", "GET", "/v1/sessions")["items"]:
        said = gateway.answer("ana", "GET", f"/v1/recordings/{one['id']}/frames")
        for frame in (item["frame"] for item in said["frames"]):
            if frame["kind"] == "statement" and frame["text"].startswith("GET "):
                found[frame["text"].removeprefix("GET ")] = frame["verdict"]
    return found
