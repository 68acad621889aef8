"""An agent at Assent's own MCP server, by the official Python SDK, through a real gateway."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import mcp_types as types
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Credential, Gateway, assent, eventually

Result = TypeVar("Result")

LEGACY, MODERN = "legacy", "2026-07-28"
TASK = "report on orders"
ROOT = Path(__file__).resolve().parents[2]
GUARDS = """
@id("agents.access")
@require("reason; approve: 1 of dba")
@message("an agent gets more than reading with the assent of a DBA")
forbid (principal is Agent, action == Action::"access.request", resource == Target::"shop")
unless { context.request.read_only };
"""


@pytest.fixture(scope="module")
def house(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway where agents read by themselves, and ask for anything more."""
    own = {path.name: path.read_text() for path in (template.folder / "policies").glob("*.cedar")}
    created = gateway_world.create_world(
        tmp_path_factory.mktemp("agents") / "world",
        template,
        policies={**own, "60-agents.cedar": GUARDS},
    )
    with gateway_world.serving(created) as running:
        yield running


def token_of(gateway: Gateway, name: str) -> str:
    """Make an agent of Ana's, and return a token of it."""
    file = str(gateway.world.people["ana"].password_file)
    assert assent(gateway, "ana", "step-up", "--password-file", file).returncode == 0
    words = ("--task", TASK, "--group", "engineers", "--json")
    assert assent(gateway, "ana", "agents", "create", name, *words).returncode == 0
    minted = assent(gateway, "ana", "agents", "token", name, "work", "--json")
    return str(json.loads(minted.stdout)["token"])


@asynccontextmanager
async def speaking(
    gateway: Gateway, token: str, mode: str = MODERN, **more: Any
) -> AsyncIterator[Client]:
    """A client of the official SDK, signed in by that token."""
    headers = {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=70) as http:
        way = streamable_http_client(f"{gateway.url}/mcp", http_client=http)
        async with Client(way, mode=mode, **more) as client:
            yield client


