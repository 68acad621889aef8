"""A database answers by address, and one that is broken is refused or says so."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.faults import OperatorFault
from assent.intelligence.addresses import Address, read_address
from assent.intelligence.mmdb import Database, Record, read_database
from unit.intelligence.network_files import BUILT, LONDON, TELSTRA, mmdb, shared


def anything(_: Record) -> bool:
    return True


def ask(database: Database, text: str) -> Record | None:
    address = read_address(text)
    assert address is not None
    return database.record(address, str(address))


def test_records_are_found_by_address_in_both_versions() -> None:
    data = mmdb({"81.2.69.0/24": LONDON, "2001:218::/32": TELSTRA}, kind="Made-City")
    database = read_database(data, "city.mmdb", anything)
    assert ask(database, "81.2.69.142") == LONDON
    assert ask(database, "81.2.70.1") == {}
    assert ask(database, "2001:218::1") == TELSTRA
    assert (database.kind, database.built_at, database.problem) == ("Made-City", BUILT, "")


def test_a_database_of_ipv4_cannot_tell_of_ipv6() -> None:
    data = mmdb({"81.2.69.0/24": LONDON}, version=4)
    database = read_database(data, "city.mmdb", anything)
    assert ask(database, "81.2.69.142") == LONDON
    assert ask(database, "2001:218::1") is None
    assert database.problem == ""


def test_a_database_of_another_kind_is_refused_by_what_it_is() -> None:
    data = mmdb({"81.2.69.0/24": LONDON}, kind="GeoIP2-City")
    with pytest.raises(OperatorFault, match="kind `GeoIP2-City`, which has nothing") as fault:
        read_database(data, "asn.mmdb", lambda record: "autonomous_system_number" in record)
    assert fault.value.place == "asn.mmdb"


def test_a_database_of_ipv6_alone_is_looked_at_too() -> None:
    data = mmdb({"2a00::/16": LONDON})
    assert ask(read_database(data, "city.mmdb", lambda record: record == LONDON), "2a00::1")


GOOD = mmdb({"1.128.0.0/11": TELSTRA, "81.2.69.0/24": LONDON})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"192.0.2.1\n",
        b"\xab\xcd\xefMaxMind.com",
        GOOD[:-200],
        GOOD[200:],
        GOOD.replace(b"node_count", b"node_cound"),
        GOOD.replace(b"\x4aip_version\xc4\0\0\0\x06", b"\x4aip_version\xc4\0\0\0\x07"),
    ],
    ids=["empty", "text", "marker", "cut", "beheaded", "key", "version"],
)
def test_what_is_no_sound_database_is_refused(data: bytes) -> None:
    with pytest.raises(OperatorFault, match="no readable database") as fault:
        read_database(data, "city.mmdb", bool)
    assert fault.value.place == "city.mmdb"


def test_what_is_broken_deep_inside_is_a_problem_when_it_is_met() -> None:
    broken = GOOD.replace(b"London", b"Lon\xffon")
    database = read_database(broken, "city.mmdb", lambda record: record == TELSTRA)
    assert ask(database, "1.128.0.1") == TELSTRA
    assert database.problem == ""
    assert ask(database, "81.2.69.142") is None
    assert database.problem == "`city.mmdb` is broken inside; replace it"


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=20))
def test_a_damaged_database_is_refused_or_answers(damage: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for place, value in damage:
        data[place] = value
    try:
        database = read_database(bytes(data), "city.mmdb", lambda record: bool(record))
    except OperatorFault:
        return
    for text in ("1.128.0.1", "81.2.69.142", "192.0.2.1", "2001:db8::1"):
        found = ask(database, text)
        assert found is None or isinstance(found, Mapping)


def test_branches_that_are_tied_together_do_not_keep_the_start_waiting() -> None:
    # Both branches of every node lead to the next: 2**120 ways, and a record at no end.
    depth = 120
    tree = b"".join(node.to_bytes(3, "big") * 2 for node in range(1, depth + 1))
    about = mmdb({"1.0.0.0/8": {}})
    about = about[about.rfind(b"\xab\xcd\xef") :]
    start = about.index(b"node_count") + len(b"node_count")
    about = about[: start + 1] + depth.to_bytes(4, "big") + about[start + 5 :]
    with pytest.raises(OperatorFault, match="nothing that is read"):
        read_database(tree + bytes(16) + about, "city.mmdb", anything)


@pytest.mark.parametrize(
    ("name", "text", "holds"),
    [
        ("GeoIP2-City-Test.mmdb", "81.2.69.142", lambda record: "city" in record),
        ("GeoLite2-ASN-Test.mmdb", "1.128.0.0", lambda record: record == TELSTRA),
        ("GeoIP2-Anonymous-IP-Test.mmdb", "1.2.0.1", lambda record: "is_anonymous" in record),
    ],
)
def test_published_databases_are_read(
    name: str, text: str, holds: Callable[[Record], bool]
) -> None:
    path = shared(name)
    found = ask(read_database(path.read_bytes(), path.name, holds), text)
    assert found is not None
    assert holds(found)


def test_addresses_are_asked_as_they_are_written() -> None:
    database = read_database(GOOD, "city.mmdb", anything)
    address = Address(32, 0x5102458E)
    assert database.record(address, str(address)) == LONDON
