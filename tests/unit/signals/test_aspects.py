"""Unit tests of signals/aspects.py."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from assent.core.action import Action, Operation, Statement, Touch
from assent.core.device import Device
from assent.core.evidence import Connection, SessionSoFar
from assent.core.ids import ActionId
from assent.core.network import Network
from assent.core.resource import Resource
from assent.risk.memory import Seen
from assent.signals.aspects import (
    MOST_TOUCHES,
    aspects,
    client_chain,
    device_chain,
    hour_chain,
    local_time,
    network_chain,
    previous_of,
    purpose_of,
)
from signal_evidence import ANA, LYON, NOON, READ, SHOP, access_request, sql

SESSION = SessionSoFar(
    rows=340, bytes=2000, tables=3, in_last_minute=4, previous="sql.read public.a"
)


def seen(action: Action = READ, **changes: Any) -> list[Seen]:
    given: dict[str, Any] = {
        "target": SHOP,
        "network": LYON,
        "device": None,
        "connection": Connection("203.0.113.7", "psql"),
        "session": SESSION,
        "groups": ANA.groups,
        "at": NOON,
        "local_offset_min": None,
        "reason": "",
        "ticket": "",
        "rows_estimated": None,
    }
    return aspects(action, **{**given, **changes})


def chains(name: str, found: list[Seen]) -> list[tuple[str, ...]]:
    return [one.chain for one in found if one.dimension.name == name]


def amounts(found: list[Seen]) -> dict[str, float]:
    return {one.dimension.name: one.amount for one in found if not one.chain}


def test_a_network_is_an_address_its_prefix_its_system_and_its_country() -> None:
    assert chains("network", seen()) == [("203.0.113.7", "203.0.113.0/24", "AS64500", "FR")]


def test_levels_that_no_file_tells_are_unknown_so_that_the_others_keep_their_places() -> None:
    assert network_chain(Network("203.0.113.7", "203.0.113.0/24")) == (
        "203.0.113.7",
        "203.0.113.0/24",
        "?",
        "?",
    )


def test_without_an_address_there_is_no_network() -> None:
    assert chains("network", seen(network=None)) == []
    assert chains("network", seen(network=Network(""))) == []


def test_a_device_is_a_key_a_model_and_a_system_and_to_have_none_is_usual_or_not_as_well() -> None:
    laptop = Device("SHA256:1", model="X1", system="")
    assert device_chain(laptop) == ("SHA256:1", "X1", "?")
    assert device_chain(replace(laptop, key=""))[0] == "no device"
    assert device_chain(None) == ("no device",) * 3


@pytest.mark.parametrize(
    ("application", "family"),
    [
        ("DBeaver 23.1 - Main", "DBeaver"),
        ("python-requests/2.31", "python-requests"),
        ("PostgreSQL JDBC Driver", "PostgreSQL JDBC Driver"),
        ("pgAdmin 4 - DB:shop", "pgAdmin"),
        ("tool_v2", "tool"),
        ("", "?"),
        ("/1", "?"),
    ],
)
def test_a_client_is_known_without_its_version(application: str, family: str) -> None:
    assert client_chain(application)[1] == family


def test_an_hour_is_one_of_the_week_of_such_days_and_of_a_part_of_them() -> None:
    assert hour_chain(NOON, 120) == ("Wed 14", "14 weekday", "weekday day")
    assert hour_chain(NOON, None)[0] == "Wed 12"
    saturday = datetime(2026, 3, 7, 21, 0, tzinfo=UTC)
    assert hour_chain(saturday, 0)[2] == "weekend evening"
    assert hour_chain(saturday, 300) == ("Sun 2", "2 weekend", "weekend night")


def test_no_zone_is_further_from_utc_than_a_day() -> None:
    assert local_time(NOON, 10**9) == local_time(NOON, 24 * 60)


def test_a_table_is_known_by_its_target_and_schema() -> None:
    assert chains("resource", seen(sql("public.orders"))) == [
        ("shop public.orders", "shop public", "shop")
    ]
    assert chains("resource", seen(sql("orders")))[0][1] == "shop ?"


def test_an_action_is_a_verb_on_a_table_with_sorted_columns() -> None:
    assert chains("action", seen(sql("public.orders", columns=["total", "id"]))) == [
        ("sql.read public.orders(id,total)", "sql.read public.orders", "sql.read")
    ]
    assert chains("action", seen(sql("a", columns=["*", "id"])))[0][0] == "sql.read a(*)"


def test_many_columns_are_cut_and_still_told_from_others() -> None:
    names = [f"column_{n:02}" for n in range(30)]
    one, other = (chains("action", seen(sql("a", columns=some))) for some in (names, names[1:]))
    assert one != other
    assert len(one[0][0]) < 300


def test_reads_of_the_catalogue_are_left_out_and_changes_of_it_are_not() -> None:
    read = seen(sql("pg_catalog.pg_class", "information_schema.tables"))
    assert chains("resource", read) == chains("action", read) == chains("step", read) == []
    assert chains("resource", seen(sql("pg_catalog.pg_class", verb="sql.update"))) != []


def test_a_table_cannot_hide_behind_eight_usual_ones() -> None:
    usual = [f"public.t{n}" for n in range(MOST_TOUCHES)]
    nine = chains("resource", seen(sql(*usual, "public.secret")))
    other = chains("resource", seen(sql(*usual, "public.harmless")))
    assert len(nine) == len(other) == MOST_TOUCHES
    assert nine[-1] != other[-1]
    assert nine[-1][1:] == ("shop public", "shop")


def test_a_step_is_what_is_done_after_what_was_done_last() -> None:
    [step] = [one for one in seen() if one.dimension.name == "step"]
    assert (step.chain, step.after) == (("sql.read public.orders",), "sql.read public.a")
    [first] = [one for one in seen(session=SessionSoFar()) if one.dimension.name == "step"]
    assert first.after == "start"


def test_the_next_step_follows_the_first_verb_and_its_resource() -> None:
    assert previous_of(sql("public.orders", "public.b")) == "sql.read public.orders"
    assert previous_of(sql("pg_catalog.pg_class")) == ""


def test_every_group_is_a_privilege() -> None:
    found = chains("privilege", seen(groups={"b", "a"}))
    assert found == [("a",), ("b",)]


@pytest.mark.parametrize(
    ("reason", "ticket", "purpose"),
    [
        ("", "", "none"),
        ("because", " ", "reason"),
        ("because", "ops-123", "ticket OPS"),
        ("", "4711", "ticket"),
    ],
)
def test_a_purpose_is_the_kind_of_ticket_or_a_reason(
    reason: str, ticket: str, purpose: str
) -> None:
    assert purpose_of(reason, ticket) == purpose
    asked = seen(access_request(), reason=reason, ticket=ticket)
    assert chains("purpose", asked) == [(purpose,)]


def test_only_asking_for_access_has_a_purpose() -> None:
    assert chains("purpose", seen(reason="because")) == []


def test_amounts_are_those_of_the_session_and_the_planners_rows_where_it_was_asked() -> None:
    assert amounts(seen()) == {"rows": 340.0, "bytes": 2000.0, "fanout": 3.0, "pace": 4.0}
    assert amounts(seen(rows_estimated=9, session=None)) == {"rows": 9.0}


def test_the_magnitude_is_the_largest_whole_number_among_the_parameters() -> None:
    parameters = ("7", "-1200", None, "1e9", "9" * 19, "٣٤٥٦٧", "12\n")
    assert amounts(seen(sql("a", parameters=parameters)))["magnitude"] == 1200.0


def test_no_value_is_long_and_two_that_begin_alike_stay_different() -> None:
    one, other = ("x" * 1000 + end for end in "ab")
    found = [chains("client", seen(connection=Connection("", name)))[0] for name in (one, other)]
    assert found[0] != found[1]
    assert max(len(value) for chain in found for value in chain) < 220


def test_other_resources_than_tables_are_known_by_what_is_done_to_them() -> None:
    touch = Touch("sql.configure", Operation.ADMINISTER, Resource("Setting", "role"))
    action = Action(ActionId("act_1"), ANA.id, Statement("sql.configure", (touch,), True))
    assert chains("resource", seen(action)) == []
    assert chains("action", seen(action))[0][1] == "sql.configure role"


@pytest.mark.parametrize(
    ("verb", "kind", "name", "chain"),
    [
        ("http.get", "Route", "/orders/{id}", ("shop /orders/{id}", "shop /orders", "shop")),
        ("file.read", "File", "/etc/passwd", ("shop /etc/passwd", "shop /etc", "shop")),
        ("ssh.execute", "Program", "ls", ("shop ls", "shop ?", "shop")),
        ("ssh.forward", "Address", "db:5432", ("shop db:5432", "shop db", "shop")),
        ("tool.call", "Tool", "refund", ("shop refund", "shop ?", "shop")),
        ("document.read", "Document", "file:///a", ("shop file:///a", "shop file://", "shop")),
        ("prompt.get", "Prompt", "greet", ("shop greet", "shop ?", "shop")),
    ],
)
def test_resources_of_every_protocol_are_compared(
    verb: str, kind: str, name: str, chain: tuple[str, ...]
) -> None:
    touch = Touch(verb, Operation.READ, Resource(kind, name))
    action = Action(ActionId("act_1"), ANA.id, Statement(verb, (touch,), True), target=SHOP.id)
    assert chains("resource", seen(action)) == [chain]


def test_files_and_programs_of_a_database_server_are_no_resources_that_are_compared() -> None:
    for kind in ("Program", "File", "Function"):
        touch = Touch("sql.program", Operation.ADMINISTER, Resource(kind, "/tmp/x"))
        statement = Statement("sql.program", (touch,), True)
        action = Action(ActionId("act_1"), ANA.id, statement, target=SHOP.id)
        assert chains("resource", seen(action)) == []
