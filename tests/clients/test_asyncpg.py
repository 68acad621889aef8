"""asyncpg through a real gateway."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest

from gateway_world import Gateway, Shop, asyncpg_connect


@pytest.fixture
async def connection(gateway: Gateway) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg_connect(gateway.connect_as("ana"))
    yield opened
    await opened.close(timeout=5)


async def beside(work: Callable[..., Any], *arguments: Any) -> Any:
    """Let others act while the client waits in this loop."""
    return await asyncio.to_thread(work, *arguments)


async def test_parameters_travel_both_ways(connection: asyncpg.Connection, table: str) -> None:
    row = await connection.fetchrow(f"select item, cents from {table} where id = $1", 7)
    assert tuple(row) == ("thing 7", 70)


async def test_types_that_it_looks_up_itself_work(connection: asyncpg.Connection) -> None:
    row = await connection.fetchrow(
        "select $1::int[] as numbers, $2::jsonb as object, null::inet as address", [1, 2], "{}"
    )
    assert tuple(row) == ([1, 2], "{}", None)


async def test_a_transaction_commits_and_rolls_back(
    connection: asyncpg.Connection, shop: Shop, table: str
) -> None:
    async with connection.transaction():
        await connection.execute(f"update {table} set cents = 1 where id = $1", 1)
    left = connection.transaction()
    await left.start()
    await connection.execute(f"update {table} set cents = 1 where id = $1", 2)
    await left.rollback()
    assert shop.value(f"select count(*) from {table} where cents = 1") == 1


async def test_nested_transactions_are_savepoints(
    connection: asyncpg.Connection, shop: Shop, table: str
) -> None:
    async with connection.transaction():
        await connection.execute(f"update {table} set cents = 1 where id = 1")
        with pytest.raises(asyncpg.DivisionByZeroError):
            async with connection.transaction():
                await connection.execute("select 1/0")
        await connection.execute(f"update {table} set cents = 1 where id = 2")
    assert shop.value(f"select count(*) from {table} where cents = 1") == 2


async def test_an_error_of_the_server_leaves_the_connection_usable(
    connection: asyncpg.Connection,
) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await connection.fetch("select * from nowhere")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await connection.fetch("select 1 / $1::int", 0)
    assert await connection.fetchval("select 42") == 42


async def test_a_refused_statement_leaves_the_connection_usable(
    connection: asyncpg.Connection, shop: Shop, table: str
) -> None:
    for _ in range(2):
        with pytest.raises(asyncpg.InsufficientPrivilegeError) as fault:
            await connection.execute(f"truncate {table}")
        assert fault.value.hint
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("select pg_read_file($1)", "/etc/passwd")
    assert await connection.fetchval("select 42") == 42
    assert shop.count(table) == 1000


async def test_a_refused_statement_fails_the_transaction_that_it_is_in(
    connection: asyncpg.Connection, shop: Shop, table: str
) -> None:
    await connection.execute("begin")
    await connection.execute(f"update {table} set cents = 1 where id = $1", 1)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch(f"create table {table}_more (id integer)")
    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await connection.fetch("select 1")
    await connection.execute("rollback")
    assert await connection.fetchval("select 42") == 42
    assert shop.value(f"select count(*) from {table} where cents = 1") == 0


@pytest.mark.parametrize("as_parameter", [False, True])
async def test_a_held_statement_runs_once_assented_to(
    connection: asyncpg.Connection, gateway: Gateway, shop: Shop, table: str, as_parameter: bool
) -> None:
    notices: list[asyncpg.PostgresLogMessage] = []
    connection.add_log_listener(lambda _, message: notices.append(message))
    backend = await connection.fetchval("select pg_backend_pid()")
    statement, values = f"update {table} set cents = 5", []
    if as_parameter:
        statement, values = f"update {table} set cents = $1", [5]
    held = asyncio.ensure_future(connection.execute(statement, *values))
    request = await beside(gateway.wait_for_request, table)
    shown = gateway.request(request)
    # What is assented to reads as it was meant, though the driver sends it in binary.
    assert shown["action"]["parameters"] == [str(value) for value in values]
    gateway.approve(request)
    assert await held == "UPDATE 1000"
    assert [notice.sqlstate for notice in notices][:1] == ["01ZA1"]
    assert await connection.fetchval("select pg_backend_pid()") == backend
    assert shop.value(f"select sum(cents) from {table}") == 5000
    await beside(gateway.wait_until, request, "completed")


async def test_a_held_statement_that_is_rejected_is_an_error(
    connection: asyncpg.Connection, gateway: Gateway, shop: Shop, table: str
) -> None:
    held = asyncio.ensure_future(connection.execute(f"delete from {table}"))
    request = await beside(gateway.reject_next, table)
    with pytest.raises(asyncpg.PostgresError) as fault:
        await held
    assert fault.value.sqlstate == "ZA001"
    assert request in str(fault.value)
    assert await connection.fetchval("select 42") == 42
    assert shop.count(table) == 1000


async def test_a_timeout_of_the_client_withdraws_a_held_statement(
    connection: asyncpg.Connection, gateway: Gateway, shop: Shop, table: str
) -> None:
    with pytest.raises(asyncio.TimeoutError):
        await connection.execute(f"delete from {table}", timeout=0.5)
    assert await connection.fetchval("select 42") == 42
    path = "/v1/requests?state=withdrawn&mine=true"
    items = gateway.answer("ana", "GET", path)["items"]
    assert any(table in item["action"]["text"] for item in items)
    assert shop.count(table) == 1000


async def test_a_timeout_of_the_client_reaches_a_running_statement(
    connection: asyncpg.Connection,
) -> None:
    with pytest.raises(asyncio.TimeoutError):
        await connection.fetch("select count(*) from generate_series(1, 1000000000)", timeout=0.3)
    assert await connection.fetchval("select 42", timeout=5) == 42


async def test_a_prepared_statement_runs_many_times(
    connection: asyncpg.Connection, table: str
) -> None:
    prepared = await connection.prepare(f"select cents from {table} where id = $1")
    assert [await prepared.fetchval(number) for number in range(1, 50)] == [
        number * 10 for number in range(1, 50)
    ]


async def test_a_prepared_statement_is_decided_each_time_it_runs(
    connection: asyncpg.Connection, gateway: Gateway, shop: Shop, table: str
) -> None:
    prepared = await connection.prepare(f"delete from {table} returning id")
    held = asyncio.ensure_future(prepared.fetch())
    await beside(gateway.reject_next, table)
    with pytest.raises(asyncpg.PostgresError):
        await held
    held = asyncio.ensure_future(prepared.fetch())
    await beside(gateway.approve_next, table)
    assert len(await held) == 1000
    assert shop.count(table) == 0


async def test_executemany_is_one_pipeline(
    connection: asyncpg.Connection, shop: Shop, table: str
) -> None:
    rows = [(number, f"more {number}", number) for number in range(2001, 2301)]
    await connection.executemany(f"insert into {table} values ($1, $2, $3)", rows)
    assert shop.count(table) == 1300


async def test_executemany_with_a_bad_row_does_nothing(
    connection: asyncpg.Connection, shop: Shop, table: str
) -> None:
    rows = [(2001, "a", 1), (1, "there already", 1), (2002, "b", 1)]
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.executemany(f"insert into {table} values ($1, $2, $3)", rows)
    assert await connection.fetchval("select 42") == 42
    assert shop.count(table) == 1000


async def test_a_cursor_reads_in_steps(connection: asyncpg.Connection, table: str) -> None:
    query = f"select id from {table} order by id"
    async with connection.transaction():
        seen = [row["id"] async for row in connection.cursor(query, prefetch=64)]
    assert seen == list(range(1, 1001))


async def test_a_cursor_can_be_moved_and_left(connection: asyncpg.Connection, table: str) -> None:
    async with connection.transaction():
        cursor = await connection.cursor(f"select id from {table} order by id")
        await cursor.forward(10)
        assert (await cursor.fetchrow())["id"] == 11
        assert len(await cursor.fetch(20)) == 20
    assert await connection.fetchval("select 42") == 42


async def test_a_big_result_and_a_big_parameter_arrive_whole(
    connection: asyncpg.Connection,
) -> None:
    rows = await connection.fetch("select n, repeat('x', 100) from generate_series(1, 50000) n")
    assert len(rows) == 50_000
    text = "y" * 5_000_000
    assert await connection.fetchval("select length($1::text)", text) == len(text)
    assert await connection.fetchval("select repeat('z', 20000000)") == "z" * 20_000_000


async def test_copy_goes_out_and_in(connection: asyncpg.Connection, shop: Shop, table: str) -> None:
    out = io.BytesIO()
    assert await connection.copy_from_table(table, output=out) == "COPY 1000"
    assert out.getvalue().count(b"\n") == 1000
    shop.run(f"truncate {table}")
    out.seek(0)
    assert await connection.copy_to_table(table, source=out) == "COPY 1000"
    rows = [(number, "x", number) for number in range(2001, 3001)]
    assert await connection.copy_records_to_table(table, records=rows) == "COPY 1000"
    assert shop.count(table) == 2000
    query = io.BytesIO()
    await connection.copy_from_query(f"select id from {table} where id > $1", 2900, output=query)
    assert query.getvalue().count(b"\n") == 100


async def test_a_copy_with_a_bad_row_leaves_the_connection_usable(
    connection: asyncpg.Connection, shop: Shop, table: str
) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.copy_records_to_table(table, records=[(1, "there already", 1)])
    assert await connection.fetchval("select 42") == 42
    assert shop.count(table) == 1000


async def test_notifications_pass(gateway: Gateway) -> None:
    credential = gateway.connect_as("ana", connections=2)
    listening, speaking = [await asyncpg_connect(credential) for _ in range(2)]
    heard: asyncio.Queue[str] = asyncio.Queue()
    await listening.add_listener("news", lambda *words: heard.put_nowait(str(words[3])))
    await speaking.execute("notify news, 'hello'")
    assert await asyncio.wait_for(heard.get(), 5) == "hello"
    await listening.remove_listener("news", lambda *_: None)
    await listening.close(timeout=5)
    await speaking.close(timeout=5)


async def test_one_session_works_while_another_is_held(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    credential = gateway.connect_as("ana", connections=2)
    first, second = [await asyncpg_connect(credential) for _ in range(2)]
    held = asyncio.ensure_future(first.execute(f"delete from {table}"))
    request = await beside(gateway.wait_for_request, table)
    assert await second.fetchval(f"select count(*) from {table}") == 1000
    gateway.approve(request)
    assert await held == "DELETE 1000"
    await first.close(timeout=5)
    await second.close(timeout=5)


async def test_a_pool_works(gateway: Gateway, table: str) -> None:
    credential = gateway.connect_as("ana", connections=8)
    async with asyncpg.create_pool(
        **credential.keywords, database=credential.database, ssl=False, min_size=4, max_size=4
    ) as pool:
        query = f"select cents from {table} where id = $1"
        found = await asyncio.gather(*(pool.fetchval(query, n) for n in range(1, 101)))
    assert found == [number * 10 for number in range(1, 101)]


async def test_tls_works(gateway: Gateway) -> None:
    connection = await asyncpg_connect(gateway.connect_as("ana"), ssl="require")
    assert await connection.fetchval("select 42") == 42
    await connection.close(timeout=5)


async def test_a_wrong_password_is_refused(gateway: Gateway) -> None:
    credential = gateway.connect_as("ana")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg_connect(credential, password="wrong")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg_connect(credential, user="nobody")


async def test_a_target_that_is_not_there_is_no_other_answer_than_a_wrong_password(
    gateway: Gateway,
) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg_connect(gateway.connect_as("ana"), database="elsewhere")
