"""Policies that were assented to: in force at once, for open sessions too, and after a restart."""

import asyncio
import json
import re
import shutil
from pathlib import Path

import asyncpg
import pytest

import gateway_world
from assent.demo.world import World
from gateway_world import Gateway, assent, asyncpg_connect

CHANGES = """
@id("changes.permit") permit (principal in Group::"dba",
  action in [Action::"policy.change", Action::"target.change"], resource);
@id("changes.four-eyes") @require("approve: 1 of security")
forbid (principal, action in [Action::"policy.change", Action::"target.change"], resource);
"""
FREEZE = """
@id("freeze") @message("no changes this week")
forbid (principal, action == Action::"sql.update", resource in Target::"shop");
"""
CLOSED = """
@id("closed") @message("the shop is closed to engineers")
forbid (principal in Group::"engineers", action == Action::"session.open",
  resource in Target::"shop");
"""


@pytest.fixture
def changing(template: World, tmp_path: Path) -> World:
    """A world in which DBAs may change policies, if somebody of security assents."""
    world = gateway_world.create_world(tmp_path / "own", template)
    (world.folder / "policies" / "90-changes.cedar").write_text(CHANGES, encoding="utf-8")
    return world


def wanted(world: World, folder: Path, *texts: str) -> Path:
    """Return a folder that holds the policies of the server's folder, and more."""
    shutil.copytree(world.folder / "policies", folder / "policies", dirs_exist_ok=True)
    for number, text in enumerate(texts):
        (folder / "policies" / f"9{number}-new.cedar").write_text(text, encoding="utf-8")
    return folder


def applied(gateway: Gateway, folder: Path) -> str:
    """Let Ben apply a folder and Carl assent to it; return the request."""
    asked = assent(gateway, "ben", "apply", str(folder), "--reason", "a freeze", "--json")
    assert asked.returncode == 0, asked.stderr
    request = str(json.loads(asked.stdout)["request"]["id"])
    done = assent(gateway, "carl", "approve", request)
    assert done.returncode == 0, done.stderr
    gateway.wait_until(request, "completed", name="ben")
    return request


async def refused(connection: asyncpg.Connection) -> str:
    with pytest.raises(asyncpg.PostgresError) as caught:
        await connection.execute("update orders set id = id where id = 1")
    return str(caught.value)


async def reading_on(connection: asyncpg.Connection) -> None:
    """Read until it is not possible any more; what is read is permitted all the time."""
    while True:
        await connection.fetchval("select count(*) from orders")


async def test_what_is_applied_is_in_force_at_once_and_after_a_restart(
    changing: World, tmp_path: Path
) -> None:
    folder = wanted(changing, tmp_path / "wanted", FREEZE)
    with gateway_world.serving(changing) as gateway:
        connection = await asyncpg_connect(gateway.connect_as("ana"))
        await connection.execute("update orders set id = id where id = 1")
        planned = assent(gateway, "ben", "apply", str(folder), "--plan")
        assert "+ policy `freeze` is added" in planned.stdout
        assert "assent of 1 of security" in planned.stdout
        request = applied(gateway, folder)
        # The session was open before: what it may is decided anew.
        assert "no changes this week" in await refused(connection)
        told = assent(gateway, "ben", "explain", request)
        assert told.returncode == 0, told.stderr + gateway.printed()
        why = told.stdout
        assert '@id("changes.four-eyes")' in why
        assert "carl assented" in why
        closed = wanted(changing, tmp_path / "closed", FREEZE, CLOSED)
        applied(gateway, closed)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await asyncio.wait_for(reading_on(connection), 3)
    with gateway_world.serving(changing) as gateway:
        assert "does not count" in gateway.printed()
        running = assent(gateway, "carl", "policy", "diff", "--running", str(closed / "policies"))
        assert running.returncode == 0, running.stdout + running.stderr


async def test_what_others_would_have_answered_is_told_from_what_was_decided(
    changing: World, tmp_path: Path
) -> None:
    folder = wanted(changing, tmp_path / "wanted", FREEZE)
    with gateway_world.serving(changing) as gateway:
        connection = await asyncpg_connect(gateway.connect_as("ana"))
        await connection.execute("update orders set id = id where id = 1")
        await connection.close()
        what_if = ("policy", "diff", "--running", str(folder / "policies"), "--since", "1h")
        found = assent(gateway, "carl", *what_if)
        assert found.returncode == 1, found.stderr
        assert re.search(r"1 × newly denied.*\(freeze\); ana", found.stdout)
