"""What people did with a real psql is found by its effect: in the command, over the API."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Credential, Gateway, Shop, assent, eventually

SEARCHABLE = """
@id("statement.searched") @searchable_text
permit (principal in Group::"engineers", action == Action::"sql.read",
  resource == Table::"shop/public.searched");
"""


@pytest.fixture(scope="module")
def gateway(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    created = gateway_world.create_world(tmp_path_factory.mktemp("searched"), template)
    (created.folder / "policies" / "60-search.cedar").write_text(SEARCHABLE, encoding="utf-8")
    with gateway_world.serving(created) as running:
        yield running


def psql(credential: Credential, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [psql_program(), "-X", "-A", "-t"],
        input=script,
        env=credential.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def search(gateway: Gateway, name: str, *arguments: str) -> list[dict[str, Any]]:
    done = assent(gateway, name, "search", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["items"]
    return found


def found(gateway: Gateway, name: str, count: int, *arguments: str) -> list[dict[str, Any]]:
    """Return what is found, once it is so many."""

    def look() -> list[dict[str, Any]] | None:
        items = search(gateway, name, *arguments)
        return items if len(items) >= count else None

    items = eventually(look, f"{count} effects: {arguments}")
    assert len(items) == count
    return items


def test_a_delete_of_ana_is_found_by_its_effect_with_its_rows(gateway: Gateway, table: str) -> None:
    ran = psql(gateway.connect_as("ana"), f"delete from {table} where id <= 7;\n")
    assert ran.stdout == "DELETE 7\n", ran.stderr
    asked = ("--verb", "sql.delete", "--table", table, "--since", "yesterday", "--by", "ana")
    (item,) = found(gateway, "carl", 1, *asked)
    assert (item["subject"], item["target"], item["resource"]) == ("ana", "shop", f"public.{table}")
    assert (item["rows"], item["outcome"], item["error"]) == (7, "permitted", False)
    assert gateway.explanation(item["entry"])["why"][0]["verb"] == "sql.delete"
    told = assent(gateway, "carl", "search", *asked)
    assert f"assent explain {item['entry']}" in told.stdout
    assert search(gateway, "carl", *asked, "--rows-over", "7") == []
    assert len(search(gateway, "carl", *asked, "--rows-over", "6")) == 1


def test_a_select_that_was_run_again_is_found_as_often_as_it_ran_with_its_rows(
    gateway: Gateway, table: str
) -> None:
    reads = "".join(f"select item from {table} where id <= {count};\n" for count in (3, 5, 900))
    assert not psql(gateway.connect_as("ana"), reads).stderr
    items = found(gateway, "carl", 3, "--verb", "sql.read", "--table", f"public.{table}")
    assert sorted(item["rows"] for item in items) == [3, 5, 900]
    assert len({item["session"] for item in items}) == 1
    (many,) = found(gateway, "carl", 1, "--table", table, "--rows-over", "899")
    assert many["rows"] == 900
    assert search(gateway, "carl", "--table", table, "--until", "yesterday") == []


def test_what_was_held_is_found_as_held_and_then_as_what_people_answered(
    gateway: Gateway, table: str
) -> None:
    credential = gateway.connect_as("ana")
    with subprocess.Popen(
        [psql_program(), "-X", "-A", "-t", "-c", f"delete from {table}"],
        env=credential.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as held:
        request = gateway.wait_for_request(f"delete from {table}")
        (item,) = found(gateway, "ana", 1, "--table", table, "--outcome", "held")
        assert (item["outcome"], item["request"], item["rows"]) == ("held", request, None)
        gateway.approve(request)
        assert held.wait(30) == 0

    def released() -> dict[str, Any] | None:
        (item,) = search(gateway, "carl", "--table", table, "--verb", "sql.delete")
        return item if item["rows"] is not None else None

    item = eventually(released, "the rows of what was released")
    assert (item["outcome"], item["rows"]) == ("released", 1000)
    assert len(search(gateway, "carl", "--table", table, "--outcome", "permitted")) == 1


def test_what_was_refused_is_found_as_denied(gateway: Gateway, table: str) -> None:
    assert "no policy permits" in psql(gateway.connect_as("ana"), f"truncate {table};\n").stderr
    (item,) = found(gateway, "carl", 1, "--table", table, "--outcome", "denied")
    assert (item["verb"], item["rows"]) == ("sql.truncate", None)


def test_words_of_statements_are_found_where_a_permit_lets_them_be_and_nowhere_else(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    shop.run("create table searched (id integer, mail text)")
    ran = psql(
        gateway.connect_as("ana"),
        "select id from searched where mail = 'mia@north.example';\n"
        "select id from searched where mail = 'tom@north.example';\n"
        f"select id from {table} where item = 'mia@north.example';\n",
    )
    assert not ran.stderr
    found(gateway, "carl", 1, "--table", table)
    found(gateway, "carl", 2, "--table", "searched")
    assert len(search(gateway, "carl", "--text", "MIA north")) == 1
    assert len(search(gateway, "carl", "--text", "north.example")) == 2
    assert search(gateway, "carl", "--text", "mia harbour") == []


def test_everybody_finds_their_own_and_whoever_oversees_is_seen_to_look(
    gateway: Gateway, table: str
) -> None:
    psql(gateway.connect_as("ana"), f"update {table} set cents = 0 where id = 1;\n")
    found(gateway, "ana", 1, "--table", table, "--verb", "sql.update")
    assert search(gateway, "ben", "--table", table) == []
    denied = assent(gateway, "ben", "search", "--by", "ana")
    assert denied.returncode != 0
    assert "needs the permission `log.read`" in denied.stderr
    search(gateway, "carl", "--table", table, "--verb", "sql.update", "--by", "ana")
    names = gateway.answer("carl", "GET", "/v1/audit/export")["names"]
    exported = [
        gateway.call("carl", "GET", f"/v1/audit/export/{name}").content
        for name in names
        if name.startswith("tile/entries/")
    ]
    read = [leaf for leaf in exported if b'"log.read"' in leaf]
    assert read
    assert not any(table.encode() in leaf for leaf in exported)


def test_a_search_says_what_it_does_not_understand(gateway: Gateway, tmp_path: Path) -> None:
    for arguments, words in (
        (("--since", "soon"), "`soon` is no time"),
        (("--verb", "what?"), "no verb"),
        (("--by", "nobody"), "no person `nobody`"),
        (("--limit", "0"), "`--limit` is 1 to"),
        (("--text", "?!"), "no word to search for"),
    ):
        done = assent(gateway, "carl", "search", *arguments)
        assert done.returncode != 0
        assert words in done.stderr
    nothing = assent(gateway, "carl", "search", "--table", "nowhere")
    assert "nothing fits" in nothing.stdout
