"""What the session's earlier actions said: it only rises until the person proves who they are."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.weighing import failed, found, has_failed, usual, weights
from assent.signals.words import count_words

NAME = "session_so_far"
_SOURCE = "session"

MOST_BITS = 20.0


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return the session's suspicion, never in favour of anybody."""
    if has_failed(evidence, "session"):
        return failed(NAME, "what was done in the session before is not known", _SOURCE)
    session = evidence.session
    if session is None or session.suspicion_mb <= 0:
        return usual(NAME, "the session was not suspicious so far", _SOURCE)
    bits = min(MOST_BITS, session.suspicion_mb / 1000.0)
    before = count_words(session.actions, "earlier action")
    reason = f"{before} of the session spoke against the person"
    return found(NAME, reason, weights(bits), _SOURCE)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"session"}), measure=measure)
