"""What one action says of who acts in a session, whatever the connection looks like."""

from collections.abc import Sequence

from assent.core.signal import ATTACKERS, Attacker, Signal, SignalStatus
from assent.risk.combine import combined
from assent.risk.model import MODEL, Model

FAMILIES = ("behaviour", "volume")
"""What is new with every action; the connection is the same all the session long."""

CARRIED = "session_so_far"
"""What earlier actions said: counted again with each action it would feed itself."""

# Everything about whoever took over a person's own device is theirs but what they do.
_PLACE = ATTACKERS.index(Attacker.STOLEN_DEVICE)


def told_by_behaviour(signals: Sequence[Signal], model: Model = MODEL) -> int:
    """Return the bits, in thousandths, by which what was done speaks against the person."""
    families: dict[str, list[float]] = {name: [] for name in FAMILIES}
    for signal in signals:
        if signal.name == CARRIED:
            continue
        family = model.families.get(signal.name, "")
        if family in families and signal.weights and signal.status is not SignalStatus.UNAVAILABLE:
            families[family].append(float(signal.weights[_PLACE]))
    return round(sum(combined(bits) for bits in families.values() if bits))
