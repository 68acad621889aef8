"""What the contents say of an address, and openly what nobody could say."""

from assent.core.network import Network
from assent.intelligence.addresses import read_network
from assent.intelligence.mmdb import Database, read_database
from assent.intelligence.network_table import NetworkTable
from assent.intelligence.snapshot import ASPECTS, Snapshot
from unit.intelligence.network_files import LONDON, TELSTRA, mmdb


def table(*networks: str, value: int = 1) -> NetworkTable:
    return NetworkTable((network, value) for network in map(read_network, networks) if network)


def database(network: str, record: dict[str, object], version: int = 6) -> Database:
    return read_database(mmdb({network: record}, version=version), "made.mmdb", bool)


CITY = database("81.2.69.0/24", LONDON)
COUNTRY = database("81.2.0.0/16", {"country_code": "FR"})
ASN = database("1.128.0.0/11", TELSTRA)
ANONYMOUS = database("1.128.0.0/16", {"is_tor_exit_node": True, "is_public_proxy": True})


def test_with_no_file_everything_but_address_and_prefix_is_unavailable() -> None:
    found = Snapshot().look_up("81.2.69.142")
    assert found == Network("81.2.69.142", "81.2.69.0/24", unavailable=ASPECTS)


def test_what_is_no_address_is_itself_and_nothing_else() -> None:
    snapshot = Snapshot(city=CITY, asn=ASN, reputation=table("192.0.2.1"))
    for text in ("", "/run/assent.sock", "localhost", "@abstract"):
        assert snapshot.look_up(text) == Network(text, unavailable=ASPECTS)


def test_everything_that_is_known_is_in_it() -> None:
    snapshot = Snapshot(
        city=CITY,
        asn=database("81.2.0.0/16", TELSTRA),
        anonymous=database("81.2.69.0/25", {"is_anonymous_vpn": True}),
        hosting_networks=frozenset({7}),
        lists={"tor": table("81.2.69.142"), "vpn": table("9.9.9.9")},
        reputation=table("81.2.69.142", value=3),
        zones={"office": table("81.2.69.0/24"), "lab": table("81.2.69.128/25")},
    )
    assert snapshot.look_up("81.2.69.142") == Network(
        "81.2.69.142",
        "81.2.69.0/24",
        *(1221, "Telstra Pty Ltd", "GB", "London", 515142, -931, 10),
        zones=frozenset({"office"}) | {"lab"},
        lists=frozenset({"tor"}),
        reports=3,
    )
    assert snapshot.look_up("81.2.69.1").lists == {"vpn"}


def test_an_address_in_no_file_is_known_to_be_in_none() -> None:
    snapshot = Snapshot(
        city=CITY,
        asn=ASN,
        lists={"vpn": table("9.9.9.9")},
        reputation=table("9.9.9.9"),
        zones={"office": table("10.0.0.0/8")},
    )
    assert snapshot.look_up("192.0.2.1") == Network("192.0.2.1", "192.0.2.0/24")


def test_ipv4_inside_ipv6_is_looked_up_as_ipv4() -> None:
    snapshot = Snapshot(city=CITY, zones={"office": table("81.2.69.0/24")})
    assert snapshot.look_up("::ffff:81.2.69.142") == snapshot.look_up("81.2.69.142")


def test_an_address_is_written_one_way_only() -> None:
    assert Snapshot().look_up("2001:DB8:0::1") == Snapshot().look_up("2001:db8::1")
    assert Snapshot().look_up("fe80::1%eth0").address == "fe80::1"
    assert Snapshot().look_up("2001:db8:1:2::1").prefix == "2001:db8:1::/48"


def test_a_country_database_fills_in_what_the_city_database_leaves_out() -> None:
    both = Snapshot(city=CITY, country=COUNTRY)
    assert both.look_up("81.2.69.142").country == "GB"
    assert both.look_up("81.2.70.1").country == "FR"
    assert both.look_up("81.2.70.1").latitude_e4 is None
    assert "place" not in both.look_up("81.2.70.1").unavailable
    assert Snapshot(country=COUNTRY).look_up("81.2.69.142").country == "FR"


def test_a_system_of_a_hosting_provider_is_on_the_list_hosting() -> None:
    snapshot = Snapshot(asn=ASN, hosting_networks=frozenset({1221}))
    assert snapshot.look_up("1.128.0.1").lists == {"hosting"}
    assert snapshot.look_up("192.0.2.1").lists == frozenset()
    assert "lists" not in snapshot.look_up("192.0.2.1").unavailable


def test_kinds_of_several_sources_are_joined() -> None:
    snapshot = Snapshot(
        asn=ASN,
        anonymous=ANONYMOUS,
        hosting_networks=frozenset({1221}),
        lists={"vpn": table("1.128.0.0/24")},
    )
    assert snapshot.look_up("1.128.0.1").lists == {"hosting", "tor", "proxy", "vpn"}


def test_networks_that_sites_use_within_are_nowhere_and_not_reported() -> None:
    inside = ("10.1.2.3", "127.0.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1", "fe80::1")
    everywhere = database("::/1", LONDON)
    networks = table("10.0.0.0/8", "127.0.0.0/8", "::1", "fd00::/8")
    snapshot = Snapshot(
        city=everywhere,
        asn=ASN,
        anonymous=ANONYMOUS,
        lists={"vpn": networks},
        reputation=networks,
        zones={"office": networks},
    )
    assert snapshot.look_up("81.2.69.142").city == "London"
    for text in inside:
        found = snapshot.look_up(text)
        assert (found.country, found.city, found.latitude_e4, found.asn) == ("", "", None, None)
        assert (found.reports, found.unavailable) == (0, frozenset())
    assert snapshot.look_up("10.1.2.3").zones == {"office"}
    assert snapshot.look_up("10.1.2.3").lists == {"vpn"}


def test_networks_that_sites_use_within_are_unavailable_without_a_database() -> None:
    assert Snapshot().look_up("127.0.0.1").unavailable == ASPECTS


def test_a_database_that_cannot_tell_makes_its_part_unavailable() -> None:
    snapshot = Snapshot(
        city=database("81.2.69.0/24", LONDON, version=4),
        asn=database("1.128.0.0/11", TELSTRA, version=4),
        hosting_networks=frozenset({1221}),
        lists={"vpn": table("2001:db8::/32")},
        reputation=table("9.9.9.9"),
        zones={"office": table("9.9.9.9")},
    )
    found = snapshot.look_up("2001:db8::1")
    assert found.unavailable == {"asn", "place", "lists"}
    assert found.lists == {"vpn"}
    assert snapshot.look_up("81.2.69.1").unavailable == frozenset()
