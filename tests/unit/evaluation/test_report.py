"""Reports as JSON and as tables."""

import json

from assent.evaluation.bootstrap import NAMES
from assent.evaluation.metrics import Item, Ranking, reapprovals
from assent.evaluation.options import Options
from assent.evaluation.report import (
    Report,
    Result,
    as_json,
    cost_table,
    figures_table,
    reapprovals_table,
)

KEYS = {
    "n", "positives", "auc", "average_precision", "tpr_at_0.1", "tpr_at_1", "tpr_at_1.7",
    "tpr_at_5", "intervals", "reapprovals", "ece", "brier", "score_p50_us", "score_p99_us",
    "update_p50_us", "update_p99_us", "bytes_per_subject",
}  # fmt: skip


def a_result(name: str, items: list[Item]) -> Result:
    return Result(
        name=name,
        n=len(items),
        positives=sum(one.positive for one in items),
        figures=Ranking(items).figures(),
        intervals=dict.fromkeys(NAMES) | {"auc": (1 / 3, 0.5)},
        reapprovals=reapprovals(items),
        ece=None,
        brier=None,
        score_us=(1.23456789, 2.0),
        update_us=(None, None),
        bytes_per_subject=None,
    )


def a_report(items: list[Item]) -> Report:
    ours, peer = a_result("assent", items), a_result("other", items)
    return Report(Options(train_until=3), 9, 2, ours, (peer,), {"third": "`x` is not installed"})


ITEMS = [Item(1.0, False, 0), Item(2.0, True, 1), Item(3.0, False, 0)]


def test_our_engine_is_at_the_top_level_and_peers_have_the_same_keys() -> None:
    found = as_json(a_report(ITEMS))
    others = {"peers", "peers_left_out", "rows", "subjects", "options"}
    assert set(found) == KEYS | others
    assert set(found["peers"]["other"]) == KEYS
    assert found["peers_left_out"] == {"third": "`x` is not installed"}


def test_numbers_have_six_digits() -> None:
    found = as_json(a_report(ITEMS))
    assert found["intervals"]["auc"] == [0.333333, 0.5]
    assert (found["auc"], found["score_p50_us"]) == (0.5, 1.234568)


def test_what_is_not_defined_is_null_and_never_nan() -> None:
    found = as_json(a_report([Item(1.0, False, 0)]))
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text)["auc"] is None
    assert found["reapprovals"]["0.98"] == {"12": None, "39": None}


def test_options_are_reported_as_run() -> None:
    assert as_json(a_report(ITEMS))["options"] == {
        "learn": "trusted", "feedback": "after", "train_until": 3, "by": "row",
        "bootstrap": 200, "peers": [],
    }  # fmt: skip


def test_tables_have_a_line_for_every_scorer() -> None:
    for table in (figures_table, reapprovals_table, cost_table):
        columns, rows = table(a_report(ITEMS))
        assert [row[0] for row in rows] == ["assent", "other"]
        assert {len(row) for row in rows} == {len(columns)}


def test_a_figure_stands_with_its_interval() -> None:
    assert figures_table(a_report(ITEMS))[1][0][1:3] == ("0.5000 (0.333–0.500)", "0.5000")


def test_what_is_not_defined_is_a_dash() -> None:
    _, rows = cost_table(a_report(ITEMS))
    assert rows[0][1:] == ("–", "–", "1.235", "2", "–", "–", "–")
