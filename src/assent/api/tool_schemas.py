"""What the API returns of tools, as JSON Schema knows it."""

from typing import Literal

from pydantic import BaseModel

from assent.api.risk_schemas import Instant


class ToolOut(BaseModel):
    """A tool of a server for agents.

    state: `admitted`, `changed` (admitted as it was, and something else now) or `new`. digest: of
    the definition that may be called. waiting_digest: of what its server says now, where that is
    another one. request: in which people are asked about that.
    """

    name: str
    state: Literal["admitted", "changed", "new"]
    digest: str
    admitted_at: Instant | None
    waiting_digest: str
    request: str | None
    seen_at: Instant


class ToolsOut(BaseModel):
    """The tools of a target."""

    items: list[ToolOut]
