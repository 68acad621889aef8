"""What does not fit together is refused by its key, before anything is read."""

from pathlib import Path

import pytest

from assent.core.faults import OperatorFault
from assent.intelligence.addresses import Address
from assent.intelligence.files import Files, check, zone_tables


def test_nothing_at_all_fits_together() -> None:
    check(Files())
    assert zone_tables({}) == {}


def test_hosting_networks_need_a_database_of_systems() -> None:
    check(Files(asn=Path("asn.mmdb"), hosting_networks=Path("hosting.csv")))
    with pytest.raises(OperatorFault, match=r"hosting_networks: needs .* under `asn`"):
        check(Files(hosting_networks=Path("hosting.csv")))


def test_an_unknown_kind_of_list_is_refused() -> None:
    check(Files(lists={kind: Path(kind) for kind in ("vpn", "tor", "hosting", "proxy")}))
    with pytest.raises(OperatorFault, match="unknown kind of list `vpns`; known are vpn, tor"):
        check(Files(lists={"vpns": Path("vpns.txt")}))


def test_a_zone_has_networks_of_both_versions() -> None:
    table = zone_tables({"office": ("10.0.0.0/8", "2001:db8::/32", "192.0.2.7")})["office"]
    assert Address(32, 0x0A010203) in table
    assert Address(128, 0x20010DB8 << 96) in table
    assert Address(32, 0x0B000000) not in table


@pytest.mark.parametrize(
    ("name", "networks"),
    [
        ("office", ()),
        ("office", ("10.0.0.0/8",) * 10_001),
        ("office", ("10.0.0.0/33",)),
        ("office", ("0.0.0.0/0",)),
        ("", ("10.0.0.0/8",)),
        ("a\nb", ("10.0.0.0/8",)),
        ("x" * 65, ("10.0.0.0/8",)),
    ],
)
def test_a_zone_that_cannot_be_meant_is_refused(name: str, networks: tuple[str, ...]) -> None:
    with pytest.raises(OperatorFault) as fault:
        zone_tables({name: networks})
    assert fault.value.place.startswith("zones.")
