"""Failing closed: agents who do many things at once, and the books that are kept of them."""

import asyncio
import gc
from types import SimpleNamespace
from typing import Any, cast

import pytest

from assent.core.faults import ConflictFault
from assent.gateway.mcp import channel
from assent.gateway.mcp.desks import Desk
from assent.gateway.mcp.sessions import MOST_OF_ONE, Desks
from assent.protocols.mcp.definitions import definition_of
from assent.protocols.mcp.messages import Message

SAID = {"name": "read_order", "inputSchema": {}, "annotations": {"readOnlyHint": True}}


class Pins:
    """All tools are admitted as they are."""

    def when_admitted(self, heard: object) -> None:
        """Hear of nothing."""

    async def look(self, live: object, tools: object) -> None:
        """Admit them."""
        await asyncio.sleep(0)

    async def of(self, target: object) -> dict[str, Any]:
        """Return what is admitted."""
        definition = definition_of(SAID)
        assert definition is not None
        return {"read_order": SimpleNamespace(digest=definition.digest, request="")}


class Server:
    """Says what its tools are once it is let."""

    name = "near"

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.asked = 0

    async def ask(self, method: str, params: object, within_s: float) -> Message:
        """Return its tools."""
        self.asked += 1
        await self.may.wait()
        return Message(id=1, result={"tools": [SAID]})

    async def close(self) -> None:
        """Be let go of."""


def desk_of(server: Server) -> Desk:
    live: Any = SimpleNamespace(target=SimpleNamespace(id="tgt_1"))
    reach: Any = None
    desk = Desk(live, cast(Any, Pins()), reach, lambda: "1", lambda what: None)
    desk.brought(cast(Any, server))
    return desk


async def test_a_call_waits_for_the_list_that_another_one_asked_for() -> None:
    server = Server()
    desk = desk_of(server)
    first = asyncio.ensure_future(desk.tool("read_order"))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(desk.tool("read_order"))
    await asyncio.sleep(0)
    server.may.set()
    for found, why in await asyncio.gather(first, second):
        assert found is not None, why
    assert server.asked == 1


async def test_a_list_that_changed_while_it_was_asked_for_is_asked_for_again() -> None:
    server = Server()
    desk = desk_of(server)
    first = asyncio.ensure_future(desk.tool("read_order"))
    await asyncio.sleep(0)
    desk.changed("tools")
    server.may.set()
    await first
    await desk.tool("read_order")
    assert server.asked == 2


async def test_sessions_of_one_token_are_counted_however_many_come_at_once() -> None:
    plane: Any = SimpleNamespace(tool_pins=Pins())
    unused: Any = None
    desks = Desks(plane, unused, lambda: "1", unused, unused)

    async def lease() -> Any:
        await asyncio.sleep(0)
        return SimpleNamespace(password=SimpleNamespace(reveal=lambda: "x"))

    def visit() -> Any:
        options = {"command": ("/bin/true",), "environment": ("SECRET={password}",)}
        target = SimpleNamespace(id="tgt_1", name="near", options=options)
        live = SimpleNamespace(target=target)
        opened = SimpleNamespace(live=live, lease=lease)
        caller = SimpleNamespace(token_digest="one")
        return VisitLike(caller, target, opened)

    async def come() -> bool:
        try:
            await desks.of(cast(Any, visit()))
        except ConflictFault:
            return False
        return True

    came = await asyncio.gather(*(come() for _ in range(3 * MOST_OF_ONE)))
    assert came.count(True) == MOST_OF_ONE
    await desks.stop()


async def test_a_session_that_is_over_is_given_no_server() -> None:
    plane: Any = SimpleNamespace(tool_pins=Pins())
    unused: Any = None
    desks = Desks(plane, unused, lambda: "1", unused, unused)
    over = VisitLike(None, None, None)
    over.over = "it was cut"
    with pytest.raises(ConflictFault, match="it was cut"):
        await desks.of(cast(Any, over))
    assert not desks._opening


class VisitLike:
    """In place of a visit."""

    over = ""

    def __init__(self, caller: Any, target: Any, opened: Any) -> None:
        self.caller, self.target, self.opened = caller, target, opened


async def test_a_stream_that_is_dropped_full_as_it_is_ends_and_is_no_fault_of_anybody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began: list[str] = []

    async def begun_stream(request: object) -> Any:
        began.append("it")
        raise ConnectionResetError("the client is gone")

    faults: list[Any] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: faults.append(context))
    monkeypatch.setattr(channel, "begun_stream", begun_stream)
    said = channel.Channel(cast(Any, None), takes_events=True)
    for number in range(2_000):
        said.say({"number": number})
    said.drop()
    del said
    for _ in range(5):
        await asyncio.sleep(0)
    gc.collect()
    assert began == ["it"]
    assert faults == []
