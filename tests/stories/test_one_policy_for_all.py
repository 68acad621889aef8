"""One policy for everything: an agent reads by itself, and what it would change waits for Ana.

A real gateway before a real PostgreSQL, an OpenSSH server, a web application and an MCP server. Ana
has an agent, `helper`. The policy is the one that ships as `one-policy-for-all`, word for word: it
names no protocol's verbs but groups of them.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

import assent
import gateway_world
import mcp_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Credential, Gateway, Shop, eventually
from http_world import WebApplication, another_target, web_application
from mcp_world import Tools
from ssh_world import ACCOUNT, Ssh, Sshd, authority_of, sshd

POLICY = Path(assent.__file__).parent / "web" / "gallery" / "one-policy-for-all" / "policies.cedar"
PROD = ('protocol = "', 'environment = "prod"\nprotocol = "')


@dataclass
class House:
    """The gateway, what is behind it, and a token of Ana's agent."""

    gateway: Gateway
    web: WebApplication
    tools: Tools
    notes: Path
    token: str

    def asked(self, words: str) -> str:
        """Return the request with these words, as it lies in Ana's inbox."""

        def look() -> str | None:
            items = self.gateway.answer("ana", "GET", "/v1/inbox")["items"]
            return next((one["id"] for one in items if words in one["action"]["text"]), None)

        return eventually(look, f"Ana is asked about `{words}`")

    def assented(self, words: str) -> str:
        """Have Ana look at what her agent wants, assent by command, and return the request."""
        request = self.asked(words)
        done = gateway_world.assent(self.gateway, "ana", "approve", request)
        assert done.returncode == 0, done.stderr
        return request

    def decided_by(self, request: str) -> set[str]:
        """Return the policies that made it wait."""
        explained = self.gateway.explanation(request)
        return {one for one in ("agents.write", "agents.run") if one in json.dumps(explained)}

    def credential(self, target: str) -> Credential:
        """Return a password of the agent's, as `assent connect` prints it for its token."""
        headers = {"authorization": f"Bearer {self.token}"}
        address = f"{self.gateway.url}/v1/connect"
        answer = httpx2.post(address, json={"target": target}, headers=headers, trust_env=False)
        assert answer.is_success, answer.text
        opened: dict[str, Any] = answer.json()
        return Credential(
            opened["host"], opened["port"], opened["user"], opened["password"],
            opened["database"], opened["grant"]["id"],
        )  # fmt: skip

    def sql(self, statement: str) -> subprocess.CompletedProcess[str]:
        """Have the agent run a statement by psql."""
        return subprocess.run(
            [psql_program(), "-X", "-A", "-t", "-c", statement],
            env=self.credential("shop").environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def shell(self, command: str) -> subprocess.CompletedProcess[bytes]:
        """Have the agent run a command by ssh."""
        ssh = Ssh(self.gateway, Path(tempfile.mkdtemp(dir=self.notes.parent)), person="helper")
        return ssh.run(command, password=self.credential("web1").password)

    def http(self, method: str, path: str, body: object = None) -> httpx2.Response:
        """Have the agent send a request, and wait for people where it must."""
        host, port = self.gateway.addresses["http"]
        headers = {"authorization": f"Bearer {self.token}", "prefer": "wait=30"}
        address = f"http://{host}:{port}/at/wiki{path}"
        return httpx2.request(
            method, address, json=body, headers=headers, timeout=60, trust_env=False
        )

    async def tool(self, name: str, given: dict[str, Any]) -> Any:
        """Have the agent call a tool by the official SDK."""
        async with mcp_world.agent(self.gateway, "tools", self.token, mode="legacy") as client:
            return await client.call_tool(name, given)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(scope="module")
def house(
    template: World, server: Sshd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("one-policy")
    tools, notes = mcp_world.tools_in(folder / "tools"), folder / "notes"
    with web_application() as web:
        routes = 'routes = ["/orders", "/orders/{id}"]'
        web1 = (
            f'[[targets]]\nname = "web1"\nprotocol = "ssh"\nhost = "127.0.0.1"\n'
            f'port = {server.port}\nuser = "{ACCOUNT}"\nowners = ["dba"]\n'
            f'[targets.ssh]\nhost_keys = ["{server.host_key}"]\n'
        )
        targets = [
            another_target("wiki", web.url, routes),
            web1,
            mcp_world.stdio_target("tools", tools),
        ]
        doors = '[ssh]\nlisten = "127.0.0.1:0"\n[http]\nlisten = "127.0.0.1:0"\n'
        created = gateway_world.create_world(
            folder / "world",
            template,
            policies={"all.cedar": POLICY.read_text()},
            more=doors + "\n".join(text.replace(*PROD) for text in targets),
        )
        server.trust(authority_of(created).target_authority)
        with gateway_world.serving(created) as gateway:
            token = mcp_world.token_of(gateway, "helper")
            yield House(gateway, web, tools, notes, token)


async def test_an_agent_reads_by_itself_and_its_owner_assents_to_what_it_writes(
    house: House, shop: Shop, table: str, tmp_path: Path
) -> None:
    with ThreadPoolExecutor() as beside:
        # The tools are new: an owner looks at them once, and from then on they are what they were.
        first = beside.submit(_tool, house, "read_order", {"number": 7})
        _admit(house)
        first.result(60)

        # 1. It reads, in four ways, and nobody is asked.
        answer = await house.tool("read_order", {"number": 7})
        assert mcp_world.text_of(answer) == 'read_order of {"number": 7}'
        assert house.sql(f"select count(*) from {table}").stdout == "1000\n"
        assert house.http("GET", "/orders").json() == {"orders": [1, 2, 3]}
        assert house.shell("cat /etc/hostname").returncode == 0
        assert house.gateway.answer("ana", "GET", "/v1/inbox")["items"] == []

        # 2. It writes, in four ways; each waits in the same inbox, and Ana assents to it there.
        note = {"number": 7, "text": "late"}
        called = beside.submit(_tool, house, "add_note", note)
        by_tool = house.asked("add_note")
        assert house.tools.called("add_note") == []
        house.assented("add_note")
        assert not called.result(60).is_error
        assert house.tools.called("add_note") == [note]

        written = beside.submit(house.sql, f"update {table} set cents = 1 where id = 7")
        by_sql = house.assented(table)
        assert written.result(60).stdout == "UPDATE 1\n"
        assert shop.value(f"select cents from {table} where id = 7") == 1

        ran = beside.submit(house.shell, f"echo late >> {house.notes}")
        by_shell = house.assented("echo late")
        assert ran.result(60).returncode == 0
        assert house.notes.read_text() == "late\n"

        posted = beside.submit(house.http, "POST", "/orders", {"note": "late"})
        by_http = house.assented('"note"')
        assert posted.result(60).status_code == 201
        assert house.web.bodies("/orders")[-1] == b'{"note":"late"}'

    # 3. It was one policy, which made each of them wait, and nobody but Ana could assent.
    for request in (by_tool, by_sql, by_shell, by_http):
        done = house.gateway.wait_until(request, "completed")
        assert [one["approver"] for one in done["approvals"]] == ["ana"]
        assert house.decided_by(request) == {"agents.write"}

    # 4. What Ana does herself does not wait.
    mine = house.gateway.connect_as("ana")
    hers = subprocess.run(
        [psql_program(), "-X", "-A", "-t", "-c", f"update {table} set cents = 2 where id = 7"],
        env=mine.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert hers.stdout == "UPDATE 1\n", hers.stderr

    # 5. The log holds all of it, and another program proves that it is whole.
    log = tmp_path / "log"
    exported = gateway_world.assent(house.gateway, "carl", "audit", "export", str(log))
    assert exported.returncode == 0, exported.stderr
    verified = subprocess.run(
        [sys.executable, "-m", "assent_verify", "log", str(log), "--key", str(log / "key")],
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1"},
        timeout=60,
        check=False,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _tool(house: House, name: str, given: dict[str, Any]) -> Any:
    import asyncio

    return asyncio.run(house.tool(name, given))


def _admit(house: House) -> None:
    """Have Ben look at each tool that is new, and assent to its definition."""

    def settled() -> bool:
        items = house.gateway.answer("ben", "GET", "/v1/inbox")["items"]
        for one in items:
            house.gateway.approve(one["id"], "ben")
        return bool(items)

    eventually(settled, "Ben is asked about tools")
