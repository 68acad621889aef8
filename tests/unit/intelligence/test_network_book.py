"""The book answers from the files as they are, and keeps answering when they go bad."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assent.core.faults import OperatorFault
from assent.intelligence.files import Files
from assent.intelligence.network_book import NetworkBook
from assent.intelligence.snapshot import ASPECTS
from unit.intelligence.network_files import LONDON, NOON, TELSTRA, StoppedClock, mmdb, shared


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Return one file of each kind, all about 81.2.69.0/24."""
    content = {
        "city.mmdb": mmdb({"81.2.69.0/24": LONDON}),
        "country.mmdb": mmdb({"81.2.0.0/16": {"country_code": "GB"}}),
        "asn.mmdb": mmdb({"81.2.69.0/24": TELSTRA}),
        "anonymous.mmdb": mmdb({"81.2.69.0/25": {"is_tor_exit_node": True}}),
        "hosting.csv": b"ASN,Entity\n1221,Telstra\n",
        "vpn.txt": b"81.2.69.142\n",
        "ipsum.txt": b"81.2.69.142\t4\n",
    }
    for name, data in content.items():
        (tmp_path / name).write_bytes(data)
    return Files(
        city=tmp_path / "city.mmdb",
        country=tmp_path / "country.mmdb",
        asn=tmp_path / "asn.mmdb",
        anonymous=tmp_path / "anonymous.mmdb",
        hosting_networks=tmp_path / "hosting.csv",
        lists={"vpn": tmp_path / "vpn.txt"},
        reputation=tmp_path / "ipsum.txt",
        zones={"office": ("81.2.69.0/24",)},
    )


def replace(path: Path | None, data: bytes) -> None:
    assert path is not None
    new = path.with_suffix(".new")
    new.write_bytes(data)
    new.rename(path)


def test_a_book_of_all_files_tells_all(files: Files) -> None:
    found = NetworkBook(files, StoppedClock()).look_up("81.2.69.142")
    assert (found.asn, found.country, found.city) == (1221, "GB", "London")
    assert found.lists == {"hosting", "vpn"}
    assert found.zones == {"office"}
    assert (found.reports, found.unavailable) == (4, frozenset())


def test_a_book_of_nothing_says_so() -> None:
    book = NetworkBook(Files(), StoppedClock())
    assert book.look_up("81.2.69.142").unavailable == ASPECTS
    assert (book.status(), book.problems, book.refresh()) == ((), (), ())


def test_status_has_every_file_in_order(files: Files) -> None:
    status = NetworkBook(files, StoppedClock()).status()
    names = ["city", "country", "asn", "anonymous", "hosting_networks", "lists.vpn", "reputation"]
    assert [one.name for one in status] == names
    assert [one.entries for one in status] == [None, None, None, None, 1, 1, 1]
    assert {one.read_at for one in status} == {NOON}


def test_a_database_under_the_wrong_key_stops_the_start(files: Files) -> None:
    swapped = (
        Files(city=files.asn),
        Files(country=files.asn),
        Files(asn=files.city),
        Files(anonymous=files.city),
    )
    for wrong in swapped:
        with pytest.raises(OperatorFault, match="has nothing that is read for this key"):
            NetworkBook(wrong, StoppedClock())


def test_a_bad_line_stops_the_start_and_is_named(files: Files) -> None:
    replace(files.lists["vpn"], b"81.2.69.142\n81.2.69.999\n")
    with pytest.raises(OperatorFault) as fault:
        NetworkBook(files, StoppedClock())
    assert fault.value.place == f"{files.lists['vpn']}:2"


def test_only_what_changed_is_read_again_and_what_was_remembered_is_forgotten(
    files: Files,
) -> None:
    clock = StoppedClock()
    book = NetworkBook(files, clock)
    assert book.look_up("81.2.69.142").reports == 4
    replace(files.reputation, b"81.2.69.142\t9\n")
    assert book.look_up("81.2.69.142").reports == 4
    clock.advance(minutes=1)
    assert book.refresh() == (
        f"network file `reputation` was read again from `{files.reputation}`",
    )
    assert book.look_up("81.2.69.142").reports == 9
    assert [one.name for one in book.status() if one.read_at == clock.now()] == ["reputation"]
    assert book.refresh() == ()


def test_a_replaced_database_is_read_again(files: Files) -> None:
    book = NetworkBook(files, StoppedClock())
    replace(files.asn, mmdb({"81.2.69.0/24": {"autonomous_system_number": 64500}}))
    assert len(book.refresh()) == 1
    assert book.look_up("81.2.69.142").asn == 64500
    assert book.look_up("81.2.69.142").lists == {"vpn"}


