"""Plays a story: what an analyst is not shown, what takes an assent, and what it would do.

A real gateway before a real PostgreSQL, real commands, and psql for everybody.
"""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Gateway, Shop, eventually

STORY = Path(__file__).with_name("what-nobody-should-see.story.md")
COUNTED = ((r'tls = "prefer"', 'tls = "prefer"\ncount_exactly = true'),)
SUBSCRIBERS = """
CREATE TABLE subscribers (id integer PRIMARY KEY, reach text);
INSERT INTO subscribers SELECT n, 'reader' || n || '@north.example' FROM generate_series(1, 20) n;
UPDATE subscribers SET reach = 'Mia at the harbour office' WHERE id = 3;
"""
ADDRESS = re.compile(r"(customer|reader)\d+|@(shop|north)\.|400000\d{4}", re.IGNORECASE)


class Psql:
    """A psql that somebody has open; what it prints goes to a file, which is looked at."""

    def __init__(self, environment: dict[str, str], printed: Path) -> None:
        self._printed = printed
        self._times = 0
        with printed.open("ab") as stream:
            self._process = subprocess.Popen(
                [psql_program(), "-X", "-A", "-t"],
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=stream,
                env=environment,
            )

    def type(self, *lines: str) -> int:
        """Type lines, and return where what they print begins."""
        begin = len(self.printed())
        assert self._process.stdin is not None
        self._process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self._process.stdin.flush()
        return begin

    def says(self, *lines: str) -> str:
        """Type lines and return what they print, once they are through."""
        self._times += 1
        through = f"through {self._times}\n"
        begin = self.type(*lines, f"\\echo {through.strip()}")
        self.wait_for(through)
        return self.printed()[begin:].replace(through, "")

    def wait_for(self, words: str) -> str:
        """Return all that it printed, once these words are there."""
        eventually(lambda: words in self.printed(), f"psql prints `{words}`")
        return self.printed()

    def printed(self) -> str:
        """Return all that it printed so far, errors and notices too."""
        return self._printed.read_text(encoding="utf-8")

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def house(shop: Shop, template: World, tmp_path: Path) -> Iterator[Gateway]:
    """The demo's gateway, which may count what a change would hit."""
    shop.run(SUBSCRIBERS)
    created = gateway_world.create_world(tmp_path / "house", template, change=COUNTED)
    with gateway_world.serving(created) as running:
        yield running
    shop.run("DROP TABLE subscribers")


@pytest.fixture
def opened(house: Gateway, tmp_path: Path) -> Iterator[Callable[[str], Psql]]:
    """Something that gives a person a psql through the gateway."""
    all_of_them: list[Psql] = []

    def open_for(name: str) -> Psql:
        environment = house.connect_as(name).environment()
        all_of_them.append(Psql(environment, tmp_path / f"{name}.printed"))
        return all_of_them[-1]

    yield open_for
    for one in all_of_them:
        one.close()


@pytest.fixture
def night_job(shop: Shop, tmp_path: Path) -> Iterator[Psql]:
    """A program that works on the shop past the gateway."""
    database = shop.database
    environment = {
        "PGHOST": database.host,
        "PGPORT": str(database.port),
        "PGUSER": database.user,
        "PGPASSWORD": database.password.reveal(),
        "PGDATABASE": database.name,
        "PGAPPNAME": "night-job",
    }
    job = Psql(environment, tmp_path / "night-job.printed")
    yield job
    job.close()


def commanded(house: Gateway, name: str, *arguments: str) -> str:
    """Return what a command of this person prints."""
    ended = gateway_world.assent(house, name, *arguments)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def looks(nora: Psql) -> str:
    """Let Nora read the customers in every way that she can think of."""
    return nora.says(
        "SELECT id, email, card_number FROM customers WHERE id = 7;",
        "SELECT id, write_to FROM contacts WHERE id = 7;",
        "SELECT id, 'write to ' || email FROM customers WHERE id = 8;",
        "COPY customers (id, email) TO STDOUT;",
        "COPY (SELECT id, write_to FROM contacts ORDER BY id) TO STDOUT;",
    )


