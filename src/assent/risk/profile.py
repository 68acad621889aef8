"""What was learned of one person: their counts, and how much may be learned this week.

A week of events, whatever they are, moves a grown profile by no more than WEEKLY_SHARE: the
total variation distance between before and after is bounded by the share of new mass.
"""

from array import array
from itertools import chain

from assent.risk.fading import PersonalCounts

WEEKLY_SHARE = 0.10
"""The most that any seven days may move what was learned in one dimension."""

GROWN = 200.0
"""A dimension with less than this in it is still being learned: the budget fills it up to here."""

# Seven full days and the one that is going on: no span of 168 hours touches more.
_DAYS_HELD = 8
_VERSION = 1
_GROWTH = WEEKLY_SHARE / (1.0 - WEEKLY_SHARE)
# From here on a share of what is there is more than what is missing to GROWN.
_FREE_FROM = GROWN / (1.0 + _GROWTH)
_HEAD = 5


class Profile:
    """One person's counts. sessions: learned from. first_day, last_day: days since 1970."""

    __slots__ = ("_spent", "counts", "first_day", "last_day", "sessions")

    def __init__(self) -> None:
        self.counts = PersonalCounts()
        self.sessions = 0
        self.first_day = -1
        self.last_day = -1
        # For each total, what it was given on each of the last days, by day modulo, and the sum.
        self._spent: dict[int, list[float]] = {}

    def afford(self, total: int, held: float, wanted: float, now: float) -> float:
        """Return how much of `wanted` a dimension may be given now, and count it as given.

        total: the key of its total, held: what is in it now, in events.
        """
        today = int(now)
        if today != self.last_day:
            self._turn_to(today)
        spent = self._spent.get(total)
        if spent is None:
            spent = self._spent[total] = [0.0] * (_DAYS_HELD + 1)
        week = spent[_DAYS_HELD]
        # The share of what was there before the week's own events.
        before = held - week if held > week else 0.0
        budget = _GROWTH * before if before >= _FREE_FROM else GROWN - before
        left = budget - week
        given = wanted if wanted <= left else left if left > 0.0 else 0.0
        spent[today % _DAYS_HELD] += given
        spent[_DAYS_HELD] = week + given
        return given

    def to_bytes(self) -> bytes:
        """Return the profile as bytes, to keep: head, the week's spending, the counts."""
        head = array("i", (_VERSION, self.sessions, self.first_day, self.last_day))
        head.append(len(self._spent))
        totals = array("I", self._spent)
        spent = array("f", chain.from_iterable(days[:_DAYS_HELD] for days in self._spent.values()))
        return b"".join(part.tobytes() for part in (head, totals, spent)) + self.counts.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Profile":
        """Return the profile that `to_bytes` made. Raises ValueError for anything else."""
        profile = cls()
        head = array("i")
        if len(data) < 4 * _HEAD:
            raise ValueError("a profile is shorter than its head")
        head.frombytes(data[: 4 * _HEAD])
        version, profile.sessions, profile.first_day, profile.last_day, size = head
        if version != _VERSION:
            raise ValueError(f"a profile of version {version} cannot be read")
        view = memoryview(data)
        totals_end = 4 * _HEAD + 4 * size
        spent_end = totals_end + 4 * size * _DAYS_HELD
        if size < 0 or len(data) < spent_end:
            raise ValueError("a profile is shorter than it says")
        totals, spent = array("I"), array("f")
        totals.frombytes(view[4 * _HEAD : totals_end])
        spent.frombytes(view[totals_end:spent_end])
        for place, total in enumerate(totals):
            days = spent[place * _DAYS_HELD : (place + 1) * _DAYS_HELD].tolist()
            profile._spent[total] = [*days, sum(days)]
        profile.counts.load(view[spent_end:])
        return profile

    def _turn_to(self, today: int) -> None:
        gone = min(_DAYS_HELD, today - self.last_day) if self.last_day >= 0 else _DAYS_HELD
        for spent in self._spent.values():
            for back in range(gone):
                spent[(today - back) % _DAYS_HELD] = 0.0
            spent[_DAYS_HELD] = sum(spent[:_DAYS_HELD])
        if self.first_day < 0:
            self.first_day = today
        self.last_day = max(self.last_day, today)
