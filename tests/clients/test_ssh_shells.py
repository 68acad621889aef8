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
from ssh_world import Ssh, ssh_gateway_world, sshd

POLICIES = """
@id("ssh.access") @max_duration("1h")
permit (principal in Group::"engineers", action in [Action::"access.request",
  Action::"session.open"], resource in Target::"web1");

@id("ssh.work")
permit (principal in Group::"engineers", action in [Action::"ssh.shell", Action::"ssh.execute",
  Action::"file.list", Action::"file.read", Action::"file.write", Action::"file.delete"],
  resource in Target::"web1");

@id("ssh.no-explosion") @message("servers are not blown up from here")
forbid (principal, action == Action::"ssh.execute", resource == Program::"web1/explode");
"""


@pytest.fixture(scope="module")
def house(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway before a server."""
    with sshd(tmp_path_factory.mktemp("sshd")) as server:
        folder = tmp_path_factory.mktemp("ssh") / "world"
        created = ssh_gateway_world(folder, template, server, {"ssh.cedar": POLICIES})
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
    shell.resize(77, 22)
    shell.type("stty size\r")
    shell.until("22 77")
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
