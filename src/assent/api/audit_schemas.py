"""What administrators of the log send, and what they get back."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, JsonValue

from assent.api.bodies import Because, Body, Line, Name
from assent.api.risk_schemas import Instant
from assent.api.schemas import RequestOut


class EraseBody(Body):
    """Who is erased, and why."""

    subject: Name
    reason: Because
    ticket: Line = ""


class HoldBody(Body):
    """Of whom nothing may be erased, null for everybody, and why."""

    subject: Name | None = None
    because: Because
    ticket: Line = ""


class LiftBody(Body):
    """Why a hold is lifted."""

    because: Because
    ticket: Line = ""


class PruneBody(Body):
    """From before when all is deleted, and why."""

    before: AwareDatetime
    reason: Because
    ticket: Line = ""


class OrderedOut(BaseModel):
    """What came of an order: what was done, or the request that waits for people."""

    state: Literal["done", "waiting"]
    told: dict[str, JsonValue]
    request: RequestOut | None


class LegalHoldOut(BaseModel):
    """An order that nothing may be erased or pruned. subject: a name, null for everybody."""

    id: str
    subject: str | None
    because: str
    placed_by: str
    placed_at: Instant
    lifted_by: str | None
    lifted_at: Instant | None


class LegalHoldsOut(BaseModel):
    """Holds, newest first; lifted ones too."""

    items: list[LegalHoldOut]


class DataKeyOut(BaseModel):
    """A key that payloads and recordings are sealed under, never its bytes.

    master: the master key that wrapped it.
    """

    id: str
    master: str
    created_at: Instant
    destroyed_at: Instant | None


class DataKeysOut(BaseModel):
    """Keys, newest first."""

    items: list[DataKeyOut]
