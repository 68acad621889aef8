"""Plots: what a page shows as a drawing, as a table, and in one sentence.

The server draws each of them in SVG, so that it is there without script; with script, charts.js
reads the table and draws it again with axes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 120


@dataclass(frozen=True, slots=True)
class Series:
    """One row of numbers, None where there is none. tone: of its colour, as in assent.css."""

    name: str
    tone: str
    values: tuple[float | None, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across the drawing at a place of the axis, with what it means."""

    at: float
    words: str
    tone: str = "warn"


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot. kind: `bars`, stacked, or `line`. axis: of each place, seconds since 1970 or a
    number; labels: the same for people. message: what it says, in a sentence. unit: of the values,
    `s` or nothing.
    """

    name: str
    title: str
    message: str
    kind: str
    head: str
    axis: tuple[float, ...]
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    is_time: bool = True
    unit: str = ""
    marks: tuple[Mark, ...] = ()
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(value for one in self.series for value in one.values)

    @property
    def rows(self) -> Sequence[tuple[str, float, Sequence[tuple[float | None, str]]]]:
        """The table: of each place its label, its number, and value and text of each series."""
        return [
            (label, at, [(one.values[place], one.texts[place]) for one in self.series])
            for place, (label, at) in enumerate(zip(self.labels, self.axis, strict=True))
        ]

    def rects(self) -> Sequence[tuple[str, float, float, float, float]]:
        """Return the bars: tone, x, y, width and height of each, stacked in order."""
        highest = max((sum(self._at(place)) for place in range(len(self.axis))), default=0) or 1
        step = self.width / max(1, len(self.axis))
        found = []
        for place in range(len(self.axis)):
            bottom = float(self.height)
            for one, value in zip(self.series, self._at(place), strict=True):
                tall = value / highest * (self.height - 4)
                bottom -= tall
                if tall:
                    found.append(
                        (one.tone, round(place * step + step * 0.1, 2), round(bottom, 2),
                         round(step * 0.8, 2), round(tall, 2))
                    )  # fmt: skip
        return found

    def lines(self) -> Sequence[tuple[str, str]]:
        """Return the lines: tone and points of each stretch without a gap."""
        values = [value for one in self.series for value in one.values if value is not None]
        highest = max(values, default=0) or 1
        step = self.width / max(1, len(self.axis) - 1)
        found = []
        for one in self.series:
            stretch: list[str] = []
            for place, value in enumerate((*one.values, None)):
                if value is not None:
                    y = self.height - 2 - value / highest * (self.height - 6)
                    stretch.append(f"{place * step:.1f},{y:.1f}")
                elif stretch:
                    # A single point would not be seen as a line.
                    found.append((one.tone, " ".join(stretch if stretch[1:] else stretch * 2)))
                    stretch = []
        return found

    def mark_lines(self) -> Sequence[tuple[str, float]]:
        """Return the marks: tone and x of each."""
        if not self.axis:
            return ()
        low, high = self.axis[0], self.axis[-1] + 1
        return [
            (one.tone, round((one.at - low) / (high - low) * self.width, 2)) for one in self.marks
        ]

    def _at(self, place: int) -> Sequence[float]:
        return [one.values[place] or 0.0 for one in self.series]


def span_words(seconds: float | None, never: str = "–") -> str:
    """Return a time for people: `42 s`, `3.5 min`, `2 h`."""
    if seconds is None:
        return never
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            many = seconds / unit
            return (
                f"{many:.1f} {name}" if many < 10 and round(many, 1) % 1 else f"{many:.0f} {name}"
            )
    return f"{seconds:.0f} s"


def percent(share: float | None, never: str = "–") -> str:
    """Return a share for people: `97 %`, and with a decimal near the ends."""
    if share is None:
        return never
    many = 100 * share
    return f"{many:.1f} %" if 0 < many < 2 or 98 < many < 100 else f"{many:.0f} %"
