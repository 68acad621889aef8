"""Lists are read strictly: the whole list or a fault that names the line."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.faults import OperatorFault
from assent.intelligence import text_lists
from assent.intelligence.addresses import Address, read_address
from assent.intelligence.text_lists import read_networks, read_reputation, read_systems
from unit.intelligence.network_files import shared


def at(text: str) -> Address:
    address = read_address(text)
    assert address is not None
    return address


def refusal(parse: Callable[[bytes, str], object], data: bytes) -> str:
    with pytest.raises(OperatorFault) as fault:
        parse(data, "list.txt")
    return fault.value.detail


def test_a_list_has_addresses_networks_comments_and_empty_lines() -> None:
    data = b"\xef\xbb\xbf# all\r\n192.0.2.1\r\n\n  198.51.100.0/24 # office\n2001:db8::/32 ; SBL1"
    table = read_networks(data, "list.txt")
    assert len(table) == 3
    assert at("192.0.2.1") in table
    assert at("192.0.2.2") not in table
    assert at("198.51.100.255") in table
    assert at("2001:db8:1::1") in table


def test_a_list_of_comments_is_an_empty_list() -> None:
    assert len(read_networks(b"# nothing yet\n", "list.txt")) == 0


@pytest.mark.parametrize(
    "line", [b"192.0.2.300", b"example.com", b"192.0.2.1 192.0.2.2", b"192.0.2.1-9", b"\x1f\x8b\0"]
)
def test_a_bad_line_is_named(line: bytes) -> None:
    words = refusal(read_networks, b"192.0.2.1\n\n" + line + b"\n192.0.2.2\n")
    assert words.startswith("list.txt:3: `")
    assert words.isprintable()


def test_what_is_quoted_is_cut_and_printable() -> None:
    words = refusal(read_networks, b"\x1b[31m" + b"x" * 500)
    assert "�[31m" + "x" * 75 + "`" in words


def test_lines_and_entries_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "list.txt:2: is longer than 1024 bytes" in refusal(
        read_networks, b"192.0.2.1\n# " + b"x" * 1024
    )
    monkeypatch.setattr(text_lists, "MOST_ENTRIES", 2)
    assert len(read_networks(b"192.0.2.1\n\n# x\n192.0.2.2\n", "list.txt")) == 2
    assert "list.txt:3: has more than 2 entries" in refusal(
        read_networks, b"192.0.2.1\n192.0.2.2\n192.0.2.3\n"
    )


def test_a_reputation_counts_one_without_a_number() -> None:
    table = read_reputation(b"192.0.2.1\t7\n192.0.2.2\n192.0.2.3,4\n198.51.100.0/24 2\n", "list")
    found = [table.value(at(f"192.0.2.{last}")) for last in (1, 2, 3, 4)]
    assert found == [7, 1, 4, 0]
    assert table.value(at("198.51.100.9")) == 2


@pytest.mark.parametrize(
    "line", [b"192.0.2.1 0", b"192.0.2.1 many", b"192.0.2.1 -1", b"192.0.2.1 1 2", b"192.0.2.1 2e9"]
)
def test_a_reputation_without_a_sound_number_is_refused(line: bytes) -> None:
    assert refusal(read_reputation, line).startswith("list.txt:1: `")


def test_systems_are_read_with_or_without_prefix_quotes_names_and_heading() -> None:
    data = b'ASN,Entity\n64500,"A, Ltd"\n"64501","B #1"\nAS64502\nas64503 C\n64504 , D\n'
    assert read_systems(data, "list.txt") == frozenset(range(64500, 64505))


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"ASN\nEntity\n", 2),
        (b"<html>Not found</html>\n", 1),
        (b"ASN,Entity\n", 1),
        (b"0\n", 1),
        (b"64500\n4294967296\n", 2),
        (b"64500\n64501x\n", 2),
    ],
)
def test_what_names_no_system_is_refused(data: bytes, line: int) -> None:
    assert refusal(read_systems, data).startswith(f"list.txt:{line}: ")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_printable_sentence(data: bytes) -> None:
    faults = []
    for parse in (read_networks, read_reputation, read_systems):
        try:
            parse(data, "list.txt")
        except OperatorFault as fault:
            faults.append(fault)
    assert all(fault.place.startswith("list.txt:") for fault in faults)
    assert all(fault.detail.isprintable() for fault in faults)


def test_public_lists_are_read() -> None:
    reputation = read_reputation(shared("ipsum_level3.txt").read_bytes(), "ipsum")
    assert len(reputation) > 10_000
    assert reputation.value(at("77.90.185.20")) == 1
    systems = read_systems(shared("hosting_asns.csv").read_bytes(), "hosting")
    assert len(systems) > 700
    assert {198375, 51447, 398779} <= systems
