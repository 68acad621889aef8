"""What the API returns of a session that is open now."""

from typing import Literal

from pydantic import BaseModel, JsonValue

from assent.api.risk_schemas import Instant
from assent.api.schemas import SessionOut


class PausedOut(BaseModel):
    """Who paused a session, why and since when."""

    by: str
    because: str
    since: Instant


class LiveSessionOut(BaseModel):
    """A session as it goes on now.

    standing: what may be done in it. only_reads: somebody or a policy lets it only read. waits:
    something in it waits for people. actions, rows, bytes, errors, denials: so far. risk: the
    highest level that it came to. suspicion_mb: thousandths of a bit of what is unusual in it.
    """

    session: SessionOut
    standing: Literal["open", "read-only", "held", "undecided", "over"]
    only_reads: bool
    paused: PausedOut | None
    waits: bool
    actions: int
    rows: int
    bytes: int
    errors: int
    denials: int
    risk: Literal["low", "medium", "high"]
    suspicion_mb: int


class GlimpseOut(BaseModel):
    """What is new in a session that is watched.

    skipped: frames that were left out before these, for whoever reads slower than it writes.
    """

    frames: list[dict[str, JsonValue]]
    skipped: int
    over: bool
