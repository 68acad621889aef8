"""An Absence is a time in which somebody is not asked, though they may still answer."""

from dataclasses import dataclass
from datetime import datetime

from assent.core.ids import SubjectId


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away when `starts_at <= now < ends_at`; the newest one of a person counts."""

    subject: SubjectId
    starts_at: datetime
    ends_at: datetime

    def covers(self, now: datetime) -> bool:
        """Return whether they are away at `now`."""
        return self.starts_at <= now < self.ends_at
