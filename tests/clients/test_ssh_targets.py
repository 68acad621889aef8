"""The gateway before SSH servers: how it signs in, whom it believes, and what when one is away."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, eventually
from ssh_world import ACCOUNT, Ssh, Sshd, keygen, ssh_gateway_world, sshd

PLAIN = "postgres" if os.geteuid() == 0 else ACCOUNT

POLICIES = """
@id("ssh.access") @max_duration("1h")
permit (principal in Group::"engineers", action in [Action::"access.request",
  Action::"session.open"], resource);

@id("ssh.work")
permit (principal in Group::"engineers", action in [Action::"ssh.execute", Action::"file.read",
  Action::"file.list", Action::"file.write", Action::"ssh.unknown"], resource);

@id("ssh.asked") @message("web3 needs a DBA") @hold("5m") @require("approve: 1 of dba")
forbid (principal, action == Action::"access.request", resource == Target::"web3");

@id("ssh.once") @message("opening web4 needs a DBA") @hold("5m") @require("approve: 1 of dba")
forbid (principal, action == Action::"session.open", resource == Target::"web4");
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """The server."""
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(scope="module")
def old_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server that speaks one cipher, not one the gateway would choose, and not for long."""
    folder = tmp_path_factory.mktemp("old-sshd")
    settings = ("Ciphers chacha20-poly1305@openssh.com", "RekeyLimit 1M")
    with sshd(folder, *settings) as running:
        yield running


def table(name: str, port: int, host_key: str, more: str = "", login: str = "certificate") -> str:
    return (
        f'\n[[targets]]\nname = "{name}"\nprotocol = "ssh"\nhost = "127.0.0.1"\nport = {port}\n'
        f'user = "{ACCOUNT}"\n{more}[targets.ssh]\nlogin = "{login}"\nhost_keys = ["{host_key}"]\n'
    )


@pytest.fixture(scope="module")
def house(
    template: World, server: Sshd, old_server: Sshd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway before that server under several names, some of them wrong."""
    folder = tmp_path_factory.mktemp("ssh") / "world"
    keygen(folder / "other")
    other = " ".join((folder / "other.pub").read_text().split()[:2])
    stored = f'password = "file:{server.folder}/stored"\n'
    old_stored = f'password = "file:{old_server.folder}/stored"\n'
    more = (
        table("stored", server.port, server.host_key, stored, "key")
        + table("impostor", server.port, other)
        + table("away", gateway_port_of_nobody(), server.host_key)
        + table("web3", server.port, server.host_key)
        + table("web4", server.port, server.host_key)
        + table("old", old_server.port, old_server.host_key, old_stored, "key")
        # OpenSSH sends no signals to what runs as root.
        + table("plain", server.port, server.host_key).replace(f'"{ACCOUNT}"', f'"{PLAIN}"')
    )
    created = ssh_gateway_world(folder, template, server, {"ssh.cedar": POLICIES}, more=more)
    with gateway_world.serving(created) as running:
        yield running


def gateway_port_of_nobody() -> int:
    from ssh_world import free_port

    return free_port()


def test_a_target_is_reached_by_a_certificate_that_lasts_a_minute(
    house: Gateway, server: Sshd, tmp_path: Path
) -> None:
    assert Ssh(house, tmp_path / "ana").run("id", "-un").stdout.decode().strip() == ACCOUNT
    assert f"Accepted publickey for {ACCOUNT}" in server.said()
    assert 'ID "assent ses_' in server.said() or "ID assent ses_" in server.said()


def test_a_target_is_reached_by_a_stored_key(house: Gateway, tmp_path: Path) -> None:
    done = Ssh(house, tmp_path / "ana", target="stored").run("id", "-un")
    assert done.stdout.decode().strip() == ACCOUNT, done.stderr


def test_a_target_that_speaks_only_chacha20_is_reached(house: Gateway, tmp_path: Path) -> None:
    done = Ssh(house, tmp_path / "ana", target="old").run("id", "-un")
    assert done.stdout.decode().strip() == ACCOUNT, done.stderr


def test_a_target_may_exchange_keys_anew_meanwhile(house: Gateway, tmp_path: Path) -> None:
    sent = os.urandom(1 << 20) * 10
    done = Ssh(house, tmp_path / "ana", target="old").run("cat", given=sent)
    assert (done.returncode, done.stdout == sent, done.stderr) == (0, True, b"")


