"""This machine's key for SSH through the gateway, its certificates, and the gateway's own key.

They lie in the folder `ssh` of the client's state, of mode 0700. The key alone opens nothing: what
opens a target is a certificate for it, good for a minute.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assent.cli import output, requests
from assent.cli.client import Client
from assent.cli.credentials import home
from assent.cli.device_binding import Binding
from assent.cli.exit_codes import CommandFault, ExitCode

_OLD_S = 3600
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


def folder() -> Path:
    """Return where they lie; it is made where it is missing."""
    found = home() / "ssh"
    found.mkdir(parents=True, exist_ok=True, mode=0o700)
    return found


def key_file() -> Path:
    """Return the private key's file, of mode 0600; made once, for this machine alone."""
    path = folder() / "id_ed25519"
    with _alone("key"):
        if not path.exists():
            _write(path, _new_key())
    return path


def certificate_file(target: str) -> Path:
    """Return where the certificate for a target lies, which need not be there."""
    if not is_plain(target):
        words = f"`{target[:80]}` has letters in it that OpenSSH takes for something else"
        raise CommandFault(ExitCode.USAGE, "bad-target", words)
    return folder() / f"{target}-cert.pub"


def passing_file() -> Path:
    """Return a new place for a certificate that one command uses; those of before are removed."""
    place = folder() / "once"
    place.mkdir(exist_ok=True, mode=0o700)
    for old in place.iterdir():
        try:
            if output.now().timestamp() - old.stat().st_mtime > _OLD_S:
                old.unlink()
        except OSError:
            # Another command was faster.
            continue
    handle, name = tempfile.mkstemp(dir=place, suffix="-cert.pub")
    os.close(handle)
    return Path(name)


def is_plain(name: str) -> bool:
    """Return whether a name may stand in files and configurations of OpenSSH as it is."""
    return bool(name) and _PLAIN.issuperset(name) and name[0] not in ".-"


def known_hosts_file() -> Path:
    """Return the file with the gateway's key, which need not be there."""
    return folder() / "known_hosts"


def certify(client: Client, body: Mapping[str, object], place: Path) -> dict[str, Any]:
    """Return a new certificate with all that was said with it, once it and the key are on disk.

    body: as for `POST /v1/connect`. place: where it is written. Where people are asked, it waits
    for them. Raises CommandFault.
    """
    asked = {**body, "public_key": public_key(key_file())}
    opened = _asked(client, asked)
    _write(place, (opened["certificate"].strip() + "\n").encode())
    trust(opened["door"])
    return opened


@contextmanager
def one_at_a_time(target: str) -> Iterator[None]:
    """Keep other commands from asking for the same target meanwhile."""
    with _alone(target):
        yield


def seconds_left(target: str, now_s: float) -> float:
    """Return for how long the certificate on disk is good, 0 where there is none."""
    from cryptography.hazmat.primitives.serialization import (
        SSHCertificate,
        load_ssh_public_identity,
    )

    try:
        found = load_ssh_public_identity(certificate_file(target).read_bytes().strip())
    except (OSError, ValueError):
        return 0
    return max(0, found.valid_before - now_s) if isinstance(found, SSHCertificate) else 0


def forget(target: str) -> None:
    """Remove a certificate: it must not be tried again."""
    certificate_file(target).unlink(missing_ok=True)


def trust(door: Mapping[str, Any]) -> None:
    """Write down by which key the gateway is known: it came over the connection of the API."""
    at = f"[{door['host']}]:{door['port']}" if door["port"] != 22 else door["host"]
    lines = [f"{at} {door['host_key']}", f"@cert-authority * {door['host_authority']}"]
    content = "".join(f"{line}\n" for line in lines).encode()
    place = known_hosts_file()
    if not place.exists() or place.read_bytes() != content:
        _write(place, content)


def options(certificate: Path) -> list[str]:
    """Return what OpenSSH's programs are told, as words of a command line."""
    said = {
        "IdentityFile": _quoted(key_file()),
        "CertificateFile": _quoted(certificate),
        "IdentitiesOnly": "yes",
        "IdentityAgent": "none",
        "PreferredAuthentications": "publickey",
        "UserKnownHostsFile": _quoted(known_hosts_file()),
        "GlobalKnownHostsFile": "/dev/null",
        "StrictHostKeyChecking": "yes",
    }
    return [word for name, value in said.items() for word in ("-o", f"{name}={value}")]


def public_key(path: Path) -> str:
    """Return the public half of a private key's file, one line. Raises CommandFault."""
    from cryptography.hazmat.primitives import serialization

    try:
        key = serialization.load_ssh_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        words = f"`{path}` is no key of ours; remove it, and a new one is made"
        raise CommandFault(ExitCode.OUTSIDE, "bad-key", words) from error
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        .decode("ascii")
    )


def _asked(client: Client, body: Mapping[str, object]) -> dict[str, Any]:
    """Return the certificate; where people are asked, after they have assented."""
    path = "/v1/ssh/certificates"
    binding = Binding(client)
    status, answer = client.post_for_status(path, binding.of(body))
    if status == 202:
        requests.wait(client, answer["request"])
        # What was asked for is there now; naming it again would ask again.
        again = {name: body[name] for name in ("target", "connections", "public_key")}
        status, answer = client.post_for_status(path, binding.of(again))
    if status == 202:
        raise CommandFault(
            ExitCode.CONFLICT,
            "asked-again",
            f"something changed meanwhile and people are asked again; "
            f"see `assent show {answer['request']['id']}`",
        )
    return answer


def _new_key() -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )


@contextmanager
def _alone(name: str) -> Iterator[None]:
    path = folder() / f".{name}.lock"
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            output.note(f"another command asks for {name} already; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 whole, or not at all."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _quoted(path: Path) -> str:
    """Return a path as OpenSSH reads it in a configuration: in quotes, with `%` doubled."""
    return '"' + str(path).replace("%", "%%") + '"'
