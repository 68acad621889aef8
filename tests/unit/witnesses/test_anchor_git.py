import subprocess
from pathlib import Path

import pytest

from assent.core.entry import Checkpoint
from assent.core.faults import OutsideFault
from assent.witnesses.anchor_git import GitAnchor
from unit.witnesses.witness_builders import NOON, Noon, a_note


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout


def a_checkpoint(size: int) -> Checkpoint:
    return Checkpoint(size, b"r" * 32, a_note(size), NOON)


@pytest.mark.parametrize("bare", [True, False])
async def test_each_note_is_a_commit_behind_the_others(tmp_path: Path, bare: bool) -> None:
    git(tmp_path, "init", "--quiet", *(["--bare"] if bare else []))
    anchor = GitAnchor("elsewhere", tmp_path, "checkpoints", "", Noon())
    await anchor.keep(a_checkpoint(3), a_note(3))
    kept = await anchor.keep(a_checkpoint(5), a_note(5))
    assert kept.reference == f"commit {git(tmp_path, 'rev-parse', 'checkpoints').strip()}"
    assert kept.body == a_note(5).encode()
    for size in (3, 5):
        assert git(tmp_path, "show", f"checkpoints:assent.example-audit/{size}") == a_note(size)
    subjects = git(tmp_path, "log", "--format=%s", "checkpoints").splitlines()
    assert subjects == ["Checkpoint of 5 entries", "Checkpoint of 3 entries"]


async def test_a_working_tree_and_its_branch_stay_as_they_are(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "notes.txt").write_text("mine")
    git(tmp_path, "add", "notes.txt")
    await GitAnchor("elsewhere", tmp_path, "checkpoints", "", Noon()).keep(
        a_checkpoint(3), a_note(3)
    )
    assert git(tmp_path, "status", "--porcelain") == "A  notes.txt\n"


async def test_the_branch_is_pushed_to_the_remote(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "near").mkdir()
    git(tmp_path / "far", "init", "--quiet", "--bare")
    git(tmp_path / "near", "init", "--quiet", "--bare")
    git(tmp_path / "near", "remote", "add", "origin", str(tmp_path / "far"))
    anchor = GitAnchor("elsewhere", tmp_path / "near", "audit/checkpoints", "origin", Noon())
    await anchor.keep(a_checkpoint(3), a_note(3))
    shown = git(tmp_path / "far", "show", "audit/checkpoints:assent.example-audit/3")
    assert shown == a_note(3)


async def test_a_remote_that_is_away_is_a_fault_and_gets_all_of_it_later(tmp_path: Path) -> None:
    (tmp_path / "near").mkdir()
    git(tmp_path / "near", "init", "--quiet", "--bare")
    git(tmp_path / "near", "remote", "add", "origin", str(tmp_path / "far"))
    anchor = GitAnchor("elsewhere", tmp_path / "near", "checkpoints", "origin", Noon())
    with pytest.raises(OutsideFault, match="`git push` failed"):
        await anchor.keep(a_checkpoint(3), a_note(3))
    (tmp_path / "far").mkdir()
    git(tmp_path / "far", "init", "--quiet", "--bare")
    await anchor.keep(a_checkpoint(5), a_note(5))
    assert len(git(tmp_path / "far", "log", "--format=%s", "checkpoints").splitlines()) == 2


async def test_a_remote_that_went_another_way_is_never_forced(tmp_path: Path) -> None:
    for name in ("far", "near", "other"):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "--quiet", "--bare")
    for name in ("near", "other"):
        git(tmp_path / name, "remote", "add", "origin", str(tmp_path / "far"))
    other = GitAnchor("elsewhere", tmp_path / "other", "checkpoints", "origin", Noon())
    await other.keep(a_checkpoint(9), a_note(9))
    with pytest.raises(OutsideFault, match="push"):
        await GitAnchor("elsewhere", tmp_path / "near", "checkpoints", "origin", Noon()).keep(
            a_checkpoint(3), a_note(3)
        )
    assert "9" in git(tmp_path / "far", "log", "-1", "--format=%s", "checkpoints")


async def test_what_is_no_repository_is_a_fault_of_the_outside(tmp_path: Path) -> None:
    anchor = GitAnchor("elsewhere", tmp_path / "gone", "checkpoints", "", Noon())
    with pytest.raises(OutsideFault, match="git"):
        await anchor.keep(a_checkpoint(3), a_note(3))


async def test_a_git_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "git"
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("assent.witnesses.anchor_git.WITHIN_S", 0.1)
    with pytest.raises(OutsideFault, match="did not end"):
        await GitAnchor("elsewhere", tmp_path, "checkpoints", "", Noon()).keep(
            a_checkpoint(3), a_note(3)
        )
