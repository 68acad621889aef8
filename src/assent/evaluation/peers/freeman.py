"""Freeman et al., Who Are You? A Statistical Approach to Measuring User Authenticity, NDSS 2016.

Score = Π p(x) / p(x | user) × p(user | attack) / p(user | legitimate), in logarithms, in the
reading that Wiefling et al. (TOPS 26(1), 2022) published with their data: no attack data of
features, all users attacked alike, levels of a feature combined by weights, only the most
specific level smoothed, and a user's likelihood of zero taken as a quarter of everybody's.

Where it differs, because their two features and their tables are not ours:
- the weights, which they give for three levels (addresses) and for four (user agents), are
  halved from level to level for other lengths; a feature of one level is smoothed as they
  smooth features without levels;
- a magnitude is taken by its power of two;
- a feature that a row does not have counts for nothing, there and in totals;
- a subject without history, whom they do not score, is unseen in every feature.
"""

from collections import Counter, defaultdict
from math import log

from assent.evaluation.peers.levels import levels
from assent.evaluation.rows import Row
from assent.evaluation.scorer import LearnMode, admits

_WEIGHTS = {
    1: (1.0,),
    3: (0.6, 0.3, 0.1),
    4: (0.5386653840551359, 0.2680451498625666, 0.18818295100109536, 0.0051065150812021525),
}
_UNSEEN_SHARE = 0.25

_Value = tuple[str, int, str]
"""Feature, level and value; levels are counted from the general end, so that a chain that
lacks its most specific levels still meets the others."""


class _History:
    """Counts of values, of one subject or of everybody."""

    def __init__(self) -> None:
        self.rows = 0
        self.values: Counter[_Value] = Counter()
        self.features: Counter[str] = Counter()

    def learn(self, chains: dict[str, tuple[str, ...]]) -> None:
        self.rows += 1
        self.features.update(chains.keys())
        for name, chain in chains.items():
            for level, value in enumerate(chain):
                self.values[name, len(chain) - level, value] += 1

    def counts(self, name: str, chain: tuple[str, ...]) -> list[int]:
        """Return how often each level's value was seen, from specific to general."""
        depth = len(chain)
        return [self.values.get((name, depth - i, value), 0) for i, value in enumerate(chain)]


class Peer:
    """The published score; learns all but known attacks, as they learn successful logins."""

    name = "freeman"

    def __init__(self, learn: LearnMode) -> None:
        self._mode = learn
        self._everybody = _History()
        self._distinct: Counter[tuple[str, int]] = Counter()
        self._subjects: defaultdict[str, _History] = defaultdict(_History)

    def score(self, row: Row) -> float:
        """Return the logarithm of the published score."""
        everybody = self._everybody
        if not everybody.rows:
            return 0.0
        subject = self._subjects.get(row.subject)
        total = 0.0
        for name, feature in row.features.items():
            chain = levels(feature)
            overall = self._overall(name, chain)
            own = 0.0 if subject is None else _own(subject, name, chain)
            total += log(overall / own) if own else -log(_UNSEEN_SHARE)
        rows = 1 if subject is None else subject.rows
        return total + log(everybody.rows / (rows * max(1, len(self._subjects))))

    def learn(self, row: Row, *, label: int | None) -> None:
        """Count the row for its subject and for everybody."""
        if not admits(self._mode, label):
            return
        chains = {name: levels(feature) for name, feature in row.features.items()}
        for name, chain in chains.items():
            for index, value in enumerate(chain):
                level = len(chain) - index
                if (name, level, value) not in self._everybody.values:
                    self._distinct[name, level] += 1
        self._everybody.learn(chains)
        self._subjects[row.subject].learn(chains)

    def _overall(self, name: str, chain: tuple[str, ...]) -> float:
        """Return p(x): never zero, as its most specific level is smoothed."""
        counts = self._everybody.counts(name, chain)
        rows = self._everybody.features[name]
        # One unseen value, and one for every known value of the more general levels.
        unseen = 1 + sum(self._distinct[name, level] for level in range(1, len(chain)))
        first = max(counts[0], 1) / (rows + unseen)
        if counts[0] and len(chain) > 1:
            # How sure it is that the value belongs to its own more general values.
            first *= counts[0] / (counts[0] + len(chain))
        weights = _weights(len(chain))
        general = zip(weights[1:], counts[1:], strict=True)
        return weights[0] * first + sum(weight * count / rows for weight, count in general if count)


def _own(subject: _History, name: str, chain: tuple[str, ...]) -> float:
    """Return p(x | user); zero when the user was seen with none of the levels."""
    counts = subject.counts(name, chain)
    rows = subject.features[name]
    if not rows:
        return 0.0
    if len(chain) == 1:
        return max(counts[0], 1) / (rows + 1)
    pairs = zip(_weights(len(chain)), counts, strict=True)
    return sum(weight * count / rows for weight, count in pairs)


def _weights(depth: int) -> tuple[float, ...]:
    known = _WEIGHTS.get(depth)
    if known is None:
        halves = [0.5**level for level in range(depth)]
        known = _WEIGHTS[depth] = tuple(half / sum(halves) for half in halves)
    return known
