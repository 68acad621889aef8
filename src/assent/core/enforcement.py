"""What the gateway does to what passes: the obligations of a permit, ready to be kept.

`Obligation`s are words of a policy; an Enforcement is what a protocol can act on without
asking anybody: which columns, how, how many.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from assent.core.secret import Secret


class MaskHow(StrEnum):
    """What is shown in place of a value. From the least to the most that is hidden.

    PARTIAL: a little of it, such as its end. HASH: the same text for the same value, by a key of
    the target's. REDACT: that something was there. NULL: nothing. Where a type can hold no such
    text, NULL is shown.
    """

    PARTIAL = "partial"
    HASH = "hash"
    REDACT = "redact"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Limit:
    """So much may pass; for more, people must assent. obliged_by: ids of policies.

    counted: it is what the budget of a grant has left, and no more may pass at all; what goes on
    from a portal or a cursor is decided again then.
    """

    name: str
    most: int
    obliged_by: str
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Enforcement:
    """What a permit obliges the gateway to do to one statement and its results.

    masks: full name of a column → how; every column of the target that is masked for this
    subject. scan: labels whose look is searched for in text columns that have no label, and how
    it is masked there. key: what hashes are made with. limits: rows and bytes that may
    pass before people are asked: `max_rows`, `max_bytes`. timeout: after which it is cancelled.
    record_results: what the client is sent is kept in the recording.
    """

    masks: Mapping[str, MaskHow] = field(default_factory=dict)
    scan: Mapping[str, MaskHow] = field(default_factory=dict)
    key: Secret[bytes] = field(default_factory=lambda: Secret(b""))
    limits: tuple[Limit, ...] = ()
    timeout: timedelta | None = None
    record_results: bool = False

    @property
    def looks_at_results(self) -> bool:
        """Whether rows must be looked at one by one before they pass."""
        return bool(self.masks or self.scan or self.limits or self.record_results)
