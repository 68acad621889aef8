"""A real OpenSSH server behind a real gateway, and OpenSSH's own clients before it.

The server is a process of its own on a free port of loopback, trusts what the gateway's authority
signs, and ends with the tests whatever happens. It runs as root here, so that it may be anybody.
"""

import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from assent.config import load
from assent.core.ids import CredentialId
from assent.credentials.ssh_certificate import SshCertificates
from assent.demo import child
from assent.demo.world import World
from assent.edges.keys import key_in
from assent.edges.ssh_authority import ssh_keys
from gateway_world import Gateway, create_world, eventually

ACCOUNT = pwd.getpwuid(os.geteuid()).pw_name
SFTP_SERVER = "/usr/lib/openssh/sftp-server"


@dataclass(frozen=True, slots=True)
class Sshd:
    """A running sshd. host_key: its public key, one line. folder: its files. log: what it said."""

    port: int
    host_key: str
    folder: Path
    log: Path
    process: subprocess.Popen[bytes]

    def trust(self, authority: str) -> None:
        """Trust certificates that this authority signs, from the next connection on."""
        (self.folder / "authority.pub").write_text(authority + "\n")

    def said(self) -> str:
        """Return all that it wrote so far."""
        return self.log.read_text(errors="replace")


@contextmanager
def sshd(folder: Path, *settings: str) -> Iterator[Sshd]:
    """Run an OpenSSH server while the block lasts. settings: further lines of its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    keygen(folder / "host")
    keygen(folder / "stored")
    for name in ("authority.pub", "authorized"):
        (folder / name).write_text("")
    (folder / "authorized").write_text((folder / "stored.pub").read_text())
    (folder / "authorized").chmod(0o600)
    (folder / "sshd_config").write_text(
        "\n".join(
            [
                "ListenAddress 127.0.0.1",
                f"Port {port}",
                f"HostKey {folder}/host",
                f"PidFile {folder}/pid",
                f"TrustedUserCAKeys {folder}/authority.pub",
                f"AuthorizedKeysFile {folder}/authorized",
                "StrictModes no",
                "UsePAM yes",
                "PasswordAuthentication no",
                "PermitRootLogin prohibit-password",
                "AllowAgentForwarding yes",
                "AcceptEnv LANG LC_* SECRET",
                "MaxStartups 100:30:200",
                "MaxSessions 100",
                f"Subsystem sftp {SFTP_SERVER}",
                *settings,
                "",
            ]
        )
    )
    Path("/run/sshd").mkdir(parents=True, exist_ok=True)
    log = folder / "sshd.log"
    tied = [sys.executable, "-I", child.__file__, str(os.geteuid()), str(os.getegid())]
    words = ["/usr/sbin/sshd", "-D", "-e", "-f", str(folder / "sshd_config")]
    with log.open("ab") as stream:
        process = subprocess.Popen(
            [*tied, str(os.getpid()), *words],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
        )
    try:
        eventually(lambda: _answers(port), f"sshd listens: {log.read_text(errors='replace')}")
        host_key = " ".join((folder / "host.pub").read_text().split()[:2])
        yield Sshd(port, host_key, folder, log, process)
    finally:
        process.terminate()
        process.wait(10)


def ssh_gateway_world(
    folder: Path,
    template: World,
    target: Sshd,
    policies: Mapping[str, str],
    *,
    login: str = "certificate",
    name: str = "web1",
    host_key: str = "",
    more: str = "",
) -> World:
    """Return a world with the SSH door open, before that server as `web1`, which trusts it.

    login: `key` for the stored one. host_key: another key than the server's. more: at the end of
    the configuration.
    """
    password = f'password = "file:{target.folder}/stored"\n' if login == "key" else ""
    text = (
        f'[ssh]\nlisten = "127.0.0.1:0"\n\n[[targets]]\nname = "{name}"\nprotocol = "ssh"\n'
        f'host = "127.0.0.1"\nport = {target.port}\nuser = "{ACCOUNT}"\n{password}'
        f'[targets.ssh]\nlogin = "{login}"\nhost_keys = ["{host_key or target.host_key}"]\n{more}'
    )
    world = create_world(folder, template, policies=policies, more=text)
    target.trust(authority_of(world).target_authority)
    return world


def ssh_table(name: str, target: Sshd, more: str = "") -> str:
    """Return one more `[[targets]]` with that server, and more of its `[targets.ssh]`."""
    return (
        f'\n[[targets]]\nname = "{name}"\nprotocol = "ssh"\nhost = "127.0.0.1"\n'
        f'port = {target.port}\nuser = "{ACCOUNT}"\n[targets.ssh]\n'
        f'host_keys = ["{target.host_key}"]\n{more}\n'
    )


def authority_of(world: World) -> SshCertificates:
    """Return the authority of a world's gateway, whose keys are made here if they are not there."""
    config = load(world.config)
    data = config.folder / config.server.data
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return SshCertificates(ssh_keys(lambda name: key_in(data / name)))


