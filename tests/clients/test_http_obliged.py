"""What a permit obliges the HTTP gateway to, TLS of its own, and what outlives a restart."""

import re
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

import gateway_world
from assent.demo.world import World
from certificate_authority import Authority
from gateway_world import Gateway, eventually
from http_world import POLICIES, WebApplication, target_table, token_of, web_application

OBLIGED = """
@id("obliged.files") @max_bytes("2MiB")
permit (principal in Group::"engineers", action == Action::"http.get",
  resource == Route::"wiki//files/{name}");

@id("obliged.slow") @statement_timeout("1s")
permit (principal, action == Action::"http.get", resource == Route::"wiki//slow");

@id("obliged.recorded") @record_results
permit (principal, action == Action::"http.get", resource == Route::"wiki//told");
"""


@pytest.fixture(scope="module")
def wiki() -> Iterator[WebApplication]:
    """The application."""
    with web_application() as running:
        yield running


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the gateway's certificate."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def created(template: World, wiki: WebApplication, authority: Authority, tmp_path: Path) -> World:
    """A gateway that speaks TLS, not started yet."""
    signed = authority.sign("wiki.localhost", "localhost", "127.0.0.1")
    tls = f'[http]\ncertificate = "{signed.certificate}"\nkey = "{signed.key}"\n'
    return gateway_world.create_world(
        tmp_path / "world",
        template,
        policies={"web.cedar": POLICIES, "obliged.cedar": OBLIGED},
        more=target_table(wiki.url).replace("[http]\n", tls),
    )


@pytest.fixture
def house(created: World) -> Iterator[Gateway]:
    """It is started."""
    with gateway_world.serving(created) as running:
        yield running


def client_of(house: Gateway, authority: Authority, name: str) -> httpx2.Client:
    port = house.addresses["http"][1]
    token = token_of(house, name)
    return httpx2.Client(
        base_url=f"https://localhost:{port}/at/wiki/",
        headers={"authorization": f"Bearer {token}"},
        verify=ssl_of(authority),
        timeout=20,
        trust_env=False,
    )


def ssl_of(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority.file)


@pytest.mark.parametrize("people", ["approve", "reject"])
def test_no_more_passes_than_the_permit_lets_unless_people_do(
    house: Gateway, authority: Authority, people: str
) -> None:
    with client_of(house, authority, "ana") as ana, ThreadPoolExecutor() as pool:
        assert len(ana.get("files/1").content) == 1024 * 1024
        asked = pool.submit(ana.get, "files/3")
        request = house.wait_for_request("files/3")
        getattr(house, people)(request)
        answer = asked.result(20)
    if people == "approve":
        assert len(answer.content) == 3 * 1024 * 1024
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "too-large")


def test_what_takes_longer_than_it_may_is_ended(
    house: Gateway, authority: Authority, wiki: WebApplication
) -> None:
    with client_of(house, authority, "ana") as ana:
        began = time.monotonic()
        ended = ana.get("slow")
    assert (ended.status_code, ended.json()["code"]) == (502, "target-slow")
    assert time.monotonic() - began < 5
    eventually(lambda: not wiki.under_way, "the application is left")


def test_what_the_client_is_sent_is_recorded_where_that_is_obliged(
    house: Gateway, authority: Authority
) -> None:
    with client_of(house, authority, "ana") as ana:
        assert ana.get("told").text == "write to mia@example.org"
    (session,) = house.answer("ana", "GET", "/v1/sessions?open=true")["items"]
    house.answer("carl", "POST", f"/v1/sessions/{session['id']}/cut", {"because": "it is enough"})

    def recorded() -> bool:
        frames = house.call("ana", "GET", f"/v1/recordings/{session['id']}/frames")
        return frames.is_success and "write to mia@example.org" in frames.text

    eventually(recorded, "the answer is in the recording")


