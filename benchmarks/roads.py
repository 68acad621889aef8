"""The roads to one PostgreSQL that are compared: direct, pgbouncer, haproxy, Assent."""

import asyncio
import json
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from assent.demo import database, world
from assent.demo.database import Database

CONNECTIONS = 256
_ASSENT = Path(sys.executable).parent / "assent"


@dataclass(frozen=True, slots=True)
class Road:
    """One way to the database. pid: of the process in between, 0 for direct."""

    name: str
    port: int
    user: str
    password: str
    database: str
    pid: int

    def environment(self) -> dict[str, str]:
        """Return what a libpq client needs to take this road."""
        return {
            **os.environ,
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
            # TLS would be measured on one road only: the database of the wheel has none.
            "PGSSLMODE": "disable",
        }


@dataclass(frozen=True, slots=True)
class Roads:
    """The database and the roads to it. home: the command line's folder of the engineer."""

    database: Database
    created: world.World
    direct: Road
    pgbouncer: Road
    haproxy: Road
    assent: Road

    async def credential(self) -> Road:
        """Return the road through Assent with a fresh session credential."""
        return await _through_assent(self.created, self.assent.pid)


@asynccontextmanager
async def open_roads(
    prepare: Callable[[world.World], None] | None = None,
) -> AsyncIterator[Roads]:
    """Start a database, pgbouncer, haproxy and Assent, each a process of its own.

    prepare: changes policies and configuration before Assent is started.
    """
    with tempfile.TemporaryDirectory(prefix="assent-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        async with database.start(folder / "postgres") as shop:
            created = await world.create(folder, shop, usual_ports=False)
            if prepare is not None:
                prepare(created)
            direct = Road(
                "direct", shop.port, shop.user, shop.password.reveal(), shop.name, shop.pid
            )
            await run_program("pgbench", "-q", "-i", "-s", "10", environment=direct.environment())
            processes = [
                await _pgbouncer(folder, direct),
                await _haproxy(folder, direct),
                await _serve(created),
            ]
            try:
                (bouncer, bouncer_port), (proxy, proxy_port), (gateway, _) = processes
                yield Roads(
                    shop,
                    created,
                    direct,
                    _like(direct, "pgbouncer", bouncer_port, bouncer.pid),
                    _like(direct, "haproxy", proxy_port, proxy.pid),
                    await _through_assent(created, gateway.pid),
                )
            finally:
                for process, _ in processes:
                    if process.returncode is None:
                        process.terminate()
                        await process.wait()


def cpu_s(pid: int) -> float:
    """Return the CPU seconds, user and system, that a process has used."""
    parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def rss_bytes(pid: int) -> int:
    """Return the resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _like(road: Road, name: str, port: int, pid: int) -> Road:
    return Road(name, port, road.user, road.password, road.database, pid)


async def _through_assent(created: world.World, pid: int) -> Road:
    ana = created.people["ana"]
    environment = {**os.environ, "ASSENT_HOME": str(ana.home), "ASSENT_URL": created.url}
    if not (ana.home / "credentials.json").exists():
        await run_program(
            str(_ASSENT), "login", created.url, "--name", "ana",
            "--password-file", str(ana.password_file), environment=environment,
        )  # fmt: skip
    answer = await run_program(
        str(_ASSENT), "connect", world.TARGET, "--connections", str(CONNECTIONS), "--json",
        environment=environment,
    )  # fmt: skip
    found = json.loads(answer)
    return Road("assent", found["port"], found["user"], found["password"], found["database"], pid)


async def _pgbouncer(folder: Path, direct: Road) -> tuple[asyncio.subprocess.Process, int]:
    port = free_port()
    users = folder / "pgbouncer-users"
    users.write_text(f'"{direct.user}" "{direct.password}"\n')
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n{direct.database} = host=127.0.0.1 port={direct.port}\n"
        "[pgbouncer]\nlisten_addr = 127.0.0.1\nunix_socket_dir =\n"
        f"listen_port = {port}\nauth_type = scram-sha-256\nauth_file = {users}\n"
        "pool_mode = session\nmax_client_conn = 500\ndefault_pool_size = 150\n"
    )
    for path in (users, config):
        path.chmod(0o644)
    user = ("-u", "nobody") if os.geteuid() == 0 else ()
    return await start(port, program("pgbouncer"), "-q", *user, str(config)), port


async def _haproxy(folder: Path, direct: Road) -> tuple[asyncio.subprocess.Process, int]:
    port = free_port()
    config = folder / "haproxy.cfg"
    config.write_text(
        "global\n  nbthread 1\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 5m\n"
        f"  timeout server 5m\nlisten shop\n  bind 127.0.0.1:{port}\n"
        f"  server one 127.0.0.1:{direct.port}\n"
    )
    return await start(port, program("haproxy"), "-q", "-db", "-f", str(config)), port


async def _serve(created: world.World) -> tuple[asyncio.subprocess.Process, int]:
    text = created.config.read_text()
    found = re.search(r"\[postgres\]\s+listen = \"[^\"]*:(\d+)\"", text)
    if found is None:
        raise RuntimeError("the world's configuration names no PostgreSQL address")
    port = int(found[1])
    return await start(port, str(_ASSENT), "serve", "--config", str(created.config)), port


async def start(port: int, *command: str) -> asyncio.subprocess.Process:
    """Return a process that listens on `port` by now. Raises RuntimeError where it does not."""
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return process
        if process.returncode is not None:
            break
        await asyncio.sleep(0.02)
    raise RuntimeError(f"`{command[0]}` did not start")


async def run_program(*command: str, environment: dict[str, str]) -> str:
    """Return what a program printed. Raises RuntimeError where it failed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"`{command[0]}` failed: {error.decode()[-2000:]}")
    return out.decode()


def program(name: str) -> str:
    """Return where a program is. Raises RuntimeError where it is missing."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise RuntimeError(f"`{name}` is missing; it is in system/packages.txt (make setup)")
    return found


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
