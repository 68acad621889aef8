"""Something a person should hear about. It carries a link, never an authority."""

from dataclasses import dataclass
from datetime import datetime

from assent.core.ids import RequestId, SubjectId


@dataclass(frozen=True, slots=True)
class Notice:
    """One message. topic: `request.opened`, `request.changed`, `request.settled`, `grant.…`.

    to: who should hear it; empty means everybody who is eligible for the request.
    """

    topic: str
    at: datetime
    request: RequestId | None = None
    to: frozenset[SubjectId] = frozenset()
    text: str = ""
