"""Typed ids and how they are minted.

An id is a prefix and 26 characters of lower-case base32hex (RFC 4648, section 7) over a UUIDv7
(RFC 9562, section 5.7): sortable by time, never a secret, never parsed for meaning.
"""

from datetime import datetime
from typing import NewType, Protocol

SubjectId = NewType("SubjectId", str)
TargetId = NewType("TargetId", str)
RequestId = NewType("RequestId", str)
ApprovalId = NewType("ApprovalId", str)
GrantId = NewType("GrantId", str)
SessionId = NewType("SessionId", str)
CredentialId = NewType("CredentialId", str)
ActionId = NewType("ActionId", str)
EntryId = NewType("EntryId", str)
LessonId = NewType("LessonId", str)
DeviceKeyId = NewType("DeviceKeyId", str)
ReviewId = NewType("ReviewId", str)
NoticeId = NewType("NoticeId", str)
DataKeyId = NewType("DataKeyId", str)
LegalHoldId = NewType("LegalHoldId", str)
AnchorId = NewType("AnchorId", str)
TokenId = NewType("TokenId", str)
InvitationId = NewType("InvitationId", str)
PolicyDraftId = NewType("PolicyDraftId", str)
AuthenticatorId = NewType("AuthenticatorId", str)

PREFIXES = {
    "subject": "sub",
    "target": "tgt",
    "request": "req",
    "approval": "apr",
    "grant": "grt",
    "session": "ses",
    "credential": "crd",
    "action": "act",
    "entry": "ent",
    "lesson": "les",
    "device_key": "key",
    "review": "rev",
    "notice": "ntc",
    "data_key": "dek",
    "legal_hold": "hld",
    "anchor": "anc",
    "token": "tok",
    "invitation": "inv",
    "policy_draft": "drf",
    "authenticator": "aut",
}

_ALPHABET = "0123456789abcdefghijklmnopqrstuv"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)


def format_id(kind: str, at: datetime, random_bits: int) -> str:
    """Return an id of `kind` (a key of PREFIXES).

    at: milliseconds of it are kept. random_bits: at least 74 random bits; more are ignored.
    Source: RFC 9562, section 5.7 (48 bits of time, version, 12 + 62 random bits).
    """
    millis = int(at.timestamp() * 1000) & (2**48 - 1)
    high = random_bits >> 62 & 0xFFF
    low = random_bits & (2**62 - 1)
    number = millis << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low
    number <<= 2  # 128 bits fill 26 characters of five bits but for two.
    text = "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])
    return f"{PREFIXES[kind]}_{text}"


class Ids(Protocol):
    """Where ids, nonces and secrets come from: the one source of luck, injected."""

    def mint(self, kind: str) -> str:
        """Return a new id of `kind`, a key of PREFIXES."""
        ...

    def token(self, nbytes: int = 32) -> str:
        """Return `nbytes` unpredictable bytes in URL-safe base64 without padding."""
        ...
