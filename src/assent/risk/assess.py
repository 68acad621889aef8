"""Signals → Assessment: an exact sum of points. Order never matters; danger never lowers it.

For every kind of attacker the bits of all signals are added to how likely that attacker is
beforehand; together they are the odds that it is not the person as usual. What these odds rose
by counts `points_per_bit`, what the action can damage counts as it is, and the sum is cut to
0–100. Usual things take away no more than `most_discount`, and no more than there is: a person
can be wrong as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import floor
from operator import add

from assent.core.assessment import Assessment, Confidence, Factor, RiskLevel
from assent.core.evidence import Known
from assent.core.signal import ATTACKERS, Attacker, Signal, SignalStatus
from assent.risk.attackers import PRIOR_BITS, total_odds
from assent.risk.combine import combined, shares
from assent.risk.confidence import confidence_in
from assent.risk.model import MODEL, Model

HIGHEST = 100
NOTABLE_POINTS = 5.0
"""Below so many points nobody is suspected by name."""

# Of the other signals of a family, those with so many points are named, and no more of them.
_WORTH_SAYING = 1.0
_MOST_ALSO = 2

BASE_RATE = "base_rate"
CEILING = "ceiling"

_MILLI = 1000.0
_BEFORE = total_odds(PRIOR_BITS)
_NO_DATES: Mapping[str, datetime] = {}
_NOTHING = (0,) * len(ATTACKERS)


def assess(
    signals: Sequence[Signal],
    known: Known | None = None,
    model: Model = MODEL,
    dates: Mapping[str, datetime] = _NO_DATES,
) -> Assessment:
    """Return the score of what was measured, as factors that sum exactly to it.

    signals: any order; of several with one name the one that says most counts. What could not
    be measured counts nothing for the person. known: what the confidence rests on. dates: how
    old each source is, for signals that do not say it themselves.
    """
    told = _strongest([signal for signal in signals if _says_anything(signal)])
    families = _families(told, model)
    sums = list(map(add, PRIOR_BITS, _bits(families)))
    winner = max(range(len(sums)), key=sums.__getitem__)
    rise = (total_odds(sums) - _BEFORE) * model.points_per_bit
    harm = float(sum(signal.harm for signal in told))
    likelihood = max(-min(harm, float(model.most_discount)), _notable(rise, model))
    whole = floor(harm + likelihood + 0.5)
    factors: list[Factor] = []
    if harm or rise > 0.0:
        points = _exact(families, winner, likelihood, model)
        factors = _rounded(families, points, whole)
    factors = _cut(factors, whole, told)
    score = sum(factor.points for factor in factors)
    attacker = ATTACKERS[winner] if rise >= NOTABLE_POINTS else None
    confidence, because = confidence_in(known)
    missing = [signal for signal in signals if signal.status is SignalStatus.UNAVAILABLE]
    return Assessment(
        score=score,
        level=level_of(score, model),
        factors=tuple(sorted((_dated(factor, dates) for factor in factors), key=_rank)),
        attacker=attacker,
        headline=headline(attacker, factors, confidence),
        confidence=confidence,
        confidence_because=because,
        unknown=tuple(
            dict.fromkeys(
                signal.reason for signal in sorted(missing, key=lambda one: (one.name, one.reason))
            )
        ),
        odds_mb=round(total_odds(sums) * _MILLI),
    )


def _notable(rise: float, model: Model) -> float:
    """Return the points that a rise of the odds counts: a small one none, as it is ordinary."""
    return rise if rise < 0.0 else max(0.0, rise - model.ordinary_bits * model.points_per_bit)


def level_of(score: int, model: Model = MODEL) -> RiskLevel:
    """Return the level of a score 0–100."""
    if score >= model.high_from:
        return RiskLevel.HIGH
    return RiskLevel.MEDIUM if score >= model.medium_from else RiskLevel.LOW


HEADLINES: Mapping[Attacker, str] = {
    Attacker.NAIVE: "this looks like somebody else with this person's password",
    Attacker.VPN: "this looks like somebody else who hides where they are",
    Attacker.TARGETED: "this looks like somebody who imitates this person",
    Attacker.STOLEN_DEVICE: "this looks like somebody else at this person's device",
    Attacker.INSIDER: "this is not what this person usually works on",
    Attacker.HIJACKED_AGENT: "this looks like a program that acts in this person's name",
    Attacker.POISONER: "what is usual for this person has been moved slowly",
}


def headline(attacker: Attacker | None, factors: Sequence[Factor], confidence: Confidence) -> str:
    """Return in one sentence what the score comes from."""
    if attacker is not None:
        return HEADLINES[attacker]
    is_known = confidence is not Confidence.LOW
    person = "this is usual for the person" if is_known else "nothing speaks against the person"
    if any(factor.points > 0 for factor in factors):
        return f"{person}; the risk is in what it does"
    return person


def _says_anything(signal: Signal) -> bool:
    return bool(signal.weights or signal.harm or signal.floor)


def _strongest(signals: Sequence[Signal]) -> list[Signal]:
    """Return one signal a name, in order of name, so that no other order can matter."""
    named: dict[str, list[Signal]] = {}
    for signal in signals:
        named.setdefault(signal.name, []).append(_honest(signal))
    return [_merged(named[name]) for name in sorted(named)]


def _honest(signal: Signal) -> Signal:
    """Return the signal in bounds; one that could not be measured says nothing for the person."""
    weights = signal.weights or _NOTHING
    if signal.status is SignalStatus.UNAVAILABLE and min(weights) < 0:
        weights = tuple([max(0, bits) for bits in weights])
    if weights is signal.weights and 0 <= signal.harm <= HIGHEST and 0 <= signal.floor <= HIGHEST:
        return signal
    return replace(
        signal,
        weights=weights,
        harm=min(HIGHEST, max(0, signal.harm)),
        floor=min(HIGHEST, max(0, signal.floor)),
    )


def _merged(alike: Sequence[Signal]) -> Signal:
    """Return the one that says most, with whatever the others say more of."""
    if len(alike) == 1:
        return alike[0]
    return replace(
        max(alike, key=_says),
        weights=tuple(map(max, *(signal.weights for signal in alike))),
        harm=max(signal.harm for signal in alike),
        floor=max(signal.floor for signal in alike),
    )


def _says(signal: Signal) -> tuple[object, ...]:
    at = signal.at.isoformat() if signal.at else ""
    weights, status = signal.weights, signal.status.value
    return (max(weights), signal.harm, signal.floor, weights, status, signal.reason, at,
            signal.source)  # fmt: skip


def _families(told: Sequence[Signal], model: Model) -> dict[str, list[Signal]]:
    families: dict[str, list[Signal]] = {}
    for signal in told:
        families.setdefault(model.families.get(signal.name, signal.name), []).append(signal)
    return families


def _bits(families: Mapping[str, Sequence[Signal]]) -> list[float]:
    """Return the bits of all signals for each kind of attacker.

    Families are combined as signals within one are: whoever travels is in a new network at a
    new hour, and many small oddities are not the proof of an attack that their sum would be.
    """
    by_family = []
    for family in families.values():
        columns = zip(*(signal.weights for signal in family), strict=True)
        by_family.append(_each(columns, 1.0))
    # Divided at the end only: until then the sums of whole numbers are exact.
    return _each(zip(*by_family, strict=True), _MILLI) if by_family else [0.0] * len(ATTACKERS)


def _each(columns: Iterable[tuple[float, ...]], unit: float) -> list[float]:
    """Return what each column says together; most kinds of attacker have the same one."""
    known: dict[tuple[float, ...], float] = {}
    found = []
    for column in columns:
        bits = known.get(column)
        if bits is None:
            bits = known[column] = combined(column) / unit
        found.append(bits)
    return found


def _exact(
    families: Mapping[str, Sequence[Signal]], winner: int, likelihood: float, model: Model
) -> dict[str, float]:
    """Return the points of each signal, and of the base rate: they sum to harm + likelihood."""
    inner = {
        name: [signal.weights[winner] / _MILLI for signal in told]
        for name, told in families.items()
    }
    outer = shares([combined(bits) for bits in inner.values()])
    parts: dict[str, float] = {}
    for (name, told), counted in zip(families.items(), outer, strict=True):
        bits = inner[name]
        for signal, value, share in zip(told, bits, shares(bits), strict=True):
            parts[signal.name] = value * share * counted * model.points_per_bit
    rest = likelihood - sum(parts.values())
    against = sum(points for points in parts.values() if points > 0.0)
    usual = against - sum(parts.values())
    if usual > 0.0 and likelihood <= 0.0:
        # The discount is bounded: what speaks for the person shares what is left of it.
        share = min(1.0, (against - likelihood) / usual)
        parts = {name: points if points > 0.0 else points * share for name, points in parts.items()}
        rest = likelihood - sum(parts.values())
    parts[BASE_RATE] = rest
    for signal in (signal for told in families.values() for signal in told):
        parts[signal.name] += signal.harm
    return parts


def _rounded(
    families: Mapping[str, Sequence[Signal]], points: Mapping[str, float], whole: int
) -> list[Factor]:
    """Return a factor a family, in whole points that sum to `whole`.

    Signals of one family say one thing, so they are stated as one: whoever takes it away takes
    all of it. The largest remainders are rounded up.
    """
    sums = {name: sum(points[signal.name] for signal in told) for name, told in families.items()}
    sums[BASE_RATE] = points[BASE_RATE]
    lower = {name: floor(value) for name, value in sums.items()}
    missing = whole - sum(lower.values())
    by_remainder = sorted(sums, key=lambda name: (lower[name] - sums[name], name))
    for name in by_remainder[:missing]:
        lower[name] += 1
    factors = [
        _stated(name, lower[name], told, points) for name, told in families.items() if lower[name]
    ]
    if lower[BASE_RATE]:
        words = "how rare such attacks are, and what else it could be"
        factors.append(Factor(BASE_RATE, lower[BASE_RATE], words))
    return factors


def _stated(name: str, whole: int, told: Sequence[Signal], points: Mapping[str, float]) -> Factor:
    """Return the factor of a family: the strongest signal's words, then those that add to it."""
    sign = 1.0 if whole > 0 else -1.0
    ranked = sorted(told, key=lambda signal: (-sign * points[signal.name], signal.name))
    strongest = ranked[0]
    also = [signal for signal in ranked[1:] if sign * points[signal.name] >= _WORTH_SAYING]
    reason = "; ".join(signal.reason for signal in (strongest, *also[:_MOST_ALSO]))
    return Factor(name, whole, reason, strongest.status, strongest.at, strongest.source)


def _cut(factors: list[Factor], whole: int, told: Sequence[Signal]) -> list[Factor]:
    """Cut the sum to 100, and raise it to the highest floor, each in a line of its own."""
    kept = [factor for factor in factors if factor.points]
    if whole > HIGHEST:
        kept.append(Factor(CEILING, HIGHEST - whole, "a score is 100 at most"))
    score = min(HIGHEST, whole)
    least = max(told, key=lambda signal: (signal.floor, signal.name), default=None)
    if least is not None and least.floor > score:
        words = f"{least.reason}: it cannot be less than {least.floor}"
        kept.append(
            Factor(least.name, least.floor - score, words, least.status, least.at, least.source)
        )
    return kept


def _dated(factor: Factor, dates: Mapping[str, datetime]) -> Factor:
    at = dates.get(factor.source) if factor.at is None else None
    return factor if at is None else replace(factor, at=at)


def _rank(factor: Factor) -> tuple[int, str, str]:
    return (-factor.points, factor.name, factor.reason)
