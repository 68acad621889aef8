"""OpenSSH's client through a real gateway to a real OpenSSH server: commands, and who gets in."""

import hashlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, assent, eventually
from ssh_world import ACCOUNT, Ssh, Sshd, keygen, ssh_gateway_world, sshd

POLICIES = """
@id("ssh.access") @max_duration("1h")
permit (principal in Group::"engineers", action in [Action::"access.request",
  Action::"session.open"], resource in Target::"web1");

@id("ssh.work")
permit (principal in Group::"engineers", action in [Action::"ssh.execute", Action::"file.list",
  Action::"file.read", Action::"file.write", Action::"file.delete", Action::"ssh.unknown"],
  resource in Target::"web1");

@id("ssh.held") @message("touching held files needs a DBA") @hold("5m")
@require("approve: 1 of dba")
forbid (principal, action == Action::"ssh.execute", resource == Program::"web1/touch");

@id("ssh.no-sudo") @message("nobody becomes somebody else here")
forbid (principal, action == Action::"ssh.elevate", resource);

@id("ssh.no-explosion") @message("servers are not shut down from here")
forbid (principal, action == Action::"ssh.execute", resource == Program::"web1/explode");
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """The server."""
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(scope="module")
def house(
    template: World, server: Sshd, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway before it."""
    folder = tmp_path_factory.mktemp("ssh") / "world"
    created = ssh_gateway_world(folder, template, server, {"ssh.cedar": POLICIES})
    with gateway_world.serving(created) as running:
        yield running


@pytest.fixture
def ana(house: Gateway, tmp_path: Path) -> Ssh:
    """Ana's ssh, with nothing but passwords."""
    return Ssh(house, tmp_path / "ana")


