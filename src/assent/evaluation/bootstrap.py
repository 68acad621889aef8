"""Intervals: what the figures would be with other subjects of the same kind."""

from collections.abc import Callable, Mapping, Sequence
from random import Random  # noqa: TID251 - seeded, so that a run can be repeated

from assent.evaluation.metrics import FALSE_ALARMS, Figures, Ranking, percentile

Interval = tuple[float, float]

_SEED = 20_160_221
NAMES = ("auc", "average_precision", *(f"tpr_at_{percent}" for percent in FALSE_ALARMS))


def intervals(
    rankings: Mapping[str, Ranking],
    subjects: int,
    samples: int,
    progress: Callable[[int], None],
) -> dict[str, dict[str, Interval | None]]:
    """Return, by scorer and by name of figure, the middle 95 % over resampled subjects.

    Whole subjects are drawn, with replacement: rows of one subject are alike, and drawing rows
    would make intervals far too narrow. All scorers see the same samples. Samples without any
    attack count for nothing. progress is told how many samples are done.
    """
    luck = Random(_SEED)  # noqa: S311 - no secret depends on it
    drawn: dict[str, list[Figures]] = {name: [] for name in rankings}
    for done in range(samples):
        weights = _weights(luck, subjects)
        for name, ranking in rankings.items():
            drawn[name].append(ranking.figures(weights))
        progress(done + 1)
    return {name: _middle(figures) for name, figures in drawn.items()}


def by_name(figures: Figures) -> dict[str, float | None]:
    """Return the figures under the names that reports use (NAMES)."""
    values = (figures.auc, figures.average_precision, *figures.tpr_at)
    return dict(zip(NAMES, values, strict=True))


def _weights(luck: Random, subjects: int) -> list[int]:
    weights = [0] * subjects
    for subject in luck.choices(range(subjects), k=subjects):
        weights[subject] += 1
    return weights


def _middle(drawn: Sequence[Figures]) -> dict[str, Interval | None]:
    columns = [by_name(figures) for figures in drawn]
    middle: dict[str, Interval | None] = {}
    for name in NAMES:
        values = [value for column in columns if (value := column[name]) is not None]
        low, high = percentile(values, 2.5), percentile(values, 97.5)
        middle[name] = None if low is None or high is None else (low, high)
    return middle
