"""What a held statement would do, seen by whoever waits and by whoever must assent."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, Shop

POLICY = """
@id("open") permit (principal, action in [Action::"access.request", Action::"session.open"],
                    resource == Target::"shop");
@id("all") permit (principal, action in [Action::"read", Action::"write"],
                   resource in Target::"shop");
@id("many") @require("approve: 1 of dba") @message("many rows")
forbid (principal, action in [Action::"sql.delete", Action::"sql.update"],
        resource in Target::"shop")
when { context.touch.direct && context.statement.rows_estimated > 10 };
"""
SCHEMA = """
CREATE TABLE parents (id integer PRIMARY KEY, name text);
CREATE TABLE children (id integer PRIMARY KEY,
                       parent integer REFERENCES parents ON DELETE CASCADE);
CREATE INDEX by_name ON parents (name);
INSERT INTO parents SELECT n, 'p' || n FROM generate_series(1, 1000) n;
INSERT INTO children SELECT n, 1 + n % 1000 FROM generate_series(1, 4000) n;
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
CREATE TRIGGER note BEFORE DELETE ON parents FOR EACH ROW EXECUTE FUNCTION noted();
ANALYZE parents; ANALYZE children;
"""


@pytest.fixture(scope="module")
def measured(
    shop: Shop, template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway whose policies ask for the number of rows, and may count them."""
    shop.run(SCHEMA)
    created = gateway_world.create_world(
        tmp_path_factory.mktemp("measured"),
        template,
        policies={"all.cedar": POLICY},
        change=[(r'tls = "prefer"', 'tls = "prefer"\ncount_exactly = true')],
    )
    with gateway_world.serving(created) as running:
        yield running


def test_few_rows_pass_and_many_are_held_with_what_they_would_do(measured: Gateway) -> None:
    credential = measured.connect_as("ana")
    notices: list[str] = []
    with psycopg.connect(credential.url) as connection:
        connection.add_notice_handler(lambda one: notices.append(str(one.message_detail)))
        assert connection.execute("DELETE FROM parents WHERE id = 7").rowcount == 1
        runner = threading.Thread(
            target=lambda: connection.execute("DELETE FROM parents WHERE id > 500")
        )
        runner.start()
        request = measured.wait_for_request("id > 500")
        found = measured.request(request)
        impact = found["impact"]
        assert 400 <= impact["rows"] <= 600
        assert impact["exact_rows"] == 500
        assert impact["same_snapshot"]
        by_table = {(one["verb"], one["table"]): one for one in impact["tables"]}
        parents = by_table["sql.delete", "public.parents"]
        assert parents["indexes"] == 2
        assert parents["total_rows"] == 1000
        children = by_table["sql.delete", "public.children"]
        assert "foreign key" in children["through"]
        assert 1_500 <= children["rows"] <= 2_500
        assert impact["triggers"] == ["note on public.parents"]
        words = " ".join(impact["words"])
        assert "counted now: 500" in words
        # Somebody else is stopped by the lock that the first DELETE took.
        measured.approve(request)
        runner.join(20)
        assert not runner.is_alive()
        assert "would delete about" in " ".join(notices)
        assert "fires: note on public.parents" in " ".join(notices)
        connection.rollback()


def test_a_parameter_counts_as_the_value_that_it_has(measured: Gateway) -> None:
    with psycopg.connect(measured.connect_as("ana").url) as connection:
        done = connection.execute("UPDATE parents SET name = %s WHERE id = %s", ("x", 3))
        assert done.rowcount == 1
        connection.rollback()


def test_who_waits_for_the_locks_of_a_held_session_is_told(measured: Gateway, shop: Shop) -> None:
    credential = measured.connect_as("ana")
    with psycopg.connect(credential.url) as connection:
        connection.execute("UPDATE parents SET name = 'locked' WHERE id = 1")
        other = threading.Thread(
            target=lambda: shop.run(
                "SET lock_timeout = '15s'; UPDATE parents SET name = 'mine' WHERE id = 1"
            )
        )
        other.start()
        gateway_world.eventually(
            lambda: shop.value(
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
            ),
            "somebody waits for the lock",
        )
        runner = threading.Thread(
            target=lambda: connection.execute("DELETE FROM parents WHERE id > 900")
        )
        runner.start()
        request = measured.wait_for_request("id > 900")
        waiters = measured.request(request)["impact"]["waiters"]
        assert len(waiters) == 1
        assert waiters[0]["waits_s"] >= 0
        measured.approve(request)
        runner.join(20)
        connection.rollback()
        other.join(20)


def test_a_statement_that_fails_to_plan_is_still_decided_and_leaves_the_transaction_whole(
    measured: Gateway,
) -> None:
    with psycopg.connect(measured.connect_as("ana").url) as connection:
        connection.execute("SELECT 1 FROM parents LIMIT 1")
        with pytest.raises(psycopg.errors.UndefinedColumn), connection.transaction():
            connection.execute("SELECT nothing_like_it FROM parents")
        assert connection.execute("SELECT count(*) FROM parents").fetchone() is not None
