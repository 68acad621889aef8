"""A file in, a report out."""

import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from assent.core.faults import OperatorFault
from assent.evaluation.options import By, Options
from assent.evaluation.rows import Row
from assent.evaluation.run import STANDARD_INPUT, evaluate, own_engine
from assent.evaluation.scorer import LearnMode
from unit.evaluation.evaluation_builders import a_line, write


class Known:
    """Knows attacks by the magnitude `risk`, which is their probability too."""

    name = "known"

    def __init__(self, learn: LearnMode) -> None:
        self.learned = 0

    def score(self, row: Row) -> float:
        risk = row.features["risk"]
        assert isinstance(risk, float)
        return risk

    def learn(self, row: Row, *, label: int | None) -> None:
        self.learned += 1

    def probability(self, score: float) -> float:
        return score

    def subject_bytes(self, subject: str) -> int:
        return len(subject)


def lines() -> list[dict[str, Any]]:
    history = [a_line(0, "anabel", features={"risk": 1})]
    labelled = [
        a_line(at, "ana", session=f"s{at // 2}", features={"risk": at % 5 == 0}, label=at % 5 == 0)
        for at in range(1, 41)
    ]
    return history + [line | _numbers(line) for line in labelled]


def _numbers(line: dict[str, Any]) -> dict[str, Any]:
    return {"label": int(line["label"]), "features": {"risk": int(line["label"])}}


def test_a_file_is_measured(tmp_path: Path) -> None:
    report = evaluate(write(tmp_path / "f", lines()), Options(bootstrap=10), engine=Known)
    ours = report.ours
    assert (report.rows, report.subjects, ours.n, ours.positives) == (41, 2, 40, 8)
    assert (ours.figures.auc, ours.ece, ours.brier) == (1.0, 0.0, 0.0)
    assert ours.intervals["auc"] == (1.0, 1.0)
    assert ours.reapprovals["0.99"] == {"12": 0.0, "39": None}
    assert ours.bytes_per_subject == 4.5
    assert all(value is not None for value in (*ours.score_us, *ours.update_us))


def test_peers_are_measured_on_the_same_rows(tmp_path: Path) -> None:
    options = Options(bootstrap=0, peers=("new_value", "freeman"))
    report = evaluate(write(tmp_path / "f", lines()), options, engine=Known)
    assert [(peer.name, peer.n) for peer in report.peers] == [("new_value", 40), ("freeman", 40)]
    assert {peer.bytes_per_subject for peer in report.peers} == {None}


@pytest.mark.parametrize("by", By)
def test_standard_input_is_measured_like_a_file(
    by: By, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "f", lines())
    options = Options(bootstrap=0, by=by)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    found = evaluate(STANDARD_INPUT, options, engine=Known)
    assert found.ours.figures == evaluate(path, options, engine=Known).ours.figures


def test_a_pipe_is_measured_by_session_although_it_cannot_be_read_twice(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = "".join(json.dumps(line) + "\n" for line in lines())
    writer = threading.Thread(target=pipe.write_text, args=(content,))
    writer.start()
    report = evaluate(pipe, Options(bootstrap=0, by=By.SESSION), engine=Known)
    writer.join()
    assert report.ours.n == 21


@pytest.mark.parametrize("by", By)
def test_an_end_of_training_of_the_wrong_kind_is_told(by: By, tmp_path: Path) -> None:
    path = write(tmp_path / "f", [a_line("2026-01-01T00:00:00Z")])
    with pytest.raises(OperatorFault, match="--train-until: `5` cannot be compared"):
        evaluate(path, Options(train_until=5, by=by), engine=Known)


def test_a_fault_names_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "f", [{"at": 1}])
    with pytest.raises(OperatorFault) as caught:
        evaluate(path, Options(), engine=Known)
    assert caught.value.detail.startswith(f"{path}:1: `subject`")


def test_an_empty_file_has_no_figures(tmp_path: Path) -> None:
    report = evaluate(write(tmp_path / "f", []), Options(), engine=Known)
    assert (report.rows, report.ours.n, report.ours.figures.auc) == (0, 0, None)


def test_what_is_being_done_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    options = Options(bootstrap=1, by=By.SUBJECT)
    evaluate(write(tmp_path / "f", lines()), options, told.append, engine=Known)
    assert told == [
        "looking where blocks end", "computing figures", "1 of 1 samples for intervals",
    ]  # fmt: skip


def test_our_engine_is_the_one_that_is_measured() -> None:
    assert own_engine(LearnMode.TRUSTED).name == "assent"
