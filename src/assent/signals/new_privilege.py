"""Whether somebody with a history acts with a group that they gained only now."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.novelty import PROFILE, learned, profile_failed
from assent.signals.weighing import found, usual, weights
from assent.signals.words import count_words, name_words, person_words

NAME = "new_privilege"

MOST_BITS = 2.0
PROBATION_SHARE = 0.5
_PROBATION_DAYS = 3
_HALF_AT_EVENTS = 5.0

#         naive VPN targeted stolen insider agent poisoner
SHARES = (1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0)


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how new the newest of the person's groups is; all are new for somebody new."""
    known = learned(evidence)
    if known is None:
        return profile_failed(NAME, evidence, SHARES)
    seen = known.dimensions.get("privilege")
    if seen is None or not seen.chain:
        return usual(NAME, f"{person_words(evidence)} is in no group", PROFILE)
    level = seen.level(0)
    group, who = name_words(level.value), person_words(evidence)
    whole = seen.person[-1] / 1000.0 if seen.person else 0.0
    if whole <= 0.0:
        return usual(NAME, f"nothing was learned of {who} yet", PROFILE)
    bits = MOST_BITS * whole / (whole + _HALF_AT_EVENTS)
    if level.person <= 0.0:
        reason = f"{who} acts as one of {group} for the first time"
    elif level.days < _PROBATION_DAYS:
        bits *= PROBATION_SHARE
        reason = f"{who} is one of {group} since {count_words(level.days, 'day')}"
    else:
        return usual(NAME, f"{who} acted as one of {group} before", PROFILE)
    return found(NAME, reason, weights(bits, SHARES), PROFILE)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history"}), measure=measure)
