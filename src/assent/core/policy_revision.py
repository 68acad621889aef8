"""A revision of all policies, with their text as it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from assent.core.ids import SubjectId


@dataclass(frozen=True, slots=True)
class PolicyRevision:
    """The policies of one revision. sources: file name → Cedar text.

    at: when it was first in force. by: who applied it, None where it came from the folder.
    """

    revision: str
    sources: Mapping[str, str]
    at: datetime
    by: SubjectId | None = None
