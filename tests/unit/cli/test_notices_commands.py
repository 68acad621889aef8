"""`assent notices`: what people see, and what programs read."""

import json
from typing import Any

import pytest

from assent.__main__ import run
from unit.cli.fake_server import FakeServer

Capture = pytest.CaptureFixture[str]
NOTICE: dict[str, Any] = {
    "id": "ntc_1",
    "channel": "chat",
    "topic": "request.asked",
    "headline": "needs your assent: tim: access on shop",
    "to": ["ben"],
    "request": "req_1",
    "at": "2026-11-21T12:00:00Z",
    "attempts": 24,
    "due_at": None,
    "error": "the chat cannot be reached",
}


def test_what_was_given_up_is_listed_with_what_to_do(
    signed_in: FakeServer, capsys: Capture
) -> None:
    signed_in.answer("GET /v1/notices", 200, {"items": [NOTICE]})
    assert run(["notices", "dead"]) == 0
    printed = capsys.readouterr()
    assert "ntc_1" in printed.out
    assert "the chat cannot be reached" in printed.out
    assert "assent notices retry NOTICE" in printed.err
    assert run(["notices", "dead", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"items": [NOTICE]}


def test_where_nothing_was_given_up_it_says_so(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("GET /v1/notices", 200, {"items": []})
    assert run(["notices", "dead"]) == 0
    assert "nothing was given up" in capsys.readouterr().out


def test_a_notice_is_tried_again(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("POST /v1/notices/ntc_1/retry", 200, {"items": [NOTICE]})
    assert run(["notices", "retry", "ntc_1"]) == 0
    assert "tried again by: chat" in capsys.readouterr().out
    assert run(["notices", "retry", "ntc_1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"] == [NOTICE]
