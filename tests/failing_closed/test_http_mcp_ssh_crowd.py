"""Failing closed: a crowd over HTTP, MCP and SSH at once, cut and held at random.

Nothing of it is left in the end: no session, no program, no file, and the log verifies.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncssh
import httpx2
import psutil
import pytest

import gateway_world
import http_world
import mcp_world
import ssh_world
from assent.demo.world import World
from gateway_world import Gateway, assent, eventually
from mcp_world import Tools

CLIENTS = 60
LASTS_S = 5.0
CREDENTIALS = 40
SSH_POLICIES = """
@id("ssh.access") @max_duration("1h")
permit (principal, action in [Action::"access.request", Action::"session.open"],
  resource in Target::"web1");

@id("ssh.work")
permit (principal, action in [Action::"ssh.execute", Action::"file.list", Action::"file.read",
  Action::"file.write"], resource in Target::"web1");

@id("ssh.held") @message("touching files needs a DBA") @hold("5m") @require("approve: 1 of dba")
forbid (principal, action == Action::"ssh.execute", resource == Program::"web1/touch");
"""


@dataclass(slots=True)
class Crowd:
    """Everybody, and what came of what they did. near: the folder of the server of tools."""

    gateway: Gateway
    near: Tools
    agent: str
    token: str
    dice: random.Random
    came: Counter[str] = field(default_factory=Counter)
    passwords: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        """Return an address of the door for HTTP."""
        host, port = self.gateway.addresses["http"]
        return f"http://{host}:{port}{path}"


@pytest.fixture(scope="module")
def crowd(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    folder = tmp_path_factory.mktemp("crowd")
    near = mcp_world.tools_in(folder / "near")
    policies = {
        "web.cedar": http_world.POLICIES,
        "ssh.cedar": SSH_POLICIES,
        **mcp_world.POLICIES,
    }
    with (
        http_world.web_application() as wiki,
        ssh_world.sshd(folder / "sshd") as server,
    ):
        more = http_world.target_table(wiki.url) + mcp_world.stdio_target("near", near)
        created = ssh_world.ssh_gateway_world(
            folder / "world", template, server, policies, more=f"\n{more}"
        )
        with gateway_world.serving(created) as gateway:
            agent = mcp_world.token_of(gateway, "bot")
            token = http_world.token_of(gateway, "ana")
            yield Crowd(gateway, near, agent, token, random.Random(8))


async def browse(crowd: Crowd, client: aiohttp.ClientSession) -> str:
    """Do something over HTTP."""
    what = crowd.dice.choice(["read", "read", "slow", "held", "socket", "broken"])
    headers = {"Authorization": f"Bearer {crowd.token}"}
    patience = aiohttp.ClientTimeout(total=crowd.dice.uniform(0.2, 2.0))
    if what == "socket":
        async with client.ws_connect(crowd.url("/at/wiki/chat"), headers=headers) as wire:
            for _ in range(crowd.dice.randrange(10)):
                await wire.send_str("hello")
                await wire.receive(timeout=2)
            return "socket"
    if what == "held":
        url, headers = crowd.url("/at/wiki/orders"), headers | {"Prefer": "wait=5"}
        body = {"number": crowd.dice.randrange(5)}
        async with client.post(url, json=body, headers=headers, timeout=patience) as answer:
            await answer.read()
            return f"held {answer.status}"
    path = {"read": "/at/wiki/orders/7", "slow": "/at/wiki/slow", "broken": "/at/wiki/files/8"}
    async with client.get(crowd.url(path[what]), headers=headers, timeout=patience) as answer:
        if what == "broken":
            return "broken off"
        await answer.read()
        return f"{what} {answer.status}"


async def call(crowd: Crowd, client: aiohttp.ClientSession) -> str:
    """Have a tool do something."""
    name, given = crowd.dice.choice(
        [
            ("read_order", {"number": crowd.dice.randrange(99)}),
            ("customer", {"id": 7}),
            ("slow", {"seconds": 1}),
            ("add_note", {"number": crowd.dice.randrange(5), "text": "x"}),
            ("delete_orders", {"customer": "all"}),
        ]
    )
    headers = {
        "Authorization": f"Bearer {crowd.agent}",
        "Accept": "application/json, text/event-stream",
        "Assent-Task": f"task {crowd.dice.randrange(4)}",
    }
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}
    url = crowd.url("/mcp/near")
    async with client.post(url, json=hello, headers=headers) as opened:
        headers["Mcp-Session-Id"] = opened.headers["mcp-session-id"]
    message = {"jsonrpc": "2.0", "id": 2, "method": "tools/call"}
    message["params"] = {"name": name, "arguments": given}
    patience = aiohttp.ClientTimeout(total=crowd.dice.uniform(0.3, 3.0))
    async with client.post(url, json=message, headers=headers, timeout=patience) as answer:
        await answer.read()
        return f"{name} {answer.status}"


async def run(crowd: Crowd, client: aiohttp.ClientSession) -> str:
    """Run a command."""
    host, port = crowd.gateway.addresses["ssh"]
    command = crowd.dice.choice(["ls /", "cat /etc/hostname", "sleep 2", "touch /tmp/none/none"])
    options: Any = {"known_hosts": None, "client_keys": None, "agent_path": None, "config": None}
    password = crowd.passwords.pop()
    async with asyncssh.connect(
        host, port, username="ana:web1", password=password, **options
    ) as there:
        within = crowd.dice.uniform(0.3, 3.0)
        done = await asyncio.wait_for(there.run(command), within)
        return f"{command.split()[0]} {done.exit_status}"


async def one(crowd: Crowd, do: Callable[..., Awaitable[str]], until: float) -> None:
    """Be one client that does something again and again; what ends badly is the gateway's right."""
    async with aiohttp.ClientSession() as client:
        while time.monotonic() < until:
            try:
                crowd.came[await do(crowd, client)] += 1
            except (TimeoutError, OSError, aiohttp.ClientError, asyncssh.Error) as fault:
                crowd.came[f"{do.__name__}: {type(fault).__name__}"] += 1
                await asyncio.sleep(0.05)
            except IndexError:
                return


