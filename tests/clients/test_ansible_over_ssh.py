"""Ansible as it is, through a gateway to a real sshd, with the policy that it needs."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from assent.demo.world import World
from openssh_programs import Programs, programs
from ssh_world import Sshd, sshd

# Ansible sends programs in Python and runs them: nobody who stands between can read those, which
# is what `ssh.unknown` says. Whoever lets it work here lets it do what the account can.
POLICIES = """
@id("ansible.works")
permit (principal in Group::"engineers", action in [Action::"ssh.execute", Action::"ssh.unknown",
  Action::"file.list", Action::"file.read", Action::"file.write", Action::"file.delete",
  Action::"file.administer"], resource in Target::"web1");

@id("ansible.no-sudo") @message("nobody becomes somebody else here")
forbid (principal, action == Action::"ssh.elevate", resource);
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


def ansible(
    ana: Programs, folder: Path, *words: str, pipelining: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run Ansible against the one server."""
    folder.mkdir(exist_ok=True)
    (folder / "ansible.cfg").write_text(
        "[defaults]\nhost_key_checking = true\ninterpreter_python = /usr/bin/python3\n"
        f"remote_tmp = {ana.place}/ansible\nlocal_tmp = {folder}/local\n"
        f"[ssh_connection]\nssh_common_args = -F {ana.config}\n"
        f"pipelining = {pipelining}\n"
    )
    program = Path(sys.executable).parent / "ansible"
    # Of a socket's name 108 bytes count (unix(7)), and folders of tests have long ones.
    with tempfile.TemporaryDirectory() as short:
        environment = {
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": short,
            "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=5s",
        }
        return subprocess.run(
            [str(program), "web1", "-i", "web1,", "--ssh-common-args", f"-F {ana.config}", *words],
            env=ana.environment() | environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.mark.parametrize("pipelining", [False, True])
def test_ansible_pings_and_copies(ana: Programs, tmp_path: Path, pipelining: bool) -> None:
    pinged = ansible(ana, tmp_path / "run", "-m", "ping", pipelining=pipelining)
    assert pinged.returncode == 0, pinged.stdout + pinged.stderr
    assert "pong" in pinged.stdout
    (tmp_path / "here").write_text("content")
    there = ana.place / "open" / f"by-ansible-{pipelining}"
    copied = ansible(
        ana,
        tmp_path / "run",
        *("-m", "copy", "-a", f"src={tmp_path}/here dest={there} mode=0600"),
        pipelining=pipelining,
    )
    assert copied.returncode == 0, copied.stdout + copied.stderr
    assert there.read_text() == "content"


def test_what_is_forbidden_stays_so_for_ansible(ana: Programs, tmp_path: Path) -> None:
    done = ansible(ana, tmp_path / "run", "-m", "raw", "-a", "sudo id")
    assert done.returncode != 0
    assert "nobody becomes somebody else here" in done.stdout + done.stderr
