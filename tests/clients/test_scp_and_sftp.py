"""scp and sftp as they are, set up by `assent ssh-config`, through a gateway to a real sshd."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assent.demo.world import World
from gateway_world import assent, eventually
from openssh_programs import Programs, programs
from ssh_world import Sshd, sshd

_SIZE = 20 * 1024 * 1024


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
    with programs(tmp_path_factory.mktemp("files"), template, server) as found:
        yield found


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_scp_carries_megabytes_both_ways_unchanged(ana: Programs, tmp_path: Path) -> None:
    here, there, back = tmp_path / "here", ana.place / "open" / "large", tmp_path / "back"
    here.write_bytes(os.urandom(_SIZE))
    up = ana.run("scp", str(here), f"web1:{there}")
    assert up.returncode == 0, up.stderr
    down = ana.run("scp", f"web1:{there}", str(back))
    assert down.returncode == 0, down.stderr
    assert digest(here) == digest(there) == digest(back)


def test_what_was_copied_is_counted_and_in_the_log(ana: Programs, tmp_path: Path) -> None:
    here, there = tmp_path / "here", ana.place / "open" / "counted"
    here.write_bytes(b"x" * 12_345)
    assert ana.run("scp", str(here), f"web1:{there}").returncode == 0

    def counted() -> bool:
        return any(
            frame["kind"] == "result" and frame["bytes"] == 12_345
            for session in ana.gateway.answer("ana", "GET", "/v1/sessions")["items"]
            for frame in frames(ana, session["id"])
        )

    eventually(counted, "the copy is in a recording, with its bytes")


def frames(ana: Programs, session: str) -> list[dict[str, Any]]:
    """Return what was recorded of a session, none while it is not sealed."""
    words = "recordings", "export", session, "--format", "jsonl"
    done = assent(ana.gateway, "ana", *words)
    return [json.loads(line) for line in done.stdout.splitlines()] if done.returncode == 0 else []


def test_sftp_works_on_what_is_open_and_is_refused_the_rest(ana: Programs, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("content")
    place = ana.place / "open"
    commands = [
        f"mkdir {place}/new",
        f"put {tmp_path}/here {place}/new/a",
        f"ls -l {place}/new",
        f"get {place}/new/a {tmp_path}/back",
        f"-rm {place}/new/a",
        f"-rename {place}/new/a {place}/new/b",
        f"-get /etc/passwd {tmp_path}/passwd",
        f"-chmod 777 {place}/new/a",
        f"-get {place}/{'../' * 20}etc/passwd {tmp_path}/passwd",
    ]
    done = ana.run("sftp", "-b", "-", "web1", given="\n".join(commands))
    assert done.returncode == 0, done.stderr
    assert (place / "new" / "a").read_text() == "content"
    assert (tmp_path / "back").read_text() == "content"
    assert not (tmp_path / "passwd").exists()
    assert done.stderr.count("Permission denied") == 5
    # Why is not in what sftp prints of its own, but on the channel's other stream.
    assert f"refused: sftp rm {place}/new/a" in done.stderr


def test_a_link_leads_no_further_than_its_file_may_be_read(ana: Programs, tmp_path: Path) -> None:
    link = ana.place / "open" / "link"
    link.symlink_to("/etc/passwd")
    done = ana.run("scp", f"web1:{link}", str(tmp_path / "passwd"))
    link.unlink()
    assert done.returncode != 0
    assert "sftp get /etc/passwd" in done.stderr
    assert not (tmp_path / "passwd").exists()


def test_a_held_put_arrives_once_somebody_assents(ana: Programs, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("content")
    there = ana.place / "held" / "approved"
    with ana.started("scp", str(tmp_path / "here"), f"web1:{there}") as copying:
        request = ana.gateway.wait_for_request(f"sftp put {there}")
        assert not there.exists()
        ana.gateway.approve(request)
        _, errors = copying.communicate(timeout=30)
    assert copying.returncode == 0, errors
    assert there.read_text() == "content"
    # scp itself says nothing while it waits; the gateway does, on the other stream.
    assert "files below `held` need a DBA" in errors or request in errors


def test_a_held_put_that_is_rejected_leaves_nothing(ana: Programs, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("content")
    there = ana.place / "held" / "rejected"
    with ana.started("scp", str(tmp_path / "here"), f"web1:{there}") as copying:
        ana.gateway.reject_next(f"sftp put {there}")
        _, errors = copying.communicate(timeout=30)
    assert copying.returncode != 0
    assert not there.exists()
    assert "rejected" in errors


def test_who_goes_away_withdraws_what_was_held(ana: Programs, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("content")
    there = ana.place / "held" / "withdrawn"
    with ana.started("scp", str(tmp_path / "here"), f"web1:{there}"):
        request = ana.gateway.wait_for_request(f"sftp put {there}")
    ana.gateway.wait_until(request, "withdrawn")
    assert not there.exists()


def test_giving_access_back_cuts_a_copy(ana: Programs, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("content")
    there = ana.place / "held" / "cut"
    with ana.started("scp", str(tmp_path / "here"), f"web1:{there}") as copying:
        ana.gateway.wait_for_request(f"sftp put {there}")
        ana.gateway.give_back("ana", "web1")
        copying.communicate(timeout=5)
    ana.forget()
    assert copying.returncode != 0
    assert not there.exists()
