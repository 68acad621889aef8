"""psycopg 3 through a real gateway, sync and async."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from gateway_world import Credential, Gateway, Shop


def connect(credential: Credential, **options: Any) -> psycopg.Connection[Any]:
    return psycopg.connect(**credential.keywords, dbname=credential.database, **options)


@pytest.fixture
def connection(gateway: Gateway) -> Iterator[psycopg.Connection[Any]]:
    with connect(gateway.connect_as("ana"), autocommit=True) as opened:
        yield opened


def test_parameters_travel_as_text_and_as_binary(
    connection: psycopg.Connection[Any], table: str
) -> None:
    for marker in ("%s", "%b", "%t"):
        statement = f"select item, cents from {table} where id = {marker}"
        for binary in (False, True):
            row = connection.execute(statement, (7,), binary=binary).fetchone()
            assert row == ("thing 7", 70)


def test_binary_parameters_of_a_held_statement_are_shown(
    gateway: Gateway, connection: psycopg.Connection[Any], table: str
) -> None:
    shown: list[Any] = []

    def look_and_reject() -> None:
        request = gateway.wait_for_request(table)
        shown.extend(gateway.request(request)["action"]["parameters"])
        gateway.reject(request)

    rejecter = threading.Thread(target=look_and_reject)
    rejecter.start()
    with pytest.raises(psycopg.Error) as fault:
        connection.execute(f"update {table} set cents = %b", (5,))
    rejecter.join(10)
    assert fault.value.sqlstate == "ZA001"
    assert shown == ["5"]


def test_a_transaction_commits_and_rolls_back(gateway: Gateway, shop: Shop, table: str) -> None:
    with connect(gateway.connect_as("ana")) as connection:
        connection.execute(f"update {table} set cents = 1 where id = %s", (1,))
        connection.commit()
        connection.execute(f"update {table} set cents = 1 where id = %s", (2,))
        connection.rollback()
        with connection.transaction():
            connection.execute(f"update {table} set cents = 1 where id = %s", (3,))
            with pytest.raises(psycopg.errors.DivisionByZero), connection.transaction():
                connection.execute("select 1/0")
    assert shop.value(f"select count(*) from {table} where cents = 1") == 2


def test_an_error_of_the_server_leaves_the_connection_usable(
    connection: psycopg.Connection[Any],
) -> None:
    with pytest.raises(psycopg.errors.UndefinedColumn):
        connection.execute("select nothing")
    assert connection.execute("select 42").fetchone() == (42,)


def test_a_refused_statement_leaves_the_connection_usable(
    connection: psycopg.Connection[Any], shop: Shop, table: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege) as fault:
        connection.execute(f"truncate {table}")
    assert fault.value.diag.message_hint
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select pg_read_file(%s)", ("/etc/passwd",))
    assert connection.execute("select 42").fetchone() == (42,)
    assert shop.count(table) == 1000


def test_a_refused_statement_fails_the_transaction_that_it_is_in(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    with connect(gateway.connect_as("ana")) as connection:
        connection.execute(f"update {table} set cents = 1 where id = 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"truncate {table}")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            connection.execute("select 1")
        connection.rollback()
        assert connection.execute("select 42").fetchone() == (42,)
    assert shop.value(f"select count(*) from {table} where cents = 1") == 0


@pytest.mark.parametrize("parameters", [(), (5,)])
def test_a_held_statement_runs_once_assented_to(
    gateway: Gateway,
    connection: psycopg.Connection[Any],
    shop: Shop,
    table: str,
    parameters: tuple[int, ...],
) -> None:
    notices: list[str | None] = []
    connection.add_notice_handler(lambda diagnostic: notices.append(diagnostic.sqlstate))
    approver = threading.Thread(target=gateway.approve_next, args=(table,))
    approver.start()
    backend = connection.info.backend_pid
    cursor = connection.execute(
        f"update {table} set cents = {'%s' if parameters else 5}", parameters
    )
    approver.join(10)
    assert cursor.rowcount == 1000
    assert notices[:1] == ["01ZA1"]
    assert connection.info.backend_pid == backend
    assert shop.value(f"select sum(cents) from {table}") == 5000


def test_cancelling_withdraws_a_held_statement(
    gateway: Gateway, connection: psycopg.Connection[Any], shop: Shop, table: str
) -> None:
    def cancel() -> None:
        gateway.wait_for_request(table)
        connection.cancel_safe(timeout=5)

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute(f"delete from {table}")
    canceller.join(10)
    assert connection.execute("select 42").fetchone() == (42,)
    assert shop.count(table) == 1000


def test_a_pipeline_answers_in_order(
    connection: psycopg.Connection[Any], shop: Shop, table: str
) -> None:
    with connection.pipeline() as pipeline:
        cursors = [
            connection.execute(f"select cents from {table} where id = %s", (number,))
            for number in range(1, 201)
        ]
        pipeline.sync()
        connection.execute(f"update {table} set cents = 0 where id = %s", (1,))
        found = [cursor.fetchone() for cursor in cursors]
    assert found == [(number * 10,) for number in range(1, 201)]
    assert shop.value(f"select cents from {table} where id = 1") == 0


def test_a_refusal_in_a_pipeline_aborts_what_comes_after_it(
    connection: psycopg.Connection[Any], shop: Shop, table: str
) -> None:
    def pipeline() -> None:
        with connection.pipeline():
            connection.execute(f"update {table} set cents = 1 where id = %s", (1,))
            connection.execute(f"truncate {table}")
            connection.execute(f"update {table} set cents = 1 where id = %s", (2,))

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        pipeline()
    assert connection.execute("select 42").fetchone() == (42,)
    assert shop.count(table) == 1000
    assert shop.value(f"select cents from {table} where id = 2") == 20


def test_a_hold_in_a_pipeline_keeps_the_order(
    gateway: Gateway, connection: psycopg.Connection[Any], shop: Shop, table: str
) -> None:
    approver = threading.Thread(target=gateway.approve_next, args=(table,))
    approver.start()
    with connection.pipeline():
        before = connection.execute(f"select count(*) from {table}")
        connection.execute(f"delete from {table}")
        after = connection.execute(f"select count(*) from {table}")
        assert (before.fetchone(), after.fetchone()) == ((1000,), (0,))
    approver.join(10)
    assert shop.count(table) == 0


def test_executemany_inserts_all_rows(
    connection: psycopg.Connection[Any], shop: Shop, table: str
) -> None:
    rows = [(number, "x", number) for number in range(2001, 2301)]
    with connection.cursor() as cursor:
        cursor.executemany(f"insert into {table} values (%s, %s, %s)", rows)
        cursor.executemany(
            f"update {table} set cents = cents where id = %s returning id", [(1,), (2,)],
            returning=True,
        )  # fmt: skip
        assert cursor.fetchone() == (1,)
    assert shop.count(table) == 1300


def test_statements_that_it_prepares_by_itself_work(
    connection: psycopg.Connection[Any], table: str
) -> None:
    for number in range(1, 30):
        row = connection.execute(f"select cents from {table} where id = %s", (number,)).fetchone()
        assert row == (number * 10,)


def test_a_server_side_cursor_reads_in_steps(gateway: Gateway, table: str) -> None:
    with connect(gateway.connect_as("ana")) as connection:
        with connection.cursor("steps") as cursor:
            cursor.itersize = 100
            cursor.execute(f"select id from {table} where id > %s order by id", (10,))
            assert [row[0] for row in cursor] == list(range(11, 1001))
        with connection.cursor("jumps", scrollable=True) as cursor:
            cursor.execute(f"select id from {table} order by id")
            cursor.scroll(500)
            assert cursor.fetchone() == (501,)
            cursor.scroll(-2)
            assert cursor.fetchone() == (500,)


def test_copy_goes_out_and_in(connection: psycopg.Connection[Any], shop: Shop, table: str) -> None:
    for form in ("text", "binary", "csv"):
        with connection.cursor().copy(f"copy {table} to stdout (format {form})") as copy:
            data = b"".join(bytes(piece) for piece in copy)
        shop.run(f"truncate {table}")
        with connection.cursor().copy(f"copy {table} from stdin (format {form})") as copy:
            copy.write(data)
        assert shop.count(table) == 1000


def test_a_copy_that_the_client_gives_up_leaves_the_connection_usable(
    connection: psycopg.Connection[Any], shop: Shop, table: str
) -> None:
    def give_up() -> None:
        with connection.cursor().copy(f"copy {table} from stdin") as copy:
            copy.write_row((5001, "x", 1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        give_up()
    assert connection.execute("select 42").fetchone() == (42,)
    assert shop.count(table) == 1000


def test_a_big_result_arrives_whole(connection: psycopg.Connection[Any]) -> None:
    cursor = connection.execute("select n, repeat('x', 100) from generate_series(1, 50000) n")
    assert sum(1 for _ in cursor) == 50_000


def test_rows_one_at_a_time_arrive_whole(connection: psycopg.Connection[Any]) -> None:
    rows = connection.cursor().stream("select n from generate_series(1, 5000) n")
    assert sum(row[0] for row in rows) == 5000 * 5001 // 2


def test_notifications_and_notices_pass(gateway: Gateway) -> None:
    credential = gateway.connect_as("ana", connections=2)
    with (
        connect(credential, autocommit=True) as listening,
        connect(credential, autocommit=True) as speaking,
    ):
        listening.execute("listen news")
        speaking.execute("select 1")
        speaking.execute("notify news, 'hello'")
        heard = next(iter(listening.notifies(timeout=5, stop_after=1)))
        assert heard.payload == "hello"
        said: list[str | None] = []
        speaking.add_notice_handler(lambda diagnostic: said.append(diagnostic.sqlstate))
        speaking.execute("rollback")
        assert said == ["25P01"]


@pytest.mark.parametrize("mode", ["disable", "prefer", "require"])
def test_every_tls_mode_works(gateway: Gateway, mode: str) -> None:
    with connect(gateway.connect_as("ana"), sslmode=mode) as connection:
        assert connection.pgconn.ssl_in_use == (mode != "disable")
        assert connection.execute("select 42").fetchone() == (42,)


async def test_the_async_half_works(gateway: Gateway, shop: Shop, table: str) -> None:
    credential = gateway.connect_as("ana")
    connection = await psycopg.AsyncConnection.connect(
        **credential.keywords, dbname=credential.database, autocommit=True
    )
    async with connection:
        cursor = await connection.execute(f"select cents from {table} where id = %s", (7,))
        assert await cursor.fetchone() == (70,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await connection.execute(f"truncate {table}")
        held = asyncio.ensure_future(connection.execute(f"delete from {table}"))
        await asyncio.to_thread(gateway.approve_next, table)
        assert (await held).rowcount == 1000
        async with connection.cursor().copy(f"copy {table} from stdin") as copy:
            await copy.write_row((1, "x", 1))
        async with connection.pipeline():
            found = [await connection.execute("select %s::int", (n,)) for n in range(20)]
            assert [await cursor.fetchone() for cursor in found] == [(n,) for n in range(20)]
    assert shop.count(table) == 1
