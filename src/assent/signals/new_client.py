"""Whether the person used this program before."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.familiarity import Familiarity
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.aspects import UNKNOWN
from assent.signals.novelty import measure_chain
from assent.signals.words import name_words

NAME = "new_client"


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how new the client's name is, with its version and without."""
    return measure_chain(NAME, "client", evidence, "the client does not say what it is", _named)


def _named(seen: Familiarity, place: int) -> str:
    value = name_words(seen.chain[place])
    return "a client without a name" if value == UNKNOWN else f"the client {value}"


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"history"}), measure=measure)
