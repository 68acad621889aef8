"""The real psql through a real gateway."""

import contextlib
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assent.demo.programs import psql_program
from gateway_world import Credential, Gateway, Shop, eventually

PSQL = psql_program()


def run(
    credential: Credential, script: str = "", *options: str, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PSQL, "-X", "-A", "-t", *options],
        input=script,
        env=credential.environment(**more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class Terminal:
    """A psql at a terminal, typed into while others answer."""

    def __init__(self, credential: Credential, folder: Path) -> None:
        self._err = folder / "err"
        self._printed = b""
        self._master, slave = pty.openpty()
        settings = termios.tcgetattr(slave)
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        os.set_blocking(self._master, False)
        with self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [PSQL, "-X", "-A", "-t", "-n", "-v", "PROMPT1=", "-v", "PROMPT2="],
                stdin=slave,
                stdout=slave,
                stderr=err,
                env=credential.environment(PAGER="", TERM="dumb"),
            )
        os.close(slave)

    def type(self, line: str) -> None:
        os.write(self._master, line.encode() + b"\n")

    def out(self) -> str:
        with contextlib.suppress(BlockingIOError, OSError):
            while more := os.read(self._master, 65536):
                self._printed += more
        return self._printed.decode().replace("\r\n", "\n")

    def err(self) -> str:
        return self._err.read_text()

    def wait_for(self, words: str, within_s: float = 10.0) -> None:
        eventually(
            lambda: re.search(words, self.out() + self.err()),
            f"`{words}` in what psql printed",
            within_s,
        )

    def close(self) -> None:
        self.process.kill()
        self.process.wait(5)
        os.close(self._master)


