"""A table says what comparing with every network says."""

import ipaddress
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from assent.intelligence.addresses import Address, read_address, read_network
from assent.intelligence.network_table import NetworkTable

AnyNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

# Few first bits, so that networks and addresses meet.
numbers = st.sampled_from([0, 1, 2, 3, 0x80, 0xC0, 0xFF])


@st.composite
def addresses(draw: st.DrawFn) -> str:
    if draw(st.booleans()):
        return ".".join(str(draw(numbers)) for _ in range(4))
    return str(ipaddress.IPv6Address(bytes([0x20, 1, *[draw(numbers) for _ in range(14)]])))


@st.composite
def networks(draw: st.DrawFn) -> AnyNetwork:
    address = ipaddress.ip_address(draw(addresses()))
    length = draw(st.integers(1, address.max_prefixlen))
    return ipaddress.ip_network(f"{address}/{length}", strict=False)


def table(weighed: list[tuple[AnyNetwork, int]]) -> NetworkTable:
    pairs = ((read_network(str(network)), number) for network, number in weighed)
    return NetworkTable((network, number) for network, number in pairs if network)


def read(text: str) -> Address:
    address = read_address(text)
    assert address is not None
    return address


@given(st.lists(st.tuples(networks(), st.integers(1, 9)), max_size=12), addresses())
def test_membership_and_number_equal_brute_force(
    weighed: list[tuple[AnyNetwork, int]], text: str
) -> None:
    address = ipaddress.ip_address(text)
    around = [number for network, number in weighed if address in network]
    found = table(weighed)
    assert (read(text) in found) == bool(around)
    assert found.value(read(text)) == max(around, default=0)
    assert len(found) == len({network for network, _ in weighed})


@given(st.lists(networks(), min_size=1, max_size=12), st.data())
def test_the_edges_of_a_network_are_in_it(many: list[AnyNetwork], data: st.DataObject) -> None:
    network = data.draw(st.sampled_from(many))
    found = table([(one, 1) for one in many])
    assert read(str(network.network_address)) in found
    assert read(str(network.broadcast_address)) in found


def test_an_empty_table_holds_nothing() -> None:
    nothing = NetworkTable([])
    assert len(nothing) == 0
    assert read("192.0.2.1") not in nothing
    assert nothing.value(read("2001:db8::1")) == 0


def test_a_further_report_never_lowers_the_number() -> None:
    wide, narrow = ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("192.0.2.1/32")
    assert table([(wide, 5), (narrow, 2)]).value(read("192.0.2.1")) == 5
    assert table([(narrow, 2), (narrow, 7), (narrow, 3)]).value(read("192.0.2.1")) == 7
