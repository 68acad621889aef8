"""What clients send to look around is read whole and refused to nobody.

Real clients talk to a throw-away server that writes down what they send; all of it is read with
that server's own catalogue.
"""

import os
import pty
import re
import select
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.types import TypeInfo
from psycopg.types.composite import CompositeInfo
from psycopg.types.enum import EnumInfo
from psycopg.types.multirange import MultirangeInfo
from psycopg.types.range import RangeInfo
from sqlalchemy import MetaData, create_engine, inspect
from sqlalchemy.engine.reflection import ObjectKind, ObjectScope
from sqlalchemy.ext.asyncio import create_async_engine

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements import Classifier
from watched_server import WatchedServer, catalogue_of, releases, watched

RELEASES = releases()
DRIVERS = Path(__file__).parents[2] / "build" / "jdbc"
NAMES = (
    "customers", "orders", "measurements", "measurements_2025", "documents", "v_nested",
    "totals", "far_customers", "orders_id_seq", "guarded", "orders_pkey", "busy", "payments",
    "public.*", "hidden.*", '"v.dotted"',
)  # fmt: skip
LISTS = (
    "d", "dt", "dv", "dm", "di", "ds", "dE", "da", "dA", "dAc", "dAf", "dAo", "dAp", "db", "dc",
    "dC", "dd", "dD", "ddp", "des", "det", "deu", "dew", "df", "dF", "dFd", "dFp", "dFt", "dg",
    "dl", "dL", "dn", "do", "dO", "dp", "dP", "dPi", "drds", "dRp", "dRs", "dT", "du", "dx",
    "dX", "dy", "dconfig", "l", "z",
)  # fmt: skip
PSQL = "\n".join(
    (
        *(f"\\{one}{more}" for one in LISTS for more in ("", "+", "S")),
        *(f"\\{one} *.*" for one in ("dt", "df", "dv", "do", "dT", "dX")),
        *(f"\\{one} {name}" for one in ("d", "d+", "dt+", "dp", "dPtin+") for name in NAMES),
        "\\df f_*", "\\df+ f_over", "\\dfa", "\\dfnpt+", "\\df f_over int", "\\do = text",
        "\\sf f_pl", "\\sf+ f_dynamic", "\\sv v_deep", "\\sv+ v_cte", "\\da a_leak",
        "\\dn+ hidden", "\\du reporter", "\\l shop", "\\dx+ plpgsql", "\\drds reporter",
        "\\dRp+ everything", "\\dF+ simpler", "\\dFp+ default", "\\dT+ mood", "\\dL+ plpgsql",
        "\\dD+ known_word", "\\dy+ noted", "\\dew+ postgres_fdw", "\\det+ far_customers",
        "\\conninfo", "\\encoding", "\\timing", "\\lo_list", "\\lo_list+", "\\dconfig work*",
    )
)  # fmt: skip
PROMPT = re.compile(rb"[=*][#>] \Z")
COMPLETED = (
    "select * from ord", "select * from public.ord", "update cus", "\\d v_", "\\df f_", "\\dn h",
    "insert into hid", "delete from hidden.", "drop table ord", "drop function f_q",
    "alter table orders alter column no", "alter table orders drop constraint ord",
    "alter table customers rename column em", "set time zone 'UT", "set search_path to hi",
    "set role re", "grant select on cus", "grant reporter to a", "drop trigger audited on ",
    "drop trigger ", "comment on column customers.", "alter type mood rename value ",
    "alter domain known_word drop constraint ", "refresh materialized view t", "create index on o",
    "drop policy own on ", "alter publication ev", "drop server els", "\\sf f_p", "\\sv v_d",
    "execute ", "fetch 1 from ", "listen ", "call p_", "alter system set work_", "show wor",
    "copy cus", "analyze mea", "explain select * from \"Mixed", "drop event trigger n",
)  # fmt: skip


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, WatchedServer]]:
    """Servers of every release that is there."""
    if not RELEASES:
        pytest.skip("needs PostgreSQL: the `demo` extra")
    with ExitStack() as stack:
        yield {name: stack.enter_context(watched(folder)) for name, folder in RELEASES.items()}


@pytest.fixture(scope="module")
def catalogues(servers: dict[str, WatchedServer]) -> dict[str, Catalogue]:
    """What each server holds, as the gateway reads it."""
    return {name: catalogue_of(server) for name, server in servers.items()}


@pytest.fixture(params=list(RELEASES))
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(servers: dict[str, WatchedServer], release: str) -> WatchedServer:
    return servers[release]


