"""The sets that are evaluated beside the simulator, and what they are called in figures."""

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assent.evaluation.metrics import FALSE_ALARMS, Figures
from assent.evaluation.options import By, Feedback, Options
from assent.evaluation.run import evaluate
from benchmarks.risk import approvals, cowrie, queries, simulate, unix_users
from benchmarks.risk.rows import Row, shared_data

PEERS = ("freeman", "new_value", "half_space_trees")
"""Those that are done within seconds; `assent risk evaluate` has a slower one."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came of one set: figures by engine, ours first, and the error of our probabilities."""

    engines: Mapping[str, Figures]
    ece: float | None


@dataclass(frozen=True, slots=True)
class Set:
    """A set. rows: None where the data is absent. by, feedback: how it is evaluated."""

    rows: Callable[[], Iterable[Row] | None]
    by: By
    feedback: Feedback = Feedback.AFTER


def evaluated(name: str) -> Evaluated | None:
    """Return what our engine and the peers make of a set; None where its data is absent."""
    wanted = SETS[name]
    rows = wanted.rows()
    if rows is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        options = Options(by=wanted.by, feedback=wanted.feedback, bootstrap=0, peers=PEERS)
        report = evaluate(path, options)
    results = (report.ours, *report.peers)
    return Evaluated({one.name: one.figures for one in results}, report.ours.ece)


def caught(figures: Figures, percent: str) -> float | None:
    """Return the share of attacks caught at so many percent of false alarms."""
    return figures.tpr_at[FALSE_ALARMS.index(percent)]


def _unix_users() -> Iterable[Row] | None:
    path = shared_data("unix_users")
    return None if path is None else unix_users.rows(path)


def _queries() -> Iterable[Row] | None:
    path = shared_data("sede_queries.jsonl")
    return None if path is None else queries.rows(path)


def _cowrie() -> Iterable[Row] | None:
    path = shared_data("cowrie_sessions_20k.csv")
    return None if path is None else cowrie.rows(path)


def _logins() -> Iterable[Row]:
    arguments = ["--logins", "rba", "--people", "3000", "--days", "365"]
    return simulate.rows(simulate.parse(arguments))


SETS: Mapping[str, Set] = {
    "unix": Set(_unix_users, By.SESSION),
    "unix_unanswered": Set(_unix_users, By.SESSION, Feedback.NONE),
    "queries": Set(_queries, By.SESSION),
    "cowrie": Set(_cowrie, By.ROW),
    "approvals_synthetic": Set(approvals.rows, By.ROW),
    "logins_synthetic": Set(_logins, By.ROW),
}
"""`unanswered`: labels are withheld, as where nobody tells the engine what was an attack."""
