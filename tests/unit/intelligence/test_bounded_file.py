"""A file is read whole and of bounded size, or refused with a sentence."""

import os
from pathlib import Path

import pytest

from assent.core.faults import OperatorFault
from assent.intelligence.bounded_file import read, stamp_of


def refusal(path: Path, most_bytes: int = 100) -> str:
    with pytest.raises(OperatorFault) as fault:
        read(path, most_bytes)
    assert fault.value.place == str(path)
    return fault.value.detail


def test_a_file_is_read_with_its_stamp(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"x" * 100)
    assert read(path, 100) == (b"x" * 100, stamp_of(path))


def test_a_replaced_file_has_another_stamp_even_with_the_old_times(tmp_path: Path) -> None:
    path, other = tmp_path / "list", tmp_path / "other"
    path.write_bytes(b"old")
    before = stamp_of(path)
    other.write_bytes(b"new")
    os.utime(other, ns=(before.modified_ns, before.modified_ns))
    other.rename(path)
    assert stamp_of(path) != before


def test_a_larger_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"x" * (1 << 20) + b"x")
    assert "is larger than 1 MiB" in refusal(path, 1 << 20)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"")
    assert "is empty" in refusal(path)


def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is no regular file" in refusal(tmp_path / "pipe")
    assert "is no regular file" in refusal(tmp_path)


def test_a_file_that_is_not_there_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "list"
    assert "No such file" in refusal(path)
    with pytest.raises(OperatorFault, match="No such file"):
        stamp_of(path)
    assert "cannot be read" in refusal(Path("a\0b"))


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "list"
    path.write_bytes(b"192.0.2.1\n")
    fstat, looks = os.fstat, iter(range(9))

    def grow_behind_the_first_look(handle: int) -> os.stat_result:
        status = fstat(handle)
        if next(looks) == 0:
            with path.open("ab") as file:
                file.write(b"192.0.2.2\n")
        return status

    monkeypatch.setattr(os, "fstat", grow_behind_the_first_look)
    assert "changed while it was read" in refusal(path)
