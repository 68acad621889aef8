"""Intervals over resampled subjects."""

from assent.evaluation.bootstrap import NAMES, by_name, intervals
from assent.evaluation.metrics import Item, Ranking


def items(subjects: int) -> list[Item]:
    """Every fifth subject is attacked, and a few are above their attack."""
    return [
        one
        for who in range(subjects)
        for one in (Item(float(who % 7), False, who), Item(5.0, who % 5 == 0, who))
    ]


def test_an_interval_is_around_its_figure_and_the_same_each_time() -> None:
    ranking = Ranking(items(60))
    first = intervals({"a": ranking}, 60, 100, lambda _: None)
    assert first == intervals({"a": ranking}, 60, 100, lambda _: None)
    for name, value in by_name(ranking.figures()).items():
        interval = first["a"][name]
        assert interval is not None
        assert value is not None
        assert interval[0] <= value <= interval[1]
    auc = first["a"]["auc"]
    assert auc is not None
    assert auc[0] < auc[1]


def test_more_subjects_make_narrower_intervals() -> None:
    widths = []
    for subjects in (30, 300):
        auc = intervals({"a": Ranking(items(subjects))}, subjects, 60, lambda _: None)["a"]["auc"]
        assert auc is not None
        widths.append(auc[1] - auc[0])
    assert widths[1] < widths[0]


def test_all_scorers_see_the_same_samples() -> None:
    found = intervals(
        {"a": Ranking(items(20)), "b": Ranking(items(20))}, 20, 30, lambda _: None
    )  # fmt: skip
    assert found["a"] == found["b"]


def test_no_samples_make_no_intervals() -> None:
    found = intervals({"a": Ranking(items(5))}, 5, 0, lambda _: None)
    assert found == {"a": dict.fromkeys(NAMES)}


def test_samples_are_counted() -> None:
    told: list[int] = []
    intervals({"a": Ranking(items(5))}, 5, 3, told.append)
    assert told == [1, 2, 3]
