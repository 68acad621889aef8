"""Sockets, masks, curl, and a real nginx with TLS behind the HTTP gateway."""

import asyncio
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import httpx2
import pytest

import gateway_world
from assent.demo.world import World
from certificate_authority import Authority
from gateway_world import Gateway, eventually
from http_world import (
    POLICIES,
    WebApplication,
    another_target,
    closed_port,
    target_table,
    token_of,
    web_application,
)

NGINX = """
daemon off; pid nginx.pid; error_log error.log; worker_processes 1; master_process off;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    ssl_client_certificate {authority}; ssl_verify_client on;
    location /base/ {{ default_type application/json;
      return 200 '{{"user": "$ssl_client_s_dn", "uri": "$request_uri"}}'; }}
    location /base/lead {{ return 302 /base/end; }}
  }}
}}
"""
TARGETS = """
[[targets]]
name = "pages"
protocol = "http"
owners = ["dba"]
certificate_authority = "{authority}"
password = "file:{pem}"
[targets.http]
url = "https://localhost:{port}/base"
login = "certificate"

[[targets]]
name = "strangers"
protocol = "http"
owners = ["dba"]
[targets.http]
url = "https://localhost:{port}/base"
"""
MORE = """
@id("pages.read")
permit (principal, action in [Action::"http.get", Action::"http.head", Action::"http.delete"],
  resource);
"""


class Fickle(threading.Thread):
    """A server that answers once on a connection, and hangs up on what comes next on it.

    came: the first lines of all that came.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.came: list[str] = []
        self._connections: list[socket.socket] = []

    def run(self) -> None:
        """Serve until it is stopped."""
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            for answers in (True, False):
                data = b""
                while b"\r\n\r\n" not in data:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    data += piece
                self.came.append(data.partition(b"\r\n")[0].decode())
                if answers:
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def close(self) -> None:
        """Take nothing more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@dataclass(frozen=True, slots=True)
class Place:
    """The gateway with all that is behind it."""

    gateway: Gateway
    wiki: WebApplication
    fickle: Fickle

    def url(self, path: str) -> str:
        """Return an address at the gateway."""
        host, port = self.gateway.addresses["http"]
        return f"http://{host}:{port}/at/{path}"

    def headers(self, name: str) -> dict[str, str]:
        """Return what somebody signed in sends."""
        return {"authorization": f"Bearer {token_of(self.gateway, name)}"}

    def get(self, name: str, path: str) -> httpx2.Response:
        """Return what somebody is answered."""
        return httpx2.get(self.url(path), headers=self.headers(name), trust_env=False, timeout=20)


