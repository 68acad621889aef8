"""rsync and git as they are, through a gateway to a real sshd: read by what they start there."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from assent.demo.world import World
from openssh_programs import Programs, programs
from ssh_world import Sshd, sshd

POLICIES = """
@id("files.programs")
permit (principal in Group::"engineers", action == Action::"ssh.execute",
  resource in Target::"web1")
when { ["rsync", "git-upload-pack", "git-receive-pack", "scp"].contains(resource.name) };

@id("files.pushes") @message("what is pushed needs a DBA") @hold("5m")
@require("approve: 1 of dba")
forbid (principal, action == Action::"ssh.execute", resource == Program::"web1/git-receive-pack");
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server that speaks SSH."""
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(scope="module")
def ana(
    template: World, server: Sshd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Programs]:
    """Ana's programs before a gateway before it."""
    with programs(tmp_path_factory.mktemp("files"), template, server, POLICIES) as found:
        yield found


def test_rsync_copies_folders_both_ways(ana: Programs, tmp_path: Path) -> None:
    here, there, back = tmp_path / "here", ana.place / "open" / "synced", tmp_path / "back"
    (here / "deep").mkdir(parents=True)
    (here / "deep" / "a").write_text("a" * 100_000)
    up = ana.run("rsync", "-a", f"{here}/", f"web1:{there}/")
    assert up.returncode == 0, up.stderr
    assert (there / "deep" / "a").read_text() == "a" * 100_000
    down = ana.run("rsync", "-az", f"web1:{there}/", f"{back}/")
    assert down.returncode == 0, down.stderr
    assert (back / "deep" / "a").read_text() == "a" * 100_000


def test_rsync_deletes_nothing_where_nothing_may_be_deleted(ana: Programs, tmp_path: Path) -> None:
    here, there = tmp_path / "here", ana.place / "open" / "kept"
    here.mkdir()
    there.mkdir()
    (there / "precious").write_text("stays")
    (here / "new").write_text("new")
    done = ana.run("rsync", "-a", "--delete", f"{here}/", f"web1:{there}/")
    assert done.returncode != 0
    assert "file.delete" in done.stderr
    assert [one.name for one in there.iterdir()] == ["precious"]
    assert ana.run("rsync", "-a", f"{here}/", f"web1:{there}/").returncode == 0
    assert sorted(one.name for one in there.iterdir()) == ["new", "precious"]


def test_rsync_and_scp_of_old_reach_nothing_else(ana: Programs, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("content")
    for words in (
        ("rsync", "web1:/etc/passwd", str(tmp_path / "passwd")),
        ("rsync", str(tmp_path / "here"), "web1:/etc/assent-was-here"),
        ("scp", "-O", "web1:/etc/passwd", str(tmp_path / "passwd")),
    ):
        done = ana.run(*words)
        assert done.returncode != 0, words
    assert not (tmp_path / "passwd").exists()
    assert not Path("/etc/assent-was-here").exists()


def test_scp_of_old_copies_what_is_open(ana: Programs, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("content")
    there = ana.place / "open" / "by-scp"
    done = ana.run("scp", "-O", str(tmp_path / "here"), f"web1:{there}")
    assert done.returncode == 0, done.stderr
    assert there.read_text() == "content"


def git(*words: str, folder: Path) -> None:
    """Run git by itself, past the gateway."""
    named = ["git", "-c", "user.name=Ana", "-c", "user.email=ana@example.com"]
    subprocess.run([*named, *words], cwd=folder, check=True, capture_output=True)


def test_git_clones_by_itself_and_a_push_waits_for_somebody(ana: Programs, tmp_path: Path) -> None:
    there = ana.place / "open" / "project.git"
    git("init", "--bare", "-b", "main", str(there), folder=tmp_path)
    source = tmp_path / "source"
    git("init", "-b", "main", str(source), folder=tmp_path)
    (source / "a").write_text("a")
    git("add", "a", folder=source)
    git("commit", "-m", "Begin", folder=source)
    git("push", str(there), "main", folder=source)

    mine = tmp_path / "mine"
    cloned = ana.run("git", "clone", f"web1:{there}", str(mine))
    assert cloned.returncode == 0, cloned.stderr
    (mine / "b").write_text("b")
    git("add", "b", folder=mine)
    git("commit", "-m", "Go on", folder=mine)
    before = (there / "refs" / "heads" / "main").read_text()
    with ana.started("git", "-C", str(mine), "push", "origin", "main") as pushing:
        request = ana.gateway.wait_for_request("git-receive-pack")
        assert (there / "refs" / "heads" / "main").read_text() == before
        ana.gateway.approve(request)
        _, errors = pushing.communicate(timeout=30)
    assert pushing.returncode == 0, errors
    assert (there / "refs" / "heads" / "main").read_text() != before
    assert "what is pushed needs a DBA" in errors or request in errors
