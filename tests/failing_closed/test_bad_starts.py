"""Bad input at the start: one clear sentence, exit code 7, and nothing listens."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import gateway_world
from assent.cli.exit_codes import ExitCode
from assent.demo.world import World


def edit(pattern: str, replacement: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "assent.toml"
        text, times = re.subn(pattern, replacement, file.read_text(), count=1)
        assert times == 1
        file.write_text(text)

    return change


def write(name: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


PERMIT = 'permit (principal, action == Action::"sql.read", resource);\n'
FORBID = 'forbid (principal, action == Action::"sql.read", resource);\n'

# What is wrong → (how, what the sentence must say).
WRONG: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "an unknown key": (edit(r"\[server\]", "[server]\nlisten_to = 1"), ("[server]", "listen_to")),
    "an unknown section": (edit(r"\[server\]", "[sever]"), ("sever",)),
    "a value of the wrong type": (edit(r'origin = ".*"', "origin = 7"), ("origin", "text")),
    "no TOML": (edit(r"\[server\]", "[server"), ("assent.toml", "line")),
    "no address": (edit(r'listen = ".*"', 'listen = "anywhere"'), ("listen", "anywhere")),
    "a host that is not ours": (edit(r'listen = ".*"', 'listen = "203.0.113.7:80"'), ("203.",)),
    "a person twice": (edit(r'name = "ben"', 'name = "ana"'), ("ana", "[[people]]")),
    "an unknown TLS mode": (edit(r'tls = "offer"', 'tls = "maybe"'), ("tls", "maybe")),
    "an unknown protocol": (edit(r'protocol = ".*"', 'protocol = "gopher"'), ("gopher",)),
    "a bad reference": (edit(r'"file:shop.password"', '"shop.password"'), ("password",)),
    "a missing password file": (remove("people/ana.hash"), ("ana.hash",)),
    "a certificate that is not there": (
        edit(r"\[postgres\]", '[postgres]\ncertificate = "none.pem"'), ("none.pem",)
    ),
    "no policies": (edit(r'folder = ".*"', 'folder = "nowhere"'), ("nowhere",)),
    "broken Cedar": (
        write("policies/40-new.cedar", f'@id("new")\n{PERMIT}\npermit (principal, action'),
        ("40-new.cedar",),
    ),
    "an unknown annotation": (
        write("policies/40-new.cedar", f'@id("new") @reqiure("reason")\n{FORBID}'),
        ("40-new.cedar", "reqiure"),
    ),
    "an unknown group": (
        write("policies/40-new.cedar", f'@id("new") @require("approve: 1 of dbas")\n{FORBID}'),
        ("40-new.cedar", "dbas"),
    ),
    "a malformed requirement": (
        write("policies/40-new.cedar", f'@id("new") @require("approve: some of dba")\n{FORBID}'),
        ("40-new.cedar", "require"),
    ),
    "a rule without an id": (write("policies/40-new.cedar", PERMIT), ("40-new.cedar", "@id")),
    "an id twice": (
        write("policies/40-new.cedar", f'@id("shop.open")\n{PERMIT}'), ("shop.open",)
    ),
    "an unknown verb": (
        write("policies/40-new.cedar", f'@id("new")\n{PERMIT.replace("read", "raed")}'),
        ("sql.raed",),
    ),
    "a broken audit key": (write("data/audit.key", "short"), ("audit.key",)),
    "a data folder that is a file": (write("data", "hello"), ("data",)),
}  # fmt: skip


def serve(created: World) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assent", "serve", "--config", str(created.config)],
        env={**os.environ, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("name", WRONG)
def test_a_bad_start_says_what_is_wrong_and_listens_nowhere(
    template: World, tmp_path: Path, name: str
) -> None:
    change, words = WRONG[name]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    created = gateway_world.create_world(tmp_path / "own", template)
    # The web door's port is known, so that it can be seen to be closed.
    edit('listen = "127.0.0.1:0"', f'listen = "127.0.0.1:{port}"')(created.folder)
    change(created.folder)
    done = serve(created)
    assert done.returncode == ExitCode.OPERATOR, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("assent: ")
    for word in words:
        assert word in done.stderr
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("door", ["server", "postgres"])
def test_an_address_in_use_is_named(template: World, tmp_path: Path, door: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        created = gateway_world.create_world(tmp_path / "own", template)
        edit(rf'(?s)(\[{door}\].*?)listen = "[^"]*"', rf'\1listen = "{address}"')(created.folder)
        done = serve(created)
    assert done.returncode == ExitCode.OPERATOR, done.stderr
    assert address in done.stderr
    assert "Traceback" not in done.stderr


def test_a_configuration_that_is_not_there_is_named(tmp_path: Path) -> None:
    created = World(tmp_path, tmp_path / "assent.toml", "", {})
    done = serve(created)
    assert done.returncode == ExitCode.OPERATOR
    assert str(tmp_path / "assent.toml") in done.stderr


def test_two_processes_do_not_share_a_data_folder(template: World, tmp_path: Path) -> None:
    created = gateway_world.create_world(tmp_path / "own", template)
    with gateway_world.serving(created) as gateway:
        done = serve(created)
        assert done.returncode == ExitCode.OPERATOR, done.stderr
        assert gateway.answer("ana", "GET", "/v1/whoami")["name"] == "ana"