@contextmanager
def nginx(folder: Path, port: int, authority: Authority) -> Iterator[None]:
    """Run nginx while the block lasts."""
    folder.mkdir()
    server = authority.sign("localhost")
    text = NGINX.format(
        port=port, certificate=server.certificate, key=server.key, authority=authority.file
    )
    (folder / "nginx.conf").write_text(text)
    words = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def place(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A gateway before the wiki and before nginx."""
    folder = tmp_path_factory.mktemp("passing")
    authority = Authority(folder / "authority")
    client = authority.sign("gateway")
    pem = folder / "client.pem"
    pem.write_bytes(client.certificate.read_bytes() + client.key.read_bytes())
    pem.chmod(0o600)
    port = closed_port()
    targets = TARGETS.format(authority=authority.file, pem=pem, port=port)
    fickle = Fickle()
    fickle.start()
    with (
        closing(fickle),
        nginx(folder / "nginx", port, authority),
        web_application() as wiki,
    ):
        created = gateway_world.create_world(
            folder / "world",
            template,
            policies={"web.cedar": POLICIES, "more.cedar": MORE},
            more=target_table(wiki.url) + targets + another_target("fickle", fickle.url),
        )
        with gateway_world.serving(created) as running:
            yield Place(running, wiki, fickle)


async def test_a_socket_passes_messages_both_ways_and_ends_as_the_application_says(
    place: Place,
) -> None:
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(
            place.url("wiki/chat"), headers=place.headers("ana"), protocols=("other", "chat")
        ) as wire,
    ):
        assert wire.protocol == "chat"
        await wire.send_str("hello")
        assert await wire.receive_str(timeout=5) == "you said hello"
        await wire.send_bytes(b"abc" * 100_000)
        assert await wire.receive_bytes(timeout=5) == b"cba" * 100_000
        await wire.send_str("bye")
        closed = await wire.receive(timeout=5)
        assert closed.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        assert wire.close_code == 4001


async def test_a_socket_is_opened_only_where_that_is_permitted(place: Place) -> None:
    async with aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await client.ws_connect(place.url("wiki/events"), headers=place.headers("ana"))
    assert refused.value.status == 403


async def test_a_socket_is_cut_within_a_second_of_its_session(place: Place) -> None:
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(place.url("wiki/chat"), headers=place.headers("ana")) as wire,
    ):
        await wire.send_str("hello")
        await wire.receive_str(timeout=5)
        sessions = await asyncio.to_thread(
            place.gateway.answer, "ana", "GET", "/v1/sessions?open=true"
        )
        began = time.monotonic()
        for one in sessions["items"]:
            path = f"/v1/sessions/{one['id']}/cut"
            because = {"because": "the test says so"}
            await asyncio.to_thread(place.gateway.answer, "carl", "POST", path, because)
        closed = await wire.receive(timeout=5)
        assert time.monotonic() - began < 1.5
        assert closed.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        assert wire.close_code == 1008


def test_fields_are_masked_by_their_paths_packed_or_not(place: Place) -> None:
    seen = place.get("nora", "wiki/customers/7")
    assert seen.status_code == 200, seen.text
    found = seen.json()
    assert found["email"] != "mia@example.org"
    assert found["orders"] == [{"id": 1, "sku": None}]
    assert (found["name"], found["id"]) == ("Mia", 7)
    assert seen.headers["cache-control"] == "no-store"
    packed = place.get("nora", "wiki/packed")
    assert packed.json()["email"] != "mia@example.org"
    assert packed.json()["name"] == "Mia"
    assert place.get("ana", "wiki/packed").json()["email"] == "mia@example.org"


def test_other_text_is_looked_through_and_what_cannot_be_is_not_shown(place: Place) -> None:
    assert "mia@example.org" not in place.get("nora", "wiki/told").text
    assert place.get("ana", "wiki/told").text == "write to mia@example.org"
    refused = place.get("nora", "wiki/files/1")
    assert (refused.status_code, refused.json()["code"]) == (502, "unmaskable")


def test_a_query_that_tests_what_is_masked_is_refused(place: Place) -> None:
    refused = place.get("nora", "wiki/customers/7?email=mia@example.org")
    assert refused.status_code == 403
    assert place.get("ana", "wiki/customers/7?email=mia@example.org").status_code == 200


def test_nginx_is_reached_by_tls_with_a_certificate_of_the_gateways(place: Place) -> None:
    answer = place.get("ana", "pages/a/b?c=1")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"user": "CN=gateway", "uri": "/base/a/b?c=1"}
    moved = place.get("ana", "pages/lead")
    assert (moved.status_code, moved.headers["location"]) == (302, place.url("pages/end"))


def test_a_target_whose_certificate_nobody_vouches_for_is_not_spoken_to(place: Place) -> None:
    answer = place.get("ana", "strangers/a")
    assert (answer.status_code, answer.json()["code"]) == (502, "target-certificate")


def test_curl_uploads_downloads_and_waits(place: Place, tmp_path: Path) -> None:
    def curl(*words: str) -> subprocess.Popen[bytes]:
        token = place.headers("ana")["authorization"]
        own = ["curl", "-s", "--noproxy", "*", "-H", f"Authorization: {token}"]
        return subprocess.Popen([*own, *words], stdout=subprocess.PIPE)

    data = tmp_path / "data"
    data.write_bytes(b"z" * 5_000_000)
    # More than 1 MiB: curl asks first whether it may send it (`Expect: 100-continue`).
    sent = curl("--data-binary", f"@{data}", "-H", "Content-Type: application/octet-stream",
                place.url("wiki/echo"))  # fmt: skip
    assert json.loads(sent.communicate(timeout=20)[0])["size"] == 5_000_000
    held = curl("-X", "DELETE", "-w", "%{http_code}", place.url("wiki/orders"))
    place.gateway.approve_next("DELETE /orders")
    assert held.communicate(timeout=20)[0] == b"204"
    got = curl("-o", str(tmp_path / "got"), "-w", "%{size_download}", place.url("wiki/files/3"))
    assert got.communicate(timeout=20)[0] == str(3 * 1024 * 1024).encode()


def test_what_was_done_is_in_the_session_and_in_its_recording(place: Place) -> None:
    place.get("ana", "wiki/orders?seen=yes")

    def recorded() -> bool:
        for one in place.gateway.answer("ana", "GET", "/v1/sessions")["items"]:
            frames = place.gateway.call("ana", "GET", f"/v1/recordings/{one['id']}/frames")
            if "/orders?seen=yes" in frames.text:
                return True
        return False

    eventually(recorded, "the recording has it")


def test_what_changes_something_is_never_sent_twice(place: Place) -> None:
    """An idle connection that turns out to be closed: what only reads is sent on another one."""
    assert place.get("ana", "fickle/one").text == "ok"
    assert place.get("ana", "fickle/two").text == "ok"
    assert [line.split()[1] for line in place.fickle.came] == ["/one", "/two", "/two"]
    lost = httpx2.delete(place.url("fickle/three"), headers=place.headers("ana"), trust_env=False)
    assert (lost.status_code, lost.json()["code"]) == (502, "target-away")
    assert [line.split()[1] for line in place.fickle.came].count("/three") == 1
