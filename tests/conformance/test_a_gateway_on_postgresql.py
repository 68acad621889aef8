"""A gateway whose state and log are in PostgreSQL: attempted through psql, exported, verified."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from conformance.postgres_cluster import PostgresCluster
from gateway_world import Gateway, assent, eventually

PSQL = psql_program()
STORE = (r"\[postgres\]", '[store]\naddress = "file:store.url"\n\n[postgres]')


def world(folder: Path, template: World, url: str) -> World:
    created = gateway_world.create_world(folder, template, change=[STORE])
    (folder / "store.url").write_text(url + "\n", encoding="utf-8")
    return created


@pytest.fixture
def stored(template: World, postgres: PostgresCluster, tmp_path: Path) -> Iterator[Gateway]:
    created = world(tmp_path / "world", template, postgres.fresh_database())
    with gateway_world.serving(created) as running:
        yield running


def counted(gateway: Gateway, table: str) -> str:
    done = subprocess.run(
        [PSQL, "-X", "-A", "-t", "-c", f"select count(*) from {table}"],
        env=gateway.connect_as("ana").environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


def test_what_is_attempted_is_in_a_log_that_verifies_also_after_a_restart(
    stored: Gateway, table: str, tmp_path: Path
) -> None:
    assert counted(stored, table) == "1000"
    assert not (stored.world.folder / "data" / "assent.db").exists()
    health = {
        one["name"]: one for one in stored.answer("carl", "GET", "/v1/health/detail")["checks"]
    }
    assert health["store"]["how"] == "ok"
    stored.kill()
    again = gateway_world.start(stored.world)
    try:
        assert counted(again, table) == "1000"
        done = assent(again, "carl", "audit", "export", str(tmp_path / "export"))
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        again.stop()
    key = (tmp_path / "export" / "key").read_text(encoding="utf-8").strip()
    verified = assent(
        again, "carl", "audit", "verify", str(tmp_path / "export"), "--key", key, "--json"
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert json.loads(verified.stdout)["exit_code"] == 0


def test_a_row_that_no_gateway_wrote_is_on_the_health_page_and_all_is_denied(
    stored: Gateway, postgres: PostgresCluster
) -> None:
    url = (stored.world.folder / "store.url").read_text(encoding="utf-8").strip()
    for name in ("ana", "carl"):
        stored.answer(name, "GET", "/v1/grants")
    forged = "insert into unsequenced (id, leaf, mac) values ('ent_forged', '\\x00', '\\x00')"
    subprocess.run([PSQL, "-X", "-q", "-c", forged, url], check=True, timeout=60)

    def found() -> str | None:
        checks = stored.answer("carl", "GET", "/v1/health/detail")["checks"]
        store = next(one for one in checks if one["name"] == "store")
        return str(store["says"]) if store["how"] == "fail" else None

    assert "ent_forged" in eventually(found, "the health report says it")
    refused = stored.call("ana", "POST", "/v1/connect", {"target": "shop", "connections": 1})
    assert refused.status_code == 503, refused.text


def test_a_store_that_cannot_be_reached_stops_the_start_and_says_why_without_its_password(
    template: World, postgres: PostgresCluster, tmp_path: Path
) -> None:
    url = postgres.fresh_database()
    password = url.split(":")[2].split("@")[0]
    for number, (wrong, why) in enumerate(
        (
            (url.replace(f":{postgres.port}/", ":1/"), "cannot be opened"),
            (url.replace(password, "another-password"), "refuses the user or the password"),
            (url + "_none", "no such database"),
        )
    ):
        created = world(tmp_path / str(number), template, wrong)
        log = created.folder / "serve.log"
        process = gateway_world.spawn(created, log)
        assert process.wait(30) != 0
        said = log.read_text(encoding="utf-8")
        assert why in said, said
        assert "postgresql://assent:***@" in said
        assert "Traceback" not in said
        assert password not in said
        assert "another-password" not in said


def test_a_log_that_another_key_signed_is_not_gone_on_with(
    stored: Gateway, template: World, tmp_path: Path
) -> None:
    url = (stored.world.folder / "store.url").read_text(encoding="utf-8").strip()
    stored.stop()
    created = world(tmp_path / "other", template, url)
    (created.folder / "data").mkdir()
    shutil.copy(stored.world.folder / "data" / "master.key", created.folder / "data")
    log = created.folder / "serve.log"
    assert gateway_world.spawn(created, log).wait(30) != 0
    assert "signed with another key" in log.read_text(encoding="utf-8")
