"""What the API takes and says of the tokens of an identity provider."""

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, Field

from assent.api.bodies import Body
from assent.api.risk_schemas import Instant


class ScimTokenBody(Body):
    """A token for SCIM. lasts_s: for how many seconds it is good."""

    lasts_s: Annotated[int, Field(ge=3_600, le=365 * 86_400, strict=True)] = 365 * 86_400

    def lasts_for(self) -> timedelta:
        """Return how long it is good for."""
        return timedelta(seconds=self.lasts_s)


class ScimTokenOut(BaseModel):
    """A token that puts people and groups here; shown this once. base_url: what is called."""

    token: str
    base_url: str
    expires_at: Instant


class ScimTokensGoneOut(BaseModel):
    """How many tokens are good for nothing any more."""

    revoked: int
