"""`assent tunnel`: real clients reach a port of their machine, and through it a TCP target."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Gateway, Shop, assent
from tcp_world import POLICIES, Lines, door_text, line_server, target_text

DATABASE = """
@id("tcp.database")
permit (principal in Group::"engineers", action == Action::"tcp.connect",
  resource == Target::"database");
"""


@pytest.fixture(scope="module")
def lines() -> Iterator[Lines]:
    with line_server() as running:
        yield running


@pytest.fixture(scope="module")
def door(
    template: World, shop: Shop, lines: Lines, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway before the lines, and before PostgreSQL as bytes that it does not understand."""
    database = target_text("database", shop.database.port)
    created = gateway_world.create_world(
        tmp_path_factory.mktemp("tunnel") / "world",
        template,
        policies={"tcp.cedar": POLICIES + DATABASE},
        more=door_text(lines, database),
    )
    with gateway_world.serving(created) as running:
        assert assent(running, "ana", "whoami").returncode == 0
        yield running


def tunnel(door: Gateway, *arguments: str) -> subprocess.Popen[str]:
    """Start `assent tunnel` as Ana."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "ASSENT"))}
    home = door.world.people["ana"].home
    return subprocess.Popen(
        [sys.executable, "-m", "assent", "tunnel", *arguments],
        env=kept | {"ASSENT_HOME": str(home), "LC_ALL": "C.UTF-8", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_psql_goes_through_a_tunnel_that_ends_with_it(door: Gateway, shop: Shop) -> None:
    address = (
        f"host={{host}} port={{port}} user={shop.database.user} dbname={shop.database.name} "
        f"password={shop.database.password.reveal()}"
    )
    process = tunnel(door, "database", "--", psql_program(), address, "-XAt", "-c", "select 6 * 7")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "42\n"), err


def test_the_exit_code_is_the_commands(door: Gateway) -> None:
    process = tunnel(door, "echo", "--", sys.executable, "-c", "raise SystemExit(7)")
    process.communicate(timeout=60)
    assert process.returncode == 7


def test_it_stays_says_where_it_is_and_asks_for_more_when_a_password_is_used_up(
    door: Gateway, lines: Lines
) -> None:
    process = tunnel(door, "echo", "--connections", "2", "--json")
    try:
        assert process.stdout is not None
        told = ""
        while not told.rstrip().endswith("}") or told.count("{") != told.count("}"):
            told += process.stdout.readline()
        said = json.loads(told)
        for number in range(5):
            with socket.create_connection((said["host"], said["port"]), 20) as local:
                local.sendall(f"stream {number}\n".encode())
                with local.makefile("rb") as reader:
                    assert reader.readline() == f"stream {number}\n".encode()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 130
    finally:
        process.kill()


def test_a_refusal_is_said_on_the_terminal(door: Gateway, lines: Lines) -> None:
    reading = "import socket; print(socket.create_connection(('{host}', {port})).recv(9))"
    process = tunnel(door, "closed", "--", sys.executable, "-c", reading)
    out, err = process.communicate(timeout=60)
    assert out == "b''\n"
    assert "refused:" in err


def test_it_listens_on_this_machine_alone(door: Gateway) -> None:
    done = assent(door, "ana", "tunnel", "echo", "--listen", "0.0.0.0:0")
    assert (done.returncode, "acts as you" in done.stderr) == (2, True)


def test_another_certificate_than_the_servers_is_not_spoken_to(
    door: Gateway, lines: Lines, tmp_path: Path
) -> None:
    script = (
        "import asyncio, sys\n"
        "from assent.cli import tunnelling\n"
        "from assent.cli.exit_codes import CommandFault\n"
        f"opened = dict(host='{door.addresses['tcp'][0]}', port={door.addresses['tcp'][1]},\n"
        "  connections=1, expires_at='2999-01-01T00:00:00+00:00', tls_sha256='00' * 32,\n"
        "  user='ana', password='a', address='echo:1')\n"
        "try:\n"
        "    asyncio.run(tunnelling._through(tunnelling.Door(opened, dict)))\n"
        "except CommandFault as fault:\n"
        "    print(fault.detail)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert "another certificate than its server says" in done.stdout, done.stderr
