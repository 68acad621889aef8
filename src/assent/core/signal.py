"""One measured fact about an action, with a status: "found nothing" is not "did not run"."""

from dataclasses import dataclass
from enum import StrEnum


class SignalStatus(StrEnum):
    """OBSERVED: it ran and found something. ABSENT: it ran and found nothing.

    UNAVAILABLE: it could not run; that never lowers risk.
    """

    OBSERVED = "observed"
    ABSENT = "absent"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Signal:
    """What one signal found. strength: 0–100, percent of the most it can say."""

    name: str
    status: SignalStatus
    strength: int
    reason: str
