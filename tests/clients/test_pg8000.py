"""pg8000 through a real gateway: a driver in pure Python, with a wire protocol of its own."""

import io
import threading
from collections.abc import Iterator

import pg8000.native
import pytest

from gateway_world import Gateway, Shop


@pytest.fixture
def connection(gateway: Gateway) -> Iterator[pg8000.native.Connection]:
    credential = gateway.connect_as("ana")
    opened = pg8000.native.Connection(**credential.keywords, database=credential.database)
    yield opened
    opened.close()


def sqlstate(fault: pytest.ExceptionInfo[pg8000.native.DatabaseError]) -> str:
    return str(fault.value.args[0]["C"])


def test_parameters_and_types_travel(connection: pg8000.native.Connection, table: str) -> None:
    assert connection.run(f"select item, cents from {table} where id = :id", id=7) == [
        ["thing 7", 70]
    ]
    assert connection.run("select :a::int[], :b::text, null", a=[1, 2], b="ü") == [
        [[1, 2], "ü", None]
    ]


def test_a_prepared_statement_runs_many_times(
    connection: pg8000.native.Connection, table: str
) -> None:
    prepared = connection.prepare(f"select cents from {table} where id = :id")
    assert [prepared.run(id=n) for n in range(1, 20)] == [[[n * 10]] for n in range(1, 20)]
    prepared.close()


def test_a_transaction_commits_and_rolls_back(
    connection: pg8000.native.Connection, shop: Shop, table: str
) -> None:
    for number, end in ((1, "commit"), (2, "rollback")):
        connection.run("start transaction")
        connection.run(f"update {table} set cents = 1 where id = :id", id=number)
        connection.run(end)
    assert shop.value(f"select count(*) from {table} where cents = 1") == 1


def test_errors_and_refusals_leave_the_connection_usable(
    connection: pg8000.native.Connection, shop: Shop, table: str
) -> None:
    with pytest.raises(pg8000.native.DatabaseError) as fault:
        connection.run("select 1/0")
    assert sqlstate(fault) == "22012"
    for statement in (f"truncate {table}", "select pg_read_file(:p)"):
        with pytest.raises(pg8000.native.DatabaseError) as fault:
            connection.run(statement, **({"p": "/etc/passwd"} if ":p" in statement else {}))
        assert sqlstate(fault) == "42501"
    assert connection.run("select 42") == [[42]]
    assert shop.count(table) == 1000


def test_a_refused_statement_fails_the_transaction_that_it_is_in(
    connection: pg8000.native.Connection, table: str
) -> None:
    connection.run("begin")
    with pytest.raises(pg8000.native.DatabaseError):
        connection.run(f"truncate {table}")
    with pytest.raises(pg8000.native.DatabaseError) as fault:
        connection.run("select 1")
    assert sqlstate(fault) == "25P02"
    connection.run("rollback")
    assert connection.run("select 42") == [[42]]


def test_a_held_statement_runs_or_does_not_as_people_answer(
    gateway: Gateway, connection: pg8000.native.Connection, shop: Shop, table: str
) -> None:
    rejecter = threading.Thread(target=gateway.reject_next, args=(table,))
    rejecter.start()
    with pytest.raises(pg8000.native.DatabaseError) as fault:
        connection.run(f"delete from {table}")
    rejecter.join(10)
    assert sqlstate(fault) == "ZA001"
    assert shop.count(table) == 1000
    approver = threading.Thread(target=gateway.approve_next, args=(table,))
    approver.start()
    connection.run(f"delete from {table}")
    approver.join(10)
    assert connection.row_count == 1000
    assert connection.notices


def test_copy_goes_out_and_in(connection: pg8000.native.Connection, shop: Shop, table: str) -> None:
    stream = io.BytesIO()
    connection.run(f"copy {table} to stdout", stream=stream)
    shop.run(f"truncate {table}")
    stream.seek(0)
    connection.run(f"copy {table} from stdin", stream=stream)
    assert shop.count(table) == 1000


def test_a_big_result_arrives_whole(connection: pg8000.native.Connection) -> None:
    assert (
        len(connection.run("select n, repeat('x', 100) from generate_series(1, 20000) n")) == 20_000
    )