async def called(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return what a tool answers; fail when it refuses."""
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, answer.structured_content
    (text,) = answer.content
    assert isinstance(text, types.TextContent)
    assert json.loads(text.text) == answer.structured_content
    told: dict[str, Any] = answer.structured_content
    return told


async def refused(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return how a tool refuses."""
    answer = await client.call_tool(tool, arguments)
    assert answer.is_error, answer.structured_content
    told: dict[str, Any] = answer.structured_content
    return told


def run(work: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run(work)


def credential(gateway: Gateway, opened: Mapping[str, Any]) -> Credential:
    return Credential(
        opened["host"],
        opened["port"],
        opened["user"],
        opened["password"],
        opened["database"],
        opened["grant"]["id"],
    )


@pytest.mark.parametrize("mode", [LEGACY, MODERN])
def test_an_agent_asks_waits_and_goes_on_once_a_person_assented(house: Gateway, mode: str) -> None:
    name = f"helper-{mode[:3]}"
    token = token_of(house, name)

    async def story() -> None:
        async with speaking(house, token, mode) as client:
            listed = {tool.name for tool in (await client.list_tools()).tools}
            assert {"request_access", "wait_for_request", "explain", "open_session"} <= listed
            me = await called(client, "whoami")
            assert (me["on_behalf_of"], me["owner"], me["task"]) == ("ana", "ana", TASK)
            (shop,) = (await called(client, "list_targets"))["targets"]
            assert (shop["name"], shop["access"]) == ("shop", "ask")
            asked = await called(client, "request_access", target="shop", budget="actions 3")
            assert [need["kind"] for need in asked["needs"]] == ["reason", "approval"]
            assert asked["next"][0]["call"] == "give_reason"
            reading = next(one for one in asked["alternatives"] if "read only" in one["words"])
            assert (reading["arguments"], reading["leads_to"]) == ({"read_only": True}, "automatic")
            told = await called(client, "give_reason", request=asked["id"], reason="close orders")
            assert not any("why" in words for words in told["unmet"])
            waiting = asyncio.ensure_future(
                called(client, "wait_for_request", request=asked["id"], wait_s=30)
            )
            inbox = house.answer("ben", "GET", "/v1/inbox")["items"]
            assert asked["id"] in [one["id"] for one in inbox]
            await asyncio.to_thread(house.approve, asked["id"], "ben")
            answered = await waiting
            assert (answered["state"], answered["settled"]) == ("completed", True)
            assert answered["next"][0]["call"] == "connection"
            way = await called(client, "connection", target="shop")
            assert "password" not in way
            assert way["grants"][0]["left"] == {"actions": 3}
            opened = await called(client, "open_session", target="shop")
            rows = await asyncio.to_thread(
                psql, credential(house, opened), "select count(*) from customers"
            )
            assert int(rows.stdout) > 0, rows.stderr
            left = (await called(client, "whoami"))["grants"][0]["left"]
            assert left == {"actions": 2}
            # What is spent is spent for this agent alone, and the next test asks anew.
            house.answer("carl", "POST", f"/v1/grants/{answered['grant']}/revoke", BECAUSE)

    run(story())


BECAUSE = {"because": "the test is over"}


def psql(used: Credential, statement: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [psql_program(), "-X", "-A", "-t", "-c", statement],
        env=used.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_an_agent_asks_for_less_and_gets_that_at_once(house: Gateway) -> None:
    token = token_of(house, "modest")

    async def story() -> None:
        async with speaking(house, token) as client:
            asked = await called(client, "request_access", target="shop", reason="to look")
            narrowed = await called(
                client,
                "propose_alternative",
                request=asked["id"],
                words="reading is enough",
                read_only=True,
            )
            assert (narrowed["replaces"], narrowed["state"]) == (asked["id"], "completed")
            before = await called(client, "get_request", request=asked["id"])
            assert before["state"] == "withdrawn"
            opened = await called(client, "open_session", target="shop")
            wrote = await asyncio.to_thread(
                psql, credential(house, opened), "delete from customers where id = 1"
            )
            assert wrote.returncode != 0

    run(story())


def test_a_held_statement_is_explained_and_something_safer_is_shown_to_who_is_asked(
    house: Gateway, table: str
) -> None:
    token = token_of(house, "writer")

    async def story() -> None:
        async with speaking(house, token) as client:
            asked = await called(client, "request_access", target="shop", reason="tidy up orders")
            await asyncio.to_thread(house.approve, asked["id"], "ben")
            opened = await called(client, "open_session", target="shop")
            held = asyncio.ensure_future(
                asyncio.to_thread(psql, credential(house, opened), f"delete from {table}")
            )
            request = await asyncio.to_thread(pending_of, house, table)
            told = await called(client, "explain", about=request)
            assert told["why"][0]["outcome"] == "deny"
            assert "declared_task" in [one["name"] for one in told["request"]["risk"]["factors"]]
            said = await called(
                client, "propose_alternative", request=request, words="one row would do"
            )
            assert said["replaces"] is None
            seen = house.answer("ben", "GET", f"/v1/requests/{request}")
            assert [one["text"] for one in seen["comments"]] == ["instead: one row would do"]
            await called(client, "withdraw_request", request=request)
            assert (await held).returncode != 0

    run(story())


def pending_of(gateway: Gateway, words: str) -> str:
    def look() -> str | None:
        items = gateway.answer("ben", "GET", "/v1/inbox")["items"]
        return next((one["id"] for one in items if words in one["action"]["text"]), None)

    return eventually(look, "ben is asked")


def test_what_the_agent_says_that_it_does_is_shown_to_who_is_asked(house: Gateway) -> None:
    token = token_of(house, "talker")

    async def story() -> str:
        async with speaking(house, token) as client:
            answer = await client.call_tool(
                "request_access",
                {"target": "shop", "reason": "monthly closing"},
                meta={"assent/task": "close the\nmonth"},
            )
            return str(answer.structured_content["id"])

    request = run(story())
    seen = house.answer("ben", "GET", f"/v1/requests/{request}")
    assert seen["task"] == "close the month"


def test_a_client_that_shows_its_person_something_is_led_to_the_request(house: Gateway) -> None:
    token = token_of(house, "shower")
    shown: list[str] = []

    async def show(context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        assert isinstance(params, types.ElicitRequestURLParams)
        shown.append(params.url)
        house.reject(params.url.rpartition("/")[2])
        return types.ElicitResult(action="accept")

    async def story() -> None:
        async with speaking(house, token, elicitation_callback=show) as client:
            asked = await called(client, "request_access", target="shop", reason="to look")
            told = await called(client, "wait_for_request", request=asked["id"], wait_s=10)
            assert told["state"] == "rejected"
            assert shown == [f"{house.url}/requests/{asked['id']}"]

    run(story())


_TYPESCRIPT = """
import { readFileSync } from "node:fs"
const said = JSON.parse(readFileSync(0, "utf8"))
const { Client } = await import(said.client)
const { StreamableHTTPClientTransport } = await import(said.transport)
const client = new Client({ name: "tests", version: "1" })
const requestInit = { headers: { authorization: `Bearer ${said.token}` } }
await client.connect(new StreamableHTTPClientTransport(new URL(said.url), { requestInit }))
const told = {}
told.tools = (await client.listTools()).tools.map((tool) => tool.name)
for (const [name, sent] of said.calls) {
  const answer = await client.callTool({ name, arguments: sent })
  told[name] = { ...answer.structuredContent, failed: answer.isError === true }
}
await client.close()
console.log(JSON.stringify(told))
"""


@pytest.mark.parametrize(
    "modules",
    [
        ("@modelcontextprotocol/client", "@modelcontextprotocol/client"),
        (
            "@modelcontextprotocol/sdk/client/index.js",
            "@modelcontextprotocol/sdk/client/streamableHttp.js",
        ),
    ],
    ids=["2", "1"],
)
def test_the_official_clients_of_typescript_ask_and_are_told(
    house: Gateway, modules: tuple[str, str]
) -> None:
    client, transport = modules
    said = {
        "client": client,
        "transport": transport,
        "token": token_of(house, f"script-{len(client)}"),
        "url": f"{house.url}/mcp",
        "calls": [
            ["whoami", {}],
            ["request_access", {"target": "shop", "reason": "to look", "read_only": True}],
            ["connection", {"target": "shop"}],
            ["get_request", {"request": "req_nobodys"}],
        ],
    }
    done = subprocess.run(
        ["node", "--input-type=module", "-e", _TYPESCRIPT],
        input=json.dumps(said),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "propose_alternative" in told["tools"]
    assert told["whoami"]["task"] == TASK
    assert told["request_access"]["state"] == "completed"
    assert told["connection"]["grants"][0]["read_only"] is True
    assert told["get_request"]["failed"]
    assert told["get_request"]["error"] == "no-such-request"


def test_what_cannot_be_had_is_refused_in_words_for_programs(house: Gateway) -> None:
    token = token_of(house, "lost")

    async def story() -> None:
        async with speaking(house, token) as client:
            none = await refused(client, "request_access", target="nowhere")
            assert none["error"] == "no-such-target"
            wrong = await refused(client, "request_access", target="shop", for_s="long")
            assert (wrong["error"], wrong["arguments"][0]["argument"]) == ("invalid-input", "for_s")
            verbs = await refused(client, "request_access", target="shop", verbs=["sql.fly"])
            assert verbs["error"] == "verbs"
            others = await refused(client, "get_request", request="req_nobodys")
            assert others["error"] == "no-such-request"
            assert (await refused(client, "fly"))["error"] == "no-such-tool"

    run(story())


def test_nobody_speaks_without_a_token_of_theirs(house: Gateway) -> None:
    first = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    answer = httpx2.post(f"{house.url}/mcp", json=first)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    token = token_of(house, "stopped")
    assert assent(house, "ana", "agents", "disable", "stopped").returncode == 0
    headers = {"authorization": f"Bearer {token}", "accept": "application/json, text/event-stream"}
    assert httpx2.post(f"{house.url}/mcp", json=first, headers=headers).status_code == 401


def test_an_agent_answers_no_requests_and_sees_none_of_others(house: Gateway) -> None:
    one, other = token_of(house, "left"), token_of(house, "right")

    async def asks() -> str:
        async with speaking(house, one) as client:
            return str(
                (await called(client, "request_access", target="shop", reason="x y z"))["id"]
            )

    request = run(asks())

    async def looks() -> None:
        async with speaking(house, other) as client:
            told = await refused(client, "get_request", request=request)
            assert told["error"] == "no-such-request"
            assert not any("approve" in tool.name for tool in (await client.list_tools()).tools)

    run(looks())


def test_a_flood_of_odd_messages_is_answered_with_errors(house: Gateway, tmp_path: Path) -> None:
    headers = {
        "authorization": f"Bearer {token_of(house, 'odd')}",
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
    }
    for body in (
        b"",
        b"nonsense",
        b"[]",
        b"[" * 20_000,
        b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}',
        b'{"jsonrpc":"2.0","id":{"a":1},"method":"tools/list"}',
    ):
        answer = httpx2.post(f"{house.url}/mcp", content=body, headers=headers)
        assert answer.status_code < 500, (body[:40], answer.text)
    large = httpx2.post(f"{house.url}/mcp", content=b"x" * 100_000, headers=headers)
    assert large.status_code == 413
