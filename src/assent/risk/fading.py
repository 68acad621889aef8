"""Counts that fade with age, each at the moment it is read.

An event of weight w at time t is kept as w · 2^((t - landmark) / half-life), so that all counts
of a table fade alike and none needs a time of its own (forward decay: Cormode, Shkapenyuk,
Srivastava, Xu, ICDE 2009). Times are in days since 1970, as fractions.
"""

from array import array

PROMOTED_AFTER_DAYS = 3
"""A value is in probation until it was seen on so many different days, once with strong proof."""

_PINNED = 0x8000
_STRONG = 0x4000
_DAYS = 0x3000
_DAY = 0x0FFF
# Past so many half-lives of its landmark a table is moved to a new one, far from overflow.
_REBASE_AFTER = 60.0


class FadingCounts:
    """Weights by key, as they stand at the landmark. most: keys kept; the faintest make room."""

    __slots__ = ("half_life", "landmark", "most", "weights")

    def __init__(self, half_life: float, most: int = 1_000_000) -> None:
        self.half_life = half_life
        self.most = most
        self.landmark = 0.0
        self.weights: dict[int, float] = {}

    def fade(self, now: float) -> float:
        """Return what a kept weight must be multiplied with to count at `now`."""
        return float(2.0 ** ((self.landmark - now) / self.half_life))

    def get(self, key: int, now: float) -> float:
        """Return the count of the key at `now`."""
        return self.weights.get(key, 0.0) * self.fade(now)

    def growth(self, now: float) -> float:
        """Return what an event at `now` must be multiplied with to be kept."""
        if not self.weights:
            self.landmark = now
            return 1.0
        if now - self.landmark > _REBASE_AFTER * self.half_life:
            fade = self.fade(now)
            self.weights = {key: weight * fade for key, weight in self.weights.items()}
            self.landmark = now
            return 1.0
        return 1.0 / self.fade(now)

    def add(self, key: int, kept: float) -> None:
        """Add a weight that was multiplied with `growth`; what is not above 0 is dropped."""
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


class PersonalCounts(FadingCounts):
    """One person's: each value with a mark of its probation. `to_bytes` takes ten bytes a value.

    A mark holds on how many days a value was seen, the last of them, whether a strong proof of
    who they are came with it, and whether it is kept however faint (totals are).
    """

    __slots__ = ("marks",)

    def __init__(self, half_life: float, most: int = 4096) -> None:
        super().__init__(half_life, most)
        self.marks: dict[int, int] = {}

    def days(self, key: int) -> int:
        """Return on how many days the value was seen: PROMOTED_AFTER_DAYS once promoted."""
        return days_of(self.marks.get(key, 0))

    def pin(self, key: int) -> None:
        """Keep this count however faint it becomes."""
        self.marks[key] = self.marks.get(key, 0) | _PINNED

    def see(self, key: int, today: int, *, strong: bool, confirmed: bool) -> None:
        """Mark that a value was seen today. confirmed: somebody vouches, its probation ends."""
        self.marks[key] = _seen(self.marks.get(key, 0), today & _DAY, strong, confirmed)

    def faintest(self) -> int | None:
        """Return the key of the faintest value of a table that is full, None while it is not."""
        if len(self.weights) < self.most:
            return None
        free = (key for key, mark in self.marks.items() if not mark & _PINNED)
        return min(free, key=lambda key: self.weights.get(key, 0.0), default=None)

    def drop(self, key: int) -> float:
        """Forget a value; return the weight that was kept of it."""
        self.marks.pop(key, None)
        return self.weights.pop(key, 0.0)

    def to_bytes(self) -> bytes:
        """Return landmark and size as doubles, then keys, weights and marks, little-endian."""
        head = array("d", (self.landmark, float(len(self.weights))))
        keys = array("I", self.weights)
        weights = array("f", self.weights.values())
        marks = array("H", (self.marks.get(key, 0) for key in keys))
        return b"".join(part.tobytes() for part in (head, keys, weights, marks))

    def load(self, data: memoryview) -> int:
        """Take over a table that `to_bytes` made; return how many bytes it took.

        Raises ValueError when there are fewer than it says.
        """
        head, keys, weights, marks = array("d"), array("I"), array("f"), array("H")
        head.frombytes(data[:16])
        self.landmark, size = head[0], int(head[1])
        start = 16
        for part, width in ((keys, 4), (weights, 4), (marks, 2)):
            end = start + size * width
            if len(data) < end:
                raise ValueError("a profile is shorter than it says")
            part.frombytes(data[start:end])
            start = end
        self.weights = dict(zip(keys, weights, strict=True))
        self.marks = {key: mark for key, mark in zip(keys, marks, strict=True) if mark}
        return start


def days_of(mark: int) -> int:
    """Return the days that a mark holds; the last one only with a strong proof or a voucher."""
    days = (mark & _DAYS) >> 12
    if days >= PROMOTED_AFTER_DAYS and not mark & _STRONG:
        return PROMOTED_AFTER_DAYS - 1
    return days


def _seen(mark: int, today: int, strong: bool, confirmed: bool) -> int:
    days = (mark & _DAYS) >> 12
    if confirmed:
        days, strong = PROMOTED_AFTER_DAYS, True
    elif days == 0 or (mark & _DAY) != today:
        days = min(PROMOTED_AFTER_DAYS, days + 1)
    kept = mark & (_PINNED | _STRONG)
    return kept | (_STRONG if strong else 0) | (days << 12) | today