def test_a_request_that_was_held_outlives_a_restart(
    created: World, authority: Authority, wiki: WebApplication
) -> None:
    def send(client: httpx2.Client) -> httpx2.Response:
        body = {"sku": created.folder.name, "restart": True}
        return client.post("orders", json=body, headers={"prefer": "wait=0"})

    with gateway_world.serving(created) as house, client_of(house, authority, "ana") as ana:
        waits = send(ana).json()
        assert waits["code"] == "waiting"
    before = wiki.count("/orders")
    with gateway_world.serving(created) as house, client_of(house, authority, "ana") as ana:
        house.approve(waits["request"])
        assert send(ana).status_code == 201
        house.wait_until(waits["request"], "completed")
    assert wiki.count("/orders") == before + 1


def test_what_is_held_when_the_gateway_stops_hears_that_it_can_go_on(
    house: Gateway, authority: Authority
) -> None:
    with client_of(house, authority, "ana") as ana, ThreadPoolExecutor() as pool:
        held = pool.submit(ana.post, "orders", json={"sku": "stopped"})
        house.wait_for_request("stopped")
        assert house.stop() == 0
        answer = held.result(20)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "restarting" in answer.json()["detail"]


def test_cookies_of_a_door_with_tls_are_of_this_host_alone(
    house: Gateway, authority: Authority
) -> None:
    port = house.addresses["http"][1]
    # A resolver of its own would be needed for the name; `Host` says it as well.
    url = f"https://localhost:{port}/page?x=1"
    headers = {"host": f"wiki.localhost:{port}", "accept": "text/html"}
    led = httpx2.get(url, headers=headers, verify=ssl_of(authority), trust_env=False)
    assert led.status_code == 303
    there = urlsplit(led.headers["location"])
    assert f"{there.scheme}://{there.netloc}" == house.url
    assert parse_qs(there.query)["to"] == ["/page?x=1"]
    cookie = led.headers["set-cookie"]
    assert cookie.startswith("__Host-assent-door-state=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"))
    assert "Domain" not in cookie


def test_a_code_is_good_for_nobody_else_and_only_once(house: Gateway, authority: Authority) -> None:
    port = house.addresses["http"][1]
    headers = {"host": f"wiki.localhost:{port}", "accept": "text/html"}
    verify = ssl_of(authority)
    base = f"https://localhost:{port}"
    led = httpx2.get(f"{base}/page", headers=headers, verify=verify, trust_env=False)
    state = led.headers["set-cookie"].partition(";")[0]
    with httpx2.Client(headers={"origin": house.url}, trust_env=False) as console:
        password = house.world.people["ana"].password.reveal()
        form = {"name": "ana", "password": password}
        assert console.post(f"{house.url}/sign-in", data=form).status_code == 303
        page = console.get(led.headers["location"]).text
    found = re.search(r'url=(https://wiki\.localhost:\d+/\.assent/enter\?[^"]+)"', page)
    assert found, page
    query = urlsplit(found[1].replace("&amp;", "&")).query

    def enter(cookie: str) -> httpx2.Response:
        own = headers | {"cookie": cookie}
        url = f"{base}/.assent/enter?{query}"
        return httpx2.get(url, headers=own, verify=verify, trust_env=False)

    taken = enter(state)
    assert (taken.status_code, taken.headers["location"]) == (303, "/page")
    door = [one for one in taken.headers.get_list("set-cookie") if "door=" in one]
    assert len(door) == 1
    again = enter(state)
    assert again.headers["location"].startswith(f"{house.url}/enter?")
    own = headers | {"cookie": door[0].partition(";")[0]}
    seen = httpx2.get(f"{base}/page", headers=own, verify=verify, trust_env=False)
    assert "The wiki" in seen.text
    elsewhere = own | {"host": f"other.localhost:{port}"}
    led = httpx2.get(f"{base}/page", headers=elsewhere, verify=verify, trust_env=False)
    assert led.status_code == 303
    forged = httpx2.post(
        f"{base}/page", headers=own | {"origin": "https://evil.example"}, verify=verify,
        trust_env=False,
    )  # fmt: skip
    assert forged.status_code == 403
