"""SSH keeps what the spine promises, with OpenSSH's client and server."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from assent.demo.world import World
from conformance.protocol_suite import (
    BRIEF,
    HELD,
    LAWS,
    LONG,
    PERMITTED,
    REFUSED,
    UNKEPT,
    UNREAD,
    Law,
    Outcome,
    Stage,
    basic_policies,
    held_policies,
    staged,
    stops_with_words_and_goes_on_after_a_restart,
)
from gateway_world import Gateway
from ssh_world import ACCOUNT, Ssh, Sshd, authority_of, sshd

OWN = """
@id("suite.run")
permit (principal in Group::"engineers", action == Action::"ssh.execute",
  resource in Target::"web1");

@id("suite.write")
permit (principal in Group::"engineers", action == Action::"file.write", resource)
when { resource == File::"web1/FOLDER/free" || resource == File::"web1/FOLDER/held" ||
  resource == File::"web1/FOLDER/brief" };

@id("suite.unkept") @max_rows("10")
permit (principal in Group::"engineers", action == Action::"file.write",
  resource == File::"web1/FOLDER/unkept");
"""
# OpenSSH sends no signals to what runs as root: what is cut there ends when it likes to.
PLAIN = "postgres" if os.geteuid() == 0 else ACCOUNT
FILES = {PERMITTED: "free", REFUSED: "closed", HELD: "held", BRIEF: "brief", UNKEPT: "unkept"}


@dataclass
class SshClient:
    """OpenSSH's client, with a credential for one connection."""

    ssh: Ssh
    folder: Path
    password: str
    seconds: int
    process: subprocess.Popen[bytes] | None = None

    def do(self, kind: str, mark: str) -> Outcome:
        if kind == LONG:
            command = f"sleep {self.seconds}"
        elif kind == UNREAD:
            command = f"echo {mark} >> $(cat {self.folder}/where)"
        else:
            command = f"echo {mark} >> {self.folder}/{FILES[kind]}"
        self.process = subprocess.Popen(
            [*self.ssh.words(), command],
            env=self.ssh.environment(self.password),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        _, said = self.process.communicate()
        return Outcome(self.process.returncode == 0, said.decode())

    def hang_up(self) -> None:
        if self.process is not None:
            self.process.kill()


class SshDriver:
    """A real server; what it was reached with is in files of a folder."""

    name, target, withdraws, takes_up = "ssh", "web1", True, True

    def __init__(self, server: Sshd, folder: Path) -> None:
        self.server, self.folder = server, folder
        folder.chmod(0o777)
        # Nobody else sleeps for so long.
        self.seconds = 61_000 + server.port % 1000
        (folder / "where").write_text(f"{folder}/free")
        text = OWN.replace("/FOLDER", f"/{folder}")
        held = [f'File::"web1/{folder}/{name}"' for name in ("held", "brief")]
        self.policies = basic_policies("web1") + text + held_policies("file.write", *held)
        self.more = (
            f'[ssh]\nlisten = "127.0.0.1:0"\n\n[[targets]]\nname = "web1"\nprotocol = "ssh"\n'
            f'host = "127.0.0.1"\nport = {server.port}\nuser = "{PLAIN}"\nowners = ["dba"]\n'
            f'[targets.ssh]\nhost_keys = ["{server.host_key}"]\n'
        )
        self.numbers = 0

    def client(self, gateway: Gateway, kind: str) -> SshClient:
        self.server.trust(authority_of(gateway.world).target_authority)
        self.numbers += 1
        ssh = Ssh(gateway, self.folder / f"client-{self.numbers}")
        ssh.folder.mkdir()
        return SshClient(ssh, self.folder, ssh.connect(), self.seconds)

    def text(self, kind: str, mark: str) -> str:
        return mark

    def reached(self, mark: str) -> int:
        files = [self.folder / name for name in FILES.values()]
        texts = [file.read_text().split() for file in files if file.exists()]
        return sum(words.count(mark) for words in texts)

    def running(self) -> int:
        words = f"sleep\0{self.seconds}\0".encode()
        found = 0
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                found += process.read_bytes() == words
            except OSError:
                # It ended meanwhile.
                continue
        return found


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshDriver]:
    # Where somebody else than the tests' own user can write.
    with TemporaryDirectory(dir="/tmp") as folder, sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield SshDriver(server, Path(folder))


@pytest.fixture(scope="module")
def stage(
    driver: SshDriver, template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("suite") / "world", template, driver) as running:
        yield running


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_laws_of_the_spine_hold(law: Law, stage: Stage) -> None:
    law(stage)


def test_it_stops_with_words_and_goes_on_after_a_restart(
    driver: SshDriver, template: World, tmp_path: Path
) -> None:
    stops_with_words_and_goes_on_after_a_restart(tmp_path / "world", template, driver)
