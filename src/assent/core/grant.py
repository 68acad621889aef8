"""A Grant is a time-bound, revocable permission. It is evidence, never a permission by itself."""

from dataclasses import dataclass
from datetime import datetime

from assent.core.ids import GrantId, RequestId, SubjectId, TargetId


@dataclass(frozen=True, slots=True)
class Grant:
    """Access of one subject to one target, valid when `starts_at <= now < ends_at`.

    request: the request that minted it, None when a policy permitted it at once.
    revoked_at: from then on it is over, for ever.
    """

    id: GrantId
    subject: SubjectId
    target: TargetId
    starts_at: datetime
    ends_at: datetime
    request: RequestId | None = None
    reason: str = ""
    revoked_at: datetime | None = None
    revoked_by: SubjectId | None = None
    revoked_because: str = ""

    def is_valid(self, now: datetime) -> bool:
        """Return whether it counts at `now`."""
        return self.revoked_at is None and self.starts_at <= now < self.ends_at
