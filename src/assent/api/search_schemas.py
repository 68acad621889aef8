"""What the API returns of effects, as JSON Schema knows it."""

from typing import Literal

from pydantic import BaseModel, Field

from assent.api.risk_schemas import Instant


class EffectOut(BaseModel):
    """One thing that was touched, or would have been.

    entry: of the decision. rows: of the whole statement; null where that is not known. outcome:
    `released` and `refused` were held first, and then people let it, or not.
    """

    at: Instant
    subject: str
    target: str | None
    session: str | None
    request: str | None
    entry: str
    verb: str
    operation: str
    kind: str
    resource: str
    rows: int | None
    error: bool
    outcome: Literal["permitted", "denied", "held", "released", "refused"]
    score: int


class SearchOut(BaseModel):
    """Effects, newest first. A page may be short, or empty, without being the last one.

    next: `before` of the next page, null where there is none. indexed: how many entries of the
    log the index has seen, of `size`.
    """

    items: list[EffectOut]
    next: str | None = Field(examples=["1763812345000000-4194304"])
    indexed: int
    size: int