@pytest.fixture
def catalogue(catalogues: dict[str, Catalogue], release: str) -> Catalogue:
    return catalogues[release]


def looks_only(reading: Statement) -> bool:
    """Return whether a statement reads nothing but what describes the database."""
    return reading.complete and all(
        touch.verb == "sql.session"
        or (
            touch.verb == "sql.read"
            and touch.resource.name.split(".")[0] in ("pg_catalog", "information_schema")
        )
        for touch in reading.touches
    )


def reads_only(reading: Statement) -> bool:
    """Return whether a statement changes nothing."""
    verbs = {touch.verb for touch in reading.touches}
    return reading.complete and verbs <= {"sql.session", "sql.read"}


def misread(
    texts: list[str], catalogue: Catalogue, *, data: bool = False
) -> list[tuple[str, object]]:
    """Return what of it is not read as harmless. data: tables may be read too."""
    harmless = reads_only if data else looks_only
    reader = Classifier(("public",), catalogue)
    readings = ((text, reader.classify(text)) for text in texts)
    return [
        (text, reading.problems or reading.touches)
        for text, reading in readings
        if not harmless(reading)
    ]


def run(server: WatchedServer, *command: str, script: str = "") -> str:
    done = subprocess.run(
        command, input=script, env=server.environment(), capture_output=True, text=True,
        timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("client", list(RELEASES))
def test_every_description_of_psql_only_looks(
    server: WatchedServer, catalogue: Catalogue, client: str
) -> None:
    with server.watching() as texts:
        run(server, str(RELEASES[client] / "psql"), "-X", "-A", script=PSQL)
    assert len(texts) > 150
    assert misread(texts, catalogue) == []


def test_completing_words_in_psql_only_looks(server: WatchedServer, catalogue: Catalogue) -> None:
    psql = shutil.which("psql")
    if psql is None:
        pytest.skip("psql of the system, with readline, is not there")
    with server.watching() as texts:
        typed_into(psql, server, COMPLETED)
    if not any(" LIKE " in text or "starts_with" in text for text in texts):
        pytest.skip("this psql completes nothing")
    assert len(texts) > 20
    assert misread(texts, catalogue) == []


def read_until(terminal: int, wanted: "re.Pattern[bytes]") -> None:
    """Read what a program prints until its end looks like that."""
    printed = b""
    while wanted.search(printed) is None:
        assert select.select([terminal], [], [], 20)[0], printed
        printed += os.read(terminal, 65536)


def typed_into(psql: str, server: WatchedServer, beginnings: Iterable[str]) -> None:
    """Type beginnings of lines into a psql at a terminal, each with the key that completes it."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [psql, "-X"],
        stdin=slave, stdout=slave, stderr=slave,
        env=server.environment() | {"TERM": "dumb", "PAGER": "", "INPUTRC": "/dev/null"},
    )  # fmt: skip
    os.close(slave)
    try:
        # Only behind a prompt every key is psql's: before it, a tab is the terminal's own.
        read_until(master, PROMPT)
        for number, beginning in enumerate(beginnings):
            # Twice, as somebody would who wants the list; then the line is taken back.
            os.write(master, f"{beginning}\t\t\x15\\echo done {number}\n".encode())
            read_until(master, re.compile(rb"\ndone %d\r[^\0]*" % number + PROMPT.pattern))
    finally:
        process.kill()
        process.wait(5)
        os.close(master)


@pytest.mark.parametrize(
    "options",
    [["-s"], ["-a"], ["--inserts"], ["-n", "public", "-T", "far_*"], ["-Fc", "--no-sync"], ["-C"]],
    ids=" ".join,
)
def test_a_dump_only_reads(
    server: WatchedServer, catalogue: Catalogue, tmp_path: Path, options: list[str]
) -> None:
    with server.watching() as texts:
        file = ("-f", str(tmp_path / "dump"), "-T", "near_and_far")
        run(server, str(server.bin / "pg_dump"), *file, *options)
    assert len(texts) > 40
    assert misread(texts, catalogue, data=True) == []


def test_a_dump_of_the_globals_only_looks(
    server: WatchedServer, catalogue: Catalogue, tmp_path: Path
) -> None:
    with server.watching() as texts:
        run(server, str(server.bin / "pg_dumpall"), "-g", "-f", str(tmp_path / "globals"))
    assert len(texts) > 5
    assert misread(texts, catalogue) == []


def test_all_that_jdbc_tells_of_a_database_only_looks(
    server: WatchedServer, catalogue: Catalogue
) -> None:
    jars = sorted(DRIVERS.glob("postgresql-*.jar"))
    if shutil.which("java") is None or not jars:
        pytest.skip("java or the JDBC driver is not there; get it with tools/fetch_jdbc.sh")
    source = Path(__file__).with_name("JdbcIntrospection.java")
    url = server.url("jdbc:postgresql").replace("postgres@", "") + "?user=postgres"
    with server.watching() as texts:
        run(server, "java", "-cp", str(jars[-1]), str(source), url)
    assert len(texts) > 60
    assert misread(texts, catalogue, data=True) == []
    described = [text for text in texts if " typed " not in text]
    assert misread(described, catalogue) == []


def inspected(connection: Any) -> None:
    """Ask SQLAlchemy's inspector for all that it can tell."""
    inspector = inspect(connection)
    for schema in (None, *inspector.get_schema_names()):
        inspector.get_table_names(schema)
        inspector.get_view_names(schema)
        inspector.get_materialized_view_names(schema)
        inspector.get_sequence_names(schema)
        inspector.get_enums(schema)
        inspector.get_domains(schema)
        inspector.get_foreign_table_names(schema)
        inspector.get_sorted_table_and_fkc_names(schema)
        inspector.has_table("orders", schema)
        inspector.has_sequence("orders_id_seq", schema)
    inspector.get_temp_table_names()
    inspector.get_temp_view_names()
    inspector.has_schema("hidden")
    for method in (
        inspector.get_multi_columns, inspector.get_multi_pk_constraint,
        inspector.get_multi_foreign_keys, inspector.get_multi_indexes,
        inspector.get_multi_unique_constraints, inspector.get_multi_check_constraints,
        inspector.get_multi_table_comment, inspector.get_multi_table_options,
    ):  # fmt: skip
        method()
        method(schema="hidden", kind=ObjectKind.ANY, scope=ObjectScope.ANY)
        method(filter_names=["orders"])
    for name in ("orders", "customers", "measurements"):
        inspector.get_columns(name)
        inspector.get_pk_constraint(name)
        inspector.get_foreign_keys(name)
        inspector.get_indexes(name)
        inspector.get_unique_constraints(name)
        inspector.get_check_constraints(name)
        inspector.get_table_comment(name)
        inspector.get_table_oid(name)
    inspector.get_view_definition("v_deep")
    MetaData().reflect(connection, views=True)
    MetaData().reflect(connection, schema="hidden", resolve_fks=True)
    compare_metadata(MigrationContext.configure(connection), MetaData())


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
@pytest.mark.parametrize("driver", ["psycopg", "pg8000"])
def test_the_inspector_of_sqlalchemy_only_looks(
    server: WatchedServer, catalogue: Catalogue, driver: str
) -> None:
    engine = create_engine(server.url(f"postgresql+{driver}"))
    with server.watching() as texts, engine.connect() as connection:
        inspected(connection)
    engine.dispose()
    assert len(texts) > 30
    assert misread(texts, catalogue) == []


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
async def test_its_inspector_over_asyncpg_only_looks(
    server: WatchedServer, catalogue: Catalogue
) -> None:
    engine = create_async_engine(server.url("postgresql+asyncpg"))
    with server.watching() as texts:
        async with engine.connect() as connection:
            await connection.run_sync(inspected)
        await engine.dispose()
    assert len(texts) > 30
    assert misread(texts, catalogue) == []


async def test_what_asyncpg_asks_by_itself_only_looks(
    server: WatchedServer, catalogue: Catalogue
) -> None:
    with server.watching() as texts:
        connection = await asyncpg.connect(server.url())
        await connection.fetch("select p, m from public.typed")
        await connection.fetch("select array_agg(m), array_agg(p) from public.typed")
        await connection.set_type_codec("mood", encoder=str, decoder=str, schema="public")
        await connection.reload_schema_state()
        await connection.fetch("select m from public.typed")
        await connection.reset()
        await connection.close()
    assert len(texts) > 4
    assert misread(texts, catalogue, data=True) == []
    by_itself = [text for text in texts if "typed" not in text]
    assert misread(by_itself, catalogue) == []


def test_what_psycopg_asks_of_types_only_looks(server: WatchedServer, catalogue: Catalogue) -> None:
    with server.watching() as texts, psycopg.connect(server.address()) as connection:
        for info in (TypeInfo, CompositeInfo, EnumInfo, RangeInfo, MultirangeInfo):
            for name in ("mood", "pair", "int4range", "int4multirange", "public.pair", "nothing"):
                info.fetch(connection, name)
        connection.read_only = True
        connection.execute("select 1")
    assert len(texts) > 8
    assert misread(texts, catalogue) == []
