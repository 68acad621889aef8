"""A throw-away PostgreSQL that writes down every statement that it is sent.

Of the wheel's release, and of others that the system has. Trust on a socket in a folder of its
own and on a free loopback port; what a client really sends is read from the server's log.
"""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psycopg

from assent.core.ids import TargetId
from assent.core.resource import Target
from assent.core.secret import Secret
from assent.demo import programs
from assent.gateway.catalogue_reading import reading, snapshot
from assent.protocols.postgres.catalogue.model import Catalogue

SCHEMA = Path(__file__).parent / "bypasses" / "schema.sql"
DATABASE = "shop"
_WRITTEN_WITHIN_S = 10.0


def releases() -> dict[str, Path]:
    """Return the `bin` folders of the servers that are there, newest first, by major release."""
    found: dict[str, Path] = {}
    wheel = programs.wheel_folder()
    if wheel is not None:
        found["18"] = wheel
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            found.setdefault(folder.parent.name, folder)
    return found


@dataclass(slots=True)
class WatchedServer:
    """A running server. bin: its programs; folder: its socket, data and log."""

    bin: Path
    folder: Path
    port: int
    marks: int = 0

    def address(self, database: str = DATABASE) -> str:
        """Return how libpq connects as the superuser, through the socket."""
        return f"host={self.folder} port={self.port} user=postgres dbname={database}"

    def url(self, scheme: str = "postgresql") -> str:
        """Return the address as a URL, over TCP."""
        return f"{scheme}://postgres@127.0.0.1:{self.port}/{DATABASE}"

    def environment(self) -> dict[str, str]:
        """Return the environment of a client program."""
        usual = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        return usual | {
            "PGHOST": str(self.folder),
            "PGPORT": str(self.port),
            "PGUSER": "postgres",
            "PGDATABASE": DATABASE,
            "LC_ALL": "C.UTF-8",
        }

    @contextmanager
    def watching(self) -> Iterator[list[str]]:
        """Fill the list, when the block ends, with the texts sent meanwhile, each once."""
        before = self._mark()
        texts: list[str] = []
        yield texts
        after = self._mark()
        lines = self._log().read_text(encoding="utf-8", errors="replace").splitlines()
        messages = [json.loads(line).get("message", "") for line in lines]
        start, end = _place(messages, before), _place(messages, after)
        texts += dict.fromkeys(filter(None, map(_text, messages[start + 1 : end])))

    def _log(self) -> Path:
        return self.folder / "log" / "statements.json"

    def _mark(self) -> str:
        """Return a text that the log has now, after all that was sent before."""
        self.marks += 1
        mark = f"select 'mark {self.marks} of the watcher'"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            connection.execute(mark.encode())
        deadline = time.monotonic() + _WRITTEN_WITHIN_S
        while f"mark {self.marks} of" not in self._log().read_text(errors="replace"):
            assert time.monotonic() < deadline, "the server's log says nothing"
            time.sleep(0.01)
        return mark


def _place(messages: list[str], mark: str) -> int:
    return next(place for place, message in enumerate(messages) if message.endswith(mark))


def _text(message: str) -> str:
    """Return the statement in a line of the log, nothing if there is none."""
    kind, found, text = message.partition(": ")
    sent = kind == "statement" or kind.startswith("execute ")
    return text if found and sent else ""


def catalogue_of(server: WatchedServer, database: str = DATABASE) -> Catalogue:
    """Return what a database holds, read as the gateway reads a target."""
    target = Target(
        id=TargetId("tgt_watched"), name="watched", protocol="postgres", host="127.0.0.1",
        port=server.port, database=database, user="postgres", credential="env:NONE", tls="disable",
    )  # fmt: skip

    async def read() -> Catalogue:
        async with reading(target, database, "postgres", Secret("none")) as connection:
            return (await snapshot(connection, None)).catalogue

    return asyncio.run(read())


def furnished(server: WatchedServer, schema: str) -> str:
    """Return the name of a copy of the database with more in it.

    Raises psycopg.Error where the server does not have it, such as an extension.
    """
    name = f"more_{sha256(schema.encode()).hexdigest()[:12]}"
    with psycopg.connect(server.address("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)".encode())
        connection.execute(f"create database {name} template {DATABASE}".encode())
    with psycopg.connect(server.address(name), autocommit=True) as connection:
        connection.execute(schema.encode())
    return name


@contextmanager
def watched(folder: Path) -> Iterator[WatchedServer]:
    """Run the server of a `bin` folder with the schema of schema.sql in its database."""
    place = Path(tempfile.mkdtemp(prefix="assent-watched-"))
    try:
        place.chmod(0o711)
        if not programs.reachable(folder):
            folder = _copied(folder, place)
        if os.geteuid() == 0:
            shutil.chown(place, "nobody")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        data = str(place / "data")
        _run(folder, "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E",
             "UTF8", "--locale=C")  # fmt: skip
        settings = {
            "listen_addresses": "127.0.0.1", "unix_socket_directories": place, "port": port,
            "fsync": "off", "wal_level": "logical", "max_prepared_transactions": 5,
            "logging_collector": "on", "log_destination": "jsonlog", "log_statement": "all",
            "log_directory": place / "log", "log_filename": "statements.log",
            "log_file_mode": "0644", "log_rotation_age": 0, "log_rotation_size": 0,
        }  # fmt: skip
        options = " ".join(f"-c {key}={value}" for key, value in settings.items())
        _run(folder, "pg_ctl", "-D", data, "-o", options, "-l", str(place / "start"), "-w", "start")
        try:
            server = WatchedServer(folder, place, port)
            with psycopg.connect(server.address("postgres"), autocommit=True) as connection:
                connection.execute(f"create database {DATABASE}".encode())
            with psycopg.connect(server.address(), autocommit=True) as connection:
                connection.execute(SCHEMA.read_bytes())
            yield server
        finally:
            _run(folder, "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _copied(folder: Path, below: Path) -> Path:
    """Return a copy of the wheel's programs that any user may walk to."""
    return programs.server_folder(below) if folder == programs.wheel_folder() else folder


def _run(folder: Path, program: str, *arguments: str) -> None:
    # PostgreSQL refuses to run as root.
    user = "nobody" if os.geteuid() == 0 else None
    subprocess.run(
        [str(folder / program), *arguments],
        check=True,
        user=user,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=90,
    )
