"""What is no message, or not of who sends it: sent to the gateway for agents as it is."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

import gateway_world
import mcp_world
from assent.demo.world import World
from gateway_world import Gateway, eventually
from mcp_world import Tools, post

VERSION = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"


@dataclass(frozen=True, slots=True)
class Line:
    """A client that shook hands."""

    gateway: Gateway
    tools: Tools
    token: str
    session: str

    def send(self, body: Any, **headers: str) -> httpx2.Response:
        own = {"mcp-session-id": self.session, **headers}
        return post(self.gateway, "near", self.token, body, own)

    def answer(self, body: Any) -> Any:
        return mcp_world.message_in(self.send(body))


def asks(method: str, params: Any = None, id: Any = 1) -> dict[str, Any]:
    """Return a request."""
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params or {}}


@pytest.fixture(scope="module")
def line(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    folder = tmp_path_factory.mktemp("wire")
    tools = mcp_world.tools_in(folder / "near")
    environment = 'environment = ["ORDERS=7", "SECRET={password}"]'
    targets = mcp_world.stdio_target("near", tools, environment)
    (folder / "secret").write_text("of the program")
    targets = targets.replace(
        'protocol = "mcp"', f'protocol = "mcp"\npassword = "file:{folder / "secret"}"'
    )
    created = mcp_world.world(folder / "world", template, targets, mcp_world.POLICIES)
    with gateway_world.serving(created) as gateway:
        token = mcp_world.token_of(gateway, "bot")
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x"}}
        opened = post(gateway, "near", token, asks("initialize", hello))
        yield Line(gateway, tools, token, opened.headers["mcp-session-id"])


@pytest.mark.parametrize(
    ("body", "number"),
    [
        (b"{", -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": NaN}}', -32700),
        (b"[" * 100_000, -32700),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', -32600),
        (b'{"id": 1, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1.5, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": true, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": null, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "ping"}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 7}', -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []}', -32602),
        (b'{"jsonrpc": "2.0", "id": 1}', -32600),
    ],
)
def test_what_is_no_message_is_refused_as_such(line: Line, body: bytes, number: int) -> None:
    answer = line.send(body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == number


def test_a_message_that_is_too_large_is_refused(line: Line) -> None:
    large = asks("tools/call", {"name": "read_order", "arguments": {"x": "y" * (5 << 20)}})
    assert line.send(large).status_code == 413


def test_what_is_nested_too_deeply_or_has_too_many_fields_is_not_understood(line: Line) -> None:
    before = line.tools.called("read_order")
    deep: Any = 1
    for _ in range(40):
        deep = {"x": deep}
    for given in ({"deep": deep}, {f"field{number}": 1 for number in range(600)}):
        said = line.answer(asks("tools/call", {"name": "read_order", "arguments": given}))
        assert said["result"]["isError"] is True
        assert said["result"]["structuredContent"]["code"] == "denied"
    assert line.tools.called("read_order") == before


def test_a_key_that_comes_twice_is_sent_once_as_it_was_decided_on(line: Line) -> None:
    body = (
        b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "big", '
        b'"arguments": {"size": 1, "size": 2}}}'
    )
    assert line.answer(body)["result"]["content"][0]["text"] == "xx"
    assert line.tools.called("big")[-1] == {"size": 2}


def test_what_is_said_beside_a_call_does_not_reach_the_server(line: Line) -> None:
    params = {"name": "customer", "arguments": {"id": 7}, "_meta": {"x": "y"}, "task": {"ttl": 1}}
    said = line.answer(asks("tools/call", params))
    assert said["result"]["isError"] is False
    assert line.tools.called("customer")[-1] == {"id": 7}


def test_a_session_is_of_the_token_that_opened_it(line: Line) -> None:
    other = mcp_world.token_of(line.gateway, "other")
    stolen = post(line.gateway, "near", other, asks("ping"), {"mcp-session-id": line.session})
    assert stolen.status_code == 404
    assert line.send(asks("ping"), **{"mcp-session-id": "made-up"}).status_code == 404
    assert post(line.gateway, "near", line.token, asks("ping")).status_code == 400


def test_a_version_that_is_not_known_is_said_to_be_none(line: Line) -> None:
    answer = line.send(asks("ping"), **{"mcp-protocol-version": "1999-01-01"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == -32022


@pytest.mark.parametrize(
    ("headers", "number"),
    [
        ({"mcp-method": "tools/list", "mcp-name": "read_order"}, -32020),
        ({"mcp-method": "tools/call", "mcp-name": "customer"}, -32020),
        ({"mcp-method": "tools/call"}, -32020),
        ({"mcp-method": "tools/call", "mcp-name": "=?base64?cmVhZF9vcmRlcg==?="}, 0),
        ({"mcp-method": "tools/call", "mcp-name": "read_order"}, 0),
    ],
)
def test_what_the_headers_say_is_what_the_message_says(
    line: Line, headers: dict[str, str], number: int
) -> None:
    meta = {VERSION: "2026-07-28", CAPABILITIES: {}}
    params = {"name": "read_order", "arguments": {"number": 3}, "_meta": meta}
    own = {"mcp-protocol-version": "2026-07-28", **headers}
    answer = post(line.gateway, "near", line.token, asks("tools/call", params), own)
    said = mcp_world.message_in(answer)
    assert (answer.status_code, said.get("error", {}).get("code", 0)) == (
        400 if number else 200,
        number,
    )


def test_a_request_of_the_newest_kind_names_its_version_and_what_it_can(line: Line) -> None:
    own = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list"}
    answer = post(line.gateway, "near", line.token, asks("tools/list"), own)
    assert answer.json()["error"]["code"] == -32602


def test_a_program_is_given_what_is_configured_and_nothing_else(line: Line) -> None:
    found = {"name": "environment", "inputSchema": {"type": "object"}, "description": "Tell."}
    hint = {"annotations": {"readOnlyHint": True}}
    line.tools.define([*json.loads((line.tools.folder / "tools.json").read_text()), found | hint])
    task = {"assent-task": "look at the environment"}

    def called() -> Any:
        said = mcp_world.message_in(
            line.send(asks("tools/call", {"name": "environment", "arguments": {}}), **task)
        )
        return None if said["result"].get("isError") else said["result"]["content"][0]["text"]

    given = json.loads(eventually(called, "the tool is there"))
    given.pop("LC_CTYPE", None)
    assert given == {"ORDERS": "7", "SECRET": "of the program"}


def test_a_program_that_ends_is_started_again_but_not_for_ever(line: Line) -> None:
    found = {"name": "end", "inputSchema": {"type": "object"}, "description": "End."}
    hint = {"annotations": {"readOnlyHint": True}}
    line.tools.define([*json.loads((line.tools.folder / "tools.json").read_text()), found | hint])
    task = {"assent-task": "end it again and again"}
    said = []
    for _ in range(5):
        answer = line.send(asks("tools/call", {"name": "end", "arguments": {}}), **task)
        result = mcp_world.message_in(answer)["result"]
        assert result["isError"] is True
        said.append(result["content"][0]["text"])
    assert said[0] == "`near` ended before it answered"
    assert said[-1] == "`near` ended 3 times in a minute; try again in one"


def test_a_client_that_hangs_up_while_its_call_is_held_finds_it_again(line: Line) -> None:
    given = {"number": 4, "text": "impatient"}
    call = asks("tools/call", {"name": "add_note", "arguments": given}, 77)
    headers = {"authorization": f"Bearer {line.token}", "mcp-session-id": line.session}
    headers |= {"accept": "application/json", "content-type": "application/json"}
    address = mcp_world.url_of(line.gateway, "near")
    with pytest.raises(httpx2.TimeoutException):
        httpx2.post(address, json=call, headers=headers, timeout=2, trust_env=False)
    request = mcp_world.asked(line.gateway, '"text":"impatient"')
    line.gateway.approve(request, "ben")
    assert line.tools.called("add_note") == []
    assert line.answer(call)["result"]["isError"] is False
    assert line.tools.called("add_note") == [given]
    assert line.gateway.wait_until(request, "completed", name="ben")


def test_a_call_that_is_taken_back_is_answered_by_nothing(line: Line) -> None:
    call = asks("tools/call", {"name": "slow", "arguments": {"seconds": 20}}, "slow-1")
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(line.send, call)
        eventually(lambda: line.tools.called("slow"), "it is under way")
        said = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
        taken_back = line.send({**said, "params": {"requestId": "slow-1"}})
        assert taken_back.status_code == 202
        assert calling.result(5).status_code == 202
    assert line.answer(asks("ping"))["result"] == {}