def test_a_command_runs_at_the_target_with_its_output_errors_and_exit_code(ana: Ssh) -> None:
    done = ana.run("echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"out\n", b"err\n")


@pytest.mark.parametrize("cipher", ["aes128-gcm@openssh.com", "aes256-ctr"])
def test_a_client_chooses_among_the_ciphers_that_there_are(ana: Ssh, cipher: str) -> None:
    assert ana.run("echo", "hello", options=("-c", cipher)).stdout == b"hello\n"


def test_chacha20_is_not_among_them(ana: Ssh) -> None:
    done = ana.run("echo", "hello", options=("-c", "chacha20-poly1305@openssh.com"))
    assert (done.returncode, done.stdout) == (255, b"")


def test_keys_are_exchanged_anew_while_much_passes_each_way(ana: Ssh, tmp_path: Path) -> None:
    sent, there = os.urandom(1 << 20) * 20, tmp_path / "there"
    anew = ("-v", "-o", "RekeyLimit=1M")
    done = ana.run(f"tee {there}", given=sent, options=anew)
    assert done.returncode == 0
    assert done.stderr.count(b"NEWKEYS received") > 5, done.stderr
    assert digest(done.stdout) == digest(there.read_bytes()) == digest(sent)


def test_fifty_megabytes_pass_each_way_unchanged(ana: Ssh, tmp_path: Path) -> None:
    sent = os.urandom(1 << 20) * 50
    there = tmp_path / "there"
    done = ana.run(f"cat > {there}", given=sent)
    assert (done.returncode, done.stderr) == (0, b"")
    assert digest(there.read_bytes()) == digest(sent)
    back = ana.run(f"cat {there}")
    assert digest(back.stdout) == digest(sent)


def test_what_a_signal_ends_is_said_so(ana: Ssh) -> None:
    done = ana.run("kill -TERM $$")
    # OpenSSH's client has one code for what was ended by a signal.
    assert done.returncode == 255


def test_only_variables_that_say_how_to_write_are_passed_on(ana: Ssh) -> None:
    options = ("-o", "SetEnv=LC_NAME=assent SECRET=word LANG=C.UTF-8")
    done = ana.run('echo "$LC_NAME/$LANG/$SECRET"', options=options)
    assert done.stdout == b"assent/C.UTF-8/\n"


def test_a_held_command_waits_on_its_connection_and_runs_once_somebody_assents(
    ana: Ssh, house: Gateway, tmp_path: Path
) -> None:
    process = ana.start("touch", str(tmp_path / "made"))
    try:
        assert process.stderr is not None
        request = house.wait_for_request("touch")
        told = process.stderr.readline().decode()
        assert told.startswith("assent: ")
        assert process.poll() is None
        house.approve(request)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()
    assert (tmp_path / "made").exists()
    assert house.wait_until(request, "completed")["state"] == "completed"


def test_a_held_command_that_is_rejected_never_runs(
    ana: Ssh, house: Gateway, tmp_path: Path
) -> None:
    process = ana.start("touch", str(tmp_path / "never"))
    try:
        house.reject_next("touch")
        _, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 126, err
    assert b"not now" in err
    assert not (tmp_path / "never").exists()


def test_ctrl_c_withdraws_what_is_held(ana: Ssh, house: Gateway, tmp_path: Path) -> None:
    process = ana.start("touch", str(tmp_path / "never"))
    try:
        request = house.wait_for_request("touch")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    finally:
        process.kill()
    assert house.wait_until(request, "withdrawn")
    assert not (tmp_path / "never").exists()


def test_ctrl_c_typed_at_a_terminal_withdraws_what_is_held_there(
    ana: Ssh, house: Gateway, tmp_path: Path
) -> None:
    process = ana.start("touch", str(tmp_path / "never"), options=("-tt",))
    try:
        assert process.stdin is not None
        request = house.wait_for_request("touch")
        process.stdin.write(b"\x03")
        process.stdin.flush()
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.communicate()
    assert house.wait_until(request, "withdrawn")


def test_a_refused_command_never_reaches_the_target_and_says_why(ana: Ssh) -> None:
    done = ana.run("explode --now")
    assert done.returncode == 126
    assert b"assent: servers are not shut down from here" in done.stderr
    assert b"assent explain" in done.stderr


def test_a_policy_on_sudo_holds(ana: Ssh) -> None:
    done = ana.run("sudo id")
    assert done.returncode == 126
    assert b"nobody becomes somebody else here" in done.stderr


def test_a_command_line_that_is_empty_or_holds_a_nul_is_refused(ana: Ssh) -> None:
    from assent.gateway.ssh.channel import ClientEnd

    end = ClientEnd.__new__(ClientEnd)
    assert end.exec_requested("") is False
    assert end.exec_requested("id\0; rm -rf /") is False


@pytest.mark.parametrize("user", ["ana", "ana:web1", f"ana:{ACCOUNT}@web1"])
def test_a_user_name_says_who_and_may_say_where_and_as_whom(ana: Ssh, user: str) -> None:
    assert ana.run("id -un", user=user).stdout.decode().strip() == ACCOUNT


@pytest.mark.parametrize("user", ["ben", "ana:nowhere", "ana:shop", "nobody", "ana:"])
def test_whoever_is_not_who_they_say_gets_the_same_answer(ana: Ssh, user: str) -> None:
    done = ana.run("id", user=user)
    assert (done.returncode, done.stdout) == (255, b"")
    assert b"Permission denied" in done.stderr


def test_a_wrong_password_opens_nothing_and_is_counted(ana: Ssh, house: Gateway) -> None:
    done = ana.run("id", password="wrong")
    assert (done.returncode, done.stdout) == (255, b"")
    assert b"Permission denied" in done.stderr


def test_a_password_that_opened_a_session_opens_no_other_one(ana: Ssh) -> None:
    password = ana.connect()
    assert ana.run("true", password=password).returncode == 0
    again = ana.run("true", password=password)
    assert (again.returncode, b"Permission denied" in again.stderr) == (255, True)


def test_an_account_that_the_target_does_not_offer_is_refused_in_words(ana: Ssh) -> None:
    done = ana.run("id", user="ana:daemon@web1")
    assert (done.returncode, done.stdout) == (255, b"")
    assert b"assent: " in done.stderr


def test_a_certificate_lets_its_holder_in_without_a_password_once(ana: Ssh) -> None:
    ana.certificate()
    assert ana.run("id -un").stdout.decode().strip() == ACCOUNT
    again = ana.run("id -un")
    assert (again.returncode, again.stdout) == (255, b"")


def test_an_expired_certificate_opens_nothing(ana: Ssh) -> None:
    ana.certificate(lasts_s=-1)
    assert ana.run("id").returncode == 255


def test_a_certificate_without_its_key_opens_nothing(ana: Ssh) -> None:
    ana.certificate()
    stolen = (ana.folder / "id-cert.pub").read_text()
    keygen(ana.folder / "id")
    (ana.folder / "id-cert.pub").write_text(stolen)
    assert ana.run("id").returncode == 255


def test_a_certificate_of_somebody_else_opens_nothing_under_this_name(ana: Ssh) -> None:
    ana.certificate()
    assert ana.run("id", user="ben:web1").returncode == 255
    assert ana.run("id", user="ana:shop").returncode == 255


def test_the_log_holds_every_command_and_verifies(ana: Ssh, house: Gateway, tmp_path: Path) -> None:
    ana.run("echo", "remembered-in-the-log")
    session = house.answer("ana", "GET", "/v1/sessions")["items"][0]["id"]

    def closed() -> bool:
        items = house.answer("ana", "GET", "/v1/sessions")["items"]
        return [one["state"] for one in items if one["id"] == session] == ["closed"]

    eventually(closed, "the session is closed")
    folder = tmp_path / "log"
    for words in (("export", str(folder)), ("verify", str(folder), "--key", str(folder / "key"))):
        done = assent(house, "carl", "audit", *words)
        assert done.returncode == 0, done.stdout + done.stderr


async def test_passwords_are_tried_six_times_a_connection(house: Gateway) -> None:
    tried: list[str] = []

    class Guessing(asyncssh.SSHClient):
        def password_auth_requested(self) -> str:
            tried.append("guess")
            return "guess"

    host, port = house.addresses["ssh"]
    with pytest.raises(asyncssh.DisconnectError):
        await asyncssh.connect(
            host,
            port,
            username="ana:web1",
            known_hosts=None,
            config=None,
            client_keys=None,
            preferred_auth="password",
            client_factory=Guessing,
        )
    assert len(tried) == 7


async def test_who_does_not_prove_who_they_are_opens_nothing(house: Gateway) -> None:
    """A certificate that is only shown, and whose key is never proved, lets nobody in."""
    host, port = house.addresses["ssh"]
    with pytest.raises(asyncssh.PermissionDenied):
        await asyncssh.connect(
            host, port, username="ana:web1", known_hosts=None, config=None, client_keys=None,
            password=None, preferred_auth="none",
        )  # fmt: skip


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
