"""Tools of servers for agents, pinned: a tool is the definition that was assented to."""

from dataclasses import dataclass
from datetime import datetime

from assent.core.ids import RequestId, TargetId


@dataclass(frozen=True, slots=True)
class ToolPin:
    """What is known of one tool of a target.

    digest, definition: what may be called, JSON; empty where nothing was assented to.
    admitted_at: since when. waiting_digest, waiting_definition: what its server says of it now,
    where that is something else. request: in which people are asked about that, None where nobody
    is. seen_at: when it was first seen as it is now.
    """

    target: TargetId
    name: str
    seen_at: datetime
    digest: str = ""
    definition: str = ""
    admitted_at: datetime | None = None
    waiting_digest: str = ""
    waiting_definition: str = ""
    request: RequestId | None = None


@dataclass(frozen=True, slots=True)
class PutToolPin:
    """Keep what is known of a tool, in place of what was."""

    pin: ToolPin
