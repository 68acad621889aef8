"""What the API takes and returns of policies and targets, as JSON Schema knows it."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue, StringConstraints

from assent.api.bodies import Body, Line, Prose
from assent.api.risk_schemas import Instant
from assent.api.schemas import RequestOut

FileName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.-]+\.cedar$"),
]
Text = Annotated[str, StringConstraints(max_length=800_000, pattern=r"^[^\x00]*$")]


class ContentBody(Body):
    """A configuration. policies: file → Cedar text; targets: a `targets.toml`. Null leaves them."""

    policies: Annotated[dict[FileName, Text], Field(max_length=1000)] | None = None
    targets: Text | None = None


class ApplyBody(ContentBody):
    """A configuration to be put in force. unsafe_lock_out: though nobody could change it again."""

    reason: Prose = ""
    ticket: Line = ""
    unsafe_lock_out: bool = False


class DifferenceOut(BaseModel):
    """One thing that changes. before, after: its text, empty where there is none."""

    kind: Literal["policy", "file", "target"]
    name: str
    how: Literal["added", "changed", "removed"]
    before: str
    after: str


class PlanOut(BaseModel):
    """What applying would change. base: a digest of what it was made from. text: for people."""

    differences: list[DifferenceOut]
    base: str
    content: str
    before: str
    after: str
    text: str


class ForeseenOut(BaseModel):
    """A plan and what applying would lead to. words: what it would need, or why not."""

    plan: PlanOut
    leads_to: Literal["nothing", "applied", "asks", "refused"]
    words: list[str]


class AppliedOut(BaseModel):
    """What came of applying. request: what waits for people, null where nothing does."""

    plan: PlanOut
    state: Literal["unchanged", "applied", "waiting"]
    request: RequestOut | None


class ConfigurationOut(BaseModel):
    """What is in force. policies: file → Cedar text. targets: name → what is configured of it."""

    revision: str
    policies: dict[str, str]
    targets: dict[str, list[str]]


class RevisionOut(BaseModel):
    """A revision of the policies. by: who applied it, null where it came from the folder."""

    revision: str
    policies: dict[str, str]
    at: Instant
    by: str | None


class DecisionsOut(BaseModel):
    """Recorded decisions, newest first, each with its attempt. before: where the next page begins.

    Null where the log has no more.
    """

    items: list[dict[str, JsonValue]]
    before: int | None
