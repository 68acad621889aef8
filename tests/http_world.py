"""A small web application with an API, real and of this process, behind the HTTP gateway.

It keeps what it was asked, so that tests see what reached it, and how.
"""

import asyncio
import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2
from aiohttp import WSMsgType, web

from gateway_world import Gateway, Loop

ROUTES = (
    "/",
    "/orders",
    "/orders/{id}",
    "/customers/{id}",
    "/files/{name}",
    "/events",
    "/chat",
    "/slow",
    "/form",
    "/moved",
    "/echo",
    "/page",
    "/packed",
    "/told",
)
LABELS = """
[targets.labels]
"/customers/{id}.email" = ["pii.email"]
"/customers/{id}.orders.sku" = ["trade.secret"]
"/packed.email" = ["pii.email"]
"""
CUSTOMER = {"id": 7, "name": "Mia", "email": "mia@example.org", "orders": [{"id": 1, "sku": "A"}]}


@dataclass(slots=True)
class Reached:
    """One request as it reached the application."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class WebApplication:
    """A running application. url: where it is. reached: what came, in order."""

    url: str
    reached: list[Reached] = field(default_factory=list)
    under_way: int = 0

    def bodies(self, path: str) -> list[bytes]:
        """Return what was sent to a path."""
        return [one.body for one in self.reached if one.target.partition("?")[0] == path]

    def count(self, path: str) -> int:
        """Return how often a path was reached."""
        return len(self.bodies(path))

    def last(self) -> Reached:
        """Return what came last."""
        return self.reached[-1]


@contextmanager
def web_application() -> Iterator[WebApplication]:
    """Run the application on a free port while the block lasts."""
    loop = Loop()
    found = WebApplication("")
    try:
        runner, port = loop.run(_start(found))
        found.url = f"http://127.0.0.1:{port}"
        try:
            yield found
        finally:
            loop.run(runner.cleanup())
    finally:
        loop.close()


async def _start(found: WebApplication) -> tuple[web.ServerRunner, int]:
    runner = web.ServerRunner(
        web.Server(
            lambda request: _answer(found, request),
            access_log=None,
            auto_decompress=False,
            handler_cancellation=True,
        ),
        shutdown_timeout=0.2,
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, runner.addresses[0][1]


async def _answer(found: WebApplication, request: web.BaseRequest) -> web.StreamResponse:
    path = request.raw_path.partition("?")[0]
    if path == "/chat":
        found.reached.append(Reached(request.method, request.raw_path, dict(request.headers), b""))
        return await _chat(request)
    size = 0
    pieces = []
    async for piece in request.content.iter_any():
        size += len(piece)
        if size <= 1024 * 1024:
            pieces.append(piece)
    body = b"".join(pieces)
    found.reached.append(Reached(request.method, request.raw_path, dict(request.headers), body))
    found.under_way += 1
    try:
        return await _page(request, path, body, size)
    finally:
        found.under_way -= 1


async def _page(request: web.BaseRequest, path: str, body: bytes, size: int) -> web.StreamResponse:
    if path == "/events":
        return await _events(request)
    if path == "/slow":
        await asyncio.sleep(60)
    if path.startswith("/files/"):
        return await _file(request, int(path.rpartition("/")[2]) if request.method == "GET" else 0)
    if path.startswith("/customers/"):
        return web.json_response(CUSTOMER)
    if path == "/packed":
        packed = gzip.compress(json.dumps(CUSTOMER).encode())
        return web.Response(
            body=packed,
            headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
        )
    if path == "/told":
        return web.Response(text="write to mia@example.org", content_type="text/plain")
    if path == "/moved":
        headers = {"Location": f"http://{request.headers['Host']}/orders?moved=1"}
        headers["Set-Cookie"] = "sid=1; Domain=127.0.0.1; Path=/; HttpOnly"
        return web.Response(status=302, headers=headers)
    if path == "/echo":
        said = {"method": request.method, "target": request.raw_path, "size": size}
        said["headers"] = [[name, value] for name, value in request.headers.items()]
        return web.json_response(said)
    if path == "/page" and request.method == "POST":
        return web.Response(text=f"<h1>Saved</h1><p>{body.decode()}</p>", content_type="text/html")
    if path in ("/page", "/form", "/"):
        form = '<form method="post" action="/page"><input name="title"><button>Save</button></form>'
        return web.Response(text=f"<h1>The wiki</h1>{form}", content_type="text/html")
    if request.method == "POST":
        return web.json_response({"made": True, "body": body.decode(errors="replace")}, status=201)
    if request.method == "DELETE":
        return web.Response(status=204)
    return web.json_response({"orders": [1, 2, 3]}, headers={"ETag": '"one"'})


async def _events(request: web.BaseRequest) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await answer.prepare(request)
    for number in range(1000):
        await answer.write(f"data: {number}\n\n".encode())
        await asyncio.sleep(0.1)
    return answer


async def _file(request: web.BaseRequest, megabytes: int) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
    answer.content_length = megabytes * 1024 * 1024
    await answer.prepare(request)
    for _ in range(megabytes):
        await answer.write(b"x" * 1024 * 1024)
    return answer


async def _chat(request: web.BaseRequest) -> web.StreamResponse:
    socket = web.WebSocketResponse(protocols=("chat",))
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            if message.data == "bye":
                await socket.close(code=4001, message=b"bye")
                break
            await socket.send_str(f"you said {message.data}")
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data[::-1])
    return socket


def target_table(url: str, more: str = "") -> str:
    """Return the configuration of the wiki, and of the door to it."""
    routes = ", ".join(map(json.dumps, ROUTES))
    return f"""
