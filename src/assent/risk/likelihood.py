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

_MANY = 100_000.0
"""From about so much of others on, in thousandths of an event, that is believed."""

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
    deep = len(seen.chain)
    nothing = (0,) * (2 * deep + 1)
    return chain_likelihood(
        deep,
        seen.person or nothing,
        seen.peers,
        seen.everyone or nothing,
        [days < PROMOTED_AFTER_DAYS for days in seen.days] or nothing,
    )


def chain_likelihood(
    deep: int,
    person: Sequence[float],
    peers: Sequence[float],
    everyone: Sequence[float],
    probation: Sequence[object],
    at: int = 0,
    unit: float = 1.0,
) -> Likelihood:
    """Return what a chain of `deep` values says.

    The counts: as in Familiarity, from the index `at` on; peers may be empty. probation: true
    for each value whose count is believed in part. unit: a thousandth of an event in the
    counts' own terms.
    """
    strength, discount = STRENGTH * unit, DISCOUNT * unit
    kind = 1000.0 * unit
    total = at + deep + deep
    persons, every = person[total], everyone[total]
    # Compared with the others: everyone and the peers without the person's own part.
    others = every - persons if every > persons else 0.0
    # Where nobody else was seen there may be nothing else to show: that the person shows it
    # says little for them then, and must not make up for what is new below it.
    unseen_kinds = 1.0 + _UNSEEN_KINDS * others / (others + _MANY * unit)
    near = peers[total] - persons if peers and peers[total] > persons else 0.0
    # Each level is judged within the value above it: what is there of that, for each of them.
    own_above, near_above, others_above = persons, near, others
    base = peer_ratio = own_ratio = 1.0
    ratios = [1.0] * deep
    for place in range(deep - 1, -1, -1):
        value = at + place
        kinds = value + deep
        own = person[value]
        count = everyone[value] - own
        # No more of a value than of what it belongs to, also where counts were cut or damaged.
        if own > own_above:
            own = own_above
        if count > others_above:
            count = others_above
        left = strength
        if others_above:
            left += _DISCOUNT_OF_KINDS * everyone[kinds] * others_above / others
        share = left / (everyone[kinds] / kind + unseen_kinds)
        if count > discount:
            share += count - discount
        share /= others_above + strength
        base *= share
        others_above = count if count > 0.0 else 0.0
        if near_above:
            left = strength + _DISCOUNT_OF_KINDS * peers[kinds] * near_above / near
            count = peers[value] - own
            if count > near_above:
                count = near_above
            known = left + ((count - discount) / share if count > discount else 0.0)
            rise = known / (near_above + strength)
            peer_ratio *= rise
            share *= rise
            near_above = count if count > 0.0 else 0.0
        if own_above:
            left = strength + _DISCOUNT_OF_KINDS * person[kinds] * own_above / persons
            within = own_above + strength
            own_above = own
            if own and probation[place]:
                # What is not believed is taken as if it had not been there.
                within -= own * (1.0 - PROBATION_SHARE)
                own *= PROBATION_SHARE
            known = left + ((own - discount) / share if own > discount else 0.0)
            own_ratio *= known / within
        ratios[place] = peer_ratio * own_ratio
    return Likelihood(ratios, base)


def of_step(seen: Familiarity, action: Likelihood) -> float:
    """Return the bits by which a step after another one says more than its action alone.

    Half of what is said is the sequence's, half the action's own.
    """
    nothing = (0, 0, 0)
    return step_bits(seen.person or nothing, seen.everyone or nothing, action)


def step_bits(
    person: Sequence[float],
    everyone: Sequence[float],
    action: Likelihood,
    at: int = 0,
    unit: float = 1.0,
) -> float:
    """Return what `of_step` does, from counts: the step's, its kinds', all after the last."""
    own, owns = person[at], person[at + 2]
    others = everyone[at + 2] - owns
    ratio = action.ratios[0]
    base = theirs = action.base
    mine = base * ratio
    if others > 0.0:
        left = STRENGTH * unit + _DISCOUNT_OF_KINDS * everyone[at + 1]
        count = everyone[at] - own - DISCOUNT * unit
        theirs = ((count if count > 0.0 else 0.0) + left * base) / (others + STRENGTH * unit)
    if owns:
        left = STRENGTH * unit + _DISCOUNT_OF_KINDS * person[at + 1]
        count = own - DISCOUNT * unit
        mine = ((count if count > 0.0 else 0.0) + left * mine) / (owns + STRENGTH * unit)
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
# Where nothing was learned, an amount speaks neither way.
_NEUTRAL = 1000.0 * _SHARPNESS ** (1.0 / (1.0 - _SHARPNESS))
# So many of the wider crowd's amounts somebody is thought to have shown before.
_BORROWED = 5000.0


def amount_bits(
    own_above: float,
    own: float,
    peers_above: float,
    peers: float,
    above: float,
    every: float,
    unit: float = 1.0,
) -> float:
    """Return what `of_amount` does, from the counts. unit: as in `chain_likelihood`.

    The share of amounts at least as large is a p-value; an attacker's are spread as
    a · p^(a - 1) with a = 0.3 (Sellke, Bayarri, Berger 2001, section 2).
    """
    borrowed = _BORROWED * unit
    share = (above + _NEUTRAL * unit) / (every + 1000.0 * unit)
    share = (peers_above + borrowed * share) / (peers + borrowed)
    share = (own_above + borrowed * share) / (own + borrowed)
    if share > 1.0:
        share = 1.0
    bits = _USUAL_BITS + (_SHARPNESS - 1.0) * log2(share)
    return MOST_BITS if bits > MOST_BITS else bits
