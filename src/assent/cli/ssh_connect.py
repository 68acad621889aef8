"""`assent connect` for a target that speaks SSH: a certificate, and ssh with it."""

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assent.cli import output, ssh_certificates
from assent.cli.client import Client
from assent.cli.durations import in_words
from assent.cli.exit_codes import CommandFault, ExitCode


def go_on(
    client: Client,
    target: str,
    connections: int,
    arguments: Sequence[str],
    *,
    prints: bool,
    as_json: bool,
) -> None:
    """Become ssh on a target that the caller has access to by now, or print how to."""
    place = ssh_certificates.passing_file()
    body = {"target": target, "connections": connections}
    opened = ssh_certificates.certify(client, body, place)
    words = command(opened, place)
    if as_json:
        output.show_json({**opened, "command": [*words, *arguments]})
    elif prints:
        _print(opened, words)
    else:
        _become(words, list(arguments))


def command(opened: Mapping[str, Any], certificate: Path) -> list[str]:
    """Return the words that start ssh, without a command for the target."""
    door = opened["door"]
    options = ssh_certificates.options(certificate)
    return ["ssh", *options, "-p", str(door["port"]), f"{opened['user']}@{door['host']}"]


def _print(opened: Mapping[str, Any], words: Sequence[str]) -> None:
    ends = in_words(opened["grant"]["ends_at"], output.now())
    output.say(f"{opened['target']} is open until {ends}. Within a minute:\n")
    output.say(f"  {shlex.join(words)}\n")
    output.say("`assent ssh-config` sets up ssh, scp, rsync, git and Ansible for it once.")


def _become(words: Sequence[str], arguments: list[str]) -> None:
    """Replace this process by ssh."""
    program = shutil.which("ssh")
    if program is None:
        raise CommandFault(
            ExitCode.OUTSIDE,
            "no-ssh",
            "ssh is not installed; install `openssh-client`, or use `--print`",
        )
    if arguments[:1] == ["ssh"]:
        arguments = arguments[1:]
    os.execv(program, [*words, *arguments])  # noqa: S606 - no shell is wanted
