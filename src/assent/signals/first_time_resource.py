"""Whether the person used these tables, their schemas, this target before."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.novelty import PROFILE, measure_chain
from assent.signals.weighing import failed

NAME = "first_time_resource"


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how new the least usual of the tables is.

    UNAVAILABLE, with what was found so far, when the statement is not fully understood.
    """
    signal = measure_chain(NAME, "resource", evidence, "it touches no table")
    if action.statement.complete:
        return signal
    reason = "which tables it touches is not fully known"
    return failed(NAME, reason, PROFILE, weighed=signal.weights)


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history"}), measure=measure)
