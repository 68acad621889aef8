"""What a target's page shows of its protocol: options without secrets, tools that wait first."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from assent.core.ids import RequestId, TargetId
from assent.core.resource import Target
from assent.core.tool_pin import ToolPin
from assent.web.target_tools import options_of, tools_of

AT = datetime(2026, 3, 4, tzinfo=UTC)
TARGET = Target(TargetId("t"), "orders", "mcp", "", 0, "", "", "")
PIN = ToolPin(TARGET.id, "find", AT, "sha256:a", "{}", AT)


def test_options_are_shown_without_what_may_be_secret_or_the_servers_own() -> None:
    said = {"url": "http://x", "command": ("run", "--key=1"), "login": "key", "hosts": ("a@b",)}
    assert options_of(replace(TARGET, options=said)) == (("login", "key"), ("url", "http://x"))


async def test_tools_that_wait_come_first_and_lead_to_their_request() -> None:
    changed = replace(PIN, name="put", waiting_digest="sha256:b", request=RequestId("req_1"))
    new = ToolPin(TARGET.id, "drop", AT, waiting_digest="sha256:c")

    async def of(_: TargetId) -> dict[str, ToolPin]:
        return {one.name: one for one in (PIN, changed, new)}

    plane = cast(Any, SimpleNamespace(tool_pins=SimpleNamespace(of=of)))
    found = await tools_of(plane, TARGET)
    assert [(one.name, one.words, one.request, one.waits) for one in found] == [
        ("put", "changed: called by nobody", "req_1", True),
        ("drop", "new: called by nobody", "", False),
        ("find", "may be called", "", False),
    ]
    assert await tools_of(plane, replace(TARGET, protocol="http")) == ()
