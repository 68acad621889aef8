"""A real PostgreSQL for the demo and for the tests: started in a folder, seeded, stopped.

It listens on a free loopback port, asks for SCRAM-SHA-256, runs as an unprivileged user and
dies with the process that started it.
"""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import asyncpg

from assent.core.faults import OutsideFault
from assent.core.secret import Secret
from assent.demo import child, programs

HOST = "127.0.0.1"
SUPERUSER = "postgres"
_READY_WITHIN_S = 20.0
_STOPPED_WITHIN_S = 5.0
# Nothing in it needs to survive a power cut, and every start should be quick.
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

_SAFE = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True, slots=True)
class Database:
    """A running PostgreSQL. user owns the tables of `name`; superuser is for setting up.

    folder: its data and its log. bin: its programs. pid: of the server process.
    """

    host: str
    port: int
    name: str
    user: str
    password: Secret[str]
    superuser: str
    superuser_password: Secret[str]
    folder: Path
    bin: Path
    pid: int

    async def connect(self, database: str = "", as_superuser: bool = True) -> asyncpg.Connection:
        """Return a direct connection, past any gateway; close it yourself."""
        return await asyncpg.connect(
            host=self.host,
            port=self.port,
            user=self.superuser if as_superuser else self.user,
            password=(self.superuser_password if as_superuser else self.password).reveal(),
            database=database or self.name,
            timeout=5,
        )


@asynccontextmanager
async def start(
    folder: Path, *, name: str = "shop", seed: bool = True, survives: bool = False
) -> AsyncIterator[Database]:
    """Start PostgreSQL with its data below `folder`, seeded with the shop unless told not to.

    survives: a power cut, as one for daily use does, and so waits for the disk.
    When `folder` cannot be reached by the unprivileged user, the data goes to a temporary
    folder that is removed at the end. Raises OperatorFault where there is no PostgreSQL,
    OutsideFault where it does not start.
    """
    place, borrowed = _place(folder)
    try:
        owner = programs.owner()
        bin_folder = programs.server_folder(place)
        passwords = Secret(secrets.token_urlsafe(18)), Secret(secrets.token_urlsafe(18))
        await _initialise(bin_folder, place, owner, passwords[0])
        port = _free_port()
        process = await _launch(bin_folder, place, owner, port, survives)
        try:
            database = Database(
                HOST, port, name, f"{name}_app", passwords[1], SUPERUSER, passwords[0],
                place, bin_folder, process.pid,
            )  # fmt: skip
            await _ready(database, process)
            await _furnish(database, seed)
            yield database
        finally:
            await _stop(process)
    finally:
        if borrowed:
            shutil.rmtree(place, ignore_errors=True)


def _place(folder: Path) -> tuple[Path, bool]:
    """Return a folder that the owner can walk to, and whether it is a temporary one."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or programs.reachable(folder.resolve()):
        return folder.resolve(), False
    borrowed = Path(tempfile.mkdtemp(prefix="assent-postgres-"))
    borrowed.chmod(0o711)
    return borrowed, True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _command(owner: programs.Owner, program: Path, *arguments: str) -> list[str]:
    wrapper = [sys.executable, "-I", child.__file__, str(owner.uid), str(owner.gid)]
    return [*wrapper, str(os.getpid()), str(program), *arguments]


def _environment() -> dict[str, str]:
    # A PGDATA or PGPORT of the person who runs us must not reach this server.
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return kept | {"LC_ALL": "C"}


async def _initialise(
    bin_folder: Path, place: Path, owner: programs.Owner, password: Secret[str]
) -> None:
    data, password_file = place / "data", place / "superuser"
    if data.exists():
        shutil.rmtree(data)
    data.mkdir(mode=0o700)
    password_file.touch(mode=0o600)
    password_file.write_text(password.reveal() + "\n", encoding="utf-8")
    for path in (data, password_file):
        os.chown(path, owner.uid, owner.gid)
    try:
        arguments = [
            "-D", str(data), "-U", SUPERUSER, "-A", "scram-sha-256", "--pwfile",
            str(password_file), "--no-sync", "--encoding=UTF8", "--locale=C", "--no-instructions",
        ]  # fmt: skip
        process = await asyncio.create_subprocess_exec(
            *_command(owner, bin_folder / "initdb", *arguments),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env=_environment(),
            cwd=place,
        )
        output, _ = await process.communicate()
    finally:
        password_file.unlink()
    if process.returncode != 0:
        raise OutsideFault("initdb-failed", f"initdb failed: `{_last_line(output)}`")


async def _launch(
    bin_folder: Path, place: Path, owner: programs.Owner, port: int, survives: bool
) -> Process:
    chosen = {**_SETTINGS, **(dict.fromkeys(_SAFE, "on") if survives else {})}
    settings = [f"--{key}={value}" for key, value in chosen.items()]
    with (place / "postgres.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            *_command(owner, bin_folder / "postgres", "-D", str(place / "data")),
            *settings,
            f"--port={port}",
            stdin=DEVNULL,
            stdout=log,
            stderr=log,
            env=_environment(),
            cwd=place,
            # Ctrl-C in the terminal is for us; we stop the server in good order.
            start_new_session=True,
        )


async def _ready(database: Database, process: Process) -> None:
    """Wait for a real connection; a server that ended or never answers is a fault."""
    log = database.folder / "postgres.log"
    try:
        async with asyncio.timeout(_READY_WITHIN_S):
            while process.returncode is None:
                try:
                    connection = await database.connect("postgres")
                except (
                    OSError,
                    asyncpg.CannotConnectNowError,
                    asyncpg.ConnectionDoesNotExistError,
                ):
                    await asyncio.sleep(0.02)
                    continue
                await connection.close()
                return
    except TimeoutError as error:
        raise OutsideFault("postgres-slow", f"PostgreSQL did not answer; see `{log}`") from error
    raise OutsideFault("postgres-ended", f"PostgreSQL ended: `{_last_line(log.read_bytes())}`")


async def _furnish(database: Database, seed: bool) -> None:
    """Make the login role and its database, and fill it."""
    connection = await database.connect("postgres")
    try:
        # Both are ours: a name from code and a token of URL-safe base64.
        await connection.execute(
            f"create role {database.user} login password '{database.password.reveal()}'"
        )
        await connection.execute(f"create database {database.name} owner {database.user}")
    finally:
        await connection.close()
    if seed:
        await fill(database)


async def fill(database: Database) -> None:
    """Create the shop's tables and rows, as the role that owns them."""
    connection = await database.connect(as_superuser=False)
    try:
        await connection.execute(
            files("assent.demo").joinpath("shop.sql").read_text(encoding="utf-8")
        )
        await connection.execute("analyze")
    finally:
        await connection.close()


async def _stop(process: Process) -> None:
    """Stop fast (sessions are ended), at once if that takes too long."""
    for order in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.returncode is not None:
            return
        process.send_signal(order)
        try:
            async with asyncio.timeout(_STOPPED_WITHIN_S):
                await process.wait()
        except TimeoutError:
            continue


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "no output"
