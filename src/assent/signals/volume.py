"""How much data the session reads, and how large the numbers are that it is about."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.risk.attackers import VOLUME_SHARES
from assent.signals.amounts import measure_amounts
from assent.signals.words import bytes_words

NAME = "volume"

_NAMINGS = {
    "rows": "{:,} rows".format,
    "bytes": bytes_words,
    "magnitude": "a parameter of {:,}".format,
}


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return the most unusual of rows, bytes and the largest parameter."""
    return measure_amounts(NAME, evidence, _NAMINGS, VOLUME_SHARES)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history", "session"}), measure=measure)
