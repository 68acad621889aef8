"""What the API answers about sign-ins of programs: codes, tokens, service accounts, agents."""

from typing import Literal

from pydantic import BaseModel

from assent.api.risk_schemas import Instant
from assent.api.schemas import CallerOut
from assent.control.device_codes import Trouble
from assent.core.role import Permission, Role
from assent.core.subject import SubjectKind
from assent.core.token import TokenKind


class WhoAmIOut(CallerOut):
    """Who is signed in, and how.

    method: how they proved who they are, proved_at: when. device: the id of the device key that
    vouched for it. owner, on_behalf_of: who answers for a machine, and for whom an agent acts.
    """

    kind: SubjectKind
    roles: list[Role]
    permissions: list[Permission]
    sign_in: TokenKind
    method: str
    proved_at: Instant
    expires_at: Instant
    device: str | None
    owner: str | None
    on_behalf_of: str | None


class DeviceAuthorizationOut(BaseModel):
    """The codes of a command line that waits to be signed in (RFC 8628, section 3.2).

    expires_in, interval: seconds.
    """

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class AccessTokenOut(BaseModel):
    """A bearer token and whose it is (RFC 6749, section 5.1). expires_in: seconds."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    expires_at: Instant
    subject: CallerOut


class OAuthErrorOut(BaseModel):
    """Why there is no token (RFC 6749, section 5.2). interval: seconds to wait from now on."""

    error: Trouble | Literal["invalid_request", "invalid_client", "unsupported_grant_type"]
    error_description: str
    interval: int | None = None


class TokenOut(BaseModel):
    """A token of a program. holder: as whom it acts. seen_at: about when it was used last."""

    id: str
    name: str
    holder: str
    permissions: list[Permission]
    issued_at: Instant
    expires_at: Instant
    seen_at: Instant | None
    made_by: str | None


class TokensOut(BaseModel):
    """Tokens of programs, the next to end first."""

    items: list[TokenOut]


class MintedOut(TokenOut):
    """A new token. token: shown this once."""

    token: str


class WorkloadOut(BaseModel):
    """A service account or an agent.

    owner: who answers for it. on_behalf_of: the person for whom an agent acts.
    """

    id: str
    name: str
    kind: SubjectKind
    task: str
    groups: list[str]
    owner: str | None
    on_behalf_of: str | None
    disabled: bool
    since: Instant | None
    source: str


class WorkloadsOut(BaseModel):
    """Service accounts or agents, by name."""

    items: list[WorkloadOut]
