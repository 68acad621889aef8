"""Programs before a real web application: what reaches it, what is held, what is refused."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway
from http_world import (
    POLICIES,
    WebApplication,
    another_target,
    closed_port,
    target_table,
    token_of,
    web_application,
)


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
        tmp_path_factory.mktemp("http") / "world",
        template,
        policies={"web.cedar": POLICIES},
        more=target_table(wiki.url) + another_target("gone", f"http://127.0.0.1:{closed_port()}"),
    )
    with gateway_world.serving(created) as running:
        yield running


@pytest.fixture
def ana(house: Gateway) -> Iterator[httpx2.Client]:
    """Ana's program."""
    host, port = house.addresses["http"]
    headers = {"authorization": f"Bearer {token_of(house, 'ana')}"}
    base = f"http://{host}:{port}/at/wiki/"
    with httpx2.Client(base_url=base, headers=headers, timeout=30, trust_env=False) as client:
        yield client


def test_a_permitted_read_reaches_the_application_and_comes_back(
    ana: httpx2.Client, wiki: WebApplication
) -> None:
    answer = ana.get("orders", params={"state": "open"})
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"orders": [1, 2, 3]}
    last = wiki.last()
    assert last.target == "/orders?state=open"
    names = {name.lower() for name in last.headers}
    assert "authorization" not in names
    assert last.headers["X-Assent-Subject"] == "ana"


def test_a_held_request_stays_until_somebody_assents_and_then_reaches_it_once(
    house: Gateway, ana: httpx2.Client, wiki: WebApplication
) -> None:
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(ana.post, "orders", json={"sku": "held", "amount": 2})
        request = house.approve_next('"held"')
        answer = asked.result(20)
    assert (answer.status_code, answer.json()["made"]) == (201, True)
    assert wiki.bodies("/orders").count(b'{"sku":"held","amount":2}') == 1
    house.wait_until(request, "completed")


def test_who_does_not_stay_hears_what_is_needed_and_goes_on_by_sending_the_same(
    house: Gateway, ana: httpx2.Client, wiki: WebApplication
) -> None:
    def send() -> httpx2.Response:
        headers = {"prefer": "respond-async"}
        return ana.post("orders", json={"sku": "later"}, headers=headers)

    waits = send()
    assert waits.status_code == 503
    assert int(waits.headers["retry-after"]) > 0
    said = waits.json()
    assert waits.headers["content-type"] == "application/problem+json"
    assert (said["code"], said["kind"]) == ("waiting", "waiting")
    assert said["url"].endswith(f"/requests/{said['request']}")
    assert send().json()["request"] == said["request"]
    assert wiki.count("/orders") == len([b for b in wiki.bodies("/orders") if b"later" not in b])
    house.approve(said["request"])
    assert send().status_code == 201
    assert wiki.bodies("/orders").count(b'{"sku":"later"}') == 1
    # What was assented to was done once; the next is a new one.
    assert send().json()["request"] != said["request"]


def test_who_hung_up_while_it_was_held_goes_on_with_the_same_request(
    house: Gateway, ana: httpx2.Client
) -> None:
    with pytest.raises(httpx2.TimeoutException):
        ana.post("orders", json={"sku": "impatient"}, timeout=0.5)
    request = house.wait_for_request("impatient")
    house.approve(request)
    answer = ana.post("orders", json={"sku": "impatient"})
    assert answer.status_code == 201
    house.wait_until(request, "completed")


def test_a_no_is_heard_by_who_asks_again_and_only_once(house: Gateway, ana: httpx2.Client) -> None:
    def send() -> httpx2.Response:
        headers = {"prefer": "wait=0"}
        return ana.post("orders", json={"sku": "unwanted"}, headers=headers)

    first = send().json()["request"]
    house.reject(first)
    refused = send()
    assert (refused.status_code, refused.json()["code"]) == (403, "rejected")
    assert refused.json()["request"] == first
    second = send().json()
    assert (second["code"], second["request"] != first) == ("waiting", True)


def test_what_no_policy_permits_is_refused_with_what_explains_it(
    house: Gateway, ana: httpx2.Client, wiki: WebApplication
) -> None:
    before = len(wiki.reached)
    refused = ana.delete("customers/7")
    assert refused.status_code == 403
    assert "nobody deletes customers" in refused.json()["detail"]
    assert house.explanation(refused.json()["entry"])
    unknown = ana.get("no/such/route")
    assert (unknown.status_code, len(wiki.reached)) == (403, before)


def test_access_is_asked_for_by_the_first_request(house: Gateway, wiki: WebApplication) -> None:
    host, port = house.addresses["http"]
    headers = {
        "assent-authorization": f"Bearer {token_of(house, 'ben')}",
        "authorization": "Basic d2lraTp3aWtp",
        "prefer": "wait=0",
        "assent-reason": "the wiki is down",
    }
    url = f"http://{host}:{port}/at/wiki/orders"
    waits = httpx2.get(url, headers=headers, trust_env=False)
    assert waits.status_code == 503, waits.text
    request = waits.json()["request"]
    assert house.request(request, "ben")["reason"] == "the wiki is down"
    assert httpx2.get(url, headers=headers, trust_env=False).json()["request"] == request
    house.approve(request, "carl")
    answer = httpx2.get(url, headers=headers | {"prefer": "wait=20"}, trust_env=False)
    assert answer.status_code == 200, answer.text
    # What was not ours is the application's.
    assert wiki.last().headers["Authorization"] == "Basic d2lraTp3aWtp"


