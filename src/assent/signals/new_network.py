"""Whether the person came from this address, its /24, its network or its country before.

Country counts only as novelty for this person and their peers; no country is worse than another.
"""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.familiarity import Familiarity
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.aspects import UNKNOWN
from assent.signals.novelty import measure_chain
from assent.signals.weighing import OUTSIDERS, failed, has_failed, without_network
from assent.signals.words import name_words

NAME = "new_network"
_SOURCE = "address database"
_COUNTRY = 3
_PREFIX = 1


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how new the network is, from its address to its country."""
    if evidence.network is None or not evidence.network.address:
        if has_failed(evidence, "network"):
            reason = "where the connection comes from could not be found out"
            return failed(NAME, reason, _SOURCE, OUTSIDERS)
        return without_network(NAME, evidence, _SOURCE)
    nothing = "the address was not compared with earlier ones"
    return measure_chain(NAME, "network", evidence, nothing, _named)


def _named(seen: Familiarity, place: int) -> str:
    value = name_words(seen.chain[place])
    if place == _COUNTRY:
        return "an unknown country" if value == UNKNOWN else f"country {value}"
    if value == UNKNOWN:
        return "an unknown network"
    return f"network {value}" if place == _PREFIX else value


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"network", "history"}), measure=measure)
