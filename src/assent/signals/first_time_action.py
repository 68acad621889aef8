"""Whether the person did this before: the verb, on that table, with these columns."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.familiarity import Familiarity
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.novelty import PROFILE, measure_chain
from assent.signals.weighing import failed
from assent.signals.words import name_words, verb_words

NAME = "first_time_action"


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how new the least usual of the actions is.

    UNAVAILABLE, with what was found so far, when the statement is not fully understood.
    """
    signal = measure_chain(NAME, "action", evidence, "it only keeps house", _named)
    if action.statement.complete:
        return signal
    reason = "what it does is not fully known, and not whether that was done before"
    return failed(NAME, reason, PROFILE, weighed=signal.weights)


def _named(seen: Familiarity, place: int) -> str:
    # `sql.read public.orders(id,total)` → `READ public.orders(id,total)`.
    verb, blank, rest = seen.chain[place].partition(" ")
    return name_words(f"{verb_words(verb)}{blank}{rest}")


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history"}), measure=measure)
