"""What the API returns of risk, as JSON Schema knows it."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Instant = Annotated[
    str,
    Field(
        json_schema_extra={"format": "date-time"},
        description="RFC 3339 in UTC with six decimals.",
    ),
]


class FactorOut(BaseModel):
    """One addend of a risk score."""

    name: str
    points: int
    reason: str
    status: Literal["observed", "absent", "unavailable"]
    source: str
    at: Instant | None


class RiskOut(BaseModel):
    """A score 0–100 and the factors that sum to it.

    attacker: the kind that explains it best, null where the person does. otherwise: the nearest
    change that would have lowered it. unknown: what could not be measured.
    """

    score: int
    level: Literal["low", "medium", "high"]
    headline: str
    attacker: str | None
    confidence: Literal["low", "medium", "high"]
    confidence_because: str
    otherwise: str
    factors: list[FactorOut]
    unknown: list[str]


class ExplainedOut(BaseModel):
    """Why an action had its score. replayed: the score made again from the entry's evidence."""

    action: str
    entry: str
    at: Instant
    subject: str | None
    target: str | None
    verb: str
    outcome: Literal["permit", "deny"]
    risk: RiskOut
    replayed_score: int
    replayed_same: bool


class UsualOut(BaseModel):
    """One value that is usual. times: how much was learned of it. percent: of its dimension."""

    value: str
    times: float
    percent: float


class DimensionOut(BaseModel):
    """One aspect of what somebody does, and its most usual values."""

    name: str
    values: list[UsualOut]


class ProfileOut(BaseModel):
    """What is normal for a person, and from how much that is known."""

    person: str
    groups: list[str]
    sessions: int
    days: int
    lessons: int
    first_at: Instant | None
    last_at: Instant | None
    confidence: Literal["low", "medium", "high"]
    confidence_because: str
    dimensions: list[DimensionOut]


class ForgottenOut(BaseModel):
    """Whose profile was forgotten."""

    person: str


class DisownedOut(BaseModel):
    """The session that was not its person's. unlearned: lessons taken back."""

    session: str
    unlearned: int
