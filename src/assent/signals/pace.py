"""How fast actions follow each other: programs are faster than people."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.amounts import measure_amounts
from assent.signals.words import count_words

NAME = "pace"

#         naive VPN targeted stolen insider agent poisoner
SHARES = (0.5, 0.5, 0.5, 0.5, 0.5, 1.0, 0.25)


def _actions(count: int) -> str:
    return f"{count_words(count, 'action')} in a minute" if count > 0 else "no action before it"


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how unusual the number of actions in the last minute is."""
    return measure_amounts(NAME, evidence, {"pace": _actions}, SHARES)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history", "session"}), measure=measure)
