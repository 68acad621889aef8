"""The commands of plans, against a server that answers as it is told."""

from pathlib import Path
from typing import Any

import pytest

from assent.__main__ import run
from unit.cli.fake_server import REQUEST_ID, FakeServer, request_json

Capture = pytest.CaptureFixture[str]
PLAN: dict[str, Any] = {
    "id": "grt_1",
    "database": "shop",
    "grant": {
        "subject": "ana",
        "target": "shop",
        "state": "active",
        "starts_at": "2026-11-22T10:00:00.000000Z",
        "ends_at": "2026-11-22T12:00:00.000000Z",
        "revoked_at": None,
        "window": "",
        "reason": "the clean-up",
        "request": REQUEST_ID,
    },
    "texts": [{"text": "delete\n from orders", "times": 3, "used": 1}],
}


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "clean-up.sql"
    path.write_text("delete from orders;", encoding="utf-8")
    return str(path)


def test_a_file_is_proposed_as_it_is(signed_in: FakeServer, capsys: Capture, file: str) -> None:
    signed_in.answer("POST /v1/plans", 201, request_json(kind="action", state="pending"))
    words = ["--reason", "the clean-up", "--until", "2026-12-01T06:00:00+00:00", "--times", "2"]
    assert run(["plan", "propose", "shop", file, *words, "--from", "2h"]) == 0
    body = signed_in.asked[0].body
    assert body["text"] == "delete from orders;"
    assert (body["ends_at"], body["times"]) == ("2026-12-01T06:00:00Z", 2)
    assert body["starts_at"].endswith("Z")
    assert REQUEST_ID in capsys.readouterr().out


def test_a_plan_that_needs_nobody_stands_at_once(
    signed_in: FakeServer, capsys: Capture, file: str
) -> None:
    done = request_json(kind="action", state="completed", grant="grt_1")
    signed_in.answer("POST /v1/plans", 201, done)
    assert run(["plan", "propose", "shop", file, "--reason", "x", "--until", "2h"]) == 0
    said = capsys.readouterr()
    assert "the plan stands: grt_1" in said.out
    assert "assent plans show grt_1" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ["nothing.sql", "--reason", "x", "--until", "2h"],
        ["FILE", "--reason", "x", "--until", "tonight"],
        ["FILE", "--reason", "x"],
        ["FILE", "--until", "2h"],
    ],
)
def test_what_is_missing_is_said_before_anything_is_sent(
    signed_in: FakeServer, file: str, words: list[str]
) -> None:
    words = [file if word == "FILE" else word for word in words]
    assert run(["plan", "propose", "shop", *words]) == 2
    assert signed_in.asked == []


def test_plans_are_listed_shown_and_revoked(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("GET /v1/plans", 200, {"items": [PLAN]})
    signed_in.answer("GET /v1/plans/grt_1", 200, PLAN)
    ended = {"id": "grt_1", "subject": "ana", "target": "shop"}
    signed_in.answer("POST /v1/grants/grt_1/revoke", 200, ended)
    assert run(["plans", "list"]) == 0
    assert "grt_1" in capsys.readouterr().out
    assert run(["plans", "show", "grt_1"]) == 0
    assert "1 of 3: delete from orders" in capsys.readouterr().out
    assert run(["plans", "revoke", "grt_1", "--because", "done"]) == 0
    assert capsys.readouterr().out == "revoked: plan grt_1 of ana on shop\n"
    assert signed_in.asked[-1].body == {"because": "done"}
