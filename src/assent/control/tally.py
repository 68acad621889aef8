"""Counts of what was decided in this process, for whoever watches it."""

from bisect import bisect_left

from assent.core.decision import Decision, Permit

BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of what is counted, in seconds."""


class Tally:
    """How many decisions there were by answer, and how long they took."""

    def __init__(self) -> None:
        self.permitted = self.held = self.denied = 0
        self.total_s = 0.0
        self.took = [0] * (len(BUCKETS_S) + 1)

    def count(self, decision: Decision, seconds: float) -> None:
        """Count one: a denial that something would lift is one that is held."""
        if isinstance(decision, Permit):
            self.permitted += 1
        elif decision.remedies:
            self.held += 1
        else:
            self.denied += 1
        seconds = max(0.0, seconds)
        self.total_s += seconds
        self.took[bisect_left(BUCKETS_S, seconds)] += 1

    def up_to(self) -> tuple[int, ...]:
        """Return how many took at most as long as each bound, and last how many there were."""
        sums, total = [], 0
        for number in self.took:
            total += number
            sums.append(total)
        return tuple(sums)
