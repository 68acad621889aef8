"""Figures: what was measured, against which goal, how far the rounds lay apart."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

FOLDER = Path("build/bench")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. goal: `>= 0.45`, `<= 60`, or None where none is set.

    spread: half the distance between the first and the third quartile of the rounds, relative
    to the median. n: how many rounds the median is of.
    """

    name: str
    value: float
    unit: str
    goal: str | None
    spread: float
    n: int

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None where none is set."""
        if self.goal is None:
            return None
        relation, number = self.goal.split()
        return self.value >= float(number) if relation == ">=" else self.value <= float(number)


def figure(name: str, rounds: Sequence[float], unit: str, goal: str | None = None) -> Figure:
    """Return the median of `rounds` as a figure."""
    median = statistics.median(rounds)
    spread = 0.0
    if len(rounds) > 1 and median:
        first, _, third = statistics.quantiles(rounds, n=4, method="inclusive")
        spread = abs((third - first) / 2 / median)
    return Figure(name, _rounded(median), unit, goal, _rounded(spread), len(rounds))


def publish(suite: str, figures: Sequence[Figure]) -> None:
    """Print a table and write `build/bench/SUITE.json`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    content = {"figures": [asdict(one) for one in figures]}
    (FOLDER / f"{suite}.json").write_text(json.dumps(content, indent=2) + "\n")
    table = Table(title=f"suite {suite}")
    for column in ("figure", "value", "unit", "goal", "spread", "n"):
        table.add_column(column, justify="left" if column in ("figure", "unit") else "right")
    for one in figures:
        style = {True: "green", False: "red", None: ""}[one.reached]
        table.add_row(
            one.name,
            f"{one.value:g}",
            one.unit,
            one.goal or "",
            f"±{one.spread:.1%}",
            str(one.n),
            style=style,
        )
    Console(width=120).print(table)


def _rounded(number: float) -> float:
    return float(f"{number:.4g}")
