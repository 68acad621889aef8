"""What the API returns of notices, as JSON Schema knows it."""

from pydantic import BaseModel

from assent.api.risk_schemas import Instant


class NoticeOut(BaseModel):
    """A notice on one channel. to: names; empty for whoever watches. due_at: null once given up.

    error: why it could not be delivered last.
    """

    id: str
    channel: str
    topic: str
    headline: str
    to: list[str]
    request: str | None
    at: Instant
    attempts: int
    due_at: Instant | None
    error: str


class NoticesOut(BaseModel):
    """Notices, newest first."""

    items: list[NoticeOut]
