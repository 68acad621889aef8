"""An export is fetched once, continued later, and never mixed with another log's."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from assent.__main__ import run
from assent.audit.tiles import TILE_WIDTH, bundle_path, payloads_path, tile_path
from assent.cli.audit_export import steps
from assent.cli.exit_codes import ExitCode
from unit.cli.fake_server import FakeServer

Capture = pytest.CaptureFixture[str]
FULL = {
    tile_path(0, 0): b"tile",
    bundle_path(0): b"bundle",
    payloads_path(0): b"payloads",
    tile_path(1, 0, 1): b"above",
}
SMALL = {
    tile_path(0, 0, 9): b"nine",
    bundle_path(0, 9): b"nine leaves",
    payloads_path(0): b"few",
    "checkpoints/9": b"note 9",
    "checkpoint": b"note 9",
    "key": b"key 1\n",
}
LARGE = {
    **FULL,
    tile_path(0, 1, 3): b"three",
    bundle_path(1, 3): b"three leaves",
    payloads_path(1): b"",
    "checkpoints/9": b"note 9",
    "checkpoints/259": b"note 259",
    "checkpoint": b"note 259",
    "key": b"key 1\nkey 2\n",
}
LISTED = b"checkpoint\ncheckpoints/259\ncheckpoints/9\nkey\n"


def _serve(server: FakeServer, files: Mapping[str, bytes]) -> None:
    server.answers.clear()
    server.asked.clear()
    server.answer("GET /v1/audit/export", 200, {"names": list(files)})
    for name, content in files.items():
        server.answer(f"GET /v1/audit/export/{name}", 200, content)


def _held(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _fetched(server: FakeServer) -> list[str]:
    prefix = "/v1/audit/export/"
    return [each.path.removeprefix(prefix) for each in server.asked if prefix in each.path]


def test_an_export_that_grew_is_continued_and_what_never_changes_is_left(
    signed_in: FakeServer, tmp_path: Path
) -> None:
    folder = tmp_path / "log"
    _serve(signed_in, SMALL)
    assert run(["audit", "export", str(folder)]) == 0
    assert _held(folder) == {**SMALL, "files": b"checkpoint\ncheckpoints/9\nkey\n"}
    _serve(signed_in, LARGE)
    assert run(["audit", "export", str(folder)]) == 0
    assert _held(folder) == {**LARGE, "files": LISTED}
    _serve(signed_in, LARGE)
    assert run(["audit", "export", str(folder)]) == 0
    assert _held(folder) == {**LARGE, "files": LISTED}
    again = set(_fetched(signed_in))
    assert not again & {tile_path(0, 0), bundle_path(0), payloads_path(0)}
    assert payloads_path(1) in again


def test_a_checkpoint_comes_only_behind_all_that_it_covers(
    signed_in: FakeServer, tmp_path: Path
) -> None:
    folder = tmp_path / "log"
    _serve(signed_in, LARGE)
    signed_in.answers.pop(f"GET /v1/audit/export/{tile_path(0, 0)}")
    assert run(["audit", "export", str(folder)]) == ExitCode.MISSING
    assert "checkpoint" not in _held(folder)
    _serve(signed_in, LARGE)
    assert run(["audit", "export", str(folder)]) == 0
    assert _held(folder) == {**LARGE, "files": LISTED}
    assert _fetched(signed_in)[-2:] == ["key", "checkpoint"]


def test_what_went_meanwhile_is_told_and_does_not_stop_the_rest(
    signed_in: FakeServer, tmp_path: Path, capsys: Capture
) -> None:
    folder = tmp_path / "log"
    _serve(signed_in, SMALL)
    signed_in.answers.pop("GET /v1/audit/export/checkpoints/9")
    assert run(["audit", "export", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["gone"] == ["checkpoints/9"]
    assert "checkpoint" in _held(folder)


def test_the_export_of_another_log_is_not_continued(
    signed_in: FakeServer, tmp_path: Path, capsys: Capture
) -> None:
    folder = tmp_path / "log"
    _serve(signed_in, SMALL)
    assert run(["audit", "export", str(folder)]) == 0
    _serve(signed_in, {**SMALL, "key": b"another key\n"})
    assert run(["audit", "export", str(folder)]) == ExitCode.USAGE
    assert "another log" in capsys.readouterr().err
    assert _held(folder) == {**SMALL, "files": b"checkpoint\ncheckpoints/9\nkey\n"}


def test_keys_are_asked_for_and_do_not_stay_behind(signed_in: FakeServer, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    _serve(signed_in, {**SMALL, "keys.jsonl": b"{}\n"})
    assert run(["audit", "export", str(folder), "--with-keys", "--with-recordings"]) == 0
    assert signed_in.asked[0].query == "keys=true&recordings=true"
    assert _held(folder)["keys.jsonl"] == b"{}\n"
    _serve(signed_in, SMALL)
    assert run(["audit", "export", str(folder)]) == 0
    assert "keys.jsonl" not in _held(folder)


def test_payloads_come_before_their_bundle_so_that_it_tells_of_them(tmp_path: Path) -> None:
    assert TILE_WIDTH == 256
    wanted = steps(tmp_path, list(LARGE))
    assert [payloads_path(0), bundle_path(0)] in wanted
    assert [payloads_path(1), bundle_path(1, 3)] in wanted
    there = tmp_path / bundle_path(0)
    there.parent.mkdir(parents=True)
    there.write_bytes(b"bundle")
    left = [name for step in steps(tmp_path, list(LARGE)) for name in step]
    assert payloads_path(0) not in left
    assert payloads_path(1) in left
