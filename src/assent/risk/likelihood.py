"""How much more likely an attacker makes what was seen than the person does, in bits.

Probabilities are hierarchical on two axes: a person's counts are smoothed towards their peers',
those towards everyone's, and a specific value's towards the more general one it belongs to. Each
step is a Pitman-Yor estimate (Teh 2006): a discount is taken from every kind of value, and what
was taken, with a constant, goes to the step below. Only ratios are computed: how many times more
likely the person is to show this value than somebody from everyone. All counts are in
thousandths of an event, as evidence holds them.
"""

from collections.abc import Sequence
from math import log2

from msgspec import Struct

from assent.core.familiarity import Familiarity, Magnitude
from assent.risk.fading import PROMOTED_AFTER_DAYS

DISCOUNT = 300.0
STRENGTH = 1000.0
"""What a kind of value, and the whole, give to the step below, in thousandths of an event."""

PROBATION_SHARE = 0.5
"""What part of a count is believed while its value is in probation."""

MOST_BITS = 8.0
"""No single aspect says more than this, in either direction."""

_UNSEEN_KINDS = 500.0
"""So many values nobody has shown yet are thought possible, at each level."""

_DISCOUNT_OF_KINDS = DISCOUNT / 1000.0


class Likelihood(Struct, frozen=True, gc=False):
    """What a chain says. ratios: by level, specific first: person's probability by everyone's.

    base: everyone's probability of the most specific value.
    """

    ratios: Sequence[float]
    base: float

    def bits(self, matched: int) -> float:
        """Return log2 of how much likelier an attacker is to show it than the person.

        matched: how many general levels the attacker shows as the person would: 0 for one
        who knows nothing, all of them for one who shows exactly the same.
        """
        ratios = self.ratios
        if matched >= len(ratios):
            return 0.0
        known = ratios[len(ratios) - matched] if matched else 1.0
        bits = log2(known / ratios[0])
        return MOST_BITS if bits > MOST_BITS else bits if bits > -MOST_BITS else -MOST_BITS


def of_chain(seen: Familiarity) -> Likelihood:
    """Return what a chain of values says."""
    nothing = (0,) * (2 * len(seen.chain) + 1)
    return chain_likelihood(
        len(seen.chain), seen.person or nothing, seen.peers, seen.everyone or nothing, seen.days
    )


def chain_likelihood(
    deep: int,
    person: Sequence[float],
    peers: Sequence[float],
    everyone: Sequence[float],
    days: Sequence[int],
) -> Likelihood:
    """Return what a chain of `deep` values says. The counts: as in Familiarity; peers may be ()."""
    persons, every = person[-1], everyone[-1]
    # Compared with the others: everyone and the peers without the person's own part.
    others = every - persons if every > persons else 0.0
    near = peers[-1] - persons if peers and peers[-1] > persons else 0.0
    base = peer_ratio = own_ratio = 1.0
    ratios = [1.0] * deep
    for place in range(deep - 1, -1, -1):
        own = person[place]
        kinds = everyone[deep + place]
        left = STRENGTH + _DISCOUNT_OF_KINDS * kinds
        count = everyone[place] - own - DISCOUNT
        base = left * base / (kinds / 1000.0 + _UNSEEN_KINDS) + (count if count > 0.0 else 0.0)
        base /= others + left
        if near:
            left = STRENGTH + _DISCOUNT_OF_KINDS * peers[deep + place]
            count = peers[place] - own - DISCOUNT
            peer_ratio *= left
            if count > 0.0:
                peer_ratio += count / base
            peer_ratio /= near + left
        if persons:
            left = STRENGTH + _DISCOUNT_OF_KINDS * person[deep + place]
            if own and days[place] < PROMOTED_AFTER_DAYS:
                own *= PROBATION_SHARE
            count = own - DISCOUNT
            own_ratio *= left
            if count > 0.0:
                own_ratio += count / (base * peer_ratio)
            own_ratio /= persons + left
        ratios[place] = peer_ratio * own_ratio
    return Likelihood(ratios, base)


def of_step(seen: Familiarity, action: Likelihood) -> float:
    """Return the bits by which a step after another one says more than its action alone.

    Half of what is said is the sequence's, half the action's own.
    """
    nothing = (0, 0, 0)
    return step_bits(seen.person or nothing, seen.everyone or nothing, action)


def step_bits(person: Sequence[float], everyone: Sequence[float], action: Likelihood) -> float:
    """Return what `of_step` does, from the counts: the step's, the kinds', all after the last."""
    own, own_kinds, owns = person
    count, kinds, every = everyone
    ratio = action.ratios[0]
    base = theirs = action.base
    mine = base * ratio
    others = every - owns if every > owns else 0.0
    if others:
        left = STRENGTH + _DISCOUNT_OF_KINDS * kinds
        theirs = (max(0.0, count - own - DISCOUNT) + left * base) / (others + left)
    if owns:
        left = STRENGTH + _DISCOUNT_OF_KINDS * own_kinds
        mine = (max(0.0, own - DISCOUNT) + left * mine) / (owns + left)
    bits = 0.5 * log2(theirs / mine * ratio)
    return max(-MOST_BITS, min(MOST_BITS, bits))


def of_amount(seen: Magnitude) -> float:
    """Return the bits that say an amount is larger than usual; at least those of a usual one."""
    return amount_bits(
        seen.person_above,
        seen.person,
        seen.peers_above,
        seen.peers,
        seen.everyone_above,
        seen.everyone,
    )


_SHARPNESS = 0.3
_USUAL_BITS = log2(_SHARPNESS)
# So many of the wider crowd's amounts somebody is thought to have shown before.
_BORROWED = 5000.0


def amount_bits(
    own_above: float, own: float, peers_above: float, peers: float, above: float, every: float
) -> float:
    """Return what `of_amount` does, from the counts.

    The share of amounts at least as large is a p-value; an attacker's are spread as
    a · p^(a - 1) with a = 0.3 (Sellke, Bayarri, Berger 2001, section 2).
    """
    share = (above + 500.0) / (every + 1000.0)
    share = (peers_above + _BORROWED * share) / (peers + _BORROWED)
    share = (own_above + _BORROWED * share) / (own + _BORROWED)
    if share > 1.0:
        share = 1.0
    bits = _USUAL_BITS + (_SHARPNESS - 1.0) * log2(share)
    return MOST_BITS if bits > MOST_BITS else bits
