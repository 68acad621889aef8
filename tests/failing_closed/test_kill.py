"""kill -9 at awkward moments, then a start on the same folder: what is told must be true."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, Shop, assent, eventually


class Client:
    """One statement on a connection of its own, sent in a thread."""

    def __init__(self, gateway: Gateway, statement: str) -> None:
        self.heard = ""
        credential = gateway.connect_as("ana")
        self._connection = psycopg.connect(
            **credential.keywords, dbname=credential.database, autocommit=True
        )
        self._thread = threading.Thread(target=self._run, args=(statement,))
        self._thread.start()

    def _run(self, statement: str) -> None:
        try:
            self.heard = self._connection.execute(statement).statusmessage or ""
        except psycopg.Error as fault:
            self.heard = f"error {fault.sqlstate}"

    def over(self) -> str:
        self._thread.join(20)
        assert not self._thread.is_alive()
        self._connection.close()
        return self.heard


def settled(gateway: Gateway, request: str) -> dict[str, Any]:
    """Return the request as the next process tells it."""
    shown = gateway.request(request)
    assert shown["state"] in ("interrupted", "outcome-unknown", "completed", "withdrawn"), shown
    return shown


def acknowledged(gateway: Gateway) -> int:
    """Return how many entries the newest checkpoint vouches for."""
    note = gateway.call("carl", "GET", "/v1/audit/checkpoint").text
    return int(note.splitlines()[1])


def left_open(gateway: Gateway, folder: Path) -> int:
    """Return how many attempts of an export have no outcome; all else in it must verify."""
    done = assent(gateway, "carl", "audit", "export", str(folder))
    assert done.returncode == 0, done.stderr
    key = (folder / "key").read_text().strip()
    done = assent(gateway, "carl", "audit", "verify", str(folder), "--key", key, "--json")
    checks = json.loads(done.stdout)["checks"]
    open_ends = [check for check in checks if check["status"] != "ok"]
    for check in open_ends:
        assert (check["name"], check["status"]) == ("story", "incomplete"), check
        assert all("has no outcome in the log" in words for words in check["details"]), check
    assert done.returncode == (2 if open_ends else 0)
    return sum(len(check["entries"]) for check in open_ends)


def no_target_session(shop: Shop, words: str) -> None:
    query = (
        "select count(*) = 0 from pg_stat_activity "
        f"where query like '%{words}%' and pid <> pg_backend_pid()"
    )
    eventually(lambda: shop.value(query), "the target has noticed")


def test_a_kill_while_a_statement_is_held_leaves_it_visibly_not_run(
    template: World, shop: Shop, table: str, tmp_path: Path
) -> None:
    """Row: a held action's process restarts; the control plane is away."""
    created = gateway_world.create_world(tmp_path / "own", template)
    requests: list[str] = []
    vouched = 0
    for _ in range(3):
        gateway = gateway_world.start(created)
        try:
            assert acknowledged(gateway) >= vouched
            client = Client(gateway, f"delete from {table}")
            requests.append(gateway.wait_for_request(table))
            vouched = acknowledged(gateway)
        finally:
            gateway.kill()
        assert client.over().startswith("error")
        assert shop.count(table) == 1000
    with gateway_world.serving(created) as gateway:
        for request in requests:
            assert settled(gateway, request)["state"] == "interrupted"
            answer = gateway.call("ben", "POST", f"/v1/requests/{request}/approve", {})
            assert answer.status_code == 409
        assert gateway.answer("ben", "GET", "/v1/inbox")["items"] == []
        assert gateway.answer("ana", "GET", "/v1/sessions?open=true")["items"] == []
        assert acknowledged(gateway) >= vouched
        assert left_open(gateway, tmp_path / "export") == 0
        assert shop.count(table) == 1000
        # It works on: the same statement, asked and answered again.
        client = Client(gateway, f"delete from {table}")
        gateway.approve_next(table)
        assert client.over() == "DELETE 1000"


@pytest.mark.parametrize("round_number", range(2))
def test_a_kill_right_after_an_approval_runs_it_at_most_once(
    template: World, shop: Shop, table: str, tmp_path: Path, round_number: int
) -> None:
    """Row: a held action's process restarts."""
    created = gateway_world.create_world(tmp_path / "own", template)
    # From before the release to after the result.
    delays = [0.0, 0.004, 0.03] if round_number else [0.001, 0.01, 0.1]
    shop.run(f"create table {table}_runs (round integer)")
    shop.run(f"insert into {table}_runs values (0)")
    for round_, delay in enumerate(delays, 1):
        gateway = gateway_world.start(created)
        try:
            client = Client(gateway, f"update {table}_runs set round = round + 1")
            request = gateway.wait_for_request(f"{table}_runs")
            before = int(shop.value(f"select round from {table}_runs"))
            gateway.approve(request)
            time.sleep(delay)
        finally:
            gateway.kill()
        heard = client.over()
        no_target_session(shop, f"{table}_runs")
        ran = int(shop.value(f"select round from {table}_runs")) - before
        assert ran in (0, 1)
        if heard == "UPDATE 1":
            assert ran == 1
        with gateway_world.serving(created) as again:
            shown = settled(again, request)
            # What it says is so; where nobody can know, it says that.
            assert ran in {"completed": (1,), "outcome-unknown": (0, 1)}.get(shown["state"], (0,))
            # An approval that was acknowledged is never forgotten.
            assert [one["approver"] for one in shown["approvals"]], shown
            assert request in json.dumps(again.explanation(request))
            assert int(shop.value(f"select round from {table}_runs")) - before == ran
            assert left_open(again, tmp_path / f"export-{round_}") <= round_


def test_a_kill_in_the_middle_of_many_statements_loses_no_acknowledged_entry(
    template: World, shop: Shop, table: str, tmp_path: Path
) -> None:
    """Row: the control plane is away."""
    created = gateway_world.create_world(tmp_path / "own", template)
    gateway = gateway_world.start(created)
    done: list[int] = []

    def work() -> None:
        credential = gateway.connect_as("ana")
        where = {**credential.keywords, "dbname": credential.database}
        with psycopg.connect(**where, autocommit=True) as connection:
            for number in range(1, 1001):
                statement = f"update {table} set cents = -1 where id = %s"
                try:
                    connection.execute(statement, (number,))
                except psycopg.Error:
                    return
                done.append(number)

    worker = threading.Thread(target=work)
    worker.start()
    eventually(lambda: len(done) > 50, "it is in the middle")
    gateway.kill()
    worker.join(20)
    no_target_session(shop, table)
    ran = shop.value(f"select count(*) from {table} where cents = -1")
    # What the client heard of ran; one more may have been on its way.
    assert len(done) <= ran <= len(done) + 1
    with gateway_world.serving(created) as again:
        folder = tmp_path / "export"
        assert left_open(again, folder) <= 1
        permits = decisions_in(folder)
        assert permits >= ran
        assert again.answer("ana", "GET", "/v1/sessions?open=true")["items"] == []


def decisions_in(folder: Path) -> int:
    """Return how many attempts an export has, by their bytes."""
    bundles = (folder / "tile" / "entries").rglob("*")
    return sum(path.read_bytes().count(b'"kind":"attempt"') for path in bundles if path.is_file())
