"""The product's risk model behind the harness: the same memory, likelihoods and trust rule.

Rows have no roles, only names of features: those that the product knows (`network`, `device`,
`rows`, …) are treated as it treats them, any other is behaviour of its own family. Where the
file has no clock, a hundred events of a subject are taken for one of their days.
"""

from collections.abc import Sequence
from math import exp, log, log2
from operator import add

from assent.core.signal import ATTACKERS
from assent.evaluation.rows import Row
from assent.evaluation.scorer import LearnMode
from assent.risk.attackers import PRIOR_BITS, total_odds
from assent.risk.dimensions import DEVICE, NETWORK, PURPOSE, TIME, dimension
from assent.risk.feedback import Feedback
from assent.risk.memory import Memory, Seen
from assent.risk.together import bits_of

EVENTS_A_DAY = 100.0
"""Without a clock, so many events of a subject are one day."""

PERSISTENCE = 0.5
"""What part of a session's suspicion is still there in the subject's next one."""

MOST_CARRIED = 14.0
"""Bits; what came before never decides alone."""

MOST_OF_RARITY = 3.0

_DAY_S = 86_400.0
MOST_STEPS = 2
"""Features of a row that are also looked at in sequence."""

_CONTEXT = frozenset({NETWORK, DEVICE, TIME, PURPOSE})


class _Session:
    """What is kept of one session while it goes on."""

    __slots__ = ("bits", "carried", "previous", "repeats")

    def __init__(self, carried: float) -> None:
        self.carried = carried
        self.bits = [0.0] * len(ATTACKERS)
        self.repeats: dict[tuple[str, str], int] = {}
        self.previous: dict[str, str] = {}


class Engine:
    """Scores rows as the product would; the score is log2 of the odds of an attack."""

    name = "assent"

    def __init__(self, learn: LearnMode) -> None:
        self._mode = learn
        self._memory = Memory(0.0)
        self._starts_at: float | None = None
        self._feedback = Feedback()
        self._events: dict[str, int] = {}
        self._total = 0
        self._sessions: dict[str, tuple[str, _Session]] = {}
        self._learned: dict[str, tuple[str, _Session]] = {}

    def score(self, row: Row) -> float:
        """Return log2 of the odds that the row is not its subject acting as usual."""
        session = self._session(row)
        seen = self._seen(row, session)
        reading = self._memory.reading(
            row.subject, (row.group,) if row.group else (), self._now(row)
        )
        sums = bits_of(reading, seen)
        session.bits = list(map(add, session.bits, sums))
        carried = session.carried + self._rarity(row.subject)
        if not row.session:
            carried += self._feedback.bits(_values(row))
        return total_odds(list(map(add, session.bits, PRIOR_BITS))) + carried

    def block_score(self, scores: Sequence[float], rows: Sequence[Row]) -> float:
        """Return log2 of the odds of the whole block, from all that was seen in it."""
        session = self._sessions[rows[-1].subject][1]
        carried = session.carried + self._rarity(rows[-1].subject)
        if not rows[-1].session:
            carried += sum(self._feedback.bits(_values(row)) for row in rows) / len(rows)
        return total_odds(list(map(add, session.bits, PRIOR_BITS))) + carried

    def probability(self, score: float) -> float:
        """Return the probability that a score stands for."""
        return 1.0 / (1.0 + exp(-max(-60.0, min(60.0, score * log(2.0)))))

    def learn(self, row: Row, *, label: int | None) -> None:
        """Learn the row by the product's trust rule, and its answer where there is one."""
        if label is not None and not row.session:
            self._feedback.learn(_values(row), refused=label == 1)
        weight = self._trust(row, label)
        if weight <= 0.0:
            return
        session = self._entered(row, self._learned)
        seen = self._seen(row, session)
        is_history = row.label is None or self._mode is LearnMode.ALL
        self._memory.learn(
            row.subject,
            (row.group,) if row.group else (),
            seen,
            self._now(row),
            weight=weight,
            confirmed=is_history or label == 0,
            unbounded=is_history,
        )
        self._events[row.subject] = self._events.get(row.subject, 0) + 1
        self._total += 1

    def subject_bytes(self, subject: str) -> int:
        """Return the size of the subject's profile as it is kept."""
        profile = self._memory.profiles.get(subject)
        return len(profile.to_bytes()) if profile else 0

    def _rarity(self, subject: str) -> float:
        """Return the bits for how seldom a subject acts: attackers choose without regard to it.

        (Freeman et al. 2016: p(user | attack) / p(user | legitimate).)
        """
        if not self._events:
            return 0.0
        mean = self._total / len(self._events)
        bits = log2((mean + 1.0) / (self._events.get(subject, 0) + 1.0))
        return max(-MOST_OF_RARITY, min(MOST_OF_RARITY, bits))

    def _trust(self, row: Row, label: int | None) -> float:
        if self._mode is LearnMode.ALL or row.label is None:
            return 1.0
        if label is not None:
            return 1.0 if label == 0 else 0.0
        entry = self._sessions.get(row.subject)
        if entry is None:
            return 1.0
        return 1.0 / (1.0 + 2.0 ** min(60.0, max(entry[1].bits)))

    def _session(self, row: Row) -> _Session:
        return self._entered(row, self._sessions)

    def _entered(self, row: Row, sessions: dict[str, tuple[str, _Session]]) -> _Session:
        found = sessions.get(row.subject)
        if found is not None and row.session and found[0] == row.session:
            return found[1]
        carried = 0.0
        previous: dict[str, str] = {}
        if found is not None:
            # What the last session said of who acts fades into the next one.
            told = PERSISTENCE * (max(found[1].bits) + found[1].carried)
            carried = max(-MOST_CARRIED, min(MOST_CARRIED, told))
            previous = found[1].previous
        session = _Session(carried)
        session.previous = previous
        sessions[row.subject] = (row.session, session)
        return session

    def _now(self, row: Row) -> float:
        if row.seconds is not None:
            if self._starts_at is None:
                # Kept weights are in terms of the file's first day, whenever that was.
                self._starts_at = row.seconds / _DAY_S
            return row.seconds / _DAY_S - self._starts_at
        return self._events.get(row.subject, 0) / EVENTS_A_DAY

    def _seen(self, row: Row, session: _Session) -> list[Seen]:
        seen: list[Seen] = []
        steps: list[Seen] = []
        for name, value in row.features.items():
            aspect = dimension(name)
            if isinstance(value, float):
                seen.append(Seen(aspect, (), value))
                continue
            chain = (value,) if isinstance(value, str) else value
            leaf = chain[0]
            times = session.repeats[name, leaf] = session.repeats.get((name, leaf), 0) + 1
            seen.append(Seen(aspect, chain, times=1.0 / times))
            if aspect.family in _CONTEXT or name == "resource":
                continue
            before = session.previous.get(name)
            if before is not None and len(steps) < MOST_STEPS:
                step = dimension(f"{name}>", name)
                steps.append(Seen(step, (leaf,), after=before, times=1.0 / times))
            session.previous[name] = leaf
        return seen + steps


def _values(row: Row) -> list[tuple[str, str]]:
    values = [
        (name, value if isinstance(value, str) else value[0])
        for name, value in row.features.items()
        if not isinstance(value, float)
    ]
    return [*values, ("group", row.group), ("subject", row.subject)]
