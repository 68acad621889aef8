"""Bearer tokens: what is kept of one, never the token itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assent.core.ids import DeviceKeyId, SubjectId, TokenId
from assent.core.role import Permission


class TokenKind(StrEnum):
    """What a token is for. BROWSER and COMMAND_LINE come from signing in, API is made."""

    BROWSER = "browser"
    COMMAND_LINE = "command-line"
    API = "api"


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a bearer token.

    id: names it in lists and in the log. digest: sha256 of it, hex. method: how the subject
    proved who they are: `password`, `password+totp`, `password+recovery-code`, `passkey`, `oidc`,
    `device-code`, `loop-back`, `api-token`. permissions: what it is good for, of what its subject
    may do; None for all of that. provider, provider_session: of the identity provider whose
    session it hangs on (OpenID Connect Back-Channel Logout 1.0, section 2.4: `sid`), or empty.
    device: whose key vouched for the sign-in, None for none. address, user_agent: where it was
    made. name: what its owner calls it. made_by: who made one for somebody else. seen_at: when
    it was used last, to within some minutes; None where it was not since it was made.
    """

    id: TokenId
    digest: str
    subject: SubjectId
    kind: TokenKind
    method: str
    issued_at: datetime
    expires_at: datetime
    stepped_up_at: datetime | None = None
    stepped_up_by: str = ""
    name: str = ""
    permissions: frozenset[Permission] | None = None
    provider: str = ""
    provider_session: str = ""
    device: DeviceKeyId | None = None
    address: str = ""
    user_agent: str = ""
    made_by: SubjectId | None = None
    seen_at: datetime | None = None