def disturb(crowd: Crowd) -> None:
    """Cut a session and answer a request, whichever."""
    open_now = crowd.gateway.answer("carl", "GET", "/v1/sessions?open=true&everybody=true")["items"]
    if open_now:
        cut = crowd.dice.choice(open_now)["id"]
        because = {"because": "the test says so"}
        with contextlib.suppress(httpx2.HTTPError, AssertionError):
            crowd.gateway.answer("carl", "POST", f"/v1/sessions/{cut}/cut", because)
            crowd.came["cut"] += 1
    inbox = crowd.gateway.answer("ben", "GET", "/v1/inbox")["items"]
    if inbox:
        asked = crowd.dice.choice(inbox)["id"]
        with contextlib.suppress(httpx2.HTTPError, AssertionError):
            (crowd.gateway.approve if crowd.dice.random() < 0.5 else crowd.gateway.reject)(asked)
            crowd.came["answered"] += 1


async def soak(crowd: Crowd, clients: int, lasts_s: float) -> None:
    """Let all of them do what they do."""
    until = time.monotonic() + lasts_s
    doing = [browse, browse, browse, call, call, run]
    work = [one(crowd, doing[number % len(doing)], until) for number in range(clients)]

    async def disturbing() -> None:
        while time.monotonic() < until:
            await asyncio.to_thread(disturb, crowd)
            await asyncio.sleep(0.1)

    await asyncio.wait_for(asyncio.gather(*work, disturbing()), lasts_s + 40)


def files(process: psutil.Process) -> int:
    return int(process.num_fds())


async def warm(crowd: Crowd) -> None:
    """Open everything once, so that what stays open for good is open."""
    await soak(crowd, 6, 0.5)


def end_all(crowd: Crowd) -> bool:
    """Cut what is left; return whether nothing is."""
    because = {"because": "the test is over"}
    left = crowd.gateway.answer("carl", "GET", "/v1/sessions?open=true&everybody=true")["items"]
    for one in left:
        with contextlib.suppress(httpx2.HTTPError, AssertionError):
            crowd.gateway.answer("carl", "POST", f"/v1/sessions/{one['id']}/cut", because)
    return not left


async def test_a_crowd_that_is_cut_and_held_leaves_nothing_behind(
    crowd: Crowd, tmp_path: Path
) -> None:
    gateway = crowd.gateway
    body = {"target": "web1", "connections": 1}
    for _ in range(CREDENTIALS):
        opened = gateway.answer("ana", "POST", "/v1/connect", body)
        crowd.passwords.append(opened["password"])
    process = psutil.Process(gateway.running.pid)
    await warm(crowd)
    eventually(lambda: end_all(crowd), "no session is left open")
    eventually(lambda: not crowd.near.processes(), "no program of a session is left")
    before, threads = files(process), process.num_threads()

    await soak(crowd, CLIENTS, LASTS_S)

    assert gateway.answer("ana", "GET", "/healthz")["status"] == "ok"
    assert crowd.came["read 200"] > 0, crowd.came
    assert crowd.came["read_order 200"] + crowd.came["customer 200"] > 0, crowd.came
    assert crowd.came["cut"] > 0, crowd.came
    eventually(lambda: end_all(crowd), "no session is left open")
    eventually(lambda: not crowd.near.processes(), "no program of a session is left")
    eventually(lambda: process.children(recursive=True) == [], "no child is left")
    eventually(lambda: files(process) <= before + 12, "no file is left open", within_s=45)
    assert process.num_threads() <= threads + 32
    out = str(tmp_path / "log")
    assert assent(gateway, "carl", "audit", "export", out).returncode == 0
    verified = assent(gateway, "carl", "audit", "verify", out, "--key", f"{out}/key")
    assert verified.returncode == 0, verified.stdout + verified.stderr
