"""Whether the person used this device, this model, this system before, or any at all."""

from datetime import datetime

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.familiarity import Familiarity
from assent.core.plugins import SignalPlugin
from assent.core.signal import Signal, SignalStatus
from assent.signals.aspects import NO_DEVICE, UNKNOWN
from assent.signals.novelty import PROFILE, learned, likelihood_of, measure_chain
from assent.signals.weighing import failed, has_failed, missing, weights
from assent.signals.words import count_words, name_words, person_words, reason_words

NAME = "new_device"

UNBOUND_SHARES = (1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0)
"""Who would come without the device: everybody who has not got it."""

LEAST_UNBOUND_BITS = 1.0
"""What a session without device says at least of somebody whose sessions had one."""

_KEY, _MODEL = 0, 1


def measure(action: Action, evidence: Evidence, now: datetime) -> Signal:
    """Return how new the device is; a session without one is unusual where others had one."""
    if has_failed(evidence, "device"):
        reason = "which device the session is bound to could not be found out"
        return failed(NAME, reason, PROFILE, UNBOUND_SHARES)
    known = learned(evidence)
    device = evidence.device
    if known is not None and (device is None or not device.key):
        return _unbound(known.dimensions.get("device"), evidence)
    nothing = "the device was not compared with earlier ones"
    return measure_chain(NAME, "device", evidence, nothing, _named)


def _unbound(seen: Familiarity | None, evidence: Evidence) -> Signal:
    bound = bound_before(seen)
    if seen is None or bound <= 0.0:
        return missing(NAME, "the session is bound to no enrolled device", PROFILE)
    # Asked of the whole chain: whoever has not got the device does not show its model either.
    bits = max(LEAST_UNBOUND_BITS, likelihood_of(seen).bits(0))
    times = count_words(bound, "action")
    reason = f"it is bound to no device, though {times} of {person_words(evidence)} were"
    return Signal(
        NAME,
        SignalStatus.OBSERVED,
        reason_words(reason),
        weights(bits, UNBOUND_SHARES),
        source=PROFILE,
    )


def bound_before(seen: Familiarity | None) -> float:
    """Return in how many events the person was bound to some device."""
    if seen is None or not seen.person:
        return 0.0
    unbound = seen.person[0] if seen.chain and seen.chain[0] == NO_DEVICE else 0
    return max(0, seen.person[-1] - unbound) / 1000.0


def _named(seen: Familiarity, place: int) -> str:
    value = name_words(seen.chain[place])
    if place == _KEY:
        model = name_words(seen.chain[_MODEL]) if len(seen.chain) > _MODEL else UNKNOWN
        return "this device" if model == UNKNOWN else f"this {model}"
    if value == UNKNOWN:
        return "a device that does not say what it is"
    return f"the model {value}" if place == _MODEL else f"the system {value}"


SIGNAL = SignalPlugin(name=NAME, needs=frozenset({"device", "history"}), measure=measure)
