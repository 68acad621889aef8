"""Whether an account acts that was not used for long."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.weighing import failed, found, has_failed, usual, weights
from assent.signals.words import age_words, person_words

NAME = "dormant_account"
_SOURCE = "session"

FROM_DAYS = 45.0
MOST_AT_DAYS = 180.0
MOST_BITS = 3.0
_DAY_S = 86_400.0

#         naive VPN targeted stolen insider agent poisoner
SHARES = (1.0, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0)


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how long the person was away; somebody who was never here is new, not dormant."""
    who = person_words(evidence)
    if has_failed(evidence, "presence"):
        return failed(NAME, f"when {who} was here last could not be found out", _SOURCE, SHARES)
    last = evidence.presence.last
    if last is None:
        return usual(NAME, f"{who} had no earlier session", _SOURCE)
    days = max(0.0, (now.timestamp() - last.at_s) / _DAY_S)
    if evidence.presence.others:
        return usual(NAME, f"{who} has other sessions open", _SOURCE)
    long = (days - FROM_DAYS) / (MOST_AT_DAYS - FROM_DAYS)
    bits = MOST_BITS * min(1.0, max(0.0, long))
    return found(NAME, f"{who} was here {age_words(days)} ago", weights(bits, SHARES), _SOURCE)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"presence"}), measure=measure)
