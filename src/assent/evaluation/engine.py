"""The product's risk model behind the harness: the same memory, likelihoods and trust rule.

Rows have no roles, only names of features: those that the product knows (`network`, `device`,
`rows`, …) are treated as it treats them, any other is behaviour of its own family. Where the
file has no clock, a hundred events of a subject are taken for one of their days.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from math import exp, log, log2
from operator import add

from assent.core.signal import ATTACKERS
from assent.evaluation.rows import Row
from assent.evaluation.scorer import LearnMode
from assent.risk.attackers import PRIOR_BITS, total_odds
from assent.risk.blend import Blend
from assent.risk.dimensions import DEVICE, NETWORK, PURPOSE, TIME, Dimension, dimension
from assent.risk.feedback import Feedback
from assent.risk.memory import Memory, Seen
from assent.risk.persistence import Persistence
from assent.risk.together import bits_of, families_of, odds_of

EVENTS_A_DAY = 100.0
"""Without a clock, so many events of a subject are one day."""

MOST_OF_RARITY = 3.0

MOST_STEPS = 2
"""Features of a row that are also looked at in sequence."""

MOST_SESSIONS = 8
"""Open sessions of one subject; the one that was quiet the longest is closed for a new one."""

MOST_REPEATED = 4096
"""Different values of one session, of which it is known how often they were there."""

YOUNG = 50
"""Events of a subject, before which a new value of history is in no probation: all are new."""

_DAY_S = 86_400.0
_CONTEXT = frozenset({NETWORK, DEVICE, TIME, PURPOSE})
_LN_2 = log(2.0)
_ANSWERS = "answers"
_RARITY = "rarity"
_SESSION = "session"


class _Thread:
    """What happened so far, for what is counted less the more it is repeated, and for steps."""

    __slots__ = ("previous", "repeats")

    def __init__(self, previous: dict[str, str]) -> None:
        self.previous = previous
        self.repeats: dict[tuple[str, str], int] = {}


class _Session:
    """One session while it goes on, or one row without session.

    carried: bits from the subject's last one. answer: the worst label that was told of it.
    inputs, odds: what its last score was made of, and the score before these are weighed.
    """

    __slots__ = (
        "answer",
        "before",
        "bits",
        "carried",
        "inputs",
        "learned",
        "odds",
        "pending",
        "scored",
        "suspicion",
    )

    def __init__(self, carried: float, before: int | None, scored: _Thread, learned: _Thread):
        self.carried = carried
        self.before = before
        self.bits: list[float] = [0.0] * (2 + len(ATTACKERS))
        self.suspicion = 0.0
        self.scored = scored
        self.learned = learned
        self.answer: int | None = None
        self.pending: int | None = None
        self.inputs: Mapping[str, float] = {}
        self.odds = 0.0


class _Subject:
    """What is kept of one subject beside their profile."""

    __slots__ = ("events", "last", "sessions")

    def __init__(self) -> None:
        self.events = 0
        self.sessions: dict[str, _Session] = {}
        self.last: _Session | None = None


class Engine:
    """Scores rows as the product would; the score is log2 of the odds of an attack."""

    name = "assent"

    def __init__(self, learn: LearnMode) -> None:
        self._mode = learn
        self._memory = Memory(0.0)
        self._starts_at: float | None = None
        self._feedback = Feedback()
        self._persistence = Persistence()
        self._of_rows = Blend()
        self._of_sessions = Blend()
        self._subjects: dict[str, _Subject] = {}
        self._total = 0

    def score(self, row: Row) -> float:
        """Return log2 of the odds that the row is not its subject acting as usual."""
        subject = self._subject(row)
        session = self._session(row, subject, is_new=not row.session)
        self._settle(row, session)
        seen = _seen(row, session.scored)
        reading = self._memory.reading(
            row.subject, (row.group,) if row.group else (), self._now(row, subject)
        )
        rarity = self._rarity(subject)
        if row.session:
            session.bits = list(map(add, session.bits, bits_of(reading, seen)))
            odds, session.suspicion = odds_of(session.bits)
            odds += session.carried + rarity
            session.inputs = {_SESSION: odds}
            session.odds = odds
            return odds
        return self._row_odds(row, session, families_of(reading, seen), rarity)

    def block_score(self, scores: Sequence[float], rows: Sequence[Row]) -> float:
        """Return log2 of the odds of the whole block: that of any of its sessions."""
        last: dict[object, float] = {}
        for place, (row, score) in enumerate(zip(rows, scores, strict=True)):
            last[row.session or place] = score
        return total_odds(list(last.values()))

    def probability(self, score: float) -> float:
        """Return the probability that a score stands for.

        A row's is calibrated when it is scored, a session's by the answers until now.
        """
        if self._of_sessions.answers:
            score = self._of_sessions.bits({_SESSION: score})
        return 1.0 / (1.0 + exp(-max(-60.0, min(60.0, score * _LN_2))))

    def learn(self, row: Row, *, label: int | None) -> None:
        """Learn the row by the product's trust rule, and its answer where there is one."""
        subject = self._subject(row)
        session = self._session(row, subject)
        if label is not None:
            if not row.session:
                if not session.inputs:
                    self.score(row)
                    session = self._session(row, subject)
                self._feedback.learn(_values(row), refused=label == 1)
            session.answer = max(session.answer or 0, label)
            session.pending = max(session.pending or 0, label)
        weight = self._trust(row, session, label)
        if weight > 0.0:
            is_history = row.label is None or self._mode is LearnMode.ALL
            is_young = row.seconds is None or subject.events < YOUNG
            self._memory.learn(
                row.subject,
                (row.group,) if row.group else (),
                _news(row, session.learned),
                self._now(row, subject),
                weight=weight,
                strong=is_history,
                confirmed=label == 0 or (is_history and is_young),
                # Without a clock there are no weeks that a budget could be for.
                unbounded=is_history or row.seconds is None,
            )
            subject.events += 1
            self._total += 1
        if not row.session:
            self._settle(row, session)
            # The subject's next row is something new.
            subject.sessions.pop("", None)

    def subject_bytes(self, subject: str) -> int:
        """Return the size of the subject's profile as it is kept."""
        profile = self._memory.profiles.get(subject)
        return len(profile.to_bytes()) if profile else 0

    def _row_odds(
        self,
        row: Row,
        session: _Session,
        families: Mapping[str, Sequence[float]],
        rarity: float,
    ) -> float:
        blend = self._of_rows
        sums = list(PRIOR_BITS)
        for name, bits in families.items():
            weight = blend.weight(name)
            sums = [total + weight * value for total, value in zip(sums, bits, strict=True)]
        inputs = {
            _ANSWERS: self._feedback.bits(_values(row)),
            _RARITY: rarity,
            _SESSION: session.carried,
        }
        total = total_odds(sums)
        # What a family says is what it says of those attackers that are likely.
        shares = [2.0 ** (bits - total) for bits in sums]
        session.suspicion = max(bits - prior for bits, prior in zip(sums, PRIOR_BITS, strict=True))
        session.odds = total + blend.bits(inputs)
        for name, bits in families.items():
            inputs[name] = sum(map(float.__mul__, shares, bits))
        session.inputs = inputs
        return session.odds

    def _settle(self, row: Row, session: _Session) -> None:
        """Learn from the answer to what was scored last in a session."""
        if session.pending is None:
            return
        if session.inputs:
            odds = session.odds
            blend = self._of_rows
            if row.session:
                blend = self._of_sessions
                odds = blend.bits(session.inputs)
            blend.learn(session.inputs, odds, attack=session.pending == 1)
        session.pending = None

    def _rarity(self, subject: _Subject) -> float:
        """Return the bits for how seldom a subject acts: attackers choose without regard to it.

        (Freeman et al. 2016: p(user | attack) / p(user | legitimate).)
        """
        if not self._total:
            return 0.0
        mean = self._total / len(self._subjects)
        bits = log2((mean + 1.0) / (subject.events + 1.0))
        return max(-MOST_OF_RARITY, min(MOST_OF_RARITY, bits))

    def _trust(self, row: Row, session: _Session, label: int | None) -> float:
        if self._mode is LearnMode.ALL or row.label is None:
            return 1.0
        if label is not None:
            return 1.0 if label == 0 else 0.0
        return 1.0 / (1.0 + exp(min(60.0, session.suspicion) * _LN_2))

    def _subject(self, row: Row) -> _Subject:
        found = self._subjects.get(row.subject)
        if found is None:
            found = self._subjects[row.subject] = _Subject()
        return found

    def _session(self, row: Row, subject: _Subject, *, is_new: bool = False) -> _Session:
        sessions = subject.sessions
        found = None if is_new else sessions.get(row.session)
        if found is not None and found is subject.last:
            return found
        if found is None:
            found = self._opened(row, subject)
        # In the order of use: the first was quiet the longest.
        sessions.pop(row.session, None)
        sessions[row.session] = subject.last = found
        if len(sessions) > MOST_SESSIONS:
            del sessions[next(iter(sessions))]
        return found

    def _opened(self, row: Row, subject: _Subject) -> _Session:
        last = subject.last
        if last is None:
            return _Session(0.0, None, _Thread({}), _Thread({}))
        self._settle(row, last)
        self._persistence.learn(last.before, last.answer)
        carried = self._persistence.carried(last.suspicion + last.carried, last.answer)
        scored, learned = _Thread(last.scored.previous), _Thread(last.learned.previous)
        return _Session(carried, last.answer, scored, learned)

    def _now(self, row: Row, subject: _Subject) -> float:
        if row.seconds is not None:
            if self._starts_at is None:
                # Kept weights are in terms of the file's first day, whenever that was.
                self._starts_at = row.seconds / _DAY_S
            return row.seconds / _DAY_S - self._starts_at
        return subject.events / EVENTS_A_DAY


