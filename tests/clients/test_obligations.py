"""Obligations of permits, as a client meets them: limits, time, read-only, recorded results."""

import json
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Credential, Gateway, Shop

POLICY = """
@id("open") @read_only
permit (principal in Group::"engineers",
        action in [Action::"access.request", Action::"session.open"], resource == Target::"shop");
@id("open.dba")
permit (principal in Group::"dba",
        action in [Action::"access.request", Action::"session.open"], resource == Target::"shop");
@id("analysts") @max_rows("100") @more("approve: 1 of dba") @mask("pii.email: partial, hr.badge")
@statement_timeout("2s") @record_results
permit (principal in Group::"engineers", action == Action::"sql.read", resource in Target::"shop");
@id("analysts.session")
permit (principal in Group::"engineers", action == Action::"sql.session",
        resource in Target::"shop");
@id("analysts.program")
permit (principal in Group::"engineers",
        action in [Action::"sql.execute", Action::"sql.configure", Action::"sql.insert",
                   Action::"sql.update"],
        resource in Target::"shop");
@id("dba") @mask("test.secret") @mask_inference("allow")
permit (principal in Group::"dba", action in [Action::"read", Action::"write"],
        resource in Target::"shop");
"""
SCHEMA = """
CREATE TABLE pupils (id integer PRIMARY KEY, mail text NOT NULL, remark text,
                       code text UNIQUE, amount integer CHECK (amount >= 0));
INSERT INTO pupils SELECT n, 'person' || n || '@example.org', 'call back', 'CODE' || n * 7919, n
  FROM generate_series(1, 500) n;
INSERT INTO pupils VALUES
  (501, 'x@example.org', 'BADGE-123456 zoe.long@example.com soon', 'CODE1', 1);
ANALYZE pupils;
"""

DETECTOR = """
[[detectors]]
label = "hr.badge"
pattern = "BADGE-[0-9]{6}"
"""


