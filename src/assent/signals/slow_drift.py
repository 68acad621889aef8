"""Whether this looks usual only by what somebody patient may have made usual of late."""

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
SHARES = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return by how much values that days alone made usual of late make this look usual."""
    known = learned(evidence)
    if known is None:
        return profile_failed(NAME, evidence, SHARES)
    who = person_words(evidence)
    if known.fast_slow_gap_mb <= FROM_MB:
        return usual(NAME, f"it does not rest on what became usual for {who} lately", PROFILE)
    bits = min(MOST_BITS, known.fast_slow_gap_mb / 1000.0)
    reason = f"it looks {bits:.1f} bits more usual by what {who} began within 60 days"
    return found(NAME, reason, weights(bits, SHARES), PROFILE)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history"}), measure=measure)
