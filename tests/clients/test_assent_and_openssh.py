"""`assent connect` and `assent ssh-config`, with the real ssh, before a real gateway and sshd."""

import json
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from assent.demo.world import World
from gateway_world import assent
from openssh_programs import Programs, programs
from ssh_world import Sshd, authority_of, sshd

POLICIES = """
@id("files.programs")
permit (principal in Group::"engineers", action == Action::"ssh.execute",
  resource in Target::"web1");

@id("files.analysts") @max_duration("10m")
permit (principal in Group::"analysts", action in [Action::"access.request",
  Action::"session.open", Action::"ssh.execute"], resource in Target::"web1");

@id("files.analysts-ask") @message("analysts are asked about first") @require("approve: 1 of dba")
forbid (principal in Group::"analysts", action == Action::"access.request",
  resource in Target::"web1");
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


def test_connect_becomes_ssh_with_a_certificate(ana: Programs) -> None:
    done = assent(ana.gateway, "ana", "connect", "web1", "--", "id", "-u")
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr


def test_connect_prints_a_command_that_works_once(ana: Programs) -> None:
    done = assent(ana.gateway, "ana", "connect", "web1", "--json")
    words = json.loads(done.stdout)["command"]
    ran = [
        subprocess.run([*words, "echo", "hello"], capture_output=True, text=True, check=False)
        for _ in range(2)
    ]
    assert (ran[0].returncode, ran[0].stdout) == (0, "hello\n"), ran[0].stderr
    assert ran[1].returncode != 0
    shown = assent(ana.gateway, "ana", "connect", "web1", "--print")
    assert "  ssh -o " in shown.stdout


def test_connect_waits_for_those_who_must_assent(ana: Programs) -> None:
    with ThreadPoolExecutor() as threads:
        words = "connect", "web1", "--reason", "a look", "--", "echo", "hello"
        connecting = threads.submit(assent, ana.gateway, "nora", *words)
        ana.gateway.approve(ana.gateway.wait_for_request("", "nora"))
        done = connecting.result(60)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "hello"), done.stderr


def test_plain_ssh_asks_for_its_certificate_itself(ana: Programs) -> None:
    for account in ("web1", "root@web1"):
        done = ana.run("ssh", account, "echo hello")
        assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr


def test_no_other_account_than_the_targets_is_let_in(ana: Programs) -> None:
    done = ana.run("ssh", "nobody@web1", "id")
    assert done.returncode == 255
    assert "uid=" not in done.stdout


def test_no_other_gateway_is_taken_for_ours(ana: Programs, tmp_path: Path) -> None:
    known = ana.gateway.world.people["ana"].home / "ssh" / "known_hosts"
    kept = known.read_text()
    assert authority_of(ana.gateway.world).host_key in kept
    strange = tmp_path / "strange"
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(strange)]
    subprocess.run(words, check=True, capture_output=True)
    key = " ".join(strange.with_suffix(".pub").read_text().split()[:2])
    host, port = ana.gateway.addresses["ssh"]
    other = tmp_path / "known_hosts"
    other.write_text(f"[{host}]:{port} {key}\n")
    done = ana.run("ssh", "-o", f"UserKnownHostsFile={other}", "web1", "echo hello")
    assert done.returncode == 255
    assert done.stdout == ""


def test_the_configuration_is_written_once_and_leaves_the_rest(
    ana: Programs, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("Compression yes\nHost other\n    User me\n")
    config.chmod(0o600)
    for _ in range(2):
        done = assent(ana.gateway, "ana", "ssh-config", "--file", str(config))
        assert done.returncode == 0, done.stderr
    text = config.read_text()
    assert text.count("# BEGIN assent") == 1
    assert text.endswith("Compression yes\nHost other\n    User me\n")
    assert config.stat().st_mode & 0o777 == 0o600
    told = ["ssh", "-G", "-F", str(config), "other"]
    said = subprocess.run(told, capture_output=True, text=True, check=True).stdout
    assert "compression yes" in said
    assert "user me" in said
    removed = assent(ana.gateway, "ana", "ssh-config", "--file", str(config), "--remove")
    assert removed.returncode == 0
    assert config.read_text() == "Compression yes\nHost other\n    User me\n"


def test_half_a_block_is_left_alone(ana: Programs, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("# BEGIN assent: something\nHost x\n")
    done = assent(ana.gateway, "ana", "ssh-config", "--file", str(config))
    assert done.returncode == 2
    assert config.read_text() == "# BEGIN assent: something\nHost x\n"


def test_the_authority_is_what_servers_trust(ana: Programs, server: Sshd) -> None:
    done = assent(ana.gateway, "ana", "ssh", "authority")
    assert done.stdout.strip() == (server.folder / "authority.pub").read_text().strip()


def test_certificates_are_for_servers_that_speak_ssh_and_for_keys(ana: Programs) -> None:
    path, key = "/v1/ssh/certificates", "ssh-ed25519 AAAA"
    other = ana.gateway.call("ana", "POST", path, {"target": "shop", "public_key": key})
    assert (other.status_code, "other-protocol" in other.text) == (409, True)
    broken = ana.gateway.call("ana", "POST", path, {"target": "web1", "public_key": key})
    assert (broken.status_code, "bad-key" in broken.text) == (409, True)
    strange = {"target": "web1", "public_key": "no key\nat all"}
    assert ana.gateway.call("ana", "POST", path, strange).status_code == 422
    missing = ana.gateway.call("ana", "POST", path, {"target": "nope", "public_key": key})
    assert missing.status_code == 404


def test_the_files_of_keys_are_for_their_owner_alone(ana: Programs) -> None:
    folder = ana.gateway.world.people["ana"].home / "ssh"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "id_ed25519").stat().st_mode & 0o777 == 0o600
