"""Unit tests of signals/otherwise.py."""

from dataclasses import replace

from assent.core.action import Action
from assent.core.device import Device
from assent.core.evidence import Evidence, Known, SessionSoFar
from assent.core.familiarity import Familiarity
from assent.core.signal import Signal, SignalStatus
from assent.signals import SIGNALS
from assent.signals.aspects import device_chain, hour_chain, network_chain
from assent.signals.otherwise import Alternative, alternatives, calm
from signal_evidence import DAY, LYON, NOON, READ, access_request, evidence, familiar, knowing, sql

LAPTOP = Device("SHA256:1", model="X1", system="Linux", reported_at=NOON)


def found(known: Evidence, action: Action = READ) -> dict[str, Alternative]:
    signals = [plugin.measure(action, known, NOON) for plugin in SIGNALS]
    return {one.words: one for one in alternatives(action, known, signals)}


def never(dimension: str, chain: tuple[str, ...]) -> Familiarity:
    deep = len(chain)
    return familiar(dimension, *chain, own=(*(0,) * deep, 50), every=(*(9,) * deep, 900))


def names(one: Alternative) -> list[str]:
    return [signal.name for signal in one.replaced]


def test_what_is_usual_has_nothing_to_be_done_otherwise() -> None:
    assert found(evidence()) == {}


def test_a_where_would_have_done_less_harm() -> None:
    careless = sql("public.orders", verb="sql.delete", has_where=False)
    [careful] = found(evidence(), careless)["with a WHERE"].replaced
    assert careful.harm < SIGNALS[0].measure(careless, evidence(), NOON).harm


def test_a_ticket_would_have_helped_a_request() -> None:
    assert names(found(evidence(), access_request())["with a reason and a ticket"]) == ["purpose"]
    with_ticket = evidence(ticket="OPS-1", reason="x")
    assert "with a reason that says more" in found(with_ticket, access_request())


def test_a_fresh_report_keeps_the_other_faults_of_the_device() -> None:
    old = replace(LAPTOP, reported_at=NOON - 40 * DAY, firewall=False)
    [posture] = found(evidence(device=old))["with a device report of today"].replaced
    assert (posture.name, posture.floor) == ("device_posture", 25)


def test_another_device_takes_away_its_floor_and_its_novelty() -> None:
    bad = replace(LAPTOP, disk_encrypted=False)
    known = knowing(never("device", device_chain(bad)), device=bad)
    other = found(known)["on a device that you use"]
    assert names(other) == ["new_device", "device_posture"]
    assert all(signal.floor == 0 and not signal.weights for signal in other.replaced)
    assert "with a device report of today" not in found(known)


def test_whoever_came_without_a_device_is_told_of_theirs() -> None:
    known = knowing(familiar("device", *device_chain(None), own=(0, 0, 0, 50)))
    assert names(found(known)["on your enrolled device"]) == ["new_device"]


def test_a_new_client_alone_is_no_matter_of_the_device() -> None:
    known = knowing(never("client", ("x 2", "x")))
    assert names(found(known)["with a client that you use"]) == ["new_client"]


def test_a_usual_network_takes_away_all_that_speaks_of_it() -> None:
    here = replace(LYON, lists=frozenset({"tor"}))
    known = knowing(never("network", network_chain(here)), network=here)
    assert names(found(known)["from a network that you use"]) == [
        "new_network",
        "network_reputation",
    ]


def test_other_hours_and_a_proof_would_have_helped() -> None:
    known = knowing(never("hour", hour_chain(NOON, None)), session=SessionSoFar(suspicion_mb=2000))
    assert list(found(known)) == [
        "after confirming your password",
        "at hours that are usual for you",
    ]


def test_what_speaks_for_the_person_is_left_when_the_rest_is_taken_away() -> None:
    signal = Signal("s", SignalStatus.OBSERVED, "r", (-5, 9, 0, 0, 0, 0, 0), floor=40)
    assert calm(signal, "w") == Signal("s", SignalStatus.ABSENT, "w", (-5, 0, 0, 0, 0, 0, 0))


def test_signals_that_were_not_measured_are_no_reason_to_change_anything() -> None:
    known = evidence(known=Known(), session=SessionSoFar(suspicion_mb=2000))
    assert alternatives(READ, known, []) == ()
