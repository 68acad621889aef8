"""OpenSSH's client through a real gateway: shells, terminals, and what is recorded of them."""

import json
import os
import pty
import select
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, assent, eventually
from ssh_world import Ssh, ssh_gateway_world, ssh_table, sshd

POLICIES = """
@id("ssh.access") @max_duration("1h")
permit (principal in Group::"engineers", action in [Action::"access.request",
  Action::"session.open"], resource);

@id("ssh.work")
permit (principal in Group::"engineers", action in [Action::"ssh.shell", Action::"ssh.execute",
  Action::"file.list", Action::"file.read", Action::"file.write", Action::"file.delete"],
  resource);

@id("ssh.held") @message("touching needs a DBA") @hold("5m") @require("approve: 1 of dba")
forbid (principal, action == Action::"ssh.execute", resource == Program::"web1/touch");

@id("ssh.no-secrets") @message("secrets are not read from here")
forbid (principal, action == Action::"file.read", resource)
when { resource.name like "/etc/secrets/*" };

@id("ssh.no-explosion") @message("servers are not blown up from here")
forbid (principal, action == Action::"ssh.execute", resource == Program::"web1/explode");
"""


@pytest.fixture(scope="module")
def house(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway before a server."""
    with sshd(tmp_path_factory.mktemp("sshd")) as server:
        folder = tmp_path_factory.mktemp("ssh") / "world"
        seen = ssh_table("seen", server, 'lines = "seen"')
        created = ssh_gateway_world(folder, template, server, {"ssh.cedar": POLICIES}, more=seen)
        with gateway_world.serving(created) as running:
            yield running


@pytest.fixture
def ana(house: Gateway, tmp_path: Path) -> Ssh:
    """Ana's ssh."""
    return Ssh(house, tmp_path / "ana")


class Terminal:
    """A terminal with ssh in it."""

    def __init__(self, ssh: Ssh, *command: str, columns: int = 80, rows: int = 24) -> None:
        password = ssh.connect()
        environment = ssh.environment(password) | {"TERM": "xterm", "PS1": "$ "}
        words = [*ssh.words("-tt"), *command]
        self.text = ""
        self.child, self.end = pty.fork()
        if self.child == 0:
            os.execvpe(words[0], words, environment)
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        import fcntl
        import struct
        import termios

        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())

    def until(self, words: str, within_s: float = 20) -> str:
        """Return what it showed since the last call, once these words are in it."""
        deadline = time.monotonic() + within_s
        while words not in self.text:
            left = deadline - time.monotonic()
            assert left > 0, f"`{words}` is not in {self.text!r}"
            if select.select([self.end], [], [], left)[0]:
                try:
                    data = os.read(self.end, 65536)
                except OSError:
                    data = b""
                assert data, f"it ended: {self.text!r}"
                self.text += data.decode(errors="replace")
        shown, _, self.text = self.text.partition(words)
        return shown + words

    def close(self) -> int:
        """Return the exit code, once it has ended."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                while select.select([self.end], [], [], 0.05)[0] and os.read(self.end, 65536):
                    pass
            except OSError:
                break
        _, status = os.waitpid(self.child, 0)
        os.close(self.end)
        return os.waitstatus_to_exitcode(status)


def test_a_shell_is_opened_worked_in_and_recorded(ana: Ssh, house: Gateway) -> None:
    shell = Terminal(ana, columns=101, rows=31)
    shell.until("# ")
    shell.type("stty size; echo $((6*7))-worked\r")
    assert "31 101" in shell.until("42-worked")
    shell.until("# ")
    shell.resize(77, 22)
    # What stands there is drawn anew, and not sure before the next prompt.
    shell.type("\x03")
    shell.until("^C")
    shell.until("# ")
    shell.type("stty size\r")
    shell.until("22 77")
    shell.until("# ")
    shell.type("exit 3\r")
    assert shell.close() == 3
    session = house.answer("ana", "GET", "/v1/sessions")["items"][0]
    cast = eventually(lambda: recorded(house, session["id"]), "the recording is sealed")
    header, *events = [json.loads(line) for line in cast.splitlines()]
    assert (header["width"], header["height"]) == (101, 31)
    shown = "".join(data for _, kind, data in events if kind == "o")
    assert "42-worked" in shown
    assert [data for _, kind, data in events if kind == "r"][-1] == "77x22"


def recorded(house: Gateway, session: str) -> str:
    done = assent(house, "carl", "recordings", "export", session)
    return done.stdout if done.returncode == 0 else ""


def test_a_shell_without_a_terminal_takes_a_stream_of_commands_and_is_refused(ana: Ssh) -> None:
    done = ana.run(given=b"echo unseen\n")
    assert (done.returncode, done.stdout) == (126, b"")
    assert b"takes its commands from a stream" in done.stderr


def test_a_line_that_a_policy_forbids_is_never_entered(ana: Ssh, tmp_path: Path) -> None:
    shell = Terminal(ana)
    shell.until("# ")
    shell.type("explode --now\r")
    assert "servers are not blown up" in shell.until("assent explain")
    shell.until("2004h")
    shell.until("# ")
    shell.type("echo $((40+2))-still\r")
    shown = shell.until("42-still")
    assert "command not found" not in shown
    assert "explode" not in shown
    shell.until("# ")
    shell.type("exit\r")
    assert shell.close() == 0


def test_a_line_that_is_held_waits_and_is_entered_once_somebody_assents(
    ana: Ssh, house: Gateway, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    shell = Terminal(ana)
    shell.until("# ")
    shell.type(f"touch {made}\r")
    shell.until("assent: ")
    assert not made.exists()
    house.approve_next("touch")
    shell.until("2004h")
    shell.until("# ")
    assert made.exists()
    shell.type(f"touch {made}2\r")
    house.wait_for_request("touch")
    shell.type("\x03")
    shell.until("cancelled by the client")
    shell.until("2004h")
    shell.until("# ")
    shell.type("echo $((40+2))-on\r")
    shell.until("42-on")
    shell.until("# ")
    assert not made.with_name("made2").exists()
    shell.type("exit\r")
    shell.close()


def test_a_line_that_cannot_be_known_needs_a_permit_for_that(ana: Ssh) -> None:
    shell = Terminal(ana)
    shell.until("# ")
    shell.type("X=ls; $X /\r")
    shell.until("assent explain")
    shell.until("2004h")
    shell.until("# ")
    shell.type("echo $((40+2))-on\r")
    assert "usr" not in shell.until("42-on")
    shell.until("# ")
    shell.type("exit\r")
    shell.close()


def test_a_line_is_read_in_the_directory_that_the_lines_before_it_led_to(ana: Ssh) -> None:
    shell = Terminal(ana)
    shell.until("# ")
    shell.type("cat secrets/key\r")
    shell.until("No such file")
    shell.until("# ")
    shell.type("cd /etc\r")
    shell.until("# ")
    shell.type("cat secrets/key\r")
    assert "No such file" not in shell.until("secrets are not read from here")
    shell.until("2004h")
    shell.until("# ")
    # What may be a link on the server leads nobody knows where.
    shell.type("cat ../etc/secrets/key\r")
    shell.until("cannot be known")
    shell.until("2004h")
    shell.until("# ")
    shell.type("cd $OLDPWD\r")
    shell.until("# ")
    shell.type("cat secrets/key\r")
    shell.until("cannot be known")
    shell.until("2004h")
    shell.until("# ")
    shell.type("exit\r")
    shell.close()


def test_a_pager_on_a_terminal_is_not_known_and_without_one_it_is(ana: Ssh) -> None:
    assert ana.run("less /etc/hostname").returncode == 0
    shell = Terminal(ana, "less /etc/hostname")
    shell.until("assent explain")
    assert shell.close() != 0


def test_what_is_recalled_from_the_history_is_decided_on_as_it_is_drawn(ana: Ssh) -> None:
    shell = Terminal(ana)
    shell.until("# ")
    shell.type("echo $((40+2))-first\r")
    shell.until("42-first")
    shell.until("# ")
    shell.type("\x1b[A")
    shell.until("-first")
    shell.type("\r")
    shell.until("42-first")
    shell.until("# ")
    shell.type("exit\r")
    shell.close()


def test_a_program_gets_what_is_typed_where_only_lines_at_prompts_are_decided_on(
    house: Gateway, tmp_path: Path
) -> None:
    shell = Terminal(Ssh(house, tmp_path / "ana", target="seen"))
    typed_into_cat(shell)
    shell.until("to a program")
    shell.until("to a program")
    shell.type("\x04")
    shell.until("# ")
    shell.type("exit\r")
    shell.close()


def test_what_is_typed_into_a_program_needs_a_permit_for_what_cannot_be_known(ana: Ssh) -> None:
    """Or else a command could be typed ahead, while another one runs."""
    shell = Terminal(ana)
    typed_into_cat(shell)
    shell.until("what is typed goes to a program")
    shell.type("\x03")
    shell.until("# ")
    shell.type("exit\r")
    shell.close()


def typed_into_cat(shell: Terminal) -> None:
    shell.until("# ")
    # What a command prints is there once the line editor has let go of the terminal.
    shell.type("echo $((1+1))-go; cat\r")
    shell.until("2-go")
    shell.type("to a program\r")
