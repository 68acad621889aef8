"""Orders are stuck at night: Ana breaks the glass, works in psql, and Carl looks at what she did.

And Ana's clean-up of next week: assented to beforehand, it runs as a file, once.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway_world
from assent.demo.programs import psql_program
from assent.demo.world import World
from gateway_world import Credential, Gateway, Shop, assent, eventually

PSQL = psql_program()
POLICIES = """
@id("shop.break-glass") @max_duration("10m") @review("1d: security") @record_results
permit (principal in Group::"engineers", action == Action::"access.break-glass",
  resource == Target::"shop");

@id("shop.freeze") @message("nobody changes orders this week")
forbid (principal, action == Action::"sql.insert", resource in Target::"shop")
unless { context.grant.break_glass };

@id("shop.plans")
permit (principal in Group::"engineers", action == Action::"plan.propose",
  resource == Target::"shop");
"""
REASON = "orders are stuck since noon"


@pytest.fixture(scope="module")
def frozen(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that lets engineers break the glass, and propose plans."""
    created = gateway_world.create_world(tmp_path_factory.mktemp("glass") / "world", template)
    (created.folder / "policies" / "glass.cedar").write_text(POLICIES, encoding="utf-8")
    with gateway_world.serving(created) as running:
        yield running


def psql(credential: Credential, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PSQL, "-X", "-A", "-t", *arguments],
        env=credential.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def credential_of(opened: dict[str, str], gateway: Gateway) -> Credential:
    host, port = gateway.postgres
    grant = str(opened["grant"]["id"])  # type: ignore[index]
    return Credential(host, port, opened["user"], opened["password"], opened["database"], grant)


def test_ana_breaks_the_glass_works_is_recorded_and_carl_reviews_it(
    frozen: Gateway, table: str, shop: Shop
) -> None:
    insert = f"insert into {table} values (5000, 'by hand', 1)"
    refused = psql(frozen.connect_as("ana"), "-c", insert)
    assert "nobody changes orders this week" in refused.stderr

    said = assent(frozen, "ana", "break-glass", "shop", "--reason", REASON, "--json")
    assert said.returncode == 0, said.stderr
    opened = json.loads(said.stdout)
    (review,) = opened["reviews"]
    assert (review["state"], review["reviewers"]) == ("open", ["carl"])
    done = psql(credential_of(opened, frozen), "-c", f"{insert} returning item")
    assert done.returncode == 0, done.stderr
    assert "break-glass on `shop`: everything you do is recorded" in done.stderr
    assert shop.value(f"select count(*) from {table} where id = 5000") == 1

    shown = eventually(
        lambda: _with_sessions(frozen, review["id"]), "the review shows what was done"
    )
    assert shown["sessions"][0]["actions"] >= 2
    session = shown["sessions"][0]["id"]
    frames = frozen.answer("carl", "GET", f"/v1/sessions/{session}")["frames"]
    assert "by hand" in json.dumps(frames), "results are recorded"

    own = assent(frozen, "ana", "review", review["id"], "--justified", "--comment", "I was right")
    assert own.returncode != 0
    assert "nobody closes a review of what they did" in own.stderr
    closed = assent(
        frozen, "carl", "review", review["id"], "--justified", "--comment", "the queue was stuck"
    )
    assert closed.stdout == f"closed as justified: {review['id']} of ana\n", closed.stderr
    assert "nothing is to be reviewed" in assent(frozen, "carl", "reviews").stdout


def _with_sessions(gateway: Gateway, review: str) -> dict[str, list[dict[str, object]]] | None:
    found: dict[str, list[dict[str, object]]]
    found = gateway.answer("carl", "GET", f"/v1/reviews/{review}")
    return found if found["sessions"] else None


def test_a_plan_runs_as_a_file_exactly_once_and_a_changed_byte_is_held(
    frozen: Gateway, table: str, shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "clean-up.sql"
    file.write_text(
        f"-- the clean-up of this week\n\nupdate {table}\n   set cents = 7;\n\n"
        f"/* and /* then */ */ delete from {table};\nselect count(*) from {table};\n",
        encoding="utf-8",
    )
    said = assent(
        frozen, "ana", "plan", "propose", "shop", str(file),
        "--until", "2h", "--reason", "the clean-up", "--json",
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    asked = json.loads(said.stdout)
    assert asked["state"] == "pending"
    assert asked["unmet"] == ["assent of 1 of dba"]
    frozen.approve(asked["id"])
    grant = frozen.wait_until(asked["id"], "completed")["grant"]

    ana = frozen.connect_as("ana", connections=3)
    changed = tmp_path / "changed.sql"
    changed.write_text(f"delete  from {table};\n", encoding="utf-8")
    with subprocess.Popen(
        [PSQL, "-X", "-f", str(changed)],
        env=ana.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as held:
        frozen.reject_next("delete  from")
        assert held.wait(30) != 0 or shop.count(table) == 1_000
    assert shop.count(table) == 1_000

    ran = psql(ana, "-v", "ON_ERROR_STOP=1", "-f", str(file))
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split("\n")[:3] == ["UPDATE 1000", "DELETE 1000", "0"]
    shown = assent(frozen, "ana", "plans", "show", grant)
    assert shown.stdout.count("1 of 1:") == 2, shown.stdout + shown.stderr

    shop.run(f"insert into {table} values (1, 'again', 1)")
    with subprocess.Popen(
        [PSQL, "-X", "-v", "ON_ERROR_STOP=1", "-f", str(file)],
        env=ana.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as again:
        frozen.reject_next("set cents = 7")
        assert again.wait(30) != 0
    assert shop.count(table) == 1

    revoked = assent(frozen, "ben", "plans", "revoke", grant, "--because", "it is done")
    assert revoked.returncode == 0, revoked.stderr