def _seen(row: Row, thread: _Thread) -> list[Seen]:
    """Return the aspects of a row; one that is repeated in its session counts less each time."""
    seen: list[Seen] = []
    steps: list[Seen] = []
    repeats, previous = thread.repeats, thread.previous
    if len(repeats) > MOST_REPEATED:
        repeats.clear()
    for name, value in row.features.items():
        aspect, step = _aspects(name)
        if isinstance(value, float):
            seen.append(Seen(aspect, (), value))
            continue
        chain = (value,) if isinstance(value, str) else value
        leaf = chain[0]
        times = repeats[name, leaf] = repeats.get((name, leaf), 0) + 1
        seen.append(Seen(aspect, chain, -1.0, "", 1.0 / times))
        if step is None:
            continue
        before = previous.get(name)
        if before is not None and len(steps) < MOST_STEPS:
            steps.append(Seen(step, (leaf,), -1.0, before, 1.0 / times))
        previous[name] = leaf
    return seen + steps


def _news(row: Row, thread: _Thread) -> list[Seen]:
    """Return what is worth learning of a row: what is repeated, only when it doubled.

    The sum of 1 / k from one power of two to the next is ln 2.
    """
    found: list[Seen] = []
    for aspect in _seen(row, thread):
        if aspect.times == 1.0:
            found.append(aspect)
            continue
        times = round(1.0 / aspect.times)
        if times & (times - 1) == 0:
            found.append(Seen(aspect.dimension, aspect.chain, -1.0, aspect.after, _LN_2))
    return found


@cache
def _aspects(name: str) -> tuple[Dimension, Dimension | None]:
    """Return the dimension of a feature and, if it is looked at in sequence, that of its steps."""
    aspect = dimension(name)
    if aspect.family in _CONTEXT or name == "resource":
        return aspect, None
    return aspect, dimension(f"{name}>", name)


def _values(row: Row) -> list[tuple[str, str]]:
    values = [
        (name, value if isinstance(value, str) else value[0])
        for name, value in row.features.items()
        if not isinstance(value, float)
    ]
    return [*values, ("group", row.group), ("subject", row.subject)]
