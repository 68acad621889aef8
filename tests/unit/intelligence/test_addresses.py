"""Addresses and networks are read as `ipaddress` reads them, and one way only."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.intelligence.addresses import (
    Address,
    NetworkAddress,
    prefix_around,
    read_address,
    read_network,
)

anything = st.text(alphabet=st.characters(codec=None), max_size=80) | st.from_regex(
    r"[0-9a-fA-F:.%/]{1,50}", fullmatch=True
)


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_is_read_and_written_back(one: ipaddress.IPv4Address) -> None:
    address = read_address(str(one))
    assert address == Address(32, int(one))
    assert str(address) == str(one)


@given(st.ip_addresses(v=6))
def test_every_ipv6_address_is_read_and_written_back(one: ipaddress.IPv6Address) -> None:
    address = read_address(str(one))
    assert str(address) == str(one.ipv4_mapped or one)
    assert read_address(one.exploded) == address


@given(anything)
def test_a_text_is_an_address_where_ipaddress_says_so(text: str) -> None:
    try:
        expected = ipaddress.ip_address(text)
    except ValueError:
        assert read_address(text.partition("%")[0]) is None or "%" in text
    else:
        assert read_address(text) is not None
        assert read_address(str(expected)) == read_address(text)


def test_ipv4_inside_ipv6_is_ipv4() -> None:
    assert read_address("::ffff:192.0.2.1") == read_address("192.0.2.1")
    assert read_network("::ffff:192.0.2.0/120") == read_network("192.0.2.0/24")
    assert read_address("::192.0.2.1") == Address(128, 0xC0000201)


def test_the_interface_of_a_link_local_address_is_left_out() -> None:
    assert read_address("fe80::1%eth0") == read_address("fe80::1")
    assert read_network("fe80::1%eth0") is None


@pytest.mark.parametrize(
    "text",
    ["", "/run/assent.sock", "192.0.2", "192.0.2.01", "192.0.2.1 ", "1\0", "\ud800", "1" * 100],
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert read_address(text) is None


@given(st.ip_addresses(), st.integers(1, 128))
def test_a_network_is_read_as_ipaddress_reads_it_not_strictly(
    one: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int
) -> None:
    length = min(length, one.max_prefixlen)
    expected = ipaddress.ip_network(f"{one}/{length}", strict=False)
    number = int(expected.network_address) >> (one.max_prefixlen - length)
    if isinstance(one, ipaddress.IPv4Address) or not one.ipv4_mapped:
        found = read_network(f"{one}/{length}")
        assert found == NetworkAddress(one.max_prefixlen, length, number)


@pytest.mark.parametrize(
    "text",
    [
        *("192.0.2.0/0", "::/0", "192.0.2.0/33", "::/129", "192.0.2.0/", "192.0.2.0/-1"),
        *("192.0.2.0/+8", "192.0.2.0/²", "192.0.2.0/24/24", "/24", "192.0.2.0/255.255.255.0"),
        *("::ffff:192.0.2.0/96", "::ffff:192.0.2.0/24", "x/24"),
    ],
)
def test_what_is_no_network_or_is_the_whole_world_is_none(text: str) -> None:
    assert read_network(text) is None


@given(st.ip_addresses())
def test_the_prefix_is_the_network_of_24_or_48_bits_around(
    one: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    address = read_address(str(one))
    assert address is not None
    length = 24 if address.bits == 32 else 48
    expected = ipaddress.ip_network(f"{address}/{length}", strict=False)
    assert prefix_around(address) == str(expected)
