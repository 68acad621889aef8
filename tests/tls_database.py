"""A PostgreSQL with TLS and one way to authenticate for each of its roles.

It is the system's own (`apt-get install postgresql`): the one in the demo's wheel was built
without TLS.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from assent.demo import child, programs
from certificate_authority import Signed

PASSWORD = "the target's own secret"
# role → how it authenticates; `password` is in the clear, inside of TLS.
ROLES = {"proved": "scram-sha-256", "digested": "md5", "told": "password", "trusted": "trust"}
_READY_WITHIN_S = 20.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "max_connections": "50",
    "shared_buffers": "16MB",
    "ssl": "on",
    "ssl_cert_file": "server.pem",
    "ssl_key_file": "server.key",
}


def folder_of_programs() -> Path | None:
    """Return the newest `bin` folder of the system's PostgreSQL, None where there is none."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.is_dir()]
    return max(found, key=lambda path: path.parent.name, default=None)


class TlsDatabase:
    """A cluster in a folder. It dies with the thread that starts it."""

    def __init__(self, bin_folder: Path, folder: Path) -> None:
        self._bin = bin_folder
        self._folder = folder
        self._data = folder / "data"
        self._owner = programs.owner()
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def create(self, certificate: Signed) -> None:
        """Make it, start it, and give it its roles."""
        self._data.mkdir(mode=0o700)
        os.chown(self._data, self._owner.uid, self._owner.gid)
        subprocess.run(
            self._tied(
                "initdb", "-D", str(self._data), "-U", "superuser", "-A", "trust", "--no-sync",
                "--encoding=UTF8", "--locale=C", "--no-instructions",
            ),
            check=True, capture_output=True, cwd=self._folder, env=_environment(), timeout=60,
        )  # fmt: skip
        self._keep(certificate.certificate.read_bytes(), "server.pem")
        self._keep(certificate.key.read_bytes(), "server.key")
        rules = [f"host all {role} 127.0.0.1/32 {method}" for role, method in ROLES.items()]
        text = "\n".join([*rules, "host all superuser 127.0.0.1/32 trust"])
        self._keep(text.encode() + b"\n", "pg_hba.conf")
        self.start()
        for role, method in ROLES.items():
            digest = method if method == "md5" else "scram-sha-256"
            quoted = PASSWORD.replace("'", "''")
            self.run(
                f"set password_encryption = '{digest}'",
                f"create role {role} login password '{quoted}'",
            )

    def start(self) -> None:
        """Start it and return once it answers."""
        settings = [f"--{key}={value}" for key, value in _SETTINGS.items()]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._tied("postgres", "-D", str(self._data), *settings, f"--port={self.port}"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=_environment(),
                start_new_session=True,
            )
        deadline = time.monotonic() + _READY_WITHIN_S
        while True:
            try:
                self.run("select 1")
                return
            except psycopg.OperationalError:
                over = self._process.poll() is not None or time.monotonic() > deadline
                if over:
                    raise AssertionError(self.log.read_text(encoding="utf-8")) from None
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it. how: SIGINT ends sessions with a message, SIGQUIT does not finish anything."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self._folder / "postgres.log"

    def run(self, *statements: str) -> list[tuple[object, ...]]:
        """Run statements as the superuser, past any gateway; return the rows of the last."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="superuser", dbname="postgres",
            connect_timeout=5, autocommit=True,
        ) as connection:  # fmt: skip
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _keep(self, content: bytes, name: str) -> None:
        path = self._data / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        os.chown(path, self._owner.uid, self._owner.gid)

    def _tied(self, program: str, *arguments: str) -> list[str]:
        owner = (str(self._owner.uid), str(self._owner.gid))
        wrapper = [sys.executable, "-I", child.__file__, *owner, str(os.getpid())]
        return [*wrapper, str(self._bin / program), *arguments]


@contextmanager
def running(bin_folder: Path, certificate: Signed) -> Iterator[TlsDatabase]:
    """Run a cluster in a temporary folder that its unprivileged user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="assent-tls-"))
    folder.chmod(0o711)
    try:
        database = TlsDatabase(bin_folder, folder)
        try:
            database.create(certificate)
            yield database
        finally:
            database.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return kept | {"LC_ALL": "C"}
