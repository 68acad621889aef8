"""All aspects of one action at once, straight from the counts: the bits for each attacker.

What `signals` find one by one, with words, from the whole numbers of the evidence, is found
here in one pass without either: for evaluations, and for sessions that are watched in bulk.
"""

from collections.abc import Sequence
from operator import add

from assent.risk.attackers import (
    MATCHED,
    OWN,
    PRIOR_BITS,
    VOLUME_SHARES,
    total_odds,
    weights_of_chain,
)
from assent.risk.combine import combined
from assent.risk.dimensions import VOLUME
from assent.risk.keys import AmountKeys, ChainKeys, amount_keys, bucket_of, chain_keys
from assent.risk.likelihood import Likelihood, amount_bits, chain_likelihood, step_bits
from assent.risk.memory import Reading, Seen

_ALL_PROMOTED = (None,) * 64
_OWN_PLACES = tuple(place for place, is_own in enumerate(OWN) if is_own)
_NOTHING = (0.0,) * len(VOLUME_SHARES)
_ALL_EQUAL = (1.0,) * len(VOLUME_SHARES)


def bits_of(reading: Reading, seen: Sequence[Seen]) -> list[float]:
    """Return the bits that one action gives: of behaviour, of amounts, then of each attacker.

    The last ones, in the order of ATTACKERS, are what each could not show as the person would;
    `odds_of` puts all of them together. seen: a step stands behind the chain that it follows.
    """
    alike, told = _weighed(reading, seen)
    volume = combined(alike.pop(VOLUME)) if VOLUME in alike else 0.0
    sums = [sum(map(combined, alike.values())), volume, *_NOTHING]
    for family in told.values():
        own = family[0] if len(family) == 1 else map(combined, zip(*family, strict=True))
        sums[2:] = map(add, sums[2:], own)
    return sums


def odds_of(parts: Sequence[float]) -> tuple[float, float]:
    """Return log2 of the odds of an attack, and the suspicion. parts: sums of `bits_of`.

    Suspicion is the bits for the likeliest attacker without priors. Whoever acts under their
    own name does what is usual, but too much of it: where amounts are known, that behaviour is
    usual says nothing for them.
    """
    behaviour, volume, *own = parts
    others = [bits + volume * share for bits, share in zip(own, VOLUME_SHARES, strict=True)]
    sums = list(map(add, others, PRIOR_BITS))
    if behaviour < 0.0 and volume:
        for place in _OWN_PLACES:
            sums[place] -= behaviour
    return behaviour + total_odds(sums), behaviour + max(others)


def families_of(reading: Reading, seen: Sequence[Seen]) -> dict[str, Sequence[float]]:
    """Return the parts of the sums that `bits_of` returns, by family."""
    alike, told = _weighed(reading, seen)
    found: dict[str, Sequence[float]] = {}
    for name, bits in alike.items():
        shares = VOLUME_SHARES if name == VOLUME else _ALL_EQUAL
        found[name] = [combined(bits) * share for share in shares]
    for name, family in told.items():
        found[name] = list(map(combined, zip(*family, strict=True)))
    return found


def _weighed(
    reading: Reading, seen: Sequence[Seen]
) -> tuple[dict[str, list[float]], dict[str, list[Sequence[float]]]]:
    """Return bits by family: what all attackers have alike, and what each has of their own."""
    found = [_keys(aspect) for aspect in seen]
    wanted: list[int] = []
    for keys in found:
        wanted += keys.all
    person = reading.of_person(wanted)
    peers = reading.of_peers(wanted)
    everyone = reading.of_everyone(wanted)
    probation = reading.profile.counts.probation
    in_probation = probation.get if probation else None
    likelihoods: dict[str, Likelihood] = {}
    alike: dict[str, list[float]] = {}
    told: dict[str, list[Sequence[float]]] = {}
    units: dict[int, float] = {}
    at = 0
    for aspect, keys in zip(seen, found, strict=True):
        of = aspect.dimension
        unit = units.get(of.half_life_days)
        if unit is None:
            unit = units[of.half_life_days] = 1.0 / reading.fade(of)
        width = len(keys.all)
        if not aspect.chain:
            bits = _amount(person, peers, everyone, at, at + width - 1, unit)
        elif aspect.after:
            bits = step_bits(person, everyone, likelihoods[of.follows], at, unit) * aspect.times
        else:
            deep = len(aspect.chain)
            marks = list(map(in_probation, keys.all[:deep])) if in_probation else _ALL_PROMOTED
            likelihood = chain_likelihood(deep, person, peers, everyone, marks, at, unit)
            likelihoods[of.name] = likelihood
            if of.name in MATCHED:
                weights = weights_of_chain(of, likelihood)
                if aspect.times != 1.0:
                    weights = [value * aspect.times for value in weights]
                told.setdefault(of.family, []).append(weights)
                at += width
                continue
            bits = likelihood.bits(0) * aspect.times
        at += width
        alike.setdefault(of.family, []).append(bits)
    return alike, told


def _keys(aspect: Seen) -> ChainKeys | AmountKeys:
    if aspect.chain:
        return chain_keys(aspect.dimension.name, aspect.chain, aspect.after)
    return amount_keys(aspect.dimension.name, bucket_of(aspect.amount))


def _amount(
    person: Sequence[float],
    peers: Sequence[float],
    everyone: Sequence[float],
    at: int,
    total: int,
    unit: float,
) -> float:
    return amount_bits(
        sum(person[at:total]),
        person[total],
        sum(peers[at:total]) if peers else 0.0,
        peers[total] if peers else 0.0,
        sum(everyone[at:total]),
        everyone[total],
        unit,
    )
