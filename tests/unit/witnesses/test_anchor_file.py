import os
from base64 import b64decode
from pathlib import Path

import pytest

from assent.core.entry import Checkpoint
from assent.core.faults import OutsideFault
from assent.witnesses.anchor_file import FileAnchor
from unit.witnesses.witness_builders import NOON, a_note


def a_checkpoint(size: int) -> Checkpoint:
    return Checkpoint(size, b"r" * 32, a_note(size), NOON)


async def test_each_note_is_a_line_behind_the_others(tmp_path: Path) -> None:
    anchor = FileAnchor("other-disk", tmp_path / "checkpoints")
    first = await anchor.keep(a_checkpoint(3), a_note(3))
    second = await anchor.keep(a_checkpoint(5), a_note(5))
    lines = (tmp_path / "checkpoints").read_bytes().splitlines()
    assert [b64decode(line).decode() for line in lines] == [a_note(3), a_note(5)]
    assert (first.body, first.reference) == (a_note(3).encode(), "checkpoints, from byte 0 on")
    assert second.reference == f"checkpoints, from byte {len(lines[0]) + 1} on"


async def test_a_line_that_the_power_cut_short_does_not_spoil_the_next(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_bytes(b"aGFsZiBhI")
    await FileAnchor("other-disk", tmp_path / "checkpoints").keep(a_checkpoint(3), a_note(3))
    half, whole = (tmp_path / "checkpoints").read_bytes().splitlines()
    assert (half, b64decode(whole).decode()) == (b"aGFsZiBhI", a_note(3))


async def test_a_file_that_cannot_be_written_is_a_fault_of_the_outside(tmp_path: Path) -> None:
    with pytest.raises(OutsideFault, match="cannot be appended to"):
        await FileAnchor("other-disk", tmp_path / "gone" / "file").keep(a_checkpoint(3), a_note(3))


async def test_a_disk_that_takes_only_half_a_line_has_not_kept_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:9]))
    with pytest.raises(OutsideFault, match="cut short"):
        await FileAnchor("other-disk", tmp_path / "file").keep(a_checkpoint(3), a_note(3))
