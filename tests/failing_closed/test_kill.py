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

    def __init__(self, gateway: Gateway, statement: str, *, autocommit: bool = True) -> None:
        self.heard = self.words = ""
        credential = gateway.connect_as("ana")
        self._connection = psycopg.connect(
            **credential.keywords, dbname=credential.database, autocommit=autocommit
        )
        self._thread = threading.Thread(target=self._run, args=(statement,))
        self._thread.start()

    def _run(self, statement: str) -> None:
        try:
            self.heard = self._connection.execute(statement).statusmessage or ""
        except psycopg.Error as fault:
            self.heard, self.words = f"error {fault.sqlstate}", str(fault)

    def over(self) -> str:
        self._thread.join(20)
        assert not self._thread.is_alive()
        self._connection.close()
        return self.heard


def found(gateway: Gateway, request: str, *states: str) -> dict[str, Any]:
    """Return the request as the next process tells it, in one of these states."""
    shown = gateway.request(request)
    assert shown["state"] in states, shown
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
    open_ends = [check for check in checks if check["status"] not in ("ok", "skipped")]
    for check in open_ends:
        assert (check["name"], check["status"]) == ("story", "incomplete"), check
        assert all("has no outcome" in words for words in check["details"]), check
    assert done.returncode == (2 if open_ends else 0)
    return sum(len(check["entries"]) for check in open_ends)


def no_target_session(shop: Shop, words: str) -> None:
    query = (
        "select count(*) = 0 from pg_stat_activity "
        f"where query like '%{words}%' and pid <> pg_backend_pid()"
    )
    eventually(lambda: shop.value(query), "the target has noticed")


def test_a_kill_while_a_statement_is_held_leaves_it_to_be_answered_and_sent_again(
    template: World, shop: Shop, table: str, tmp_path: Path
) -> None:
    """Row: a held action's process restarts; the control plane is away."""
    created = gateway_world.create_world(tmp_path / "own", template)
    requests: set[str] = set()
    vouched = 0
    for _ in range(3):
        gateway = gateway_world.start(created)
        try:
            assert acknowledged(gateway) >= vouched
            client = Client(gateway, f"delete from {table}")
            requests.add(gateway.wait_for_request(table))
            wait_until_held(gateway, requests)
            vouched = acknowledged(gateway)
        finally:
            gateway.kill()
        assert client.over().startswith("error")
        assert shop.count(table) == 1000
    with gateway_world.serving(created) as gateway:
        # Sent three times, held three times, asked once.
        [request] = requests
        assert "send the same again" in found(gateway, request, "pending")["outcome"]
        assert [one["id"] for one in gateway.answer("ben", "GET", "/v1/inbox")["items"]] == [
            request
        ]
        gateway.approve(request)
        assert gateway.answer("ana", "GET", "/v1/sessions?open=true")["items"] == []
        assert acknowledged(gateway) >= vouched
        assert left_open(gateway, tmp_path / "export") == 0
        assert shop.count(table) == 1000
        # Whoever sends it again need not ask again; and that once.
        assert Client(gateway, f"delete from {table}").over() == "DELETE 1000"
        assert gateway.wait_until(request, "completed")["outcome"] == "done, 1000 rows"
        assert left_open(gateway, tmp_path / "afterwards") == 0
        client = Client(gateway, f"delete from {table}")
        assert gateway.wait_for_request(table) != request
    assert client.over().startswith("error")


def wait_until_held(gateway: Gateway, requests: set[str]) -> None:
    """Return once a connection of this process waits in the only request."""
    [request] = requests
    eventually(
        lambda: "send the same again" not in gateway.request(request)["outcome"],
        "the statement is held",
    )


def test_a_kill_inside_of_a_transaction_leaves_it_visibly_not_run(
    template: World, shop: Shop, table: str, tmp_path: Path
) -> None:
    """Row: a held action's process restarts. Its transaction and its locks are gone."""
    created = gateway_world.create_world(tmp_path / "own", template)
    gateway = gateway_world.start(created)
    try:
        client = Client(gateway, f"delete from {table}", autocommit=False)
        request = gateway.wait_for_request(table)
    finally:
        gateway.kill()
    assert client.over().startswith("error")
    with gateway_world.serving(created) as again:
        assert "did not run" in found(again, request, "interrupted")["outcome"]
        answer = again.call("ben", "POST", f"/v1/requests/{request}/approve", {})
        assert answer.status_code == 409
        assert left_open(again, tmp_path / "export") == 0
    assert shop.count(table) == 1000


def test_a_stop_tells_who_is_held_until_when_to_come_back(
    template: World, shop: Shop, table: str, tmp_path: Path
) -> None:
    """Row: the gateway stops."""
    created = gateway_world.create_world(tmp_path / "own", template)
    gateway = gateway_world.start(created)
    client = Client(gateway, f"delete from {table}")
    request = gateway.wait_for_request(table)
    assert gateway.stop() == 0
    assert client.over() == "error ZA003"
    assert f"request {request} stays open until " in client.words
    assert "connect again and send it again" in client.words
    with gateway_world.serving(created) as again:
        found(again, request, "pending")
        again.approve(request)
        assert Client(again, f"delete from {table}").over() == "DELETE 1000"
        again.wait_until(request, "completed")
        assert left_open(again, tmp_path / "export") == 0


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
            shown = found(again, request, "approved", "interrupted", "outcome-unknown", "completed")
            # What it says is so; where nobody can know, it says that.
            assert ran in {"completed": (1,), "outcome-unknown": (0, 1)}.get(shown["state"], (0,))
            # An approval that was acknowledged is never forgotten.
            assert [one["approver"] for one in shown["approvals"]], shown
            assert request in json.dumps(again.explanation(request))
            assert int(shop.value(f"select round from {table}_runs")) - before == ran
            assert left_open(again, tmp_path / f"export-{round_}") <= round_
            if shown["state"] == "approved":
                # It was not let go: it is now, by the same assent, for who sends it again.
                sent = Client(again, f"update {table}_runs set round = round + 1")
                assert sent.over() == "UPDATE 1"
                again.wait_until(request, "completed")
                ran = int(shop.value(f"select round from {table}_runs")) - before
                assert ran == 1


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
