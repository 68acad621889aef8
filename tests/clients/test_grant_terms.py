"""What grants are good for, as real clients meet it: scope, budgets, union and extension."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import psycopg
import pytest

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Credential, Gateway, Shop, assent, asyncpg_connect, eventually

POLICY = """
@id("access") @max_duration("4h")
permit (principal in Group::"engineers",
        action in [Action::"access.request", Action::"session.open"], resource == Target::"shop");
@id("access.risky") @require("approve: 1 of dba") @message("this looks unlike you")
forbid (principal, action == Action::"access.request", resource)
when { context.risk.score >= 95 };
@id("all")
permit (principal in Group::"engineers",
        action in [Action::"read", Action::"write", Action::"execute", Action::"administer"],
        resource in Target::"shop");
"""
SCHEMA = """
CREATE TABLE ledgers (id integer PRIMARY KEY, cents integer NOT NULL);
INSERT INTO ledgers SELECT n, n FROM generate_series(1, 1000) n;
CREATE TABLE secrets (id integer PRIMARY KEY, word text NOT NULL);
INSERT INTO secrets SELECT n, 'word ' || n FROM generate_series(1, 10) n;
CREATE VIEW words AS SELECT word FROM secrets;
CREATE TABLE trail (at timestamptz NOT NULL DEFAULT now());
CREATE FUNCTION leave_trail() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN INSERT INTO trail DEFAULT VALUES; RETURN NEW; END';
CREATE TRIGGER ledgers_trail AFTER UPDATE ON ledgers
  FOR EACH ROW EXECUTE FUNCTION leave_trail();
CREATE FUNCTION wipe() RETURNS void LANGUAGE sql AS 'DELETE FROM secrets';
ANALYZE ledgers; ANALYZE secrets;
"""


@pytest.fixture(scope="module")
def house(
    shop: Shop, template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway that permits engineers everything, so that grants alone say no."""
    shop.run(SCHEMA)
    created = gateway_world.create_world(
        tmp_path_factory.mktemp("house"), template, policies={"all.cedar": POLICY}
    )
    with gateway_world.serving(created) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_left(house: Gateway) -> Iterator[None]:
    """Every test begins and ends without grants."""
    yield
    house.call("ana", "POST", "/v1/grants/give-back", {"what": "shop"})


def opened(house: Gateway, connections: int = 1, **wish: Any) -> Credential:
    body = {"target": "shop", "connections": connections, **wish}
    found = house.answer("ana", "POST", "/v1/connect", body)
    host, port = house.postgres
    return Credential(
        host, port, found["user"], found["password"], found["database"], found["grant"]["id"]
    )


def grants(house: Gateway) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = house.answer("ana", "GET", "/v1/grants")["items"]
    return [item for item in found if item["state"] == "active"]