[http]
listen = "127.0.0.1:0"
{another_target("wiki", url, f"routes = [{routes}]")}
{LABELS}
{more}
"""


def another_target(name: str, url: str, more: str = "") -> str:
    """Return the configuration of a target. more: of its `[targets.http]`."""
    return f"""
[[targets]]
name = "{name}"
protocol = "http"
owners = ["dba"]

[targets.http]
url = "{url}"
{more}
"""


def closed_port() -> int:
    """Return a port of loopback at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


POLICIES = """
@id("web.ask") @max_duration("30m")
permit (principal in Group::"engineers", action == Action::"access.request",
  resource);

@id("web.ask-of-others") @max_duration("30m")
permit (principal in Group::"dba", action == Action::"access.request", resource == Target::"wiki");

@id("web.asked-of-others") @message("access to the wiki needs a DBA") @hold("5m")
@require("approve: 1 of security")
forbid (principal in Group::"dba", action == Action::"access.request", resource == Target::"wiki");

@id("web.open") @max_duration("30m") @record
permit (principal, action == Action::"session.open", resource);

@id("web.read")
permit (principal, action in [Action::"http.get", Action::"http.head", Action::"http.options"],
  resource);

@id("web.sockets")
permit (principal, action == Action::"http.upgrade", resource == Route::"wiki//chat");

@id("web.write")
permit (principal, action in [Action::"http.post", Action::"http.put", Action::"http.patch",
  Action::"http.delete"], resource in Target::"wiki");

@id("web.held") @message("changing orders needs a DBA") @hold("5m") @require("approve: 1 of dba")
forbid (principal in Group::"engineers", action in [Action::"http.post", Action::"http.delete"],
  resource == Route::"wiki//orders");

@id("web.held-pages") @message("changing pages needs a DBA") @hold("5m")
@require("approve: 1 of dba")
forbid (principal in Group::"engineers", action == Action::"http.post",
  resource == Route::"wiki//page");

@id("web.ask-to-see") @max_duration("30m")
permit (principal in Group::"analysts", action == Action::"access.request", resource);

@id("web.masked") @mask("pii.email: redact, trade.secret: null")
permit (principal in Group::"analysts", action == Action::"http.get", resource in Target::"wiki");

@id("web.never") @message("nobody deletes customers")
forbid (principal, action == Action::"http.delete", resource == Route::"wiki//customers/{id}");
"""


def token_of(gateway: Gateway, name: str) -> str:
    """Return a token of somebody who signed in just now."""
    password = gateway.world.people[name].password.reveal()
    body = {"name": name, "password": password}
    answer = httpx2.post(f"{gateway.url}/v1/login", json=body, trust_env=False)
    assert answer.is_success, answer.text
    return str(answer.json()["token"])
