"""What people answered to requests like this one."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.novelty import learned, profile_failed
from assent.signals.weighing import found, usual, weights
from assent.signals.words import count_words

NAME = "people_said"
_SOURCE = "people"

FEWEST = 3
LEAST_BITS, MOST_BITS = -2.0, 4.0

#         naive VPN targeted stolen insider agent poisoner
SHARES = (0.5, 0.5, 0.5, 0.5, 1.0, 0.5, 0.5)


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return what their answers say, once there are enough of them."""
    known = learned(evidence)
    if known is None:
        return profile_failed(NAME, evidence, SHARES)
    if known.answers < FEWEST:
        return usual(NAME, "people answered too few requests like this one to say", _SOURCE)
    bits = max(LEAST_BITS, min(MOST_BITS, known.answers_mb / 1000.0))
    verb = "rejected" if bits > 0.0 else "approved" if bits < 0.0 else "answered either way"
    requests = count_words(known.answers, "request")
    reason = f"people mostly {verb}" if bits else f"people {verb}"
    return found(NAME, f"{reason} in {requests} like this one", weights(bits, SHARES), _SOURCE)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history"}), measure=measure)
