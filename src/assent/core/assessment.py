"""How risky an action is, as a sum that anybody can check."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assent.core.signal import Attacker, SignalStatus


class RiskLevel(StrEnum):
    """The levels of CAEP `risk-level-change`; there is no fourth word."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Confidence(StrEnum):
    """How much of the person's own history an assessment rests on."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Factor:
    """One addend of the score. points: signed, familiar things have negative ones.

    reason: one sentence for people. at, source: of the evidence that it rests on; None and
    empty where that is the action itself.
    """

    name: str
    points: int
    reason: str
    status: SignalStatus = SignalStatus.OBSERVED
    at: datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A score 0–100 and the factors that sum exactly to it, largest first.

    attacker: the kind of attacker that explains it best, None where the person does.
    headline: that in one sentence. confidence: with `confidence_because`, such as `3 sessions
    seen`. unknown: what could not be measured, in words. otherwise: the nearest change that
    would have lowered the outcome, empty where there is none. odds_mb: log2 of the odds that it
    is not the person as usual, in thousandths of a bit; 0 is even.
    """

    score: int
    level: RiskLevel
    factors: tuple[Factor, ...] = ()
    attacker: Attacker | None = None
    headline: str = ""
    confidence: Confidence = Confidence.LOW
    confidence_because: str = ""
    unknown: tuple[str, ...] = ()
    otherwise: str = ""
    odds_mb: int = 0

    def __post_init__(self) -> None:
        if self.score != sum(factor.points for factor in self.factors):
            raise ValueError("the factors must sum to the score")
