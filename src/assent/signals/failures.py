"""What was tried and did not work: refused passwords, denied actions, errors."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.weighing import added, failed, found, has_failed, usual, weights
from assent.signals.words import all_words, count_words, person_words

NAME = "failures"
_SOURCE = "session"

FAILURE_BITS, MOST_FAILURE_BITS = 0.5, 3.0
DENIAL_BITS, MOST_DENIAL_BITS = 0.7, 3.0
ERROR_BITS, MOST_ERROR_BITS = 0.2, 1.0

#                   naive VPN targeted stolen insider agent poisoner
GUESSING_SHARES = (1.0, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0)
PROBING_SHARES = (0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 0.5)
"""Guessing passwords is for those who have none; probing for those who do not know their way."""


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return what failed under the person's name within the last hour, and in this session."""
    session = evidence.session
    refused = max(0, evidence.presence.failures)
    denials = max(0, session.denials) if session else 0
    errors = max(0, session.errors) if session else 0
    guessing = min(MOST_FAILURE_BITS, FAILURE_BITS * refused)
    probing = min(MOST_DENIAL_BITS, DENIAL_BITS * denials)
    probing += min(MOST_ERROR_BITS, ERROR_BITS * errors)
    weighed = added(weights(guessing, GUESSING_SHARES), weights(probing, PROBING_SHARES))
    if has_failed(evidence, "presence", "session"):
        return failed(NAME, "what failed before could not be found out", _SOURCE, weighed=weighed)
    parts = [
        count_words(refused, "refused sign-in") if refused else "",
        count_words(denials, "denied action") if denials else "",
        count_words(errors, "error") if errors else "",
    ]
    told = [part for part in parts if part]
    if not told:
        return usual(NAME, f"nothing failed lately under the name of {person_words(evidence)}")
    return found(NAME, f"{all_words(told)} before it", weighed, _SOURCE)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"presence", "session"}), measure=measure)
