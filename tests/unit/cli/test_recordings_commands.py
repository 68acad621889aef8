"""`assent recordings`: what people see, what players get, and how it is said what is wrong."""

import json
from pathlib import Path
from typing import Any

import pytest

from assent.__main__ import run
from assent.recording.asciicast import decode_cast
from unit.cli.fake_server import FakeServer

Capture = pytest.CaptureFixture[str]
SESSION: dict[str, Any] = {
    "id": "ses_1",
    "subject": "ana",
    "target": "shop",
    "grant": "grt_1",
    "protocol": "postgres",
    "database": "shop",
    "client_address": "127.0.0.1",
    "application": "psql",
    "state": "closed",
    "opened_at": "2026-11-21T12:00:00Z",
    "ends_at": "2026-11-21T13:00:00Z",
    "ended_at": "2026-11-21T12:10:00Z",
    "ended_because": "the client hung up",
}
SEGMENT: dict[str, Any] = {
    "number": 1,
    "digest": "sha256:ab",
    "key": "dek_1",
    "bytes": 500,
    "frames": 2,
    "first_frame": 1,
    "first_sequence": 1,
    "last_sequence": 1,
}
CHECKED: dict[str, Any] = {
    "session": SESSION,
    "whole": True,
    "problems": [],
    "erased": [],
    "ended_frames": 2,
    "ended_segments": 1,
    "segments": [SEGMENT],
}
FRAMES: list[dict[str, Any]] = [
    {
        "sequence": 1,
        "at": "2026-11-21T12:00:01Z",
        "text": "select '\x1b[2J'",
        "parameters": [],
        "verdict": "permit",
        "entry": "ent_1",
        "request": "",
        "kind": "statement",
    },
    {
        "sequence": 1,
        "at": "2026-11-21T12:00:03Z",
        "event": "held",
        "detail": "req_1",
        "kind": "mark",
    },
]


def serve_frames(server: FakeServer) -> None:
    for number, frame in enumerate(FRAMES):
        page = {
            "session": SESSION,
            "frames": [{"number": number + 1, "frame": frame}],
            "after": 1 if number == 0 else None,
        }
        server.answer("GET /v1/recordings/ses_1/frames", 200, page)


def test_a_whole_one_is_said_to_be_whole(signed_in: FakeServer, capsys: Capture) -> None:
    signed_in.answer("GET /v1/recordings/ses_1", 200, CHECKED)
    assert run(["recordings", "show", "ses_1"]) == 0
    printed = capsys.readouterr().out
    assert "whole: 1 segment, each with the digest in the log, 2 frames to the end" in printed
    assert "sha256:ab" in printed
    assert run(["recordings", "show", "ses_1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == CHECKED


def test_one_that_is_not_says_why_and_exits_with_1(signed_in: FakeServer, capsys: Capture) -> None:
    problem = "segment 1: its digest is not the one in the log"
    changed = {**CHECKED, "whole": False, "problems": [problem], "erased": [1]}
    signed_in.answer("GET /v1/recordings/ses_1", 200, changed)
    assert run(["recordings", "show", "ses_1"]) == 1
    printed = capsys.readouterr().out
    assert "NOT whole" in printed
    assert problem in printed
    assert "destroyed" in printed
    assert run(["recordings", "show", "ses_1", "--json"]) == 1


def test_they_are_listed(signed_in: FakeServer, capsys: Capture) -> None:
    item = {"session": SESSION, "segments": 1, "frames": 2, "bytes": 500}
    signed_in.answer("GET /v1/recordings", 200, {"items": [item]})
    assert run(["recordings", "list"]) == 0
    assert "ses_1" in capsys.readouterr().out
    assert run(["recordings", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"items": [item]}


def test_it_is_played_from_all_pages_and_does_nothing_to_the_terminal(
    signed_in: FakeServer, capsys: Capture
) -> None:
    serve_frames(signed_in)
    assert run(["recordings", "play", "ses_1", "--speed", "0"]) == 0
    printed = capsys.readouterr().out
    assert "shop=> select '\\x1b[2J'" in printed
    assert ">>> held: req_1" in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize(("form", "version"), [("asciicast", 2), ("asciicast-v3", 3)])
def test_it_is_exported_for_players(
    signed_in: FakeServer, tmp_path: Path, form: str, version: int
) -> None:
    serve_frames(signed_in)
    file = tmp_path / "one.cast"
    assert run(["recordings", "export", "ses_1", "--format", form, "--to", str(file)]) == 0
    text = file.read_text("utf-8")
    assert json.loads(text.split("\n")[0])["version"] == version
    cast = decode_cast(text)
    assert [(event.at_us, event.code) for event in cast.events] == [
        (0, "o"),
        (2_000_000, "m"),
        (2_000_000, "o"),
    ]


def test_it_is_exported_frame_by_frame(signed_in: FakeServer, capsys: Capture) -> None:
    serve_frames(signed_in)
    assert run(["recordings", "export", "ses_1", "--format", "jsonl"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == FRAMES


def test_what_cannot_be_meant_is_said(signed_in: FakeServer, capsys: Capture) -> None:
    assert run(["recordings", "play", "ses_1", "--speed", "-1"]) == 2
    assert "--speed" in capsys.readouterr().err
    empty = {"session": SESSION, "frames": [], "after": None}
    signed_in.answer("GET /v1/recordings/ses_1/frames", 200, empty)
    assert run(["recordings", "play", "ses_1"]) == 2
    assert "nothing was recorded" in capsys.readouterr().err
