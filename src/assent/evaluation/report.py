"""What an evaluation found, as JSON and as tables of text."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assent.evaluation.bootstrap import Interval, by_name
from assent.evaluation.metrics import FALSE_ALARMS, Figures
from assent.evaluation.options import Options

_DIGITS = 6
_NOTHING = "–"

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]
"""Columns and rows."""


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one scorer; None where a figure is not defined or not offered.

    n, positives: rows or blocks with a label after the training part, and attacks among them.
    score_us, update_us: median and 99th percentile of one call, in microseconds.
    """

    name: str
    n: int
    positives: int
    figures: Figures
    intervals: Mapping[str, Interval | None]
    reapprovals: Mapping[str, Mapping[str, float | None]]
    ece: float | None
    brier: float | None
    score_us: tuple[float | None, float | None]
    update_us: tuple[float | None, float | None]
    bytes_per_subject: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """One run. left_out: peers that could not be had, and what to do about it."""

    options: Options
    rows: int
    subjects: int
    ours: Result
    peers: tuple[Result, ...]
    left_out: Mapping[str, str]


def as_json(report: Report) -> dict[str, Any]:
    """Return the report with our engine at the top level; never NaN, null where undefined."""
    return {
        **_result_as_json(report.ours),
        "peers": {peer.name: _result_as_json(peer) for peer in report.peers},
        "peers_left_out": dict(report.left_out),
        "rows": report.rows,
        "subjects": report.subjects,
        "options": _options_as_json(report.options),
    }


def figures_table(report: Report) -> Table:
    """Return one line a scorer: how well it tells attacks from the rest."""
    names = [name for name in by_name(report.ours.figures) if name.startswith("tpr")]
    columns = ("", "AUC", "average precision", *(f"TPR at {one} %" for one in FALSE_ALARMS))
    rows = []
    for result in (report.ours, *report.peers):
        figures = by_name(result.figures)
        cells = [
            _with_interval(figures[name], result.intervals.get(name))
            for name in ("auc", "average_precision", *names)
        ]
        rows.append((result.name, *cells))
    return columns, rows


def reapprovals_table(report: Report) -> Table:
    """Return one line a scorer: how often a legitimate subject is asked, in the median."""
    shares = [
        (share, n) for share, counts in report.ours.reapprovals.items() for n in counts
    ]  # fmt: skip
    columns = ("", *(f"TPR {share}, n {n}" for share, n in shares))
    return columns, [
        (result.name, *(_short(result.reapprovals[share][n]) for share, n in shares))
        for result in (report.ours, *report.peers)
    ]


def cost_table(report: Report) -> Table:
    """Return one line a scorer: calibration where there is one, time and memory."""
    columns = (
        "", "ECE", "Brier", "score µs p50", "p99", "update µs p50", "p99", "bytes per subject",
    )  # fmt: skip
    return columns, [
        (
            result.name,
            _figure(result.ece),
            _figure(result.brier),
            *(_short(value) for value in (*result.score_us, *result.update_us)),
            _short(result.bytes_per_subject),
        )
        for result in (report.ours, *report.peers)
    ]


def _result_as_json(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = {"n": result.n, "positives": result.positives}
    found |= {name: _rounded(value) for name, value in by_name(result.figures).items()}
    found["intervals"] = {
        name: None if interval is None else [_rounded(end) for end in interval]
        for name, interval in result.intervals.items()
    }
    found["reapprovals"] = {
        share: {n: _rounded(value) for n, value in counts.items()}
        for share, counts in result.reapprovals.items()
    }
    found["ece"], found["brier"] = _rounded(result.ece), _rounded(result.brier)
    found["score_p50_us"], found["score_p99_us"] = map(_rounded, result.score_us)
    found["update_p50_us"], found["update_p99_us"] = map(_rounded, result.update_us)
    found["bytes_per_subject"] = _rounded(result.bytes_per_subject)
    return found


def _options_as_json(options: Options) -> dict[str, Any]:
    until = options.train_until
    return {
        "learn": options.learn.value,
        "feedback": options.feedback.value,
        "train_until": until.isoformat() if isinstance(until, datetime) else until,
        "by": options.by.value,
        "bootstrap": options.bootstrap,
        "peers": list(options.peers),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _figure(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.4f}"


def _short(value: float | None) -> str:
    if value is None:
        return _NOTHING
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _with_interval(value: float | None, interval: Interval | None) -> str:
    if value is None or interval is None:
        return _figure(value)
    return f"{value:.4f} ({interval[0]:.3f}–{interval[1]:.3f})"
