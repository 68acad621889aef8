"""The command as an outsider runs it: what it prints, and what it exits with."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from assent_verify.__main__ import USAGE, main
from assent_verify.progress import Bar
from unit.assent_verify.exports import (
    KEY,
    WITNESS,
    SigningKey,
    a_leaf,
    a_log,
    a_note,
    an_export,
)
from unit.assent_verify.test_receipts import a_receipt

Capture = pytest.CaptureFixture[str]


def written(folder: Path, files: Mapping[str, bytes]) -> str:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return str(folder)


@pytest.fixture
def export(tmp_path: Path) -> str:
    return written(tmp_path / "export", an_export(a_log(300), [256], keys=[KEY, WITNESS]))


def a_policy(folder: Path, quorum: str = "one") -> str:
    path = folder / "trust.txt"
    lines = [f"log {KEY.text}", f"witness one {WITNESS.text}", f"quorum {quorum}", ""]
    path.write_text("\n".join(lines))
    return str(path)


def test_a_good_export_is_said_to_be_good(export: str, capsys: Capture) -> None:
    assert main(["log", export, "--key", KEY.text]) == 0
    said = capsys.readouterr().out
    assert said.startswith("1 notes and keys: ok (C2SP signed-note")
    assert said.endswith("good: 300 entries are what was signed\n")


def test_the_report_is_json_where_that_is_asked_for(
    export: str, tmp_path: Path, capsys: Capture
) -> None:
    assert main(["log", export, "--policy", a_policy(tmp_path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["good"], report["size"], report["witnessed"]) == (True, 300, 300)
    assert [check["number"] for check in report["checks"]] == list(range(1, 14))


def test_every_exit_code_has_its_export(export: str, tmp_path: Path, capsys: Capture) -> None:
    trust = ["--policy", a_policy(tmp_path)]
    late = ["--fresh-within", "1h", "--at", "2026-11-23T12:00:00Z"]
    assert main(["log", export, *trust, *late]) == 3
    assert main(["log", export, "--key", SigningKey(seed=9).text]) == 4
    (Path(export) / "payload/001.jsonl").unlink()
    assert main(["log", export, *trust]) == 2
    (Path(export) / "tile/0/000").write_bytes(bytes(8192))
    assert main(["log", export, *trust]) == 1
    capsys.readouterr()


def test_what_the_reader_kept_is_compared(export: str, tmp_path: Path, capsys: Capture) -> None:
    kept = tmp_path / "kept"
    kept.write_text(a_note(a_log(100)))
    for option in ("--checkpoint", "--since"):
        assert main(["log", export, "--key", KEY.text, option, str(kept)]) == 0
    kept.write_text(a_note([*a_log(99), a_leaf(99, kind="logout")]))
    assert main(["log", export, "--key", KEY.text, "--checkpoint", str(kept)]) == 1
    said = capsys.readouterr().out
    assert f"does not continue `{kept}`" in said
    assert f"evidence, `{kept}`:" in said


def test_a_receipt_is_verified_alone_and_with_the_log(
    export: str, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "mine.tlog-proof").write_text(a_receipt(5, 11))
    (tmp_path / "mine.leaf").write_bytes(a_leaf(5))
    file = str(tmp_path / "mine.tlog-proof")
    assert main(["receipt", file, "--key", KEY.text]) == 0
    assert "`login` at 2026-11-22T12:00:00.005000Z, by `sub_ana`" in capsys.readouterr().out
    assert main(["log", export, "--key", KEY.text, "--receipt", file]) == 0
    (tmp_path / "mine.leaf").write_bytes(a_leaf(6))
    assert main(["receipt", file, "--key", KEY.text]) == 1
    assert main(["log", export, "--key", KEY.text, "--receipt", file]) == 1
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "arguments are required"),
        (["log"], "arguments are required"),
        (["log", "/nowhere/at/all"], "neither a folder nor"),
        (["log", ".", "--key", "x"], "is not a verifier key"),
        (["log", ".", "--policy", "/nowhere"], "cannot be read"),
        (["log", ".", "--key", KEY.text, "--policy", "x"], "not allowed with"),
        (["log", ".", "--key", KEY.text, "--checkpoint", "/nowhere"], "cannot be read"),
        (["log", ".", "--key", KEY.text, "--fresh-within", "1 hour"], "not a time"),
        (["log", ".", "--key", KEY.text, "--at", "noon"], "not a moment"),
        (["log", ".", "--key", KEY.text, "--workers", "0"], "not a number"),
        (["log", ".", "--key", KEY.text, "--authority", __file__], "no certificate"),
        (["receipt", __file__], "is no receipt"),
    ],
)
def test_what_is_not_understood_is_said_in_a_sentence(
    arguments: list[str], expected: str, capsys: Capture
) -> None:
    assert main(arguments) == USAGE
    said = capsys.readouterr().err
    assert expected in said
    assert said.startswith("assent-verify: ")


def test_help_teaches(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    said = capsys.readouterr().out
    assert "3  stale" in said
    assert "must come from somebody you trust" in said


def test_what_an_export_says_does_not_steer_the_terminal(tmp_path: Path, capsys: Capture) -> None:
    leaves = [a_leaf(0), a_leaf(1, id="ent_\x1b[2J")]
    leaves.append(a_leaf(2, id="ent_\x1b[2J"))
    assert main(["log", written(tmp_path, an_export(leaves)), "--key", KEY.text]) == 1
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\\u001b[2J" in said


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def web(export: str) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=export))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_web_folder_is_verified_as_it_lies_there(
    web: str, export: str, tmp_path: Path, capsys: Capture
) -> None:
    kept = tmp_path / "kept"
    kept.write_text(a_note(a_log(100)))
    trust = ["--policy", a_policy(tmp_path), "--checkpoint", str(kept)]
    assert main(["log", web, *trust]) == 0
    (Path(export) / "tile/entries/000").unlink()
    assert main(["log", web, *trust]) == 2
    assert "`tile/entries/000` is missing" in capsys.readouterr().out


def test_of_a_web_folder_the_files_that_it_lists_are_read_too(
    web: str, export: str, tmp_path: Path, capsys: Capture
) -> None:
    trust = ["--policy", a_policy(tmp_path)]
    forged = Path(export) / "checkpoints/7"
    forged.write_text(a_note(a_log(8)[1:]))
    assert main(["log", web, *trust]) == 0, "nobody said that it is there"
    (Path(export) / "files").write_text("checkpoints/7\ncheckpoints/8\n../key\n")
    capsys.readouterr()
    assert main(["log", web, *trust]) == 1
    said = capsys.readouterr().out
    assert "checkpoints/7" in said
    assert "`checkpoints/8` is missing" in said
    assert "`../key` is not part of the export" in said


def test_a_server_that_is_away_is_said_to_be(capsys: Capture) -> None:
    assert main(["log", "http://127.0.0.1:1/", "--key", KEY.text]) == USAGE
    assert "cannot be fetched" in capsys.readouterr().err


class _Terminal:
    def __init__(self, is_terminal: bool) -> None:
        self.said = ""
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> int:
        self.said += text
        return len(text)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize(("is_terminal", "expected"), [(True, "[#######"), (False, "50 of 100")])
def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere(
    is_terminal: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([0.0, 20.0, 40.0])
    monkeypatch.setattr("assent_verify.progress.monotonic", lambda: next(times))
    out = _Terminal(is_terminal)
    with Bar(out) as bar:  # type: ignore[arg-type]
        bar.show(50, 100)
        bar.show(100, 100)
    assert expected in out.said
