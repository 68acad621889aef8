"""What a column, table, schema or database of a target is labelled as, and who says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from assent.core.ids import SubjectId, TargetId


class LabelState(StrEnum):
    """Only what is APPROVED counts. A REJECTED one is not suggested again."""

    SUGGESTED = "suggested"
    APPROVED = "approved"
    REJECTED = "rejected"


class LabelSource(StrEnum):
    """HAND and RULE: the configuration says so. SCAN: values look like it."""

    HAND = "hand"
    RULE = "rule"
    SCAN = "scan"


@dataclass(frozen=True, slots=True)
class Label:
    """A label of a name. name: as policies write it, `public.customers.email`.

    matched, sampled: so many of so many values looked like it; 0 where none were looked at.
    at, by: when it was suggested, then when and by whom it was decided; None for configuration.
    """

    target: TargetId
    name: str
    label: str
    state: LabelState
    source: LabelSource
    matched: int = 0
    sampled: int = 0
    at: datetime | None = None
    by: SubjectId | None = None


@dataclass(frozen=True, slots=True)
class Sampled:
    """What values of one column looked like, without any of them.

    name: of the column, in full. sampled: how many values there were. matched: label → how many
    of them looked like it.
    """

    name: str
    sampled: int
    matched: Mapping[str, int] = field(default_factory=dict)
