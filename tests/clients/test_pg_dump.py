"""pg_dump through a real gateway, as a DBA; the dump must restore to the same rows."""

import subprocess
import threading
from pathlib import Path

from gateway_world import Gateway, Shop, assent


def dump(
    gateway: Gateway, shop: Shop, file: Path, *options: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [shop.program("pg_dump"), "--no-owner", "-f", str(file), *options],
        env=gateway.connect_as("ben").environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def restore(shop: Shop, file: Path, name: str) -> None:
    database = shop.database
    shop.query(f"create database {name}")
    done = subprocess.run(
        [shop.program("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(file)],
        env={
            "PGHOST": database.host,
            "PGPORT": str(database.port),
            "PGUSER": database.superuser,
            "PGPASSWORD": database.superuser_password.reveal(),
            "PGDATABASE": name,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


async def in_database(shop: Shop, name: str, statement: str) -> list[tuple[object, ...]]:
    connection = await shop.database.connect(name)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def test_a_dump_of_one_table_restores_to_the_same_rows(
    gateway: Gateway, shop: Shop, table: str, tmp_path: Path
) -> None:
    gateway.step_up("ben")
    done = dump(gateway, shop, tmp_path / "dump.sql", "-t", table)
    assert done.returncode == 0, done.stderr
    restore(shop, tmp_path / "dump.sql", f"restored_{table}")
    query = f"select * from {table} order by id"
    assert await in_database(shop, f"restored_{table}", query) == shop.query(query)


async def test_a_dump_of_the_shop_waits_for_security_to_look_at_the_card_data(
    gateway: Gateway, shop: Shop, table: str, tmp_path: Path
) -> None:
    gateway.step_up("ben")
    requests: list[str] = []

    def approve() -> None:
        request = gateway.wait_for_request("customers", name="ben")
        gateway.approve(request, "carl")
        requests.append(request)

    approver = threading.Thread(target=approve)
    approver.start()
    # Not what other tests made beside it: with ever more tables a dump becomes ever more unusual.
    of_the_shop = ("customers", "orders", "payments")
    tables = [word for name in of_the_shop for word in ("-t", f"public.{name}")]
    done = dump(gateway, shop, tmp_path / "dump.sql", *tables)
    approver.join(20)
    assert done.returncode == 0, done.stderr
    assert len(requests) == 1
    restore(shop, tmp_path / "dump.sql", f"whole_{table}")
    for one in ("customers", "orders", "payments"):
        query = f"select * from {one} order by id"
        assert await in_database(shop, f"whole_{table}", query) == shop.query(query)
    assert assent(gateway, "ben", "show", requests[0]).returncode == 0
