"""Real servers of tools behind a real gateway, and agents who call them.

The servers and the clients are those of the official SDKs, in Python and in TypeScript.
"""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

import gateway_world
import tool_server
from assent.demo.world import World
from gateway_world import Gateway, assent, eventually

ROOT = Path(__file__).parent.parent
POLICIES = {
    "agents.cedar": """
@id("ask") @max_duration("2h")
permit (principal, action == Action::"access.request", resource);
@id("open")
permit (principal, action == Action::"session.open", resource);
@id("first-tools")
permit (principal, action == Action::"tool.admit", resource)
unless { context.touch.arguments.contains("change=changed") };
@id("changed-tools")
permit (principal, action == Action::"tool.admit", resource);
@id("changed-tools-are-read") @require("approve: 1 of owners") @message("a tool is not what it was")
forbid (principal, action == Action::"tool.admit", resource)
when { context.touch.arguments.contains("change=changed") };
@id("reads") @mask("pii: partial") @record
permit (principal, action in [Action::"tool.call", Action::"document.read"], resource);
@id("writes") @require("approve: 1 of dba") @message("this changes orders") @hold("10m")
forbid (principal, action == Action::"tool.call", resource)
when { resource.name == "add_note" };
@id("never") @message("orders are never deleted by agents")
forbid (principal, action == Action::"tool.call", resource)
when { resource.name == "delete_orders" };
@id("memos")
forbid (principal, action == Action::"document.read", resource)
when { resource.name == "memo://closed" };
""",
}
LABELS = """
[targets.labels]
"customer.email" = ["pii.email"]
"""


@dataclass(frozen=True, slots=True)
class Tools:
    """The folder of a server of tools."""

    folder: Path

    def define(self, tools: list[dict[str, Any]]) -> None:
        """Let its tools be these."""
        (self.folder / "tools.json").write_text(json.dumps(tools))

    def change(self, name: str, **said: Any) -> None:
        """Let it say something else of a tool."""
        found = json.loads((self.folder / "tools.json").read_text())
        self.define([{**one, **said} if one["name"] == name else one for one in found])

    def called(self, name: str) -> list[dict[str, Any]]:
        """Return with what a tool was called, in order."""
        file = self.folder / "called.jsonl"
        lines = file.read_text().splitlines() if file.exists() else []
        return [given for what, given in map(json.loads, lines) if what == name]

    def processes(self) -> list[int]:
        """Return the programs of it that run."""
        found = (int(one.name[4:]) for one in self.folder.glob("pid-*"))
        return [pid for pid in found if Path(f"/proc/{pid}/stat").exists() and _lives(pid)]


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def tools_in(folder: Path) -> Tools:
    """Return a new server's folder, with the usual tools."""
    folder.mkdir(parents=True)
    tools = Tools(folder)
    tools.define(tool_server.TOOLS)
    return tools


@contextmanager
def remote(tools: Tools) -> Iterator[str]:
    """Run a server of tools by HTTP, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, tool_server.__file__, str(tools.folder), str(port)]
    with subprocess.Popen(words, env={**os.environ, "PYTHONPATH": ""}) as process:
        try:

            def listens() -> bool:
                assert process.poll() is None
                with socket.socket() as probe:
                    return probe.connect_ex(("127.0.0.1", port)) == 0

            eventually(listens, "the server of tools listens")
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.kill()


def stdio_target(name: str, tools: Tools, more: str = "") -> str:
    """Return a target that is a program."""
    words = json.dumps([sys.executable, tool_server.__file__, str(tools.folder), "stdio"])
    return (
        f'[[targets]]\nname = "{name}"\nprotocol = "mcp"\nowners = ["dba"]\n'
        f"[targets.mcp]\ncommand = {words}\n{more}\n{LABELS}"
    )


def remote_target(name: str, url: str, more: str = "") -> str:
    """Return a target that is elsewhere."""
    return (
        f'[[targets]]\nname = "{name}"\nprotocol = "mcp"\nowners = ["dba"]\n'
        f'[targets.mcp]\nurl = "{url}"\n{more}\n{LABELS}'
    )


def world(folder: Path, template: World, targets: str, policies: Mapping[str, str]) -> World:
    """Return a world with targets for agents."""
    more = f'[http]\nlisten = "127.0.0.1:0"\n{targets}'
    return gateway_world.create_world(folder, template, policies=policies, more=more)


def token_of(gateway: Gateway, agent: str) -> str:
    """Return a token of a new agent of Ana's."""
    file = str(gateway.world.people["ana"].password_file)
    assert assent(gateway, "ana", "step-up", "--password-file", file).returncode == 0
    words = ("--task", "look after orders", "--group", "engineers", "--json")
    made = assent(gateway, "ana", "agents", "create", agent, *words)
    assert made.returncode == 0, made.stderr
    minted = assent(gateway, "ana", "agents", "token", agent, "nightly", "--json")
    assert minted.returncode == 0, minted.stderr
    return str(json.loads(minted.stdout)["token"])


def url_of(gateway: Gateway, target: str) -> str:
    """Return where agents find a target."""
    host, port = gateway.addresses["http"]
    return f"http://{host}:{port}/mcp/{target}"


@asynccontextmanager
async def agent(
    gateway: Gateway,
    target: str,
    token: str,
    headers: Mapping[str, str] | None = None,
    **options: Any,
) -> AsyncIterator[Client]:
    """Give a client of the SDK that is connected. options: of `mcp.Client`, such as `mode`."""
    own = {"authorization": f"Bearer {token}", **(headers or {})}
    async with httpx2.AsyncClient(headers=own, timeout=60, trust_env=False) as http:
        transport = streamable_http_client(url_of(gateway, target), http_client=http)
        async with Client(transport, cache=None, **options) as client:
            yield client


def post(
    gateway: Gateway, target: str, token: str, body: Any, headers: Mapping[str, str] | None = None
) -> httpx2.Response:
    """Send one message as it is. body: bytes as they are, or a message."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    own = {
        "authorization": f"Bearer {token}",
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
        **(headers or {}),
    }
    return httpx2.post(
        url_of(gateway, target), content=data, headers=own, timeout=60, trust_env=False
    )


def message_in(answer: httpx2.Response) -> Any:
    """Return the message of an answer, the last one where it is a stream."""
    if answer.headers["content-type"] == "text/event-stream":
        lines = [line for line in answer.text.splitlines() if line.startswith("data:")]
        return json.loads(lines[-1].removeprefix("data:"))
    return answer.json()


def asked(gateway: Gateway, words: str, who: str = "ben") -> str:
    """Return the request with these words in somebody's inbox."""

    def look() -> str | None:
        items = gateway.answer(who, "GET", "/v1/inbox")["items"]
        return next((one["id"] for one in items if words in one["action"]["text"]), None)

    return eventually(look, f"{who} is asked about `{words}`")


def text_of(result: Any) -> str:
    """Return the text of a result."""
    return "".join(one.text for one in result.content if one.type == "text")


def request_in(text: str) -> str:
    """Return the id of the request that a text names."""
    found = re.search(r"req_\w+", text)
    assert found, text
    return found[0]
