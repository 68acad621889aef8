"""What a person could have done otherwise, and what the signals would say then."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from assent.core.action import Action
from assent.core.evidence import Evidence
from assent.core.signal import Signal, SignalStatus
from assent.risk.explain import Alternative
from assent.signals import (
    concurrent_sessions,
    credential_moved,
    device_posture,
    impossible_travel,
    network_reputation,
    new_client,
    new_device,
    new_network,
    off_hours,
    purpose,
    session_so_far,
    statement_class,
)


def alternatives(
    action: Action, evidence: Evidence, signals: Sequence[Signal]
) -> tuple[Alternative, ...]:
    """Return what the person could change, each with what the signals would say then.

    Only changes that take something away; the easiest ones first. signals: as measured.
    """
    measured = {signal.name: signal for signal in signals}
    makers: tuple[Callable[[Action, Evidence, dict[str, Signal]], Iterator[Alternative]], ...] = (
        _with_where,
        _with_ticket,
        _with_report,
        _after_proof,
        _on_device,
        _in_network,
        _at_usual_hours,
    )
    return tuple(found for make in makers for found in make(action, evidence, measured))


def calm(signal: Signal, reason: str) -> Signal:
    """Return a signal without what it says against the person."""
    weights = tuple(min(0, weight) for weight in signal.weights)
    return Signal(
        signal.name,
        SignalStatus.ABSENT,
        reason,
        weights if any(weights) else (),
        source=signal.source,
    )


def _calmed(words: str, names: Sequence[str], measured: dict[str, Signal]) -> Iterator[Alternative]:
    found = [measured[name] for name in names if name in measured and _speaks(measured[name])]
    if found:
        yield Alternative(words, tuple(calm(signal, words) for signal in found))


def _speaks(signal: Signal) -> bool:
    return signal.floor > 0 or any(weight > 0 for weight in signal.weights)


def _with_where(
    action: Action, evidence: Evidence, measured: dict[str, Signal]
) -> Iterator[Alternative]:
    now, then = measured.get(statement_class.NAME), statement_class.with_where(action)
    if now is not None and then is not None and then.harm < now.harm:
        yield Alternative(then.reason, (then,))


def _with_ticket(
    action: Action, evidence: Evidence, measured: dict[str, Signal]
) -> Iterator[Alternative]:
    if action.verb == "access.request":
        words = "with a reason that says more" if evidence.ticket else "with a reason and a ticket"
        yield from _calmed(words, (purpose.NAME,), measured)


def _with_report(
    action: Action, evidence: Evidence, measured: dict[str, Signal]
) -> Iterator[Alternative]:
    now, device = measured.get(device_posture.NAME), evidence.device
    if now is None or device is None or device.reported_at is None:
        return
    fresh = replace(evidence, device=replace(device, reported_at=evidence.at))
    then = device_posture.measure(action, fresh, evidence.at)
    if then.floor < now.floor:
        yield Alternative("with a device report of today", (then,))


def _after_proof(
    action: Action, evidence: Evidence, measured: dict[str, Signal]
) -> Iterator[Alternative]:
    yield from _calmed("after confirming your password", (session_so_far.NAME,), measured)


def _on_device(
    action: Action, evidence: Evidence, measured: dict[str, Signal]
) -> Iterator[Alternative]:
    unbound = evidence.device is None or not evidence.device.key
    words = "on your enrolled device" if unbound else "on a device that you use"
    names = (new_device.NAME, device_posture.NAME, new_client.NAME)
    # A client alone is no matter of the device.
    if any(_speaks(measured[name]) for name in names[:2] if name in measured):
        yield from _calmed(words, names, measured)
    else:
        yield from _calmed("with a client that you use", (new_client.NAME,), measured)


def _in_network(
    action: Action, evidence: Evidence, measured: dict[str, Signal]
) -> Iterator[Alternative]:
    names = (
        new_network.NAME,
        impossible_travel.NAME,
        network_reputation.NAME,
        credential_moved.NAME,
        concurrent_sessions.NAME,
    )
    yield from _calmed("from a network that you use", names, measured)


def _at_usual_hours(
    action: Action, evidence: Evidence, measured: dict[str, Signal]
) -> Iterator[Alternative]:
    yield from _calmed("at hours that are usual for you", (off_hours.NAME,), measured)
