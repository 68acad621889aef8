"""Counts that fade with age, each at the moment it is read.

An event of weight w at time t is kept as w · 2^((t - landmark) / half-life), so that no count
needs a time of its own and reading one is a multiplication (forward decay: Cormode,
Shkapenyuk, Srivastava, Xu, ICDE 2009). All tables of one memory have one landmark, so that
their kept weights can be compared as they are. Times are in days since 1970, as fractions.
"""

from array import array

PROMOTED_AFTER_DAYS = 3
"""A value is in probation until it was seen on so many different days, once with strong proof."""

YOUNG_DAYS = 60
"""A value that was promoted so lately, and that nobody vouched for, may have been made usual."""

# A mark: strong proof, days seen (2 bits), the last day modulo 4096.
_STRONG = 0x4000
_DAYS = 0x3000
_DAY = 0x0FFF
_DONE = _STRONG | _DAYS
_PINNED = 0x8000
_YOUNG = 0x9000


class Counts:
    """Kept weights by key. most: keys kept; the faintest make room for new ones."""

    __slots__ = ("most", "weights")

    def __init__(self, most: int = 1_000_000) -> None:
        self.most = most
        self.weights: dict[int, float] = {}

    def add(self, key: int, kept: float) -> None:
        """Add a kept weight; what is not above 0 afterwards is dropped."""
        left = self.weights.get(key, 0.0) + kept
        if left > 0.0:
            self.weights[key] = left
        else:
            self.weights.pop(key, None)

    def make_room(self) -> None:
        """Drop the faintest tenth of a table that is over full."""
        if len(self.weights) > self.most:
            strongest = sorted(self.weights.items(), key=lambda item: -item[1])
            self.weights = dict(strongest[: self.most * 9 // 10])


class PersonalCounts(Counts):
    """One person's; ten bytes a value when kept.

    probation: by key of a value that is not promoted yet, on how many days it was seen, the
    last of them, and whether a strong proof of who they are came with it. young: by key of a
    value that days alone promoted, the day on which they did, modulo 4096. pinned: totals, kept
    however faint they become.
    """

    __slots__ = ("pinned", "probation", "young")

    def __init__(self, most: int = 8192) -> None:
        super().__init__(most)
        self.probation: dict[int, int] = {}
        self.young: dict[int, int] = {}
        self.pinned: set[int] = set()

    def days(self, key: int) -> int:
        """Return on how many days a value was seen; PROMOTED_AFTER_DAYS for one promoted."""
        if key not in self.weights:
            return 0
        mark = self.probation.get(key)
        return PROMOTED_AFTER_DAYS if mark is None else _days(mark)

    def see(self, key: int, today: int, *, strong: bool, confirmed: bool) -> None:
        """Mark that a value was seen today. confirmed: somebody vouches, its probation ends.

        To be called before the value is counted: one without a mark that counts is promoted.
        """
        mark = self.probation.get(key)
        if mark is None and key in self.weights:
            return
        mark = _seen(mark or 0, today & _DAY, strong)
        if confirmed:
            self.probation.pop(key, None)
        elif (mark & _DONE) == _DONE:
            self.probation.pop(key, None)
            self.young[key] = today & _DAY
        else:
            self.probation[key] = mark

    def is_young(self, key: int, today: int) -> bool:
        """Return whether days alone made this value usual, within the last YOUNG_DAYS."""
        promoted = self.young.get(key)
        if promoted is None:
            return False
        if (today - promoted) & _DAY <= YOUNG_DAYS:
            return True
        del self.young[key]
        return False

    def faintest(self) -> int | None:
        """Return the key of the faintest value of a table that is full, None while it is not."""
        if len(self.weights) < self.most:
            return None
        free = (item for item in self.weights.items() if item[0] not in self.pinned)
        return min(free, key=lambda item: item[1], default=(None, 0.0))[0]

    def drop(self, key: int) -> float:
        """Forget a value; return the weight that was kept of it."""
        self.probation.pop(key, None)
        self.young.pop(key, None)
        return self.weights.pop(key, 0.0)

    def to_bytes(self) -> bytes:
        """Return the size, then keys, weights and marks, little-endian."""
        keys = array("I", self.weights)
        weights = array("f", self.weights.values())
        marks = array("H", map(self._mark, keys))
        parts = (array("I", (len(keys),)), keys, weights, marks)
        return b"".join(part.tobytes() for part in parts)

    def load(self, data: memoryview) -> None:
        """Take over what `to_bytes` made. Raises ValueError when it is not as long as it says."""
        keys, weights, marks = array("I"), array("f"), array("H")
        size = int.from_bytes(data[:4], "little")
        if len(data) != 4 + 10 * size:
            raise ValueError("a profile is not as long as it says")
        keys.frombytes(data[4 : 4 + 4 * size])
        weights.frombytes(data[4 + 4 * size : 4 + 8 * size])
        marks.frombytes(data[4 + 8 * size :])
        self.weights = dict(zip(keys, weights, strict=True))
        marked = [(key, mark) for key, mark in zip(keys, marks, strict=True) if mark]
        self.pinned = {key for key, mark in marked if mark == _PINNED}
        self.young = {key: mark & _DAY for key, mark in marked if mark & _YOUNG == _YOUNG}
        self.probation = {key: mark for key, mark in marked if mark < _PINNED}

    def _mark(self, key: int) -> int:
        if key in self.pinned:
            return _PINNED
        young = self.young.get(key)
        return self.probation.get(key, 0) if young is None else _YOUNG | young


def _days(mark: int) -> int:
    # However many, it is not over without a strong proof.
    return min((mark & _DAYS) >> 12, PROMOTED_AFTER_DAYS - 1)


def _seen(mark: int, today: int, strong: bool) -> int:
    days = (mark & _DAYS) >> 12
    if days == 0 or (mark & _DAY) != today:
        days = min(PROMOTED_AFTER_DAYS, days + 1)
    return (mark & _STRONG) | (_STRONG if strong else 0) | (days << 12) | today
