"""The command that measures the risk engine: exit codes, text and JSON."""

import json
import sys
from pathlib import Path

import pytest
from cyclopts import App

from assent.__main__ import run
from assent.cli.risk_evaluate import evaluate
from unit.evaluation.evaluation_builders import a_line, write

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _mounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command alone, with the settings that the application has."""
    app = App(
        name="assent", result_action="return_value", exit_on_error=False, print_error=False
    )  # fmt: skip
    app.command(evaluate)
    monkeypatch.setattr("assent.__main__.build", lambda: app)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    history = [a_line(at, f"u{at % 4}", features={"verb": f"v{at % 4}"}) for at in range(200)]
    usual = [
        a_line(at, f"u{at % 4}", features={"verb": f"v{at % 4}"}, session=f"s{at}", label=0)
        for at in range(200, 260)
    ]
    strange = [a_line(300 + at, f"u{at % 4}", features={"verb": "x"}, label=1) for at in range(4)]
    return write(tmp_path / "rows.jsonl", history + usual + strange)


def test_figures_are_printed_for_people(file: Path, capsys: Capture) -> None:
    assert run(["evaluate", str(file), "--peers", "freeman,new_value", "--bootstrap", "5"]) == 0
    out = capsys.readouterr().out
    assert "64 rows with a label, 4 attacks; 264 rows of 4 subjects" in out
    for words in ("AUC", "TPR at 1.7 %", "Brier", "\nassent ", "\nfreeman ", "\nnew_value "):
        assert words in out


def test_figures_are_printed_as_json_with_the_options_as_run(file: Path, capsys: Capture) -> None:
    words = ["--peers", "new_value", "--bootstrap", "0", "--by", "session", "--learn", "all"]
    options = ["--feedback", "none", "--train-until", "210"]
    assert run(["evaluate", str(file), *words, *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["n"], found["positives"]) == (54, 4)
    assert found["peers"]["new_value"]["auc"] == 1.0
    assert found["options"] == {
        "learn": "all", "feedback": "none", "train_until": 210, "by": "session",
        "bootstrap": 0, "peers": ["new_value"],
    }  # fmt: skip


def test_peers_whose_packages_are_missing_are_left_out_in_one_line_each(
    file: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "river.anomaly", None)
    monkeypatch.delitem(
        sys.modules, "assent.evaluation.peers.half_space_trees", raising=False
    )  # fmt: skip
    words = ["--peers", "freeman,half_space_trees", "--bootstrap", "0", "--json"]
    assert run(["evaluate", str(file), *words]) == 0
    captured = capsys.readouterr()
    assert list(json.loads(captured.out)["peers"]) == ["freeman"]
    assert captured.err == (
        "half_space_trees is left out: `river.anomaly` is not installed; "
        "`pip install assent[evaluate]` has it\n"
    )


def test_a_file_without_labels_says_that_nothing_was_measured(
    tmp_path: Path, capsys: Capture
) -> None:
    path = write(tmp_path / "f", [a_line(1)])
    assert run(["evaluate", str(path), "--peers", "none", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["auc"] is None
    assert "nothing was measured: no row after the training part has a label" in captured.err


def test_a_bad_row_is_a_fault_of_the_input(tmp_path: Path, capsys: Capture) -> None:
    path = write(tmp_path / "f", [a_line(1), a_line(2, label=7)])
    assert run(["evaluate", str(path), "--peers", "none"]) == 2
    expected = f"assent: {path}:2: `label` is `7`; expected 0, 1 or null\n"
    assert capsys.readouterr().err == expected


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--peers", "nobody"], "`nobody` is no peer"),
        (["--train-until", "soon"], "--train-until: `soon` is no instant"),
        (["--train-until", "2026-01-01T00:00:00Z"], "--train-until: `2026-01-01 00:00:00+00:00`"),
        (["--learn", "some"], "some"),
        (["--by", "group"], "group"),
        (["--bootstrap", "-1"], "--bootstrap"),
        (["--bootstrap", "10001"], "--bootstrap"),
    ],
)
def test_a_bad_option_is_a_fault_of_the_input(
    words: list[str], told: str, file: Path, capsys: Capture
) -> None:
    assert run(["evaluate", str(file), *words]) == 2
    assert told in capsys.readouterr().err


def test_a_missing_file_is_outside(tmp_path: Path, capsys: Capture) -> None:
    assert run(["evaluate", str(tmp_path / "nothing"), "--peers", "none"]) == 6
    assert "nothing`: no such file or directory" in capsys.readouterr().err
