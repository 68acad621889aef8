"""The order in time: no entry is much older than one before it (docs/specs/log-format.md)."""

from dataclasses import dataclass
from datetime import timedelta

from assent_verify.leaves import instant
from assent_verify.report import Findings, NamedEntry

CLOCK_TOLERANCE = timedelta(seconds=5)
"""Entries of one moment may be appended in another order than they were timed."""

TIME = 5


@dataclass(slots=True)
class Clock:
    """Reads times in order. Times in their one form sort as texts do.

    lowest: the oldest entry before the first that was found; a range before may be newer.
    """

    latest: str = ""
    lowest: str = ""
    lowest_entry: NamedEntry | None = None
    found: bool = False

    def read(self, at: str, index: int, entry_id: str, findings: Findings) -> None:
        """Take the time of the next entry."""
        if not self.found and (not self.lowest or at < self.lowest):
            self.lowest, self.lowest_entry = at, NamedEntry(index, entry_id)
        if at >= self.latest:
            self.latest = at
        elif instant(at) < instant(self.latest) - CLOCK_TOLERANCE:
            self._report(at, NamedEntry(index, entry_id), findings)

    def join(self, later: "Clock", findings: Findings) -> None:
        """Go on with what was read of the range that follows."""
        if later.lowest_entry is None:
            return
        if self.latest and instant(later.lowest) < instant(self.latest) - CLOCK_TOLERANCE:
            self._report(later.lowest, later.lowest_entry, findings)
        self.latest = later.latest if later.found or self.found else max(self.latest, later.latest)
        self.found = False

    def _report(self, at: str, entry: NamedEntry, findings: Findings) -> None:
        back_s = (instant(self.latest) - instant(at)).total_seconds()
        # A clock that was set back is no forgery, but the order in time is not proved.
        findings.miss(TIME, f"{entry} is {back_s:.1f} s older than entries before it", entry)
        self.latest, self.found = at, True
