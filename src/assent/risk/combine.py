"""Many weights of evidence, some of them of one thing twice, into one sum."""

from collections.abc import Sequence
from operator import mul

REPEATED = (1.0, 0.5, 0.25, 0.125)
"""What the strongest of one family counts, the next, and so on: they are not independent.

The shares only fall, so that more danger in any of them never lowers the sum.
"""


def shares(bits: Sequence[float]) -> list[float]:
    """Return what share of each of one family's weights counts, in their order.

    What speaks against the person and what speaks for them are ranked each among its own.
    """
    found = [0.0] * len(bits)
    for sign in (1.0, -1.0):
        ranked = sorted(
            (place for place, value in enumerate(bits) if value * sign > 0.0),
            key=lambda place: -bits[place] * sign,
        )
        for rank, place in enumerate(ranked):
            found[place] = REPEATED[min(rank, len(REPEATED) - 1)]
    return found


def combined(bits: Sequence[float]) -> float:
    """Return what one family's weights say together, for one kind of attacker."""
    if len(bits) == 1:
        return bits[0]
    if len(bits) == 2:
        one, other = bits
        if one * other <= 0.0:
            return one + other
        return one + other - 0.5 * (other if abs(other) < abs(one) else one)
    total = 0.0
    against = sorted([value for value in bits if value > 0.0], reverse=True)
    total += sum(map(mul, against, _SHARES), 0.0)
    usual = sorted([value for value in bits if value < 0.0])
    return total + sum(map(mul, usual, _SHARES), 0.0)


_SHARES = REPEATED + (REPEATED[-1],) * 60