def test_harm_in_place_changes_no_answer_and_is_a_problem_until_it_is_mended(
    files: Files,
) -> None:
    book = NetworkBook(files, StoppedClock())
    good = book.look_up("81.2.69.142")
    assert files.city is not None
    assert files.asn is not None
    whole = files.city.read_bytes()
    files.city.write_bytes(whole[: len(whole) // 2])  # In place, as a mapped file would not stand.
    files.asn.unlink()
    replace(files.lists["vpn"], b"not a list\n")
    assert len(book.refresh()) == 3
    for _ in range(2):
        assert [one.split("`")[1] for one in book.problems] == ["city", "asn", "lists.vpn"]
        assert book.refresh() == ()
    assert book.look_up("81.2.69.142") == good
    replace(files.city, whole)
    replace(files.asn, mmdb({"81.2.69.0/24": TELSTRA}))
    replace(files.lists["vpn"], b"81.2.69.142\n")
    assert len(book.refresh()) == 3
    assert book.problems == ()
    assert book.look_up("81.2.69.142") == good


def test_what_is_broken_deep_inside_is_unavailable_and_a_problem(files: Files) -> None:
    broken = mmdb({"1.0.0.0/8": LONDON, "81.2.69.0/24": {"city": "Lutetia"}})
    replace(files.city, broken.replace(b"Lutetia", b"Lut\xfftia"))
    book = NetworkBook(Files(city=files.city), StoppedClock())
    assert "place" not in book.look_up("1.2.3.4").unavailable
    assert not book.problems
    assert "place" in book.look_up("81.2.69.142").unavailable
    assert [one.problem for one in book.status()] == [
        f"`{files.city}` is broken inside; replace it"
    ]


def test_look_ups_go_on_while_a_file_is_read(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    book = NetworkBook(files, StoppedClock())
    replace(files.reputation, b"81.2.69.142\t9\n")
    reading, go_on = Event(), Event()
    take = book._take

    def take_later() -> None:
        reading.set()
        assert go_on.wait(30)
        take()

    monkeypatch.setattr(book, "_take", take_later)
    with ThreadPoolExecutor(1) as pool, released(go_on):
        refreshing = pool.submit(book.refresh)
        assert reading.wait(30)
        assert book.look_up("81.2.69.142").reports == 4
        assert len(book.status()) == 7
        go_on.set()
        assert len(refreshing.result(30)) == 1
    assert book.look_up("81.2.69.142").reports == 9


@contextmanager
def released(event: Event) -> Iterator[None]:
    """Set `event` at the end, so that a failed test does not wait for a thread for ever."""
    try:
        yield
    finally:
        event.set()


EMPTY = NetworkBook(Files(zones={"office": ("10.0.0.0/8",)}), StoppedClock())


@given(
    st.text(alphabet=st.characters(codec=None), max_size=100)
    | st.from_regex(r"[0-9a-fA-F:.%/\[\]]{0,60}", fullmatch=True)
    | st.ip_addresses().map(str)
)
def test_look_up_raises_for_no_text(text: str) -> None:
    found = EMPTY.look_up(text)
    assert found.prefix or found.address == text
    assert "place" in found.unavailable


def test_a_text_too_long_for_an_address_is_not_remembered() -> None:
    book = NetworkBook(Files(), StoppedClock())
    assert book.look_up("1" * 10_000).address == "1" * 10_000
    book.look_up("192.0.2.1")
    assert book._remembered.cache_info().currsize == 1


def test_published_files_together() -> None:
    book = NetworkBook(
        Files(
            city=shared("GeoIP2-City-Test.mmdb"),
            asn=shared("GeoLite2-ASN-Test.mmdb"),
            anonymous=shared("GeoIP2-Anonymous-IP-Test.mmdb"),
            hosting_networks=shared("hosting_asns.csv"),
            reputation=shared("ipsum_level3.txt"),
            zones={"office": ("10.0.0.0/8",)},
        ),
        StoppedClock(),
    )
    london = book.look_up("81.2.69.142")
    assert (london.country, london.city, london.latitude_e4) == ("GB", "London", 515142)
    assert (london.longitude_e4, london.accuracy_km) == (-931, 10)
    assert {"hosting", "tor", "proxy", "vpn"} == london.lists
    assert book.look_up("1.128.0.0").organisation == "Telstra Pty Ltd"
    assert book.look_up("77.90.185.20").reports == 1
    assert book.look_up("2001:218::1").country == "JP"
    assert book.look_up("10.1.2.3").zones == {"office"}
    assert all(not book.look_up(text).unavailable for text in ("81.2.69.142", "::1", "10.1.2.3"))


def test_what_files_say_is_as_old_as_the_oldest_of_them(files: Files) -> None:
    dates = NetworkBook(files, StoppedClock()).dates
    assert set(dates) == {"address database", "address lists"}
    # A list has no date of its own: it is as old as its last reading.
    assert dates["address lists"] == NOON
    built = [one.built_at for one in NetworkBook(files, StoppedClock()).status() if one.built_at]
    assert dates["address database"] == min(built)
    assert NetworkBook(Files(), StoppedClock()).dates == {}
