"""Over how many tables the session reaches."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.risk.attackers import VOLUME_SHARES
from assent.signals.amounts import measure_amounts
from assent.signals.words import count_words

NAME = "fan_out"


def _tables(count: int) -> str:
    return f"{count_words(count, 'table')} in one session" if count > 0 else "no table yet"


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how unusual the number of different tables is."""
    return measure_amounts(NAME, evidence, {"fanout": _tables}, VOLUME_SHARES)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history", "session"}), measure=measure)
