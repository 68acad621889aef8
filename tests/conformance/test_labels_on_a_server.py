"""Labels on a running gateway: scanned, approved, in force, and without a value anywhere."""

import asyncio
import json
from pathlib import Path

import gateway_world
from assent.demo.world import World
from gateway_world import Credential, Gateway, Shop, assent, asyncpg_connect

VALUE = "nobody.would.write.this"


def test_what_a_scan_finds_is_in_force_once_it_is_approved(own: Gateway, shop: Shop) -> None:
    shop.run(
        "create table scanned_letters (id int, sender text);"
        f"insert into scanned_letters select n, '{VALUE}.' || n || '@example.com' "
        "from generate_series(1, 40) n"
    )
    refused = assent(own, "ana", "labels", "scan", "shop")
    assert refused.returncode == 3
    assert "only an owner of `shop` may" in refused.stderr
    done = assent(own, "ben", "labels", "scan", "shop", "--sample", "30", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["suggested"] >= 1
    name = "public.scanned_letters.sender"
    listed = json.loads(assent(own, "ben", "labels", "list", "shop", "--json").stdout)["items"]
    (found,) = [item for item in listed if item["name"] == name]
    assert (found["label"], found["state"], found["source"]) == ("pii.email", "suggested", "scan")
    assert (found["matched"], found["sampled"]) == (30, 30)
    approved = assent(own, "ben", "labels", "approve", "shop", name, "pii.email")
    assert approved.stdout == f"approved: {name} is pii.email\n"
    assert VALUE not in done.stdout + done.stderr + json.dumps(listed)
    kept = [path for path in Path(own.world.folder).rglob("*") if path.is_file()]
    assert [path for path in kept if VALUE.encode() in path.read_bytes()] == []
    labels = (path for path in kept if b"scanned_letters.sender" in path.read_bytes())
    assert next(labels, None) is not None


def test_rules_label_columns_of_the_running_target(
    template: World, shop: Shop, tmp_path: Path
) -> None:
    shop.run('create table ruled_people (id int, "E-Mail" text); create schema ruled_hr')
    shop.run("create table ruled_hr.people (id int, home_mail text)")
    created = gateway_world.create_world(tmp_path / "own", template)
    with created.config.open("a", encoding="utf-8") as file:
        file.write(
            '\n[[label_rules]]\npattern = "(?i)e?-?mail"\nlabel = "pii.email"\n'
            'table = "ruled_"\n\n[[detectors]]\nlabel = "hr.employee"\npattern = "E[0-9]{6}"\n'
        )

    def ruled(running: Gateway) -> dict[str, str]:
        listed = assent(running, "ben", "labels", "list", "shop", "--json")
        items = json.loads(listed.stdout)["items"]
        return {item["name"]: item["label"] for item in items if item["source"] == "rule"}

    with gateway_world.serving(created) as running:
        expected = {
            "public.ruled_people.E-Mail": "pii.email",
            "ruled_hr.people.home_mail": "pii.email",
        }
        # What a target holds is read before the first session on it begins.
        asyncio.run(session(running.connect_as("ana")))
        assert ruled(running) == expected


async def session(credential: Credential) -> None:
    connection = await asyncpg_connect(credential)
    await connection.close()
