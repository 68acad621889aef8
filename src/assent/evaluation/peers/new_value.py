"""Rules of the kind "a value that is not among this subject's last 20", as Okta documents them.

Every level of every feature is one rule; the score is how many of them fire. A magnitude is
taken by its power of two.
"""

from collections import defaultdict, deque

from assent.evaluation.peers.levels import levels
from assent.evaluation.rows import Row
from assent.evaluation.scorer import LearnMode, admits

LAST = 20


class Peer:
    """Counts new values; for a subject without history everything is new."""

    name = "new_value"

    def __init__(self, learn: LearnMode) -> None:
        self._mode = learn
        self._last: defaultdict[tuple[str, str, int], deque[str]] = defaultdict(
            lambda: deque(maxlen=LAST)
        )

    def score(self, row: Row) -> float:
        """Return how many values are new for the subject."""
        fired = 0
        for name, feature in row.features.items():
            chain = levels(feature)
            for index, value in enumerate(chain):
                last = self._last.get((row.subject, name, len(chain) - index))
                fired += last is None or value not in last
        return float(fired)

    def learn(self, row: Row, *, label: int | None) -> None:
        """Remember the values; those of LAST rows before are forgotten."""
        if not admits(self._mode, label):
            return
        for name, feature in row.features.items():
            chain = levels(feature)
            for index, value in enumerate(chain):
                self._last[row.subject, name, len(chain) - index].append(value)
