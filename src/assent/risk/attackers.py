"""The kinds of attacker, as data: what of the person each can show, and how likely each is.

Who knows nothing shows what anybody would (Wiefling et al. 2022: naive); each further one knows
more. What an attacker shows just as the person would says nothing of them.
"""

from collections.abc import Mapping, Sequence
from math import log2

from assent.core.signal import ATTACKERS, Attacker
from assent.risk.dimensions import Dimension
from assent.risk.likelihood import Likelihood

ALL = 99
"""Every level of a chain."""

PRIORS: Mapping[Attacker, float] = {
    Attacker.NAIVE: -10.0,
    Attacker.VPN: -11.0,
    Attacker.TARGETED: -12.0,
    Attacker.STOLEN_DEVICE: -11.0,
    Attacker.INSIDER: -10.0,
    Attacker.HIJACKED_AGENT: -11.0,
    Attacker.POISONER: -14.0,
}
"""log2 of how likely each is before anything is seen, against the person acting as usual."""

MATCHED: Mapping[str, tuple[int, ...]] = {
    #          naive VPN targeted stolen insider agent poisoner
    "network": (0, 1, 2, ALL, ALL, ALL, ALL),
    "device": (0, 0, 2, ALL, ALL, ALL, 2),
    "client": (0, 0, ALL, ALL, ALL, 1, ALL),
    "hour": (0, 0, 0, 0, ALL, ALL, 0),
}
"""Dimension → how many of its general levels each attacker shows as the person would, in the
order of ATTACKERS. What is not listed is behaviour, which none of them has."""
VOLUME_SHARES = (0.5, 0.5, 0.5, 0.5, 1.0, 1.0, 0.25)
"""How much of an unusual amount each attacker explains, in the order of ATTACKERS."""

OWN = (False, False, False, False, True, False, False)
"""Which attackers act under their own name, in the order of ATTACKERS."""


def weights_of_chain(dimension: Dimension, seen: Likelihood) -> Sequence[float]:
    """Return the bits that a chain gives each kind of attacker, in the order of ATTACKERS."""
    matched = _DISTINCT.get(dimension.name)
    if matched is None:
        return (seen.bits(0),) * len(ATTACKERS)
    distinct, places = matched
    bits = [seen.bits(levels) for levels in distinct]
    return [bits[place] for place in places]


# Dimension → the different numbers of levels in its row, and for each attacker which of them.
_DISTINCT = {
    name: (levels := tuple(sorted(set(row))), tuple(levels.index(item) for item in row))
    for name, row in MATCHED.items()
}


def total_odds(sums: Sequence[float]) -> float:
    """Return log2 of the odds that it is any attacker. sums: each one's bits, prior included."""
    highest = max(sums)
    return highest + log2(sum([2.0 ** (bits - highest) for bits in sums]))


PRIOR_BITS = tuple(PRIORS[attacker] for attacker in ATTACKERS)
"""The priors in the order of ATTACKERS."""
