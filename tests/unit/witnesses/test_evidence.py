from pathlib import Path

import pytest

from assent.core.faults import OutsideFault
from assent.witnesses.evidence import EvidenceFolder


async def test_evidence_is_kept_once_and_stays_as_it_is(tmp_path: Path) -> None:
    folder = EvidenceFolder(tmp_path / "evidence")
    assert folder.names() == ()
    await folder.keep("a-1", b"both notes")
    await folder.keep("a-1", b"something else")
    assert folder.names() == ["a-1"]
    assert folder.read("a-1") == b"both notes"
    assert folder.read("a-2") is None


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 101])
async def test_a_name_that_could_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder = EvidenceFolder(tmp_path / "evidence")
    with pytest.raises(OutsideFault):
        await folder.keep(name, b"")
    assert folder.read(name) is None


async def test_the_folder_does_not_grow_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assent.witnesses.evidence._MOST_FILES", 1)
    folder = EvidenceFolder(tmp_path / "evidence")
    await folder.keep("a", b"")
    with pytest.raises(OutsideFault, match="cannot take"):
        await folder.keep("b", b"")


async def test_a_folder_that_cannot_be_written_is_a_fault_of_the_outside(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file")
    with pytest.raises(OutsideFault, match="cannot be written"):
        await EvidenceFolder(tmp_path / "evidence").keep("a", b"")