def test_a_token_is_needed_and_has_to_be_good(house: Gateway) -> None:
    host, port = house.addresses["http"]
    url = f"http://{host}:{port}/at/wiki/orders"
    for headers in ({}, {"authorization": "Bearer nobody"}, {"authorization": "Basic eDp5"}):
        refused = httpx2.get(url, headers=headers, trust_env=False)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
    token = {"authorization": f"Bearer {token_of(house, 'ana')}"}
    for path in ("/at/nothing/x", "/at/shop/x", "/at/wiki", "/elsewhere"):
        found = httpx2.get(f"http://{host}:{port}{path}", headers=token, trust_env=False)
        assert found.status_code == 404, path


def test_what_passes_is_whole_and_only_what_belongs_to_the_application(
    ana: httpx2.Client, wiki: WebApplication
) -> None:
    said = ana.get(
        "echo",
        headers={
            "connection": "x-hop, keep-alive",
            "x-hop": "1",
            "te": "trailers",
            "x-forwarded-for": "10.0.0.1",
            "x-forwarded-host": "evil.example",
            "forwarded": "for=10.0.0.1",
            "x-assent-subject": "carl",
            "x_assent_subject": "carl",
            "cookie": "theirs=1; assent-door=stolen; __Host-assent-door=stolen; b=2",
            "x-own": "kept",
        },
    ).json()
    headers = [(name.lower(), value) for name, value in said["headers"]]
    names = [name for name, _ in headers]
    found = dict(headers)
    assert found["x-own"] == "kept"
    assert found["cookie"] == "theirs=1; b=2"
    assert (found["x-assent-subject"], found["x-forwarded-for"]) == ("ana", "127.0.0.1")
    assert found["host"] == wiki.url.removeprefix("http://")
    for gone in ("x-hop", "te", "forwarded", "x_assent_subject", "keep-alive"):
        assert gone not in names
    assert names.count("x-assent-subject") == 1


def test_where_the_application_leads_is_below_our_address(ana: httpx2.Client) -> None:
    moved = ana.get("moved")
    assert moved.status_code == 302
    base = str(ana.base_url).rstrip("/")
    assert moved.headers["location"] == f"{base}/orders?moved=1"
    assert "domain" not in moved.headers["set-cookie"].lower()
    assert "Path=/at/wiki/" in moved.headers["set-cookie"]


def test_head_and_answers_without_a_body_pass(ana: httpx2.Client) -> None:
    head = ana.head("orders")
    assert (head.status_code, head.content) == (200, b"")
    assert ana.get("orders").headers["etag"] == '"one"'


def test_a_large_download_and_a_large_upload_pass_whole_and_take_no_memory(
    house: Gateway, ana: httpx2.Client
) -> None:
    before = resident_mib(house)
    size = 0
    with ana.stream("GET", "files/100") as answer:
        for piece in answer.iter_raw():
            size += len(piece)
    assert size == 100 * 1024 * 1024

    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b"y" * 1024 * 1024

    kind = {"content-type": "application/octet-stream"}
    answer = ana.post("echo", content=pieces(), headers=kind)
    assert answer.json()["size"] == 100 * 1024 * 1024, answer.text
    assert resident_mib(house) - before < 40


def test_events_pass_as_they_come(ana: httpx2.Client) -> None:
    began = time.monotonic()
    with ana.stream("GET", "events") as answer:
        for number, line in enumerate(line for line in answer.iter_lines() if line):
            assert line == f"data: {number}"
            if number == 3:
                break
    assert time.monotonic() - began < 5


def test_a_target_that_is_away_is_said_to_be(house: Gateway, ana: httpx2.Client) -> None:
    host, port = house.addresses["http"]
    away = httpx2.get(
        f"http://{host}:{port}/at/gone/x", headers=dict(ana.headers), trust_env=False, timeout=30
    )
    assert (away.status_code, away.json()["code"]) == (502, "target-away")


def test_an_answer_that_is_cut_off_is_not_taken_for_a_whole_one(
    house: Gateway, ana: httpx2.Client
) -> None:
    """Revoking cuts within a second what is under way, and decides the next request anew."""
    with ana.stream("GET", "events") as answer:
        lines = answer.iter_lines()
        next(lines)
        (grant,) = active_grants(house, "ana")
        revoked = time.monotonic()
        path = f"/v1/grants/{grant}/revoke"
        house.answer("carl", "POST", path, {"because": "the test says so"})
        with pytest.raises(httpx2.RemoteProtocolError):
            list(lines)
    assert time.monotonic() - revoked < 1.5
    assert ana.get("orders").status_code == 200
    assert active_grants(house, "ana") != [grant]


def active_grants(house: Gateway, name: str) -> list[str]:
    items = house.answer(name, "GET", "/v1/grants")["items"]
    return [one["id"] for one in items if one["state"] == "active" and one["target"] == "wiki"]


def resident_mib(house: Gateway) -> float:
    text = Path(f"/proc/{house.running.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert found
    return int(found[1]) / 1024
