"""Signals → Assessment. Order never matters; more danger never lowers the score."""

from collections.abc import Sequence

from assent.core.assessment import Assessment, Factor, RiskLevel
from assent.core.faults import OperatorFault
from assent.core.signal import Signal, SignalStatus
from assent.risk.model import MODEL, Model

HIGHEST = 100


def assess(signals: Sequence[Signal], model: Model = MODEL) -> Assessment:
    """Return the score of what was measured, as points that sum exactly to it.

    A signal of the model that is not among `signals` counts as unavailable: "did not run" is
    not "found nothing". Of several with one name the strongest counts. When the sum is over
    100, the smallest factors are cut first. Factors without points are left out.
    signals: any order. Raises OperatorFault for a signal that the model has no weight for.
    """
    strongest: dict[str, Factor] = {}
    for signal in signals:
        factor = _factor(signal, model)
        known = strongest.get(factor.name)
        if known is None or _rank(factor) < _rank(known):
            strongest[factor.name] = factor
    for name in model.weights:
        if name not in strongest:
            missing = Signal(name, SignalStatus.UNAVAILABLE, 0, f"`{name}` was not measured")
            strongest[name] = _factor(missing, model)
    factors = _capped(sorted(strongest.values(), key=_rank))
    score = sum(factor.points for factor in factors)
    return Assessment(score, level_of(score, model), factors)


def level_of(score: int, model: Model = MODEL) -> RiskLevel:
    """Return the level of a score 0–100."""
    if score >= model.high_from:
        return RiskLevel.HIGH
    return RiskLevel.MEDIUM if score >= model.medium_from else RiskLevel.LOW


def _factor(signal: Signal, model: Model) -> Factor:
    weight = model.weights.get(signal.name)
    if weight is None:
        raise OperatorFault(
            "signal-without-weight", f"the risk model has no weight for the signal `{signal.name}`"
        )
    strength = min(HIGHEST, max(0, signal.strength))
    reason = signal.reason
    match signal.status:
        case SignalStatus.ABSENT:
            strength = 0
        case SignalStatus.UNAVAILABLE:
            # It may carry what was found before it failed; that counts if it is more.
            strength = max(strength, model.unavailable_percent)
            reason = f"{reason} (counted as {strength} % of its weight)"
        case SignalStatus.OBSERVED:
            pass
    return Factor(signal.name, (weight * strength + 50) // 100, reason, signal.status)


def _rank(factor: Factor) -> tuple[int, str, str, str]:
    # Every field takes part, so that equals of any order give one and the same sequence.
    return (-factor.points, factor.name, factor.status.value, factor.reason)


def _capped(factors: Sequence[Factor]) -> tuple[Factor, ...]:
    left = HIGHEST
    kept: list[Factor] = []
    for factor in factors:
        points = min(factor.points, left)
        left -= points
        if points > 0:
            kept.append(Factor(factor.name, points, factor.reason, factor.status))
    return tuple(kept)
