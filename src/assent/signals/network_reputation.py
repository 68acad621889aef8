"""What lists say of the address: bounded evidence, never a gate."""

from collections.abc import Mapping
from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.network import Network
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal
from assent.signals.weighing import failed, found, has_failed, missing, weights, without_network
from assent.signals.words import all_words, count_words, list_words, name_words

NAME = "network_reputation"
_SOURCE = "address lists"

LIST_BITS: Mapping[str, float] = {"hosting": 1.0, "proxy": 1.5, "vpn": 1.5, "tor": 2.5}
"""Kind of list → bits; of several the strongest counts, as they name the same machines."""

OTHER_LIST_BITS = 0.5
REPORT_BITS = 0.5
MOST_REPORT_BITS = 2.5
MOST_BITS = 3.0
ZONE_BITS = -0.5

SHARES = (1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 0.0)
_LIST_WORDS = {"hosting": "a hosting network", "proxy": "a proxy", "vpn": "a VPN", "tor": "Tor"}


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how bad the address's name is. In the operator's own networks lists are not asked."""
    network = evidence.network
    bits = bits_of(network) if network is not None else 0.0
    if has_failed(evidence, "network", "lists", "reports", "zones"):
        weighed = weights(max(0.0, bits), SHARES)
        return failed(NAME, "the lists of addresses could not be read", _SOURCE, SHARES, weighed)
    if network is None:
        return without_network(NAME, evidence, _SOURCE)
    unread = evidence.not_configured | network.unavailable
    if bits == 0.0 and not network.zones and {"lists", "reports"} <= unread:
        return missing(NAME, "no list of addresses is configured", _SOURCE)
    return found(NAME, _words(network), weights(bits, SHARES), _SOURCE)


def bits_of(network: Network) -> float:
    """Return the bits of an address, at most MOST_BITS, ZONE_BITS in the operator's networks."""
    reports = min(MOST_REPORT_BITS, REPORT_BITS * max(0, network.reports))
    if network.zones:
        return ZONE_BITS + reports
    listed = max((LIST_BITS.get(kind, OTHER_LIST_BITS) for kind in network.lists), default=0.0)
    return min(MOST_BITS, listed + reports)


def _words(network: Network) -> str:
    address = name_words(network.address)
    parts = []
    if network.zones:
        parts.append(f"belongs to your network {list_words(sorted(network.zones))}")
    elif network.lists:
        kinds = sorted(
            network.lists, key=lambda kind: (-LIST_BITS.get(kind, OTHER_LIST_BITS), kind)
        )
        parts.append(f"is of {list_words([_LIST_WORDS.get(kind, kind) for kind in kinds])}")
    if network.reports > 0:
        parts.append(f"stands on {count_words(network.reports, 'block list')}")
    return f"{address} {all_words(parts)}" if parts else f"{address} is on no list"


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"network"}), measure=measure)
