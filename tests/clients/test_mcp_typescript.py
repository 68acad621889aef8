"""Agents by the official TypeScript SDKs, of the handshakes and of both eras."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

import gateway_world
import mcp_world
from assent.demo.world import World
from mcp_world import ROOT


@pytest.fixture(scope="module")
def near(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("typescript")
    tools = mcp_world.tools_in(folder / "near")
    targets = mcp_world.stdio_target("near", tools)
    created = mcp_world.world(folder / "world", template, targets, mcp_world.POLICIES)
    with gateway_world.serving(created) as gateway:
        yield gateway, tools, mcp_world.token_of(gateway, "bot")


def begun(near: Any, sdk: str, tool: str, given: Any, pages: str = "") -> subprocess.Popen[str]:
    """Start an agent."""
    gateway, _, token = near
    own = {
        "SDK": sdk,
        "URL": mcp_world.url_of(gateway, "near"),
        "TOKEN": token,
        "TOOL": tool,
        "GIVEN": json.dumps(given),
        "PAGES": pages,
    }
    return subprocess.Popen(
        ["node", str(ROOT / "tests" / "mcp_agent.mjs")],
        env={**os.environ, **own},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(agent: subprocess.Popen[str]) -> Any:
    """Return what it printed."""
    try:
        out, err = agent.communicate(timeout=60)
    finally:
        agent.kill()
    assert agent.returncode == 0, err
    return json.loads(out)


@pytest.mark.parametrize("sdk", ["sdk", "client"])
def test_tools_are_listed_and_called(near: Any, sdk: str) -> None:
    found = said(begun(near, sdk, "customer", {"id": 7}))
    assert found["tools"] == ["read_order", "customer", "big", "slow", "add_note"]
    assert found["result"]["structuredContent"]["email"] == "m***@e***.org"


@pytest.mark.parametrize("sdk", ["sdk", "client"])
def test_a_refusal_is_a_result(near: Any, sdk: str) -> None:
    found = said(begun(near, sdk, "delete_orders", {"customer": "mia"}))
    assert found["result"]["isError"] is True
    assert found["result"]["structuredContent"]["code"] == "denied"


@pytest.mark.parametrize("sdk", ["sdk", "client"])
def test_a_held_call_goes_on_when_people_assent(near: Any, sdk: str) -> None:
    gateway, tools, _ = near
    given = {"number": 1, "text": f"held for {sdk}"}
    agent = begun(near, sdk, "add_note", given)
    request = mcp_world.asked(gateway, f"held for {sdk}")
    gateway.approve(request, "ben")
    found = said(agent)
    assert "isError" not in found["result"] or found["result"]["isError"] is False
    assert tools.called("add_note").count(given) == 1


def test_one_of_the_handshakes_that_opens_pages_is_sent_to_one(near: Any) -> None:
    found = said(begun(near, "sdk", "add_note", {"number": 2, "text": "pages"}, "yes"))
    assert found["error"]["code"] == -32042
    assert found["error"]["data"]["elicitations"][0]["mode"] == "url"


def test_one_of_both_eras_shows_the_page_and_comes_back(near: Any) -> None:
    gateway, tools, _ = near
    given = {"number": 3, "text": "both eras"}
    agent = begun(near, "client", "add_note", given, "yes")
    request = mcp_world.asked(gateway, "both eras")
    gateway.approve(request, "ben")
    found = said(agent)
    assert found["shown"][0].endswith(f"/requests/{request}")
    assert tools.called("add_note").count(given) == 1
