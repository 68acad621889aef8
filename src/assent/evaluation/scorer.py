"""What can be evaluated: anything that scores a row and may learn from it afterwards."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, runtime_checkable

from assent.evaluation.rows import Row


class LearnMode(StrEnum):
    """What a scorer learns from after the training part."""

    TRUSTED = "trusted"
    """What its own trust rule lets in; a peer leaves out only what people called an attack."""
    ALL = "all"
    """Every row, also attacks."""
    NONE = "none"
    """Nothing: the run does not offer rows after the training part."""


class Scorer(Protocol):
    """One engine under test. A new one is made for every run."""

    @property
    def name(self) -> str:
        """How reports and the option `--peers` call it."""
        ...

    def score(self, row: Row) -> float:
        """Return how suspicious the row is, higher is more, in any unit; never NaN.

        It may not look at `row.label`. Rows without label and rows of the training part are
        learned without ever being scored.
        """
        ...

    def learn(self, row: Row, *, label: int | None) -> None:
        """Take a row in, or leave it, as its rule says.

        label: what people answered; None when nobody did or answers are withheld. This is what
        it may look at, and of `row.label` only whether there is one: history has none.
        """
        ...


@runtime_checkable
class Aggregating(Protocol):
    """A scorer with an opinion about a whole block; the others get the mean of the rows."""

    def block_score(self, scores: Sequence[float], rows: Sequence[Row]) -> float:
        """Return the score of a block from those of its rows, both in time order."""
        ...


@runtime_checkable
class Calibrated(Protocol):
    """A scorer whose score means a probability."""

    def probability(self, score: float) -> float:
        """Return the probability, 0 to 1, that a row or block of this score is an attack."""
        ...


@runtime_checkable
class Measurable(Protocol):
    """A scorer that knows what it keeps for a subject."""

    def subject_bytes(self, subject: str) -> int:
        """Return the bytes that are kept for this subject alone."""
        ...


def admits(mode: LearnMode, label: int | None) -> bool:
    """Return whether a peer takes a row in: all but known attacks, and these too in ALL."""
    return mode is LearnMode.ALL or label != 1