def test_a_target_that_shows_another_key_is_not_spoken_to(
    house: Gateway, server: Sshd, tmp_path: Path
) -> None:
    before = server.said().count("Accepted publickey")
    done = Ssh(house, tmp_path / "ana", target="impostor").run("id")
    assert (done.returncode, done.stdout) == (255, b"")
    assert b"assent: target `impostor` shows the key SHA256:" in done.stderr
    assert server.said().count("Accepted publickey") == before
    assert "host-key-unknown" in house.printed()


def test_a_target_that_is_away_is_said_so(house: Gateway, tmp_path: Path) -> None:
    done = Ssh(house, tmp_path / "ana", target="away").run("id")
    assert (done.returncode, done.stdout) == (255, b"")
    assert b"assent: target `away` cannot be reached" in done.stderr


def test_an_opening_that_needs_somebody_waits_and_says_so(house: Gateway, tmp_path: Path) -> None:
    process = Ssh(house, tmp_path / "ana", target="web4").start("id", "-un")
    try:
        assert process.stderr is not None
        house.wait_for_request("")
        assert process.stderr.readline().startswith(b"assent: ")
        house.approve_next("")
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert out.decode().strip() == ACCOUNT, err


def test_whoever_hangs_up_while_the_opening_waits_withdraws_it(
    house: Gateway, tmp_path: Path
) -> None:
    process = Ssh(house, tmp_path / "ana", target="web4").start("id", "-un")
    try:
        request = house.wait_for_request("")
    finally:
        process.kill()
        process.communicate()
    assert house.wait_until(request, "withdrawn")


def running(ssh: Ssh, command: str) -> tuple[subprocess.Popen[bytes], Path]:
    """Start a command that says its process id first, and return what stands for it."""
    process = ssh.start(command)
    assert process.stdout is not None
    number = process.stdout.readline()
    if not number:
        _, err = process.communicate(timeout=10)
        raise AssertionError(err.decode())
    return process, Path(f"/proc/{int(number)}")


def lives(process: Path) -> bool:
    """Return whether a process is there and has not ended; nobody may have asked how, yet."""
    try:
        return "\nState:\tZ" not in (process / "status").read_text()
    except OSError:
        return False


def cut(house: Gateway, because: str) -> None:
    session = house.answer("ana", "GET", "/v1/sessions?open=true")["items"][0]["id"]
    house.answer("carl", "POST", f"/v1/sessions/{session}/cut", {"because": because})


@pytest.mark.parametrize(
    "command",
    [
        "echo $$; exec sleep 1000",
        "sh -c 'trap \"\" HUP TERM; echo $$; while :; do sleep 1; done'",
    ],
)
def test_a_cut_ends_what_runs_within_a_second_here_and_at_the_target(
    house: Gateway, tmp_path: Path, command: str
) -> None:
    process, there = running(Ssh(house, tmp_path / "ana", target="plain"), command)
    try:
        assert lives(there)
        cut(house, "the laptop was lost")
        process.wait(1)
        eventually(lambda: not lives(there), "it has ended there", 1.0)
        _, err = process.communicate(timeout=5)
    finally:
        process.kill()
        process.communicate()
    assert b"the laptop was lost" in err
    assert process.returncode == 255


def test_a_grant_that_is_given_back_ends_its_session(house: Gateway, tmp_path: Path) -> None:
    process, there = running(
        Ssh(house, tmp_path / "ana", target="plain"), "echo $$; exec sleep 1000"
    )
    try:
        house.give_back("ana", "plain")
        process.wait(1)
        eventually(lambda: not lives(there), "it has ended there", 1.0)
    finally:
        process.kill()
        process.communicate()


def test_a_server_that_goes_away_ends_the_session_in_words(template: World, tmp_path: Path) -> None:
    with sshd(tmp_path / "sshd") as server:
        created = ssh_gateway_world(tmp_path / "world", template, server, {"ssh.cedar": POLICIES})
        with gateway_world.serving(created) as gateway:
            process = Ssh(gateway, tmp_path / "ana").start("sleep 1000")
            try:
                eventually(
                    lambda: gateway.answer("ana", "GET", "/v1/sessions?open=true")["items"],
                    "it is open",
                )
                eventually(lambda: "Accepted publickey" in server.said(), "it is signed in")
                gateway.stop()
                _, err = process.communicate(timeout=10)
            finally:
                process.kill()
            assert b"the gateway is stopping" in err
