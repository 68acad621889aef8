"""Whether the person has sessions open from several networks at once."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.places import Place, is_private, network_words, same_network
from assent.signals.weighing import (
    OUTSIDERS,
    failed,
    found,
    has_failed,
    usual,
    weights,
    without_network,
)
from assent.signals.words import count_words, list_words, person_words

NAME = "concurrent_sessions"
_SOURCE = "session"

OTHER_SYSTEM_BITS = 2.0
UNKNOWN_SYSTEM_BITS = 0.5


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return whether other sessions are open in another network than this one's."""
    who = person_words(evidence)
    if has_failed(evidence, "network", "presence"):
        reason = f"where else {who} has sessions open could not be found out"
        return failed(NAME, reason, _SOURCE, OUTSIDERS)
    others = evidence.presence.others
    if not others:
        return usual(NAME, f"{who} has no other session open")
    if evidence.network is None:
        return without_network(NAME, evidence, _SOURCE)
    here = evidence.network
    bits = [apart(here, other) for other in others]
    away = [other for other, found_bits in zip(others, bits, strict=True) if found_bits > 0.0]
    if not away:
        return usual(NAME, f"all open sessions of {who} are in one network", _SOURCE)
    names = list_words(sorted({network_words(other) for other in away}))
    sessions = count_words(len(away), "other session")
    reason = f"{who} has {sessions} open from {names}, and this one from {network_words(here)}"
    return found(NAME, reason, weights(max(bits), OUTSIDERS), _SOURCE)


def apart(here: Place, other: Place) -> float:
    """Return the bits of two sessions at once, the same both ways."""
    # The operator's own networks are where people are besides their homes.
    if here.zones or other.zones or same_network(here, other):
        return 0.0
    if here.asn is not None and other.asn is not None:
        return OTHER_SYSTEM_BITS
    return 0.0 if is_private(here.address) and is_private(other.address) else UNKNOWN_SYSTEM_BITS


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"network", "presence"}), measure=measure)
