"""Something a person should hear about. It carries a link, never an authority."""

from dataclasses import dataclass
from datetime import datetime

from assent.core.ids import RequestId


@dataclass(frozen=True, slots=True)
class Notice:
    """One message: `request.opened`, `request.changed`, `request.settled`, `grant.…`."""

    topic: str
    at: datetime
    request: RequestId | None = None
