"""Over how many tables, files, programs, routes or tools the session reaches."""

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


def _others(count: int) -> str:
    return f"{count_words(count, 'resource')} in one session" if count > 0 else "no resource yet"


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how unusual the number of different tables is, or of other resources elsewhere."""
    has_tables = evidence.target is None or evidence.target.protocol == "postgres"
    named = {"fanout": _tables if has_tables else _others}
    return measure_amounts(NAME, evidence, named, VOLUME_SHARES)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history", "session"}), measure=measure)
