"""How one session reaches its target: a name and a password, for as long as it lasts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from assent.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Privileges:
    """What the permits of a session's grant name, as the target's own rights.

    tables: full name → verb (`sql.read`, `sql.insert`, …) → columns, `*` for all.
    read_only: nothing is written. timeout: of a statement. until: when the session ends.
    """

    tables: Mapping[str, Mapping[str, frozenset[str]]]
    read_only: bool
    timeout: timedelta | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """A way in. settings: what the target is told at the start of the session.

    handle: what the broker needs to take it back; empty where nothing is to be taken back.
    expires_at: when it ends by itself, however long the session may last; None for never.
    """

    user: str
    password: Secret[str]
    settings: Mapping[str, str] = field(default_factory=dict)
    handle: str = ""
    expires_at: datetime | None = None