def reads_on(house: Gateway, nora: Psql) -> str:
    """Let Nora read more than she may, and Dora assent to it."""
    process = nora.says("SELECT pg_backend_pid();").strip()
    begin = nora.type("SELECT id, item FROM orders ORDER BY id;", "SELECT pg_backend_pid();")
    request = house.wait_for_request("item FROM orders", "nora")
    shown = commanded(house, "dora", "show", request)
    commanded(house, "dora", "approve", request)
    assert nora.says("SELECT 'on';").endswith("on\n")
    printed = nora.printed()[begin:]
    rows = re.findall(r"^\d+\|\w+$", printed, re.MULTILINE)
    whole = len(rows) == 5_000 and f"\n{process}\n" in printed
    told = "all rows came, on the same connection" if whole else f"{len(rows)} rows, {process}"
    return f"{shown}\n{printed.replace(chr(10).join(rows), '')}\n{told}"


def deletes(house: Gateway, shop: Shop, ana: Psql, night_job: Psql) -> str:
    """Let Ana delete the carts while somebody waits, and Ben look at it first."""
    ana.says("BEGIN;", "UPDATE carts SET item = 'lamp' WHERE id = 7;")
    night_job.type("UPDATE carts SET item = 'rug' WHERE id = 7;")
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
    eventually(lambda: shop.value(waiting), "the night job waits", 30)
    begin = ana.type("DELETE FROM carts;")
    request = house.wait_for_request("DELETE FROM carts")
    shown = commanded(house, "ben", "show", request)
    commanded(house, "ben", "approve", request)
    said = ana.says("ROLLBACK;")
    counted = re.search(r"counted now: ([\d,]+)", shown)
    assert counted is not None, shown
    exactly = f"DELETE {counted[1].replace(',', '')}" in ana.printed()[begin:]
    return f"{shown}\n{'exactly as many went' if exactly else said}"


def steps() -> list[list[str]]:
    """Return what is to be seen in each numbered step of the story."""
    found: list[list[str]] = []
    for line in STORY.read_text(encoding="utf-8").splitlines():
        if re.match(r"\d+\. ", line):
            found.append([])
        elif match := re.match(r"\s+- see: (.+)", line):
            found[-1].append(match[1])
    return found


@pytest.mark.timeout(120)
def test_an_analyst_is_shown_no_address_and_whoever_assents_knows_to_what(
    house: Gateway, shop: Shop, opened: Callable[[str], Psql], night_job: Psql
) -> None:
    nora, ana = opened("nora"), opened("ana")
    seen = [looks(nora)]
    seen.append(nora.says("SELECT id FROM customers WHERE email LIKE 'customer7@%';"))
    seen.append(reads_on(house, nora))
    seen.append(deletes(house, shop, ana, night_job))

    reach = "SELECT id, reach FROM subscribers WHERE id IN (1, 3);"
    seen.append(nora.says(reach))
    suggested = commanded(house, "ben", "labels", "scan", "shop")
    listed = commanded(house, "ben", "labels", "list", "shop")
    before = nora.says(reach)
    commanded(house, "ben", "labels", "approve", "shop", "public.subscribers.reach", "pii.email")
    after = nora.says(reach)
    tried = nora.says("SELECT id FROM subscribers WHERE reach LIKE 'Mia%';")
    told = "\n".join(
        f"{when}: {line}"
        for when, said in (("before he approves", before), ("after he approved", after))
        for line in said.splitlines()
    )
    seen.append(f"{suggested}{listed}{told}{tried}")

    leaked = [line for line in nora.printed().splitlines() if ADDRESS.search(line)]
    assert leaked == []
    expected = steps()
    assert len(seen) == len(expected)
    for number, (shown, words) in enumerate(zip(seen, expected, strict=True), 1):
        for word in words:
            assert word in shown, f"step {number} of the story:\n{shown}"