def run(credential: Credential, script: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [psql_program(), "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1"],
        input=script,
        env=credential.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def connect(credential: Credential) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(credential.url, autocommit=True)


def test_what_every_client_does_goes_on_under_a_scope_of_one_table(house: Gateway) -> None:
    credential = opened(house, tables=["ledgers"], verbs=["sql.read"])
    script = (
        "\\d ledgers\n\\dt\nset statement_timeout = 5000;\nshow server_version;\nbegin;\n"
        "select count(*) from ledgers;\ncommit;\nselect now() is not null;\n"
        "select count(*) > 0 from information_schema.tables;\n"
    )
    done = run(credential, script)
    assert done.returncode == 0, done.stderr
    assert "1000" in done.stdout


def test_what_is_outside_of_the_scope_is_refused_with_the_command_that_asks_for_it(
    house: Gateway,
) -> None:
    with connect(opened(house, tables=["ledgers"])) as connection:
        with pytest.raises(psycopg.Error, match="outside of what your access covers") as caught:
            connection.execute("select * from secrets")
        told = str(caught.value)
        assert "everything on public.ledgers" in told
        assert "assent request shop --verbs sql.read --tables public.secrets" in told
        for statement in ("delete from secrets", "select wipe()", "select word from words"):
            with pytest.raises(psycopg.Error, match="outside of what your access covers"):
                connection.execute(statement)
        assert connection.execute("select count(*) from ledgers").fetchone() == (1000,)


def test_a_grant_on_a_view_reads_what_is_behind_it_and_nothing_else_of_it(house: Gateway) -> None:
    with connect(opened(house, tables=["words"])) as connection:
        assert len(connection.execute("select word from words").fetchall()) == 10
        with pytest.raises(psycopg.Error, match="outside of what your access covers"):
            connection.execute("select word from secrets")


def test_what_a_tables_owner_made_happen_comes_with_the_table(house: Gateway, shop: Shop) -> None:
    before = shop.count("trail")
    with connect(opened(house, tables=["ledgers"])) as connection:
        connection.execute("update ledgers set cents = cents where id = 1")
        with pytest.raises(psycopg.Error, match="outside of what your access covers"):
            connection.execute("insert into trail default values")
    assert shop.count("trail") == before + 1


def test_read_only_access_reads_and_nothing_else(house: Gateway) -> None:
    with connect(opened(house, read_only=True)) as connection:
        assert connection.execute("select 1 from secrets").fetchone() == (1,)
        with pytest.raises(psycopg.Error, match="outside of what your access covers: reading"):
            connection.execute("update ledgers set cents = 1 where id = 1")


def test_two_grants_cover_together_what_neither_does_alone(house: Gateway) -> None:
    house.answer("ana", "POST", "/v1/requests", {"target": "shop", "tables": ["secrets"]})
    joined = "select count(*) from ledgers, secrets where ledgers.id = secrets.id"
    with connect(opened(house, tables=["ledgers"])) as connection:
        assert connection.execute(joined).fetchone() == (10,)


def test_a_session_goes_on_under_what_is_left_when_one_of_its_grants_is_revoked(
    house: Gateway,
) -> None:
    narrow = opened(house, tables=["ledgers"])
    with connect(narrow) as connection:
        other = house.answer(
            "ana", "POST", "/v1/requests", {"target": "shop", "tables": ["secrets"]}
        )
        assert connection.execute("select count(*) from ledgers").fetchone() == (1000,)
        house.answer("carl", "POST", f"/v1/grants/{narrow.grant}/revoke", {"because": "not needed"})
        with pytest.raises(psycopg.Error, match="outside of what your access covers"):
            connection.execute("select count(*) from ledgers")
        assert connection.execute("select count(*) from secrets").fetchone() == (10,)
        house.answer("carl", "POST", f"/v1/grants/{other['grant']}/revoke", {"because": "over"})
        with pytest.raises(psycopg.OperationalError):
            eventually(lambda: connection.execute("select 1").fetchone() is None, "it is cut")


def test_a_budget_of_writes_is_used_up_and_the_session_reads_on_under_another_grant(
    house: Gateway,
) -> None:
    house.answer("ana", "POST", "/v1/requests", {"target": "shop", "read_only": True})
    credential = opened(house, budget="writes 2")
    with connect(credential) as connection:
        for number in (1, 2):
            connection.execute("update ledgers set cents = cents where id = %s", (number,))
        with pytest.raises(psycopg.Error, match="budget of your access does not reach"):
            connection.execute("update ledgers set cents = cents where id = 3")
        assert connection.execute("select count(*) from ledgers").fetchone() == (1000,)
    found = {item["id"]: item for item in grants(house)}[credential.grant]
    assert found["spent"] == {"writes": 2}


def test_a_single_result_does_not_run_past_a_budget_of_rows(house: Gateway) -> None:
    credential = opened(house, budget="rows 25")
    with connect(credential) as connection:
        assert len(connection.execute("select id from ledgers limit 20").fetchall()) == 20
        with pytest.raises(psycopg.Error, match="budget of your access is used up: 5 rows"):
            connection.execute("select id from ledgers").fetchall()
        with pytest.raises(psycopg.Error, match="budget of your access does not reach: 0 of 25"):
            connection.execute("select id from ledgers limit 1")
        connection.execute("select 1")


@pytest.mark.parametrize("fetch", ["FETCH 30 FROM c", "FETCH ALL FROM c"])
def test_a_cursor_does_not_run_past_a_budget_of_rows(house: Gateway, fetch: str) -> None:
    with connect(opened(house, budget="rows 25")) as connection, connection.transaction():
        connection.execute("DECLARE c CURSOR FOR SELECT id FROM ledgers")
        with pytest.raises(psycopg.Error, match="budget of your access"):
            connection.execute(fetch).fetchall()
        raise psycopg.Rollback


def test_a_portal_that_is_read_in_pieces_does_not_run_past_a_budget_of_rows(
    house: Gateway,
) -> None:
    async def work(credential: Credential) -> None:
        connection = await asyncpg_connect(credential)
        seen = 0

        async def read() -> None:
            nonlocal seen
            async with connection.transaction():
                async for _ in connection.cursor("select id from ledgers", prefetch=10):
                    seen += 1

        try:
            with pytest.raises(asyncpg.PostgresError, match="budget of your access"):
                await read()
            assert 10 <= seen <= 25
        finally:
            connection.terminate()

    asyncio.run(work(opened(house, budget="rows 25")))


def test_what_was_prepared_in_sql_is_counted_when_it_is_executed(house: Gateway) -> None:
    with connect(opened(house, budget="rows 25")) as connection:
        connection.execute("PREPARE p AS SELECT id FROM ledgers LIMIT 10")
        for _ in range(2):
            assert len(connection.execute("EXECUTE p").fetchall()) == 10
        with pytest.raises(psycopg.Error, match="budget of your access"):
            connection.execute("EXECUTE p")


def test_what_a_client_hung_up_on_counts_as_passed(house: Gateway) -> None:
    credential = opened(house, budget="rows 900", connections=2)
    with connect(credential) as connection:
        reading = connection.cursor().stream("select id from ledgers order by id limit 800")
        assert next(reading) == (1,)
        connection.close()
    eventually(
        lambda: grants(house) == [] or grants(house)[0]["spent"]["rows"] >= 800,
        "what could have passed is counted",
    )


def test_statements_that_are_sent_together_share_a_budget(house: Gateway) -> None:
    with connect(opened(house, budget="rows 25")) as connection:
        connection.cursor().executemany(
            "update ledgers set cents = cents where id = %s", [(number,) for number in range(1, 21)]
        )
        with connection.pipeline():
            results = [
                connection.execute("select id from ledgers limit %s", (most,)) for most in (2, 3)
            ]
        assert [len(result.fetchall()) for result in results] == [2, 3]
        with pytest.raises(psycopg.Error, match="budget of your access does not reach: 0 of 25"):
            connection.execute("select id from ledgers limit 1")


def test_a_copy_does_not_run_past_a_budget_of_bytes(house: Gateway) -> None:
    with connect(opened(house, budget="bytes 1kB")) as connection:
        came: list[int] = []

        def copy_all() -> None:
            with connection.cursor().copy("COPY ledgers TO STDOUT") as copy:
                came.extend(map(len, copy))

        with pytest.raises(psycopg.Error, match="budget of your access"):
            copy_all()
        assert sum(came) <= 1000


def test_what_was_prepared_is_counted_each_time_it_runs(house: Gateway) -> None:
    async def work(credential: Credential) -> None:
        connection = await asyncpg_connect(credential)
        statement = await connection.prepare("select id from ledgers limit 10")
        for _ in range(2):
            assert len(await statement.fetch()) == 10
        with pytest.raises(asyncpg.PostgresError, match="budget of your access"):
            await statement.fetch()
        await connection.close()

    asyncio.run(work(opened(house, budget="rows 25")))


def test_a_clock_that_starts_at_first_use_starts_once_for_several_connections(
    house: Gateway,
) -> None:
    credential = opened(house, connections=4, starts="first-use", for_s=600)
    before = {item["id"]: item for item in grants(house)}[credential.grant]
    assert before["lasts_s"] == 600
    ends_at = datetime.fromisoformat(before["ends_at"])
    assert ends_at - datetime.now(UTC) > timedelta(hours=23)

    async def work() -> None:
        connections = await asyncio.gather(*(asyncpg_connect(credential) for _ in range(4)))
        for connection in connections:
            assert await connection.fetchval("select 1") == 1
            await connection.close()

    asyncio.run(work())
    after = {item["id"]: item for item in grants(house)}[credential.grant]
    assert after["lasts_s"] is None
    ends_at = datetime.fromisoformat(after["ends_at"])
    assert timedelta(minutes=9) < ends_at - datetime.now(UTC) < timedelta(minutes=10)


def test_an_extended_session_goes_on_past_its_first_end_and_hears_it(house: Gateway) -> None:
    async def work() -> None:
        connection = await asyncpg_connect(opened(house, for_s=10))
        heard: list[str] = []
        connection.add_log_listener(lambda _, message: heard.append(message.message))
        began = time.monotonic()
        while not heard and time.monotonic() - began < 9.5:
            await connection.fetchval("select 1")
            await asyncio.sleep(0.1)
        assert any("to go on without a cut" in words or "ends at" in words for words in heard), (
            heard
        )
        body = {"what": "shop", "for_s": 1800}
        await asyncio.to_thread(house.answer, "ana", "POST", "/v1/grants/extend", body)
        while time.monotonic() - began < 11:
            assert await connection.fetchval("select 1") == 1
            await asyncio.sleep(0.1)
        assert any("goes on until" in words for words in heard), heard
        await connection.close()

    asyncio.run(work())


def test_what_is_given_back_is_over_at_once(house: Gateway) -> None:
    with connect(opened(house)) as connection:
        done = assent(house, "ana", "give-back", "shop")
        assert done.returncode == 0, done.stderr
        assert "given back: grt_" in done.stdout
        with pytest.raises(psycopg.OperationalError):
            eventually(lambda: connection.execute("select 1").fetchone() is None, "it is cut")
    assert grants(house) == []


def test_hours_that_are_not_now_open_nothing(house: Gateway) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[tomorrow.weekday()]
    body = {"target": "shop", "window": f"{day} 12:00-13:00 UTC", "for_s": 3600}
    answer = house.call("ana", "POST", "/v1/connect", body)
    assert answer.status_code == 409
    assert "it opens at" in answer.text


def test_access_given_at_once_says_by_which_rule_and_what_would_have_stopped_it(
    house: Gateway,
) -> None:
    asked = house.answer("ana", "POST", "/v1/requests", {"target": "shop"})
    assert "permitted at once by `access`, `all`; risk " in asked["outcome"]
    assert "`access.risky` would ask: assent of 1 of dba" in asked["outcome"]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"window": "monday 9-17"}, "is no window"),
        ({"window": "mon 09:00-17:00 Mars/Base"}, "there is no time zone"),
        ({"budget": "much"}, "budget"),
        ({"verbs": ["sql.reed"]}, "there is no verb `sql.reed`"),
        ({"starts": "first-use", "window": "mon 09:00-17:00"}, "do not go together"),
        ({"until": "2020-01-01T00:00:00Z"}, "is over already"),
    ],
)
def test_a_wish_that_cannot_be_had_is_refused_in_words(
    house: Gateway, wish: dict[str, Any], words: str
) -> None:
    answer = house.call("ana", "POST", "/v1/requests", {"target": "shop", **wish})
    assert answer.status_code == 409, answer.text
    assert words in answer.text
