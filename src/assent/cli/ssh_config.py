"""`assent ssh-config` and `ssh-certificate`: ssh, scp, rsync, git and Ansible as they are.

OpenSSH asks for a certificate by itself before each connection, by `Match … exec`.
"""

import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from assent.cli import output, ssh_certificates
from assent.cli.client import signed_in
from assent.cli.exit_codes import CommandFault, ExitCode

_BEGIN = "# BEGIN assent: written by `assent ssh-config`, which replaces it"
_END = "# END assent"
_FRESH_S = 20
_CONNECTIONS = 64
"""What one certificate opens: all that programs such as Ansible begin within its minute."""


def ssh_config(
    *,
    file: Annotated[Path | None, Parameter(help="Which one; `~/.ssh/config` by default.")] = None,
    prints: Annotated[
        bool, Parameter(name="--print", negative=(), help="Print it, and write nothing.")
    ] = False,
    remove: Annotated[
        bool, Parameter(name="--remove", negative=(), help="Take it out again.")
    ] = False,
) -> None:
    """Set up OpenSSH for your targets: `ssh web1`, `scp`, `rsync`, `git` and Ansible work as usual.

    It writes a block of its own into your configuration and leaves the rest as it is. Run it again
    when targets were added.
    """
    path = file or Path.home() / ".ssh" / "config"
    if remove:
        _put(path, "")
        output.say(f"taken out of {path}")
        return
    client = signed_in()
    door, me = client.get("/v1/ssh/authority"), client.get("/v1/whoami")
    targets = [item for item in client.get("/v1/targets")["items"] if item["protocol"] == "ssh"]
    names = [item["name"] for item in targets if ssh_certificates.is_plain(item["name"])]
    for item in targets:
        if item["name"] not in names:
            output.note(f"left out: `{item['name'][:80]}` has letters that ssh reads otherwise")
    if not names:
        raise CommandFault(ExitCode.MISSING, "no-targets", "you have no targets that speak ssh")
    text = block(door, me["name"], names)
    if prints:
        output.say(text)
        return
    ssh_certificates.trust(door)
    ssh_certificates.key_file()
    _put(path, text)
    output.say(f"written to {path}: {', '.join(names)}")
    output.note(f"next: `ssh {names[0]}`")


def ssh_certificate(target: str, /) -> None:
    """Get a certificate for a target, where none is at hand that lasts: ssh itself calls this.

    Parameters
    ----------
    target
        The name of the target, as `assent targets` prints it.
    """
    with ssh_certificates.one_at_a_time(target):
        if ssh_certificates.seconds_left(target, output.now().timestamp()) > _FRESH_S:
            return
        ssh_certificates.forget(target)
        body = {"target": target, "connections": _CONNECTIONS}
        place = ssh_certificates.certificate_file(target)
        ssh_certificates.certify(signed_in(), body, place)


def block(door: Mapping[str, Any], name: str, targets: Sequence[str]) -> str:
    """Return what is written: one host a target, all of them at the gateway."""
    folder = ssh_certificates.folder()
    lines = [
        _BEGIN,
        f"Match originalhost {','.join(targets)} exec {_in_quotes(_command())}",
        f"Host {' '.join(targets)}",
        f"    HostName {door['host']}",
        f"    Port {door['port']}",
        f"    User {_in_quotes(name)}",
        f"    IdentityFile {_in_quotes(_doubled(folder / 'id_ed25519'))}",
        f"    CertificateFile {_in_quotes(_doubled(folder) + '/%n-cert.pub')}",
        "    IdentitiesOnly yes",
        "    IdentityAgent none",
        "    PreferredAuthentications publickey",
        f"    UserKnownHostsFile {_in_quotes(_doubled(ssh_certificates.known_hosts_file()))}",
        "    GlobalKnownHostsFile /dev/null",
        "    StrictHostKeyChecking yes",
        # What follows in the file is for all hosts again, as it was before.
        "Host *",
        _END,
    ]
    return "\n".join(lines) + "\n"


def _command() -> str:
    """Return the command that ssh runs, by itself and whatever its own folder is."""
    # ssh keeps the environment, but not that of who wrote the file.
    found = shutil.which("assent")
    program = [found] if found else [sys.executable, "-m", "assent"]
    kept = [f"{name}={os.environ[name]}" for name in ("ASSENT_HOME", "ASSENT_URL") if _set(name)]
    words = [*(["env", *kept] if kept else []), *program, "ssh-certificate"]
    return shlex.join(words).replace("%", "%%") + " %n"


def _set(name: str) -> bool:
    return bool(os.environ.get(name))


def _doubled(path: Path) -> str:
    return str(path).replace("%", "%%")


def _in_quotes(text: str) -> str:
    """Return a word of OpenSSH's configuration. Raises CommandFault for what it cannot say."""
    if any(letter in '"\n\\' for letter in text):
        words = f"`{text[:80]}` cannot stand in a configuration of ssh"
        raise CommandFault(ExitCode.USAGE, "bad-path", words)
    return f'"{text}"'


def _put(path: Path, text: str) -> None:
    """Write the block at the beginning of a file, in place of the one of before."""
    # OpenSSH takes the first value that it finds, so that it must come before the rest.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = path.resolve()
    rest = _without(path.read_text(encoding="utf-8") if path.exists() else "", path)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".assent-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text + rest)
        if path.exists():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _without(text: str, path: Path) -> str:
    """Return a configuration without our block. Raises CommandFault for half of one."""
    lines = text.splitlines(keepends=True)
    begins = [n for n, line in enumerate(lines) if line.startswith("# BEGIN assent")]
    ends = [n for n, line in enumerate(lines) if line.rstrip() == _END]
    if not begins and not ends:
        return text
    if len(begins) != 1 or len(ends) != 1 or begins[0] > ends[0]:
        words = f"`{path}` holds half of a block of ours; remove its lines, and try again"
        raise CommandFault(ExitCode.USAGE, "bad-config", words)
    return "".join(lines[: begins[0]] + lines[ends[0] + 1 :])
