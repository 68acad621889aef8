"""A file that goes bad keeps its last good content, and says so until it is good again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from assent.core.faults import OperatorFault
from assent.intelligence.mmdb import read_database
from assent.intelligence.network_table import NetworkTable
from assent.intelligence.source import Source
from assent.intelligence.text_lists import read_networks
from unit.intelligence.network_files import BUILT, LONDON, NOON, StoppedClock, mmdb


def replace(path: Path, data: bytes) -> None:
    """Rename a finished file over `path`, as an operator should."""
    new = path.with_suffix(".new")
    new.write_bytes(data)
    new.rename(path)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "vpn.txt"
    path.write_bytes(b"192.0.2.1\n192.0.2.2\n")
    return path


@pytest.fixture
def source(path: Path, clock: StoppedClock) -> Source[NetworkTable]:
    return Source("lists.vpn", path, 1000, read_networks, clock)


def test_a_file_that_stays_is_read_once(source: Source[NetworkTable]) -> None:
    content = source.content
    assert source.refresh() == ""
    assert source.content is content


def test_a_status_says_when_and_how_much(source: Source[NetworkTable], path: Path) -> None:
    status = source.status()
    assert (status.name, status.path, status.read_at) == ("lists.vpn", path, NOON)
    assert (status.entries, status.built_at, status.problem) == (2, None, "")


def test_a_database_says_when_it_was_built_and_what_went_wrong_inside(
    tmp_path: Path, clock: StoppedClock
) -> None:
    path = tmp_path / "city.mmdb"
    path.write_bytes(mmdb({"81.2.69.0/24": LONDON}))
    source = Source("city", path, 10_000, lambda data, file: read_database(data, file, bool), clock)
    assert (source.status().entries, source.status().built_at) == (None, BUILT)
    source.content.problem = "`city.mmdb` is broken inside; replace it"
    assert source.status().problem == "`city.mmdb` is broken inside; replace it"


def test_a_replaced_file_is_read_again(
    source: Source[NetworkTable], path: Path, clock: StoppedClock
) -> None:
    replace(path, b"192.0.2.3\n")
    clock.advance(minutes=5)
    assert source.refresh() == f"network file `lists.vpn` was read again from `{path}`"
    assert source.status().entries == 1
    assert source.status().read_at == clock.now()
    assert source.refresh() == ""


def vanish(path: Path) -> None:
    path.unlink()


def break_it(path: Path) -> None:
    replace(path, b"192.0.2.1\nexample.com\n")


def empty_it(path: Path) -> None:
    path.write_bytes(b"")


def swell(path: Path) -> None:
    replace(path, b"# " + b"x" * 1000)


def make_it_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (vanish, "cannot be read (No such file"),
        (break_it, "vpn.txt:2: `example.com` is not"),
        (empty_it, "is empty"),
        (swell, "is larger than"),
        (make_it_a_folder, "is no regular file"),
    ],
)
def test_harm_keeps_the_last_good_content_and_is_told_once(
    source: Source[NetworkTable],
    path: Path,
    clock: StoppedClock,
    harm: Callable[[Path], None],
    words: str,
) -> None:
    content = source.content
    harm(path)
    clock.advance(minutes=5)
    told = source.refresh()
    assert told.startswith("network file `lists.vpn` is kept as read at 2026-03-02T12:00:00+00:00")
    assert words in told
    assert source.refresh() == ""
    assert source.content is content
    assert words in source.status().problem
    assert source.status().read_at == NOON


def test_a_bad_file_that_is_mended_is_good_again(source: Source[NetworkTable], path: Path) -> None:
    break_it(path)
    assert "is kept" in source.refresh()
    replace(path, b"192.0.2.9\n")
    assert "was read again" in source.refresh()
    assert source.status().problem == ""


def test_a_file_that_comes_back_unchanged_is_good_again(
    source: Source[NetworkTable], path: Path
) -> None:
    content = source.content
    aside = path.with_suffix(".aside")
    path.rename(aside)
    assert "is kept" in source.refresh()
    aside.rename(path)
    assert source.refresh() != ""
    assert source.status().problem == ""
    assert len(source.content) == len(content) == 2


def test_the_problem_is_the_newest_one(source: Source[NetworkTable], path: Path) -> None:
    break_it(path)
    source.refresh()
    bad = path.with_suffix(".bad")
    path.rename(bad)
    assert "No such file" in source.refresh()
    bad.rename(path)
    assert "example.com" in source.refresh()
    assert "example.com" in source.status().problem


def test_refused_bytes_are_not_parsed_again_until_they_change(
    path: Path, clock: StoppedClock
) -> None:
    parsed = []

    def parse(data: bytes, file: str) -> NetworkTable:
        parsed.append(data)
        return read_networks(data, file)

    source = Source("lists.vpn", path, 1000, parse, clock)
    break_it(path)
    for _ in range(5):
        source.refresh()
    assert len(parsed) == 2


def test_a_bad_file_at_the_start_is_a_fault_of_the_operator(
    path: Path, clock: StoppedClock
) -> None:
    break_it(path)
    with pytest.raises(OperatorFault) as fault:
        Source("lists.vpn", path, 1000, read_networks, clock)
    assert fault.value.place == f"{path}:2"
