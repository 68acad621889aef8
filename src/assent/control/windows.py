"""When the windows of grants are open: hours of a zone's own days, whatever its clocks do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from assent.core.faults import ConflictFault
from assent.core.grant import Grant
from assent.core.scope import Window

_A_WEEK_AND_MORE = 9


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a window is open: `begins_at <= now < ends_at`."""

    begins_at: datetime
    ends_at: datetime


class Windows:
    """Knows the zones, and when each window is open in them. A zone it does not know never is."""

    def __init__(self, zones: Mapping[str, tzinfo]) -> None:
        self._zones = zones

    def check(self, window: Window) -> None:
        """Raise ConflictFault where there is no such zone."""
        if self.zone(window.zone) is None:
            words = f"there is no time zone `{window.zone[:80]}`; write its IANA name"
            raise ConflictFault("window", f"{words}, such as `Europe/Berlin`")

    def open_at(self, window: Window, now: datetime) -> Occurrence | None:
        """Return the time that the window is open for at `now`, None while it is not."""
        for found in self._around(window, now, -1, 1):
            if found.begins_at <= now < found.ends_at:
                return found
        return None

    def after(self, window: Window, now: datetime) -> Occurrence | None:
        """Return the next time that it opens, later than `now`; None where it never does."""
        coming = [
            found
            for found in self._around(window, now, -1, _A_WEEK_AND_MORE)
            if found.begins_at > now
        ]
        return min(coming, key=lambda found: found.begins_at, default=None)

    def is_open(self, grant: Grant, now: datetime) -> bool:
        """Return whether the hours of a grant are open, as those of one without always are."""
        return grant.window is None or self.open_at(grant.window, now) is not None

    def counts_until(self, grant: Grant, now: datetime) -> datetime:
        """Return until when a grant counts on from `now`: its end, or that of its hours."""
        if grant.window is None:
            return grant.ends_at
        found = self.open_at(grant.window, now)
        return min(grant.ends_at, found.ends_at) if found else now

    def _around(
        self, window: Window, now: datetime, first_day: int, last_day: int
    ) -> list[Occurrence]:
        zone = self.zone(window.zone)
        if zone is None:
            return []
        today = now.astimezone(zone).date()
        days = (today + timedelta(days=step) for step in range(first_day, last_day + 1))
        found = (
            _occurrence(window, day, zone) for day in days if day.isoweekday() in window.weekdays
        )
        return [one for one in found if one.begins_at < one.ends_at]

    def zone(self, name: str) -> tzinfo | None:
        """Return the zone of an IANA name, None where there is none."""
        return UTC if name == "UTC" else self._zones.get(name)


NO_ZONES = Windows({})
"""Knows UTC alone."""


def _occurrence(window: Window, day: date, zone: tzinfo) -> Occurrence:
    next_day = window.to_minute <= window.from_minute
    return Occurrence(
        _instant(day, window.from_minute, zone),
        _instant(day + timedelta(days=1) if next_day else day, window.to_minute, zone),
    )


def _instant(day: date, minute: int, zone: tzinfo) -> datetime:
    """Return when that is; of an hour that clocks show twice, the first time they do."""
    local = datetime.combine(day, time(minute // 60, minute % 60), tzinfo=zone)
    return local.astimezone(UTC)
