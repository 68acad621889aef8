from pathlib import Path

import pytest

from assent.core.faults import OperatorFault, OutsideFault
from assent.edges.log_keys import LogKeysOnDisk

ORIGIN = "assent.example/audit"


async def test_a_rotation_leaves_the_new_key_and_remembers_the_old_one(tmp_path: Path) -> None:
    keys = LogKeysOnDisk(tmp_path, ORIGIN)
    (old,) = keys.public
    new = await keys.begin()
    assert (keys.public, keys.following) == ((old,), new)
    assert (tmp_path / "audit.key.new").stat().st_mode & 0o777 == 0o600
    await keys.finish()
    assert (keys.public, keys.following) == ((old, new), None)
    again = LogKeysOnDisk(tmp_path, ORIGIN)
    assert (again.public, again.following) == ((old, new), None)
    assert (tmp_path / "audit.key").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "audit.key.new").exists()


async def test_keys_are_remembered_in_their_order(tmp_path: Path) -> None:
    keys = LogKeysOnDisk(tmp_path, ORIGIN)
    expected = list(keys.public)
    for _ in range(3):
        expected.append(await keys.begin())
        await keys.finish()
    assert list(LogKeysOnDisk(tmp_path, ORIGIN).public) == expected


async def test_a_rotation_that_was_begun_goes_on_in_the_next_process(tmp_path: Path) -> None:
    new = await LogKeysOnDisk(tmp_path, ORIGIN).begin()
    again = LogKeysOnDisk(tmp_path, ORIGIN)
    assert again.following == new
    assert again.signer.sign("hello\n").count("— ") == 2


async def test_a_crash_between_the_two_files_of_the_end_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = LogKeysOnDisk(tmp_path, ORIGIN)
    (old,) = keys.public
    new = await keys.begin()

    real = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "audit.key.new":
            raise OSError(28, "No space left on device")
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(OutsideFault, match="cannot be written"):
            await keys.finish()
    again = LogKeysOnDisk(tmp_path, ORIGIN)
    assert (again.public, again.following) == ((old,), new)
    await again.finish()
    assert LogKeysOnDisk(tmp_path, ORIGIN).public == (old, new)


async def test_an_abandoned_rotation_was_none(tmp_path: Path) -> None:
    keys = LogKeysOnDisk(tmp_path, ORIGIN)
    before = keys.public
    await keys.begin()
    await keys.abandon()
    again = LogKeysOnDisk(tmp_path, ORIGIN)
    assert (keys.public, again.public, again.following) == (before, before, None)


async def test_a_disk_that_refuses_begins_no_rotation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes, mode: int = 0) -> None:
        raise OSError(28, "No space left on device")

    keys = LogKeysOnDisk(tmp_path, ORIGIN)
    monkeypatch.setattr("assent.edges.log_keys.write_durably", full)
    with pytest.raises(OutsideFault, match="cannot be written"):
        await keys.begin()
    assert keys.following is None


def test_damaged_files_stop_the_start(tmp_path: Path) -> None:
    keys = LogKeysOnDisk(tmp_path, ORIGIN)
    (tmp_path / "audit.keys").write_text(f"{keys.public[0]}\nnonsense\n")
    with pytest.raises(OperatorFault, match="line 2"):
        LogKeysOnDisk(tmp_path, ORIGIN)
    (tmp_path / "audit.keys").unlink()
    (tmp_path / "audit.key.new").write_bytes(b"short")
    with pytest.raises(OperatorFault, match="32 bytes"):
        LogKeysOnDisk(tmp_path, ORIGIN)
    (tmp_path / "audit.key.new").write_bytes((tmp_path / "audit.key").read_bytes())
    with pytest.raises(OperatorFault, match="signs already"):
        LogKeysOnDisk(tmp_path, ORIGIN)
