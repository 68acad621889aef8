"""Keys that payloads and recordings are sealed under, and what forbids destroying them."""

from dataclasses import dataclass
from datetime import datetime

from assent.core.ids import DataKeyId, LegalHoldId, SubjectId

DATA_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key of AES-256-GCM for what is kept about one subject.

    subject: None for what is about nobody. wrapped: the key, encrypted under the master key
    `master`; None once it was destroyed, and what it sealed can never be read again.
    """

    id: DataKeyId
    subject: SubjectId | None
    wrapped: bytes | None
    master: str
    created_at: datetime
    destroyed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LegalHold:
    """Somebody's order that nothing may be erased or pruned. subject: None for everybody."""

    id: LegalHoldId
    subject: SubjectId | None
    because: str
    placed_by: SubjectId
    placed_at: datetime
    lifted_by: SubjectId | None = None
    lifted_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it still forbids."""
        return self.lifted_at is None
