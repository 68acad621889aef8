"""MCP keeps what the spine promises, with the official SDK on both sides."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import mcp_world
from assent.demo.world import World
from conformance.protocol_suite import (
    BRIEF,
    HELD,
    LAWS,
    LONG,
    PERMITTED,
    REFUSED,
    UNKEPT,
    UNREAD,
    Law,
    Outcome,
    Stage,
    basic_policies,
    held_policies,
    staged,
    stops_with_words_and_goes_on_after_a_restart,
)
from gateway_world import Gateway, Loop
from http_world import token_of
from mcp_world import Tools, text_of, tools_in

NAMES = {
    PERMITTED: "free", REFUSED: "closed", HELD: "held", BRIEF: "brief", UNKEPT: "unkept",
    LONG: "slow", UNREAD: "nobody_knows",
}  # fmt: skip
OWN = """
@id("suite.admit")
permit (principal, action == Action::"tool.admit", resource);

@id("suite.call")
permit (principal in Group::"engineers", action == Action::"tool.call", resource)
when { resource == Tool::"tools/free" || resource == Tool::"tools/held" ||
  resource == Tool::"tools/brief" || resource == Tool::"tools/slow" };

@id("suite.unkept") @max_rows("10")
permit (principal in Group::"engineers", action == Action::"tool.call",
  resource == Tool::"tools/unkept");
"""


@dataclass
class McpClient:
    """The SDK's client, for one call."""

    gateway: Gateway
    token: str
    loop: Loop
    calling: Future[Outcome] | None = None

    def do(self, kind: str, mark: str) -> Outcome:
        self.calling = self.loop.begin(self._call(kind, mark))
        try:
            return self.calling.result(60)
        except CancelledError:
            return Outcome(False, "it hung up")

    async def _call(self, kind: str, mark: str) -> Outcome:
        given: dict[str, Any] = {"seconds": 600} if kind == LONG else {"mark": mark}
        try:
            async with mcp_world.agent(self.gateway, "tools", self.token, mode="legacy") as client:
                answer = await client.call_tool(NAMES[kind], given)
                return Outcome(not answer.is_error, text_of(answer))
        except asyncio.CancelledError:
            raise
        except BaseExceptionGroup as faults:
            return Outcome(False, str(faults.exceptions))
        except Exception as fault:
            # Of the SDK, which has one for each way in which a connection can end.
            return Outcome(False, str(fault) or type(fault).__name__)

    def hang_up(self) -> None:
        if self.calling is not None:
            self.calling.cancel()


class McpDriver:
    """A program with tools, started by the gateway. A call that is left goes on when sent again."""

    name, target, withdraws, takes_up = "mcp", "tools", False, True
    policies = (
        basic_policies("tools")
        + OWN
        + held_policies("tool.call", 'Tool::"tools/held"', 'Tool::"tools/brief"')
    )

    def __init__(self, tools: Tools, loop: Loop) -> None:
        self.tools, self.loop = tools, loop
        target = mcp_world.stdio_target("tools", tools)
        self.more = f'[http]\nlisten = "127.0.0.1:0"\n{target}'
        schema = {"type": "object", "properties": {"mark": {"type": "string"}}}
        tools.define(
            [{"name": NAMES[kind], "description": kind, "inputSchema": schema}
             for kind in NAMES if kind != UNREAD]
        )  # fmt: skip

    def client(self, gateway: Gateway, kind: str) -> McpClient:
        return McpClient(gateway, token_of(gateway, "ana"), self.loop)

    def text(self, kind: str, mark: str) -> str:
        return mark

    def reached(self, mark: str) -> int:
        return sum({"mark": mark} in self.tools.called(name) for name in NAMES.values())

    def running(self) -> int:
        return len(self.tools.processes()) if self.tools.called("slow") else 0


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[McpDriver]:
    loop = Loop()
    yield McpDriver(tools_in(tmp_path_factory.mktemp("suite") / "tools"), loop)
    loop.close()


@pytest.fixture(scope="module")
def stage(
    driver: McpDriver, template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("suite") / "world", template, driver) as running:
        yield running


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_laws_of_the_spine_hold(law: Law, stage: Stage) -> None:
    law(stage)


def test_it_stops_with_words_and_goes_on_after_a_restart(
    driver: McpDriver, template: World, tmp_path: Path
) -> None:
    stops_with_words_and_goes_on_after_a_restart(tmp_path / "world", template, driver)
