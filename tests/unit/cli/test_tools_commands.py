"""`assent tools`: what people see, and what programs read."""

import json

import pytest

from assent.__main__ import run
from unit.cli.fake_server import FakeServer

TOOL = {
    "name": "wipe",
    "state": "changed",
    "digest": "sha256:0123456789abcdef",
    "admitted_at": "2026-11-21T12:00:00Z",
    "waiting_digest": "sha256:fedcba9876543210",
    "request": "req_1",
    "seen_at": "2026-11-21T12:00:00Z",
}
PATH = "/v1/targets/orders/tools"


def test_tools_are_listed_with_whether_they_may_be_called(
    signed_in: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_in.answer(f"GET {PATH}", 200, {"items": [TOOL]})
    assert run(["tools", "orders"]) == 0
    printed = capsys.readouterr().out
    assert "sha256:0123456789ab" in printed
    assert "changed" in printed
    assert run(["tools", "orders", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"items": [TOOL]}


def test_where_no_agent_was_yet_that_is_said(
    signed_in: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_in.answer(f"GET {PATH}", 200, {"items": []})
    assert run(["tools", "orders"]) == 0
    assert "no agent has looked at the tools of orders yet" in capsys.readouterr().out
