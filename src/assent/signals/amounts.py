"""How large an amount is for the person, with its history in words.

What the signals share that compare a number with what was learned.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from assent.core.evidence import Evidence
from assent.core.familiarity import Magnitude
from assent.core.signal import Signal
from assent.risk.likelihood import of_amount
from assent.signals.novelty import MOST_DAYS, PROFILE, learned, profile_failed
from assent.signals.weighing import found, maturity, usual, weights
from assent.signals.words import count_words, person_words, share_words

Naming = Callable[[int], str]

_GROWN = 20
"""From so many actions on, little is a sign that the person works as usual."""


def measure_amounts(
    name: str, evidence: Evidence, namings: Mapping[str, Naming], shares: Sequence[float]
) -> Signal:
    """Return how large the largest of some amounts is, against person and peers.

    namings: dimension → an amount of it in words. shares: whom it concerns.
    """
    known = learned(evidence)
    if known is None:
        return profile_failed(name, evidence, shares)
    amounts = [
        (known.amounts[dimension], naming)
        for dimension, naming in namings.items()
        if dimension in known.amounts
    ]
    if not amounts:
        return usual(name, "there is no amount to compare")
    actions = evidence.session.actions if evidence.session else 0
    trust, days = min(_GROWN, actions), min(known.days, MOST_DAYS)
    return _measured(name, tuple(amounts), person_words(evidence), tuple(shares), trust, days)


@lru_cache(maxsize=4096)
def _measured(
    name: str,
    amounts: tuple[tuple[Magnitude, Naming], ...],
    who: str,
    shares: tuple[float, ...],
    trust: int,
    days: int,
) -> Signal:
    bits, _, place = max(
        (of_amount(seen), seen.dimension, place) for place, (seen, _) in enumerate(amounts)
    )
    if bits < 0.0:
        # Every session begins with little, whoever opened it: that says nothing for anybody.
        bits *= trust / _GROWN
    else:
        bits *= maturity(days, amounts[place][0].person, amounts[place][0].everyone)
    largest, naming = amounts[place]
    words = amount_words(largest, naming(largest.value), who)
    return found(name, words, weights(bits, shares), PROFILE)


def amount_words(seen: Magnitude, amount: str, who: str) -> str:
    """Return one sentence: the amount, and how often it was as large."""
    crowds = (
        (seen.person, seen.person_above, who),
        (seen.peers, seen.peers_above, "the team"),
        (seen.everyone, seen.everyone_above, "everybody"),
    )
    for whole, above, name in crowds:
        if whole > 0:
            times = count_words(whole / 1000.0, "time")
            if above <= 0:
                return f"{amount}: more than ever before in {times} by {name}"
            return (
                f"{amount}: {share_words(above, whole)} of {times} by {name} were at least as much"
            )
    return f"{amount}: nothing was learned yet of how much is usual"
