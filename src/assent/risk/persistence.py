"""What a session says of the same person's next one: who took an account over comes again.

Its suspicion goes on in part. Where people said what it was, their answer counts as well, by how
often attack followed attack in what they said.
"""

from math import log2

SHARE = 0.5
"""What part of a session's suspicion is still there in the next one."""

MOST_BITS = 14.0
"""What came before never decides alone."""

_STRENGTH = 4.0
"""So many answers are thought to have been there already, for each kind of last session."""

_LIKELIER = 16.0
"""An attack is thought so many times likelier after an attack."""


class Persistence:
    """Counts of answers to a session by the answer to the one before it."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        # answer before → [legitimate, attacks] after it
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
        if answer is not None:
            bits += self._told(answer)
        return max(-MOST_BITS, min(MOST_BITS, bits))

    def _told(self, answer: int) -> float:
        (calm, begun), (ended, kept) = self._counts
        odds = (begun + kept + 0.5) / (calm + ended + 10.0)
        legitimate, attacks = self._counts[answer]
        share = odds * (_LIKELIER if answer else 1.0)
        share /= 1.0 + share
        found = (attacks + _STRENGTH * share) / (legitimate + _STRENGTH * (1.0 - share))
        return log2(found / odds)
