"""pgbench through a real gateway: eight connections at once, in all three query modes."""

import re
import subprocess
from pathlib import Path

import pytest

from gateway_world import Gateway, Shop


@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
def test_eight_clients_get_all_their_transactions_done(
    gateway: Gateway, shop: Shop, table: str, tmp_path: Path, mode: str
) -> None:
    script = tmp_path / "script.sql"
    script.write_text(
        "\\set id random(1, 1000)\n"
        "begin;\n"
        f"update {table} set cents = cents + 1 where id = :id;\n"
        f"select cents from {table} where id = :id;\n"
        "commit;\n"
    )
    before = shop.value(f"select sum(cents) from {table}")
    done = subprocess.run(
        [
            shop.program("pgbench"), "-n", "-c", "8", "-j", "2", "-t", "10", "-M", mode,
            "-f", str(script),
        ],
        env=gateway.connect_as("ana", connections=9).environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(r"actually processed: 80/80", done.stdout)
    assert "failed transactions: 0" in done.stdout
    assert shop.value(f"select sum(cents) from {table}") == before + 80
