"""What pages say of a running gateway, where no page shows the commands."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Credential, Gateway, Shop

ROOT = Path(__file__).resolve().parents[2]
ACCESS = """
@id("open") permit (principal, action in [Action::"access.request", Action::"session.open"],
                    resource == Target::"shop");
@id("session") permit (principal, action == Action::"sql.session", resource in Target::"shop");
"""
SCHEMA = """
CREATE TABLE sums (id integer PRIMARY KEY, cents integer NOT NULL);
INSERT INTO sums SELECT n, n FROM generate_series(1, 1000) n;
CREATE VIEW totals AS SELECT sum(cents) AS cents FROM sums;
CREATE TABLE goods AS SELECT n AS id FROM generate_series(1, 1000) n;
CREATE SCHEMA elsewhere;
CREATE TABLE elsewhere.sums (id integer);
ANALYZE sums; ANALYZE goods;
"""


def policy(page: str, *ids: str) -> str:
    """Return the policies of a page that have these ids, for engineers."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```cedar\n(.*?)^```$", text, re.S | re.M)
    found = [block for block in blocks if any(f'@id("{name}")' in block for name in ids)]
    assert found, f"{page} has none of {ids}"
    return re.sub(r'Group::"\w+"', 'Group::"engineers"', "".join(found))


def connect(credential: Credential) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(credential.url, autocommit=True)


@pytest.fixture(scope="module")
def claimed(
    shop: Shop, template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway with policies of the pages in force."""
    shop.run(SCHEMA)
    rules = (
        ACCESS,
        policy("how-to/write-a-policy.md", "reports.views"),
        policy("explanation/blast-radius.md", "many-rows"),
        '@id("path") permit (principal, action == Action::"sql.configure",'
        ' resource in Target::"shop");',
        '@id("change") permit (principal, action in [Action::"sql.read", Action::"sql.delete"],'
        ' resource == Table::"shop/public.goods");',
    )
    created = gateway_world.create_world(
        tmp_path_factory.mktemp("claimed"), template, policies={"all.cedar": "\n".join(rules)}
    )
    with gateway_world.serving(created) as running:
        yield running


def test_a_view_is_enough_where_a_policy_says_so_and_its_tables_stay_closed(
    claimed: Gateway,
) -> None:
    with connect(claimed.connect_as("ana")) as connection:
        assert connection.execute("SELECT cents FROM totals").fetchone() == (500_500,)
        for text in ("SELECT id FROM sums", "SELECT totals.cents FROM totals, sums"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"public\.sums"):
                connection.execute(text)


def test_a_policy_that_asks_how_many_rows_lets_few_pass_and_holds_many(claimed: Gateway) -> None:
    with connect(claimed.connect_as("ana")) as connection:
        assert connection.execute("DELETE FROM goods WHERE id = 1").rowcount == 1
        rejecter = threading.Thread(target=claimed.reject_next, args=("id > 500",))
        rejecter.start()
        with pytest.raises(psycopg.Error) as caught:
            connection.execute("DELETE FROM goods WHERE id > 500")
        rejecter.join(20)
        assert caught.value.sqlstate == "ZA001"


def test_a_path_that_a_session_sets_is_followed(claimed: Gateway) -> None:
    with connect(claimed.connect_as("ana")) as connection:
        connection.execute("SET search_path = elsewhere, public")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"elsewhere\.sums"):
            connection.execute("SELECT id FROM sums")


def test_nothing_is_decided_on_a_target_whose_catalogue_was_never_read(
    shop: Shop, template: World, tmp_path: Path
) -> None:
    shop.query("CREATE DATABASE unreadable")
    with psycopg.connect(
        host=shop.database.host,
        port=shop.database.port,
        user=shop.database.superuser,
        password=shop.database.superuser_password.reveal(),
        dbname="unreadable",
        autocommit=True,
    ) as direct:
        direct.execute("REVOKE SELECT ON pg_catalog.pg_proc FROM PUBLIC")
    created = gateway_world.create_world(
        tmp_path / "unreadable",
        template,
        policies={"all.cedar": ACCESS},
        change=[(r'database = "\w+"', 'database = "unreadable"')],
    )
    with (
        gateway_world.serving(created) as gateway,
        connect(gateway.connect_as("ana")) as connection,
    ):
        for _ in range(2):
            with pytest.raises(psycopg.Error) as caught:
                connection.execute("SELECT 1")
            assert caught.value.sqlstate == "ZA003"
