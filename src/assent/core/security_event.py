"""What another system or a person said about somebody's security (CAEP 1.0, RISC 1.0)."""

from dataclasses import dataclass
from datetime import datetime

from assent.core.ids import SubjectId


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """One event. type: the last part of its CAEP or RISC URI, such as `credential-compromise`.

    source: who said so: the transmitter, or `person` for "this was not me". level: of a
    `risk-level-change`, `low`, `medium` or `high`, otherwise empty.
    """

    type: str
    subject: SubjectId
    at: datetime
    source: str
    level: str = ""
    reason: str = ""
