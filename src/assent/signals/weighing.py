"""From bits to the weights of a signal, and what is said where something could not be measured.

Shares say how much of what was found each kind of attacker explains, in the order of ATTACKERS.
"""

from collections.abc import Sequence
from datetime import datetime

from assent.core.evidence import Evidence
from assent.core.signal import ATTACKERS, Signal, SignalStatus
from assent.signals.words import reason_words

#                     naive VPN targeted stolen insider agent poisoner
ALL: Sequence[float] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
OUTSIDERS: Sequence[float] = (1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0)

FAILED_MB = 1500
"""What a source counts that should be there and could not be read, in thousandths of a bit."""

_HALF_KNOWN_DAYS = 3.0
_CROWD = 100_000.0

MOST_MB = 40_000
"""No weight is larger than this, in either direction."""


def weights(bits: float, shares: Sequence[float] = ALL) -> tuple[int, ...]:
    """Return the weights of so many bits; empty where they say nothing."""
    return bounded([1000.0 * bits * share for share in shares]) if bits else ()


def bounded(found: Sequence[float]) -> tuple[int, ...]:
    """Return weights, in thousandths of a bit, rounded and bounded; empty where all are 0."""
    whole = tuple(map(round, found))
    if whole and (max(whole) > MOST_MB or min(whole) < -MOST_MB):
        whole = tuple([max(-MOST_MB, min(MOST_MB, weight)) for weight in whole])
    return whole if any(whole) else ()


def grown(found: Sequence[float], share: float) -> list[float]:
    """Return weights of which those against the person count that share; see `maturity`."""
    return [weight * share if weight > 0.0 else weight for weight in found]


def maturity(days: int, own: int, everyone: int) -> float:
    """Return how much it says that something is new, 0 to 1.

    days: the person was seen on. own, everyone: all counts of a dimension, in thousandths. What
    somebody does comes in bouts: a thousand actions of one day are one look at them, and on the
    next day much is new. A crowd of others makes up for it.
    """
    days, others = max(0, days), max(0, everyone - own)
    return max(days / (days + _HALF_KNOWN_DAYS), others / (others + _CROWD))


def added(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    """Return the sum of two signals' weights; either may be empty."""
    nothing = (0,) * len(ATTACKERS)
    return bounded([a + b for a, b in zip(one or nothing, other or nothing, strict=True)])


def found(
    name: str, reason: str, weighed: tuple[int, ...], source: str = "", at: datetime | None = None
) -> Signal:
    """Return what was measured: OBSERVED where it speaks more against the person than for them."""
    speaks = bool(weighed) and max(weighed) > max(0, -min(weighed))
    status = SignalStatus.OBSERVED if speaks else SignalStatus.ABSENT
    return Signal(name, status, reason_words(reason), weighed, at=at, source=source)


def usual(name: str, reason: str, source: str = "") -> Signal:
    """Return that nothing was found, and that this says nothing either."""
    return Signal(name, SignalStatus.ABSENT, reason_words(reason), source=source)


def missing(name: str, reason: str, source: str = "") -> Signal:
    """Return that it cannot be measured here: nobody configured or sent what it needs."""
    return Signal(name, SignalStatus.UNAVAILABLE, reason_words(reason), source=source)


def failed(
    name: str,
    reason: str,
    source: str = "",
    shares: Sequence[float] = ALL,
    weighed: Sequence[int] = (),
) -> Signal:
    """Return that a source failed that should be there, which speaks against everybody in part.

    shares: whom it concerns. weighed: what was found all the same; it counts where it is more.
    """
    least = [FAILED_MB if share > 0.0 else 0 for share in shares]
    known = weighed or (0,) * len(ATTACKERS)
    most = bounded([max(a, b) for a, b in zip(least, known, strict=True)])
    return Signal(name, SignalStatus.UNAVAILABLE, reason_words(reason), most, source=source)


def without_network(name: str, evidence: Evidence, source: str = "") -> Signal:
    """Return what is said where nothing is known of the network: an address should be looked up."""
    if not evidence.connection.address:
        return missing(name, "the connection has no address", source)
    if "network" in evidence.not_configured:
        return missing(name, "no database of addresses is configured", source)
    reason = "where the connection comes from could not be found out"
    return failed(name, reason, source, OUTSIDERS)


def has_failed(evidence: Evidence, *kinds: str) -> bool:
    """Return whether any of these kinds of evidence should be there and is not."""
    return not evidence.unavailable.isdisjoint(kinds)