@pytest.fixture
def terminal(gateway: Gateway, tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(gateway.connect_as("ana"), tmp_path)
    yield opened
    opened.close()


def test_a_query_answers(gateway: Gateway) -> None:
    done = run(gateway.connect_as("ana"), "select 6 * 7;")
    assert (done.returncode, done.stdout, done.stderr) == (0, "42\n", "")


def test_a_command_on_the_command_line_answers(gateway: Gateway, table: str) -> None:
    done = run(gateway.connect_as("ana"), "", "-c", f"select count(*) from {table}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "1000\n", "")


def test_describing_what_there_is_shows_it(gateway: Gateway, shop: Shop) -> None:
    # Older releases of psql do not know this server's catalogue.
    done = subprocess.run(
        [shop.program("psql"), "-X", "-A", "-t"],
        input="\\d orders\n\\dt\n\\dn\n\\l\n\\du\n\\df\n\\d+ customers\n\\dp\n\\di\n",
        env=gateway.connect_as("ana").environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    assert "customer_id|integer" in done.stdout
    assert "public|payments|table" in done.stdout


def test_several_statements_in_one_message_all_run(gateway: Gateway, table: str) -> None:
    done = run(
        gateway.connect_as("ana"),
        "",
        "-c",
        f"select 1; insert into {table} values (5000, 'x', 1); select count(*) from {table}",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["1", "INSERT", "0", "1", "1001"]


def test_several_statements_with_a_refused_one_do_nothing(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    done = run(
        gateway.connect_as("ana"),
        "",
        "-c",
        f"insert into {table} values (5000, 'x', 1); truncate {table}",
    )
    assert done.returncode == 1
    assert "ERROR" in done.stderr
    assert shop.count(table) == 1000


def test_a_script_goes_on_after_an_error_of_the_server(gateway: Gateway) -> None:
    done = run(gateway.connect_as("ana"), "select 1/0;\nselect nothing;\nselect 'still here';")
    assert "division by zero" in done.stderr
    assert 'column "nothing" does not exist' in done.stderr
    assert done.stdout == "still here\n"


def test_a_script_stops_at_an_error_when_it_is_told_to(gateway: Gateway) -> None:
    script = "select 1;\nselect 1/0;\nselect 2;"
    done = run(gateway.connect_as("ana"), script, "-v", "ON_ERROR_STOP=1")
    assert (done.returncode, done.stdout) == (3, "1\n")


def test_a_transaction_commits_and_rolls_back(gateway: Gateway, shop: Shop, table: str) -> None:
    done = run(
        gateway.connect_as("ana"),
        f"begin; update {table} set cents = 1 where id = 1; commit;\n"
        f"begin; update {table} set cents = 1 where id = 2; rollback;\n",
    )
    assert done.stderr == ""
    assert shop.value(f"select count(*) from {table} where cents = 1") == 1


def test_a_refused_statement_leaves_the_connection_usable(gateway: Gateway, table: str) -> None:
    done = run(gateway.connect_as("ana"), f"truncate {table};\nselect count(*) from {table};")
    assert done.stderr.startswith("ERROR:")
    assert "HINT:" in done.stderr
    assert done.stdout == "1000\n"


def test_a_refused_statement_fails_the_transaction_that_it_is_in(
    gateway: Gateway, shop: Shop, table: str
) -> None:
    done = run(
        gateway.connect_as("ana"),
        f"begin;\nupdate {table} set cents = 1 where id = 1;\ntruncate {table};\n"
        "select 'not heard';\nrollback;\nselect 'usable';\n",
    )
    assert "current transaction is aborted" in done.stderr
    assert "not heard" not in done.stdout
    assert done.stdout.endswith("ROLLBACK\nusable\n")
    assert shop.value(f"select count(*) from {table} where cents = 1") == 0


def test_a_held_statement_runs_on_the_same_connection_once_assented_to(
    gateway: Gateway, shop: Shop, table: str, terminal: Terminal
) -> None:
    terminal.type("select 'backend ' || pg_backend_pid();")
    terminal.wait_for(r"backend \d+")
    terminal.type(f"delete from {table};")
    request = gateway.wait_for_request(table)
    assert shop.count(table) == 1000
    terminal.wait_for(f"request {request}")
    gateway.approve(request)
    terminal.wait_for("DELETE 1000")
    terminal.type("select 'backend ' || pg_backend_pid();")
    eventually(lambda: terminal.out().count("backend ") == 2, "the second answer")
    assert len(set(re.findall(r"backend \d+", terminal.out()))) == 1
    assert shop.count(table) == 0
    settled = gateway.wait_until(request, "completed")
    assert "1000 rows" in settled["outcome"]


def test_the_notice_of_a_hold_comes_within_a_second(
    gateway: Gateway, table: str, terminal: Terminal
) -> None:
    terminal.type("select 'ready';")
    terminal.wait_for("ready")
    sent_at = time.monotonic()
    terminal.type(f"delete from {table};")
    terminal.wait_for(r"NOTICE:  held by Assent.*(\n.*)*request req_", within_s=2)
    assert time.monotonic() - sent_at < 1
    gateway.reject_next(table)
    terminal.wait_for("ERROR")


def test_a_held_statement_that_is_rejected_names_the_request(
    gateway: Gateway, shop: Shop, table: str, terminal: Terminal
) -> None:
    terminal.type(f"delete from {table};")
    request = gateway.reject_next(table)
    terminal.wait_for("ERROR: ")
    assert request in terminal.err()
    terminal.type("select 'usable';")
    terminal.wait_for("usable")
    assert shop.count(table) == 1000


def test_a_held_statement_in_a_transaction_keeps_what_came_before(
    gateway: Gateway, shop: Shop, table: str, terminal: Terminal
) -> None:
    terminal.type(f"begin;\ninsert into {table} values (5000, 'x', 1);\ndelete from {table};")
    gateway.approve_next(table)
    terminal.wait_for("DELETE 1001")
    terminal.type("rollback;")
    terminal.wait_for("ROLLBACK")
    assert shop.count(table) == 1000


def test_ctrl_c_withdraws_a_held_statement(
    gateway: Gateway, shop: Shop, table: str, terminal: Terminal
) -> None:
    terminal.type("\\set VERBOSITY verbose")
    terminal.type(f"delete from {table};")
    request = gateway.wait_for_request(table)
    terminal.process.send_signal(signal.SIGINT)
    terminal.wait_for("57014")
    assert gateway.wait_until(request, "withdrawn")["state"] == "withdrawn"
    terminal.type("select 'usable';")
    terminal.wait_for("usable")
    assert shop.count(table) == 1000


def test_ctrl_c_reaches_a_statement_that_runs_on_the_target(shop: Shop, terminal: Terminal) -> None:
    terminal.type("select count(*) as endless from generate_series(1, 1000000000) a;")
    running = "select 1 from pg_stat_activity where query like '%as endless%' and pid <> "
    eventually(lambda: shop.value(running + "pg_backend_pid()"), "the statement runs")
    sent_at = time.monotonic()
    terminal.process.send_signal(signal.SIGINT)
    terminal.wait_for("canceling statement due to user request")
    assert time.monotonic() - sent_at < 2
    terminal.type("select 'usable';")
    terminal.wait_for("usable")


def test_a_cancellation_with_a_wrong_key_changes_nothing(
    gateway: Gateway, table: str, terminal: Terminal
) -> None:
    terminal.type(f"delete from {table};")
    request = gateway.wait_for_request(table)
    for process_id in (0, 1, 0x7FFFFFFF):
        with socket.create_connection(gateway.postgres, timeout=5) as stream:
            stream.sendall(struct.pack("!IIII", 16, 80877102, process_id, 1))
            assert stream.recv(1) == b""
    assert gateway.request(request)["state"] == "pending"
    gateway.reject(request)
    terminal.wait_for("ERROR")


def test_hanging_up_withdraws_a_held_statement(
    gateway: Gateway, shop: Shop, table: str, tmp_path: Path
) -> None:
    opened = Terminal(gateway.connect_as("ana"), tmp_path)
    opened.type(f"delete from {table};")
    request = gateway.wait_for_request(table)
    opened.process.kill()
    opened.process.wait(5)
    gateway.wait_until(request, "withdrawn")
    opened.close()
    assert shop.count(table) == 1000


def test_a_big_result_arrives_whole(gateway: Gateway) -> None:
    done = run(
        gateway.connect_as("ana"), "select n, repeat('x', 100) from generate_series(1, 100000) n;"
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert len(lines) == 100_000
    assert lines[-1] == "100000|" + "x" * 100


def test_copy_goes_out_and_in(gateway: Gateway, shop: Shop, table: str, tmp_path: Path) -> None:
    file = tmp_path / "rows"
    out = run(gateway.connect_as("ana"), f"\\copy {table} to '{file}'\n")
    assert (out.stdout, out.stderr) == ("COPY 1000\n", "")
    shop.run(f"truncate {table}")
    done = run(gateway.connect_as("ana"), f"\\copy {table} from '{file}'\nselect 'usable';\n")
    assert (done.stdout, done.stderr) == ("COPY 1000\nusable\n", "")
    assert shop.count(table) == 1000


def test_copy_from_the_script_itself_works(gateway: Gateway, shop: Shop, table: str) -> None:
    script = f"copy {table} from stdin;\n5001\ta\t1\n5002\tb\t2\n\\.\nselect 'usable';\n"
    done = run(gateway.connect_as("ana"), script)
    assert (done.stdout, done.stderr) == ("COPY 2\nusable\n", "")
    assert shop.count(table) == 1002


def test_a_refused_copy_leaves_the_connection_usable(gateway: Gateway, tmp_path: Path) -> None:
    done = run(
        gateway.connect_as("ana"),
        "copy orders to '/tmp/orders';\ncopy orders from program 'id';\nselect 'usable';\n",
    )
    assert done.stderr.count("ERROR:") == 2
    assert done.stdout == "usable\n"


@pytest.mark.parametrize("mode", ["disable", "prefer", "require"])
def test_every_tls_mode_of_the_client_works(gateway: Gateway, mode: str) -> None:
    done = run(gateway.connect_as("ana"), "\\conninfo\nselect 1;", PGSSLMODE=mode)
    assert done.stderr == ""
    assert ("SSL connection" in done.stdout) == (mode != "disable")


def test_the_development_certificate_verifies_against_itself(gateway: Gateway) -> None:
    found = [*(gateway.world.folder / "data").rglob("*.pem")]
    certificate = next(path for path in found if b"BEGIN CERTIFICATE" in path.read_bytes())
    done = run(
        gateway.connect_as("ana"), "select 1;",
        PGSSLMODE="verify-full", PGSSLROOTCERT=str(certificate),
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_a_wrong_password_is_refused_as_the_target_would(gateway: Gateway) -> None:
    done = run(gateway.connect_as("ana"), "select 1;", PGPASSWORD="wrong")
    assert done.returncode == 2
    assert "password" in done.stderr


def test_a_credential_opens_no_more_connections_than_it_was_made_for(gateway: Gateway) -> None:
    credential = gateway.connect_as("ana", connections=2)
    assert [run(credential, "select 1;").returncode for _ in range(3)] == [0, 0, 2]


def test_notices_of_the_server_reach_the_client(gateway: Gateway, table: str) -> None:
    done = run(gateway.connect_as("ana"), "set client_min_messages = notice;\nrollback;\nselect 1;")
    assert "there is no transaction in progress" in done.stderr
    assert done.stdout.endswith("1\n")


def test_a_prepared_statement_of_sql_runs(gateway: Gateway, table: str) -> None:
    done = run(
        gateway.connect_as("ana"),
        f"prepare one as select item from {table} where id = $1;\nexecute one(7);\n"
        "deallocate one;\n",
    )
    assert done.stderr == ""
    assert "thing 7" in done.stdout


def test_what_a_prepared_statement_does_is_decided_when_it_is_executed(
    gateway: Gateway, shop: Shop, table: str, terminal: Terminal
) -> None:
    terminal.type(f"prepare gone as delete from {table};\nexecute gone;")
    gateway.reject_next("execute gone")
    terminal.wait_for("ERROR: ")
    assert shop.count(table) == 1000
