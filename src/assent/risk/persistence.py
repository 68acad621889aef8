"""What a session says of the same person's next one: who took an account over comes again.

Its suspicion goes on in part. Where people said what it was, next to nothing of that is left, and
their answer counts, by how often attack followed attack in what they said.
"""

from math import log2

SHARE = 0.5
"""What part of a session's suspicion is still there in the next one."""

MOST_BITS = 14.0
"""What came before never decides alone."""

MOST_AS_USUAL = 3.0
"""Bits; a usual session says little for the next, which may be the first of an attack."""

MOST_AFTER_ANSWER = 2.0
"""Bits of suspicion in either direction that are left when people said what it was."""

_STRENGTH = 4.0
"""So many answers are thought to have been there already, for each kind of last session."""

_LIKELIER = 16.0
"""An attack is thought so many times likelier after an attack."""


class Persistence:
    """Counts of answers to a session by the answer to the one before it."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        # Answer before → legitimate ones and attacks after it.
        self._counts = ([0.0, 0.0], [0.0, 0.0])

    def learn(self, before: int | None, answer: int | None) -> None:
        """Count an answer (1 attack, 0 none) and the one to the session before."""
        if before is not None and answer is not None:
            self._counts[before][answer] += 1.0

    def carried(self, suspicion: float, answer: int | None) -> float:
        """Return the bits that speak for an attack in the next session.

        suspicion: of the last one, in bits. answer: what people said of it, None for nothing.
        """
        bits = SHARE * suspicion
        if answer is None:
            return max(-MOST_AS_USUAL, min(MOST_BITS, bits))
        bits = max(-MOST_AFTER_ANSWER, min(MOST_AFTER_ANSWER, bits))
        return max(-MOST_BITS, min(MOST_BITS, bits + self._told(answer)))

    def _told(self, answer: int) -> float:
        (calm, begun), (ended, kept) = self._counts
        odds = (begun + kept + 0.5) / (calm + ended + 10.0)
        legitimate, attacks = self._counts[answer]
        share = odds * (_LIKELIER if answer else 1.0)
        share /= 1.0 + share
        found = (attacks + _STRENGTH * share) / (legitimate + _STRENGTH * (1.0 - share))
        return log2(found / odds)
