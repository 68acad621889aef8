"""The demo's PostgreSQL is real, seeded, unprivileged, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import psutil
import pytest

from assent.demo import database


async def test_the_shop_is_seeded_the_same_every_time(tmp_path: Path) -> None:
    async with database.start(tmp_path) as running:
        connection = await running.connect(as_superuser=False)
        counts = {
            table: await connection.fetchval(f"select count(*) from {table}")
            for table in ("customers", "orders", "payments", "carts", "reminders")
        }
        cards = [row[0] for row in await connection.fetch("select card_number from customers")]
        owner = await connection.fetchval(
            "select tableowner from pg_tables where tablename='orders'"
        )
        await connection.close()
        assert psutil.Process(running.pid).uids().real != 0
    assert counts == {
        "customers": 1000,
        "orders": 5000,
        "payments": 5000,
        "carts": 1500,
        "reminders": 600,
    }
    assert owner == "shop_app"
    assert len(set(cards)) == 1000
    assert all(_luhn(card) for card in cards)


async def test_a_wrong_password_is_refused_and_nothing_is_left_running(tmp_path: Path) -> None:
    async with database.start(tmp_path, seed=False) as running:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(
                host=running.host, port=running.port, user=running.user, password="wrong"
            )
        pid = running.pid
    assert not psutil.pid_exists(pid)


_HOST_PROGRAM = """
import asyncio, sys
from pathlib import Path
from assent.demo import database
async def main():
    async with database.start(Path(sys.argv[1]), seed=False) as running:
        print(running.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child to its parent")
def test_the_server_ends_when_its_parent_is_killed() -> None:
    # A folder that the unprivileged user reaches: a killed parent removes no borrowed one.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        _kill_the_parent(folder)


def _kill_the_parent(folder: str) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _HOST_PROGRAM, folder], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    server = psutil.Process(int(parent.stdout.readline()))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(5)
    parent.stdout.close()
    psutil.wait_procs([server], timeout=10)
    assert not server.is_running()


def _luhn(card: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(card)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