@pytest.fixture(scope="module")
def obliged(
    shop: Shop, template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway whose permits oblige."""
    shop.run(SCHEMA)
    labels = '"public.pupils.mail" = ["pii.email"]\n"public.pupils.code" = ["test.secret"]\n'
    created = gateway_world.create_world(
        tmp_path_factory.mktemp("obliged"),
        template,
        policies={"all.cedar": POLICY},
        change=[
            (r"\[targets\.labels\]\n", "[targets.labels]\n" + labels),
            (r"\[policies\]", DETECTOR + "\n[policies]"),
        ],
    )
    with gateway_world.serving(created) as running:
        yield running


def connect(credential: Credential) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(credential.url, autocommit=True)


def test_addresses_are_shown_in_part_and_found_where_nobody_labelled_them(
    obliged: Gateway,
) -> None:
    with connect(obliged.connect_as("ana")) as connection:
        row = connection.execute("SELECT mail, remark FROM pupils WHERE id = 501").fetchone()
        assert row is not None
        assert str(row[0]).endswith("***@e***.org")
        assert "zoe.long" not in str(row[1])
        assert "BADGE" not in str(row[1])
        assert "soon" in str(row[1])
        # The same shape again, which is answered without asking.
        again = connection.execute("SELECT mail, remark FROM pupils WHERE id = 500").fetchone()
        assert again is not None
        assert "person500" not in str(again)


def test_a_result_at_its_limit_waits_for_people_and_goes_on_when_they_assent(
    obliged: Gateway,
) -> None:
    notices: list[str] = []
    found: list[object] = []
    with connect(obliged.connect_as("ana")) as connection:
        connection.add_notice_handler(lambda one: notices.append(str(one.message_primary)))
        runner = threading.Thread(
            target=lambda: found.extend(connection.execute("SELECT id FROM pupils").fetchall())
        )
        runner.start()
        request = obliged.wait_for_request("SELECT id FROM pupils")
        assert "100 rows reached" in str(obliged.request(request)["messages"])
        obliged.approve(request)
        runner.join(20)
        assert len(found) == 501
        assert "100 rows reached" in " ".join(notices)
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_result_whose_rest_is_refused_ends_with_an_error_and_the_session_goes_on(
    obliged: Gateway,
) -> None:
    with connect(obliged.connect_as("ana")) as connection:
        rejecter = threading.Thread(target=obliged.reject_next, args=("SELECT amount",))
        rejecter.start()
        with pytest.raises(psycopg.Error) as caught:
            connection.execute("SELECT amount FROM pupils ORDER BY id")
        rejecter.join(20)
        assert caught.value.sqlstate == "ZA001"
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_what_takes_too_long_is_cancelled(obliged: Gateway) -> None:
    with connect(obliged.connect_as("ana")) as connection:
        began = time.monotonic()
        with pytest.raises(psycopg.Error) as caught:
            connection.execute("SELECT count(*) FROM pupils a, pupils b, pupils c, pupils d")
        assert caught.value.sqlstate == "57014"
        assert time.monotonic() - began < 12
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_read_only_holds_in_the_server_too(obliged: Gateway) -> None:
    with connect(obliged.connect_as("ana")) as connection:
        assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)
        for text in (
            "UPDATE pupils SET amount = 2 WHERE id = 1",
            "SET default_transaction_read_only = off",
            "BEGIN READ WRITE",
        ):
            with pytest.raises(psycopg.Error) as caught:
                connection.execute(text)
            assert caught.value.sqlstate in ("42501", "25006"), text


def test_results_are_recorded_as_they_were_shown(obliged: Gateway) -> None:
    credential = obliged.connect_as("ana")
    with connect(credential) as connection:
        connection.execute("SELECT id, mail FROM pupils WHERE id < 4")
    sessions = obliged.answer("ana", "GET", "/v1/sessions")["items"]
    newest = max(sessions, key=lambda one: one["opened_at"])["id"]

    def recorded() -> str | None:
        frames = obliged.answer("ana", "GET", f"/v1/sessions/{newest}")["frames"]
        shown = [frame for frame in frames if frame["kind"] == "rows"]
        return json.dumps(shown) if shown else None

    text = gateway_world.eventually(recorded, "the rows are in the recording")
    assert "***@e***.org" in text
    assert "person2@" not in text


@pytest.mark.parametrize(
    ("text", "sqlstate"),
    [
        ("UPDATE pupils SET mail = NULL WHERE id = 7", "23502"),
        ("UPDATE pupils SET amount = -1 WHERE id = 7", "23514"),
        ("INSERT INTO pupils VALUES (7, 'a', 'b', 'c', 1)", "23505"),
        ("SELECT code::integer FROM pupils WHERE id = 7", "22P02"),
    ],
)
def test_errors_of_changes_do_not_show_the_rest_of_the_row(
    obliged: Gateway, text: str, sqlstate: str
) -> None:
    obliged.step_up("ben")
    with connect(obliged.connect_as("ben")) as connection:
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(text)
        assert caught.value.sqlstate == sqlstate
        told = f"{caught.value} {caught.value.diag.message_detail} {caught.value.diag.context}"
        assert "CODE" not in told


def test_what_the_server_remembers_of_values_is_not_shown_either(obliged: Gateway) -> None:
    with connect(obliged.connect_as("ben")) as connection:
        text = "SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'pupils'"
        with pytest.raises(psycopg.Error) as caught:
            connection.execute(text)
        assert caught.value.sqlstate == "42501"


def test_what_was_made_past_the_gateway_a_moment_ago_is_not_shown_before_it_is_known(
    obliged: Gateway, shop: Shop
) -> None:
    with connect(obliged.connect_as("ben")) as connection:
        for number in range(4):
            shop.run(f"CREATE VIEW newest_{number} AS SELECT code AS plain FROM pupils")
            try:
                shown = str(connection.execute(f"SELECT plain FROM newest_{number}").fetchall())
            except psycopg.Error as error:
                shown = str(error)
            assert "CODE" not in shown
