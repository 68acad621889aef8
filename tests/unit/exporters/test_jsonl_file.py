"""A file of events has whole lines, and they are on the disk when it is said."""

import json
import os
from pathlib import Path

import pytest

from assent.core.faults import OutsideFault
from assent.exporters.jsonl_file import JsonlFile
from exported_events import some_events


def lines(path: Path) -> list[object]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_events_are_appended_a_line_each_and_only_the_owner_reads_them(
    tmp_path: Path,
) -> None:
    path = tmp_path / "out" / "events.jsonl"
    sink = JsonlFile("file", path)
    events = some_events(3)
    assert await sink.send(events[:2]) == 0
    assert await sink.send(events[2:]) == 0
    assert lines(path) == events
    assert path.stat().st_mode & 0o777 == 0o600


async def test_half_a_line_of_a_machine_that_stopped_is_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    events = some_events(2)
    sink = JsonlFile("file", path)
    await sink.send(events)
    with path.open("ab") as file:
        file.write(b'{"half":')
    await sink.send(events)
    assert lines(path) == events * 2


async def test_a_file_with_only_half_a_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"half":')
    events = some_events(1)
    await JsonlFile("file", path).send(events)
    assert lines(path) == events


async def test_a_file_that_was_rotated_away_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    sink = JsonlFile("file", path)
    first, second = some_events(2)
    await sink.send([first])
    os.rename(path, tmp_path / "events.jsonl.1")
    await sink.send([second])
    assert lines(path) == [second]


async def test_a_disk_that_takes_nothing_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.mkdir()
    with pytest.raises(OutsideFault, match="cannot be written"):
        await JsonlFile("file", path).send(some_events(1))
