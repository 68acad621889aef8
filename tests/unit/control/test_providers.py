"""Trips to a provider and back: known again once, in time, and by the browser that made them."""

from datetime import timedelta

import pytest

from assent.control.providers import Trips, trips_of
from assent.core.faults import ForbiddenFault
from assent.core.secret import Secret
from memory_plane import CountingIds, SteadyClock


def trips(clock: SteadyClock | None = None, key: bytes = b"k" * 32) -> Trips:
    return trips_of(Secret(key), clock or SteadyClock(), CountingIds())


def test_a_trip_is_known_again_also_after_a_restart() -> None:
    trip, cookie = trips().begin("corp", "/grants", "digest")
    back = trips().returned("corp", trip.state, cookie)
    assert (back.nonce, back.path, back.token) == (trip.nonce, "/grants", "digest")
    assert back.verifier.reveal() == trip.verifier.reveal()
    assert len(trip.verifier.reveal()) >= 43
    assert trip.fresh_since == trip.began_at
    assert trip.nonce not in cookie


def test_it_counts_once() -> None:
    these = trips()
    trip, cookie = these.begin("corp", "/")
    these.returned("corp", trip.state, cookie)
    with pytest.raises(ForbiddenFault, match="used before"):
        these.returned("corp", trip.state, cookie)


@pytest.mark.parametrize("cookie", ["", ".", "e30.00", "ÿ.ÿ", "x" * 4_000])
def test_a_browser_without_the_cookie_was_not_on_its_way(cookie: str) -> None:
    these = trips()
    trip, _ = these.begin("corp", "/")
    with pytest.raises(ForbiddenFault, match="was not on its way"):
        these.returned("corp", trip.state, cookie)


def test_a_cookie_of_another_key_provider_or_trip_is_none() -> None:
    these = trips()
    trip, cookie = these.begin("corp", "/")
    other, _ = these.begin("corp", "/")
    foreign, forged = trips(key=b"x" * 32).begin("corp", "/")
    for name, state, shown in (
        ("other", trip.state, cookie),
        ("corp", other.state, cookie),
        ("corp", foreign.state, forged),
        ("corp", trip.state, cookie[:-1] + ("0" if cookie[-1] != "0" else "1")),
    ):
        with pytest.raises(ForbiddenFault):
            these.returned(name, state, shown)


def test_after_ten_minutes_it_is_too_late() -> None:
    clock = SteadyClock()
    these = trips(clock)
    trip, cookie = these.begin("corp", "/")
    clock.at += timedelta(minutes=11)
    with pytest.raises(ForbiddenFault, match="ten minutes"):
        these.returned("corp", trip.state, cookie)
