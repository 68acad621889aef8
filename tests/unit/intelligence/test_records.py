"""Records say what they say in either layout, and nothing that is of the wrong type."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.intelligence.records import Place, country_in, kinds_in, place_in, system_in
from unit.intelligence.network_files import LONDON, TELSTRA


def test_a_nested_record_names_its_place() -> None:
    assert place_in(LONDON) == Place("GB", "London", 515142, -931, 10)


def test_a_flat_record_names_its_place() -> None:
    flat = {"country_code": "gb", "city": "London", "latitude": 51.5142, "longitude": "-0.0931"}
    assert place_in(flat) == Place("GB", "London", 515142, -931, 0)


def test_a_city_without_an_english_name_has_the_first_by_language() -> None:
    assert place_in({"city": {"names": {"ja": "大宮", "de": "Omiya"}}}).city == "Omiya"
    assert place_in({"city": {"names": {}}}).city == ""


def test_names_by_keys_of_several_types_are_read_all_the_same() -> None:
    assert place_in({"city": {"names": {7: "Seven", "de": "Omiya"}}}).city == "Seven"


def test_half_a_coordinate_is_none() -> None:
    assert place_in({"location": {"latitude": 51.5}}) == Place()


@pytest.mark.parametrize("latitude", [91, -90.1, float("nan"), float("inf"), True, "x", None, []])
def test_a_latitude_that_cannot_be_is_none(latitude: object) -> None:
    place = place_in({"latitude": latitude, "longitude": 0.0})
    assert (place.latitude_e4, place.longitude_e4) == (None, None)


@pytest.mark.parametrize("code", ["GBR", "G", "", "1B", "ÄÖ", 44, None])
def test_what_is_no_country_code_is_empty(code: object) -> None:
    assert country_in({"country": {"iso_code": code}}) == ""


def test_a_record_names_its_system() -> None:
    assert system_in(TELSTRA) == (1221, "Telstra Pty Ltd")
    assert system_in({}) == (None, "")
    for number in (0, -1, 1 << 32, True, "1221"):
        assert system_in({"autonomous_system_number": number}) == (None, "")


def test_names_are_cut_and_printable() -> None:
    _, organisation = system_in({"autonomous_system_organization": "a\n\x1b" + "x" * 500})
    assert organisation == "a" + "x" * 125


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("is_hosting_provider", "hosting"),
        ("is_anonymous_vpn", "vpn"),
        ("is_public_proxy", "proxy"),
        ("is_residential_proxy", "proxy"),
        ("is_tor_exit_node", "tor"),
    ],
)
def test_a_record_puts_an_address_on_a_kind_of_list(key: str, kind: str) -> None:
    assert kinds_in({"is_anonymous": True, key: True}) == {kind}
    assert kinds_in({key: False}) == kinds_in({key: "yes"}) == frozenset()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["names", "iso_code", "en", "latitude", "x"]), inner)
    ),
    max_leaves=8,
)
keys = st.sampled_from(
    [
        *("city", "country", "country_code", "location", "latitude", "longitude"),
        *("autonomous_system_number", "autonomous_system_organization", "is_anonymous_vpn"),
    ]
)


@given(st.dictionaries(keys, values))
def test_any_record_is_read_without_a_fault(record: Mapping[str, object]) -> None:
    place = place_in(record)
    assert (place.latitude_e4 is None) == (place.longitude_e4 is None)
    assert len(country_in(record)) in (0, 2)
    number, organisation = system_in(record)
    assert number is None or 0 < number < 1 << 32
    assert organisation.isprintable()
    assert kinds_in(record) <= {"vpn"}