@dataclass(frozen=True, slots=True)
class Ssh:
    """An OpenSSH client of one person, with files of its own. target: the one it is for."""

    gateway: Gateway
    folder: Path
    person: str = "ana"
    target: str = "web1"

    def connect(self, connections: int = 1) -> str:
        """Return a session credential, as `assent connect` prints it."""
        body = {"target": self.target, "connections": connections}
        return str(self.gateway.answer(self.person, "POST", "/v1/connect", body)["password"])

    def certificate(self, password: str | None = None, lasts_s: int = 60) -> None:
        """Make a key, and a certificate for a fresh credential, in this client's folder."""
        body = {"target": self.target, "connections": 1}
        opened = self.gateway.answer(self.person, "POST", "/v1/connect", body)
        credential = self._newest(opened["user"])
        keygen(self.folder / "id")
        now = datetime.now(UTC)
        text = authority_of(self.gateway.world).issue(
            (self.folder / "id.pub").read_text(),
            CredentialId(credential),
            self.person,
            self.target,
            now,
            now + timedelta(seconds=lasts_s),
        )
        (self.folder / "id-cert.pub").write_text(text + "\n")

    def _newest(self, user: str) -> str:
        import sqlite3

        config = load(self.gateway.world.config)
        path = config.folder / config.server.data / "assent.db"
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            rows = connection.execute("select id from credentials order by rowid desc limit 1")
            return str(rows.fetchone()[0])

    def words(self, *options: str, user: str = "") -> list[str]:
        """Return the words of `ssh`, up to the host."""
        host, port = self.gateway.addresses["ssh"]
        known = self.folder / "known_hosts"
        authority = authority_of(self.gateway.world)
        known.write_text(
            f"[{host}]:{port} {authority.host_key}\n@cert-authority * {authority.host_authority}\n"
        )
        return [
            "ssh", "-F", "none", "-p", str(port),
            "-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes",
            "-o", "GlobalKnownHostsFile=none", "-o", "UpdateHostKeys=no", "-o", "LogLevel=ERROR",
            "-o", "ConnectTimeout=10", *self._identity(), *options,
            f"{user or f'{self.person}:{self.target}'}@{host}",
        ]  # fmt: skip

    def _identity(self) -> list[str]:
        if not (self.folder / "id-cert.pub").exists():
            return ["-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"]
        return [
            "-o", f"IdentityFile={self.folder}/id",
            "-o", f"CertificateFile={self.folder}/id-cert.pub",
            "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
        ]  # fmt: skip

    def environment(self, password: str = "") -> dict[str, str]:
        """Return an environment in which ssh asks a program for the password."""
        self.folder.mkdir(parents=True, exist_ok=True)
        asker = self.folder / "askpass"
        asker.write_text(f"#!/bin/sh\nprintf '%s' '{password}'\n")
        asker.chmod(0o700)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("SSH")}
        more = {"SSH_ASKPASS": str(asker), "SSH_ASKPASS_REQUIRE": "force", "LC_ALL": "C.UTF-8"}
        return kept | more | {"HOME": str(self.folder)}

    def run(
        self,
        *command: str,
        options: tuple[str, ...] = (),
        user: str = "",
        password: str | None = None,
        given: bytes = b"",
        timeout: float = 60,
    ) -> subprocess.CompletedProcess[bytes]:
        """Run `ssh` to its end; with a fresh credential where no password and no key is there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if password is None:
            password = "" if (self.folder / "id-cert.pub").exists() else self.connect()
        return subprocess.run(
            [*self.words(*options, user=user), *command],
            env=self.environment(password),
            input=given,
            capture_output=True,
            timeout=timeout,
            check=False,
        )

    def start(
        self, *command: str, options: tuple[str, ...] = (), user: str = ""
    ) -> subprocess.Popen[bytes]:
        """Start `ssh`, with pipes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        certified = (self.folder / "id-cert.pub").exists()
        password = "" if certified else self.connect()
        return subprocess.Popen(
            [*self.words(*options, user=user), *command],
            env=self.environment(password),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


def keygen(path: Path) -> None:
    """Make a key of Ed25519 without a passphrase; an old one goes."""
    for old in (path, path.with_name(path.name + ".pub"), path.with_name(path.name + "-cert.pub")):
        old.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(words, check=True, capture_output=True)


def free_port() -> int:
    """Return a port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
