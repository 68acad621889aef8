"""A Timer is something to be done at a time, kept together with what it is about."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Timer:
    """One thing to do. kind: `request.remind`, `request.widen`, `grant.ending`, … about: an id.

    One of a kind about one thing; a later one replaces it.
    """

    kind: str
    about: str
    due_at: datetime
