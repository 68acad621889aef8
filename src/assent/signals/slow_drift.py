"""Whether what was learned in the last week is far from what was learned before."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.novelty import PROFILE, learned, profile_failed
from assent.signals.weighing import found, usual, weights
from assent.signals.words import person_words

NAME = "slow_drift"

FROM_MB = 2000
MOST_BITS = 10.0

#         naive  VPN  targeted stolen insider agent poisoner
SHARES = (0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 1.0)


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how far the person's habits moved within a week."""
    known = learned(evidence)
    if known is None:
        return profile_failed(NAME, evidence, SHARES)
    who = person_words(evidence)
    if known.fast_slow_gap_mb <= FROM_MB:
        return usual(NAME, f"the last week of {who} was like the time before", PROFILE)
    bits = min(MOST_BITS, known.fast_slow_gap_mb / 1000.0)
    reason = f"the last week of {who} was unlike all the time before, by {bits:.1f} bits"
    return found(NAME, reason, weights(bits, SHARES), PROFILE)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history"}), measure=measure)
