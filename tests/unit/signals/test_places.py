"""Unit tests of signals/places.py."""

from dataclasses import replace

import pytest

from assent.core.network import Network
from assent.signals.places import (
    distance_km,
    is_elsewhere,
    is_private,
    network_words,
    place_words,
    same_network,
    sighting_of,
)
from signal_evidence import LYON, NOON, NOON_S, OSAKA


def test_a_sighting_says_what_its_network_said() -> None:
    seen = sighting_of(replace(LYON, lists=frozenset({"vpn"}), accuracy_km=5), NOON)
    assert (seen.at_s, seen.address, seen.asn, seen.country) == (NOON_S, LYON.address, 64500, "FR")
    assert (seen.lists, seen.accuracy_km, seen.city) == (frozenset({"vpn"}), 5, "Lyon")


def test_distances_are_those_of_the_globe_less_both_accuracies() -> None:
    # Paris and New York are some 5,837 km apart.
    paris = replace(LYON, latitude_e4=488_566, longitude_e4=23_522)
    new_york = replace(OSAKA, latitude_e4=407_128, longitude_e4=-740_060)
    assert distance_km(paris, new_york) == pytest.approx(5837, abs=10)
    rough = replace(new_york, accuracy_km=1000)
    assert distance_km(rough, paris) == pytest.approx(4837, abs=10)
    assert distance_km(paris, replace(new_york, accuracy_km=20_000)) == 0.0
    assert distance_km(LYON, LYON) == 0.0


def test_opposite_ends_of_the_world_are_half_its_girth_apart() -> None:
    pole = Network("a", latitude_e4=900_000, longitude_e4=0)
    other = Network("b", latitude_e4=-900_000, longitude_e4=0)
    assert distance_km(pole, other) == pytest.approx(20_015, abs=5)


def test_a_place_that_is_not_known_is_at_no_distance() -> None:
    assert distance_km(LYON, Network("203.0.113.7", latitude_e4=1)) is None


def test_an_egress_says_nothing_of_where_a_person_is() -> None:
    assert is_elsewhere(replace(LYON, lists=frozenset({"proxy"})))
    assert is_elsewhere(replace(LYON, zones=frozenset({"office"})))
    assert not is_elsewhere(LYON)


@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "::1", "fe80::1", "192.168.1.1"])
def test_local_addresses_are_private(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8::1", "100.64.0.1", "", "x"])
def test_other_addresses_are_not_private(address: str) -> None:
    assert not is_private(address)


def test_networks_are_the_same_by_number_or_where_none_is_known_by_prefix() -> None:
    assert same_network(LYON, replace(LYON, address="203.0.113.8", prefix=""))
    assert not same_network(LYON, OSAKA)
    assert same_network(replace(LYON, asn=None), replace(LYON, address="203.0.113.8"))
    assert not same_network(Network("a"), Network("b"))


def test_places_and_networks_have_the_best_name_that_is_known() -> None:
    assert place_words(LYON) == "Lyon (FR)"
    assert place_words(replace(LYON, city="")) == "FR"
    assert place_words(replace(LYON, city="", country="")) == "AS64500"
    assert place_words(Network("")) == "an unknown place"
    assert network_words(LYON) == "AS64500"
    assert network_words(Network("10.0.0.1")) == "10.0.0.1"
