"""A bundle is whole or has no checkpoint, and exporters are shown as they stand."""

import builtins
import json
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from assent.__main__ import run
from assent.cli.exit_codes import ExitCode
from exported_events import some_events
from unit.cli.fake_server import FakeServer

Capture = pytest.CaptureFixture[str]
PERIOD = ["--since", "2026-11-01", "--until", "2026-12-01"]


def row(index: int, event: Mapping[str, Any]) -> dict[str, Any]:
    hashes = [b64encode(b"\x00" * 32).decode()]
    return {"index": index, "leaf": b64encode(b"{}").decode(), "hashes": hashes, "event": event}


def serve(server: FakeServer, rows: list[dict[str, Any]], end: int) -> None:
    begun = {"first": 0, "end": end, "size": 9, "checkpoint": "a note\n", "keys": ["key 1"]}
    server.answer("POST /v1/audit/bundle", 200, begun)
    server.answer("GET /v1/audit/bundle/rows", 200, {"rows": rows})


def test_a_bundle_has_a_line_for_every_event_and_every_proof(
    signed_in: FakeServer, tmp_path: Path, capsys: Capture
) -> None:
    events = some_events(3)
    serve(signed_in, [row(number, one) for number, one in enumerate(events)], 3)
    folder = tmp_path / "period"
    assert run(["audit", "bundle", str(folder), *PERIOD, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == 3
    lines = (folder / "events.jsonl").read_text().splitlines()
    assert [json.loads(one) for one in lines] == events
    proofs = [json.loads(one) for one in (folder / "proofs.jsonl").read_text().splitlines()]
    assert [one["index"] for one in proofs] == [0, 1, 2]
    assert (folder / "checkpoint").read_text() == "a note\n"
    assert (folder / "key").read_text() == "key 1\n"
    assert json.loads((folder / "bundle.json").read_text())["end"] == 3


def test_a_table_has_the_same_events_by_columns(
    signed_in: FakeServer, tmp_path: Path, capsys: Capture
) -> None:
    events = some_events(3)
    serve(signed_in, [row(number, one) for number, one in enumerate(events)], 3)
    folder = tmp_path / "period"
    assert run(["audit", "bundle", str(folder), *PERIOD, "--format", "parquet"]) == 0
    capsys.readouterr()
    table = pyarrow.parquet.read_table(folder / "events.parquet").to_pylist()
    assert [json.loads(one["event"]) for one in table] == events
    assert [one["kind"] for one in table] == ["login"] * 3
    assert [one["index"] for one in table] == [0, 1, 2]
    assert {one["subject_name"] for one in table} == {"ana"}


def test_a_row_that_is_gone_ends_it_without_a_checkpoint(
    signed_in: FakeServer, tmp_path: Path, capsys: Capture
) -> None:
    first, second = some_events(2)
    serve(signed_in, [row(0, first), row(2, second)], 3)
    folder = tmp_path / "period"
    assert run(["audit", "bundle", str(folder), *PERIOD]) == ExitCode.OUTSIDE
    assert "no entry 1 any more" in capsys.readouterr().err
    assert not (folder / "checkpoint").exists()


def test_a_folder_with_something_in_it_is_left_alone(
    signed_in: FakeServer, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "mine").write_text("keep")
    assert run(["audit", "bundle", str(tmp_path), *PERIOD]) == ExitCode.USAGE
    assert "holds something already" in capsys.readouterr().err
    assert not signed_in.asked


def test_without_the_library_a_table_is_refused_before_anything_is_asked(
    signed_in: FakeServer, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = builtins.__import__

    def without(name: str, *more: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return usual(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    words = ["audit", "bundle", str(tmp_path / "period"), *PERIOD, "--format", "parquet"]
    assert run(words) == ExitCode.USAGE
    assert "assent[parquet]" in capsys.readouterr().err
    assert not signed_in.asked


def test_exporters_are_shown_with_what_is_wrong(signed_in: FakeServer, capsys: Capture) -> None:
    one = {
        "name": "siem", "kind": "syslog", "position": 5, "behind": 7, "sent": 5, "refused": 2,
        "passed_over": 1, "last_error": "cannot be reached", "last_error_at": None,
        "last_sent_at": None,
    }  # fmt: skip
    signed_in.answer("GET /v1/audit/exporters", 200, {"items": [one]})
    assert run(["audit", "exporters"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("siem", "syslog", "5", "7", "not since", "cannot be", "2 events", "1 entry"):
        assert words in shown
    assert run(["audit", "exporters", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["items"] == [one]
