"""How an evaluation is run."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assent.evaluation.scorer import LearnMode


class Feedback(StrEnum):
    """Whether scorers are told the label of a row after they have scored it."""

    AFTER = "after"
    """Told, as when people answer."""
    NONE = "none"
    """Withheld after the training part; before its end they are always told."""


class By(StrEnum):
    """What one figure counts: rows, or rows put together to blocks."""

    ROW = "row"
    SUBJECT = "subject"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for.

    train_until: rows before it are the training part; None: there is none, only history.
    bootstrap: samples for intervals, 0 for none. peers: names, in the order of the report.
    """

    learn: LearnMode = LearnMode.TRUSTED
    feedback: Feedback = Feedback.AFTER
    train_until: datetime | int | None = None
    by: By = By.ROW
    bootstrap: int = 200
    peers: tuple[str, ...] = ()

    def is_training(self, at: datetime | int) -> bool:
        """Return whether a row of this time is of the training part. Raises TypeError.

        It does when the file has integers and `train_until` is an instant, or the reverse.
        """
        return self.train_until is not None and at < self.train_until  # type: ignore[operator]
