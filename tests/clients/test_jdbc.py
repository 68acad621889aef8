"""PostgreSQL's JDBC driver through a real gateway; `tools/fetch_jdbc.sh` gets the driver."""

import shutil
import subprocess
from pathlib import Path

import pytest

from gateway_world import Gateway, Shop

DRIVERS = Path(__file__).parents[2] / "build" / "jdbc"
CHECKS = (
    "query", "prepared", "batch", "transaction", "fetchsize", "error", "refused",
    "refused-in-transaction", "metadata", "copy", "timeout", "held", "rejected",
)  # fmt: skip


def driver() -> Path:
    found = sorted(DRIVERS.glob("postgresql-*.jar"))
    if shutil.which("java") is None:
        pytest.skip("java is not installed")
    if not found:
        pytest.skip("the JDBC driver is not there; get it with tools/fetch_jdbc.sh")
    return found[-1]


@pytest.mark.parametrize("tls", ["disable", "require"])
def test_jdbc_does_what_it_does_with_a_server_of_its_own(
    gateway: Gateway, shop: Shop, table: str, tls: str
) -> None:
    jar = driver()
    credential = gateway.connect_as("ana", connections=32)
    url = f"jdbc:postgresql://{credential.host}:{credential.port}/{credential.database}"
    source = Path(__file__).with_name("JdbcClient.java")
    process = subprocess.Popen(
        ["java", "-cp", str(jar), str(source), url, table, tls],
        env=credential.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    printed = []
    try:
        for line in process.stdout:
            printed.append(line.strip())
            if line.startswith("waits approve"):
                gateway.approve_next(table)
            elif line.startswith("waits reject"):
                gateway.reject_next(table)
        assert process.wait(10) == 0, "\n".join(printed)
    finally:
        process.kill()
        process.communicate()
    assert [line for line in printed if line.startswith("ok ")] == [f"ok {one}" for one in CHECKS]
    assert shop.value(f"select sum(cents) from {table}") == 5000
