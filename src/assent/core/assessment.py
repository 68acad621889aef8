"""How risky an action is, as a sum that anybody can check."""

from dataclasses import dataclass
from enum import StrEnum

from assent.core.signal import SignalStatus


class RiskLevel(StrEnum):
    """The levels of CAEP `risk-level-change`; there is no fourth word."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Factor:
    """One addend of the score. points: 0–100. reason: one sentence for people."""

    name: str
    points: int
    reason: str
    status: SignalStatus = SignalStatus.OBSERVED


@dataclass(frozen=True, slots=True)
class Assessment:
    """A score 0–100 and the factors that sum exactly to it, largest first."""

    score: int
    level: RiskLevel
    factors: tuple[Factor, ...] = ()

    def __post_init__(self) -> None:
        if self.score != sum(factor.points for factor in self.factors):
            raise ValueError("the factors must sum to the score")
