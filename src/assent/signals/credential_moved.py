"""Whether the session's credential is used from elsewhere than where it was handed out."""

from datetime import UTC, datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.places import Place, is_private, network_words
from assent.signals.weighing import (
    OUTSIDERS,
    failed,
    found,
    has_failed,
    usual,
    weights,
    without_network,
)
from assent.signals.words import name_words

NAME = "credential_moved"
_SOURCE = "address database"

NEAR_BITS = 0.2
SAME_SYSTEM_BITS = 0.5
UNKNOWN_SYSTEM_BITS = 1.0
OTHER_SYSTEM_BITS = 3.0
OTHER_COUNTRY_BITS = 4.0


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how far the credential has moved over the network."""
    if has_failed(evidence, "network", "presence"):
        reason = "where the credential was handed out, or is used, could not be found out"
        return failed(NAME, reason, _SOURCE, OUTSIDERS)
    minted = evidence.presence.minted
    if minted is None or not minted.address:
        return usual(NAME, "it is not known to have been handed out anywhere else")
    if evidence.network is None:
        return without_network(NAME, evidence, _SOURCE)
    bits, words = moved(minted, evidence.network)
    return found(NAME, words, weights(bits, OUTSIDERS), _SOURCE, _instant(minted.at_s))


def moved(minted: Place, here: Place) -> tuple[float, str]:
    """Return the bits of a credential's way, and the way in words."""
    if minted.address == here.address:
        return 0.0, "the credential is used where it was handed out"
    if is_private(minted.address) and is_private(here.address):
        return 0.0, "the credential was handed out and is used in private networks"
    if minted.prefix and minted.prefix == here.prefix:
        return NEAR_BITS, "the credential is used beside where it was handed out"
    if minted.asn is None or here.asn is None:
        return UNKNOWN_SYSTEM_BITS, f"the credential was handed out to {name_words(minted.address)}"
    there = name_words(network_words(minted))
    if minted.asn == here.asn:
        return SAME_SYSTEM_BITS, f"the credential was handed out elsewhere in {there}"
    if minted.country and here.country and minted.country != here.country:
        where = f"{there} in {name_words(minted.country)}"
        return OTHER_COUNTRY_BITS, f"the credential was handed out to {where}, another country"
    return OTHER_SYSTEM_BITS, f"the credential was handed out to {there}, another network"


def _instant(at_s: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(at_s, UTC)
    except (ValueError, OverflowError, OSError):
        return None


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"network", "presence"}), measure=measure)
