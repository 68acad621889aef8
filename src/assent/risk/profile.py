"""What was learned of one person: three tables that fade at different speeds, and a budget.

A week of events, whatever they are, moves a grown profile by no more than WEEKLY_SHARE: the
total variation distance between before and after is bounded by the share of new mass.
"""

from array import array

from assent.risk.dimensions import FORGETTING
from assent.risk.fading import PersonalCounts

WEEKLY_SHARE = 0.10
"""The most that any seven days may move what was learned in one dimension."""

GROWN = 200.0
"""A dimension with less than this in it is still being learned: the budget fills it up to here."""

# Seven full days and the one that is going on: no span of 168 hours touches more.
_DAYS_HELD = 8
_VERSION = 1
_HALF_LIVES = tuple(sorted(set(FORGETTING.values())))


class Profile:
    """One person's counts. sessions: learned from. first_day, last_day: days since 1970."""

    __slots__ = ("_spent", "_totals", "first_day", "last_day", "sessions", "tables")

    def __init__(self) -> None:
        self.tables = {half_life: PersonalCounts(half_life) for half_life in _HALF_LIVES}
        self.sessions = 0
        self.first_day = -1
        self.last_day = -1
        # For each total, what it was given on each of the last days, by day modulo.
        self._totals = array("I")
        self._spent = array("f")

    def afford(self, total: int, held: float, wanted: float, now: float) -> float:
        """Return how much of `wanted` a dimension may be given now, and count it as given.

        total: the key of its total, held: what is in it now.
        """
        today = int(now)
        self._turn_to(today)
        if total not in self._totals:
            self._totals.append(total)
            self._spent.extend([0.0] * _DAYS_HELD)
        start = self._totals.index(total) * _DAYS_HELD
        week = sum(self._spent[start : start + _DAYS_HELD])
        # The share of what was there before the week's own events.
        before = max(0.0, held - week)
        budget = max(WEEKLY_SHARE / (1.0 - WEEKLY_SHARE) * before, GROWN - before)
        given = max(0.0, min(wanted, budget - week))
        self._spent[start + today % _DAYS_HELD] += given
        return given

    def to_bytes(self) -> bytes:
        """Return the profile as bytes, to keep."""
        head = array("i", (_VERSION, self.sessions, self.first_day, self.last_day))
        size = array("I", (len(self._totals),))
        parts = (head, size, self._totals, self._spent)
        tables = b"".join(table.to_bytes() for table in self.tables.values())
        return b"".join(part.tobytes() for part in parts) + tables

    @classmethod
    def from_bytes(cls, data: bytes) -> "Profile":
        """Return the profile that `to_bytes` made. Raises ValueError for anything else."""
        profile = cls()
        head = array("i")
        head.frombytes(data[:16])
        version, profile.sessions, profile.first_day, profile.last_day = head
        if version != _VERSION:
            raise ValueError(f"a profile of version {version} cannot be read")
        view = memoryview(data)
        size = int.from_bytes(data[16:20], "little")
        start = 20 + 4 * size
        profile._totals.frombytes(view[20:start])
        profile._spent.frombytes(view[start : start + 4 * size * _DAYS_HELD])
        start += 4 * size * _DAYS_HELD
        for table in profile.tables.values():
            start += table.load(view[start:])
        return profile

    def _turn_to(self, today: int) -> None:
        if today == self.last_day:
            return
        gone = min(_DAYS_HELD, today - self.last_day) if self.last_day >= 0 else _DAYS_HELD
        for back in range(gone):
            for place in range((today - back) % _DAYS_HELD, len(self._spent), _DAYS_HELD):
                self._spent[place] = 0.0
        if self.first_day < 0:
            self.first_day = today
        self.last_day = max(self.last_day, today)
