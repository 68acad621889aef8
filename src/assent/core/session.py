"""A Session is one connection under one identity; a Credential lets a client open one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assent.core.ids import CredentialId, DeviceKeyId, GrantId, SessionId, SubjectId, TargetId


class SessionState(StrEnum):
    """OPEN while anything can still be done in it. CLOSED and CUT are for ever."""

    OPEN = "open"
    CLOSED = "closed"
    CUT = "cut"


@dataclass(frozen=True, slots=True)
class Session:
    """One client connection to one target. ended_because: one sentence, empty while open.

    device: the key of the device that it is bound to, None for none.
    """

    id: SessionId
    subject: SubjectId
    target: TargetId
    grant: GrantId
    protocol: str
    database: str
    client_address: str
    application: str
    state: SessionState
    opened_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    ended_because: str = ""
    device: DeviceKeyId | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """A short-lived session credential; the password itself is never stored.

    stored_key, server_key: the SCRAM-SHA-256 verifier (RFC 5802, section 3), hex.
    The salt is one per subject, so that one exchange can be checked against all of them.
    grant: None for one that only says who somebody is: access is asked for when it is used.
    connections_left: how many sessions it may still open, 0 or more. minted_from: the address
    that asked for it, minted_at: when; empty and None where that is not known. device: whose key
    signed the asking, None for no device's. certified: whether a client certificate was issued to
    it with this one, without which it opens nothing.
    """

    id: CredentialId
    subject: SubjectId
    target: TargetId
    grant: GrantId | None
    stored_key: str
    server_key: str
    expires_at: datetime
    connections_left: int = 1
    minted_from: str = ""
    minted_at: datetime | None = None
    device: DeviceKeyId | None = None
    certified: bool = False


class Epoch:
    """Counts changes of what a session's decisions rested on: grants, policies, evidence.

    A decision is reused only while the number is the one that it was taken at.
    """

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def bump(self) -> None:
        """Make every reusable decision of the session stale, at once."""
        self.value += 1
