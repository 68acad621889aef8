"""The pages about targets: how each stands, who has access, and putting others in force."""

import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest

from assent.core.ids import TargetId
from assent.core.request import Verdict
from builders import BEN, CARL, NOON, POLICIES, SHOP, a_caller
from console import Console, a_console

CHANGES = """
@id("changes") permit (principal in Group::"dba", action in
  [Action::"policy.change", Action::"target.change"], resource);
@id("four-eyes") @require("approve: 1 of security")
forbid (principal, action == Action::"target.change", resource);
@id("of-shop") permit (principal, action == Action::"sql.read", resource == Target::"shop");
"""
WEB = replace(SHOP, id=TargetId("tgt_web"), name="web", protocol="http")
ARCHIVE = '[[targets]]\nname = "archive"\nowners = ["dba"]\n'


@dataclass(frozen=True, slots=True)
class Age:
    target: TargetId
    database: str
    read_at: datetime | None
    problem: str = ""
    relations: int = 0


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path, CHANGES) as made:
        world = made.world
        world.configuring.begin({"all.cedar": POLICIES, "more.cedar": CHANGES}, (SHOP,))
        await made.sign_in("ben")
        yield made


async def test_a_target_says_what_it_is_and_not_how_one_gets_in(console: Console) -> None:
    health = console.world.plane.health
    health.catalogues = lambda: (Age(SHOP.id, "shop", NOON, "", 1234),)
    assert 'href="/targets/shop"' in await console.get("/targets")
    text = await console.get("/targets/shop")
    for words in ("1,234 tables", f"{SHOP.host}:{SHOP.port}", "Who has access now"):
        assert words in text
    assert SHOP.credential not in text
    assert (await console.http.get("/targets/nothing")).status_code == 404


async def test_what_has_no_databases_is_not_said_to_have_names_to_look_through(
    console: Console,
) -> None:
    console.world.plane.directory.put_target(WEB)
    listed = await console.get("/targets")
    assert "not looked at" in listed
    assert "as they are written" in listed
    text, of_the_shop = await console.get("/targets/web"), await console.get("/targets/shop")
    for words in ("Databases", "looked through when it is first used", "known of its names"):
        assert words in of_the_shop
        assert words not in text
    assert "Labels in force" in text


async def test_who_does_not_own_it_sees_neither_its_address_nor_who_is_in(
    console: Console,
) -> None:
    await console.sign_in("ana")
    text = await console.get("/targets/shop")
    assert f"{SHOP.host}:{SHOP.port}" not in text
    assert "Who has access now" not in text
    assert "Policies that name it" not in text


async def test_who_reads_policies_sees_which_name_it(console: Console) -> None:
    await console.sign_in("carl")
    text = await console.get("/targets/shop")
    assert "Policies that name it" in text
    assert "line " in text.partition("Policies that name it")[2]


async def test_a_target_is_planned_then_proposed_and_live_once_people_assent(
    console: Console,
) -> None:
    plan = await console.post("/targets/plan", text=ARCHIVE.replace("\n", "\r\n"))
    assert plan.status_code == 200
    assert "archive" in plan.text
    assert "People must assent" in plan.text
    assert console.world.directory.target_named("archive") is None
    kept = re.search(r'name="text" value="([^"]*)"', plan.text)
    assert kept
    asked = await console.post("/targets/apply", text=html.unescape(kept[1]), reason="it grew")
    assert asked.status_code == 303, asked.text[asked.text.index("<main") :]
    request = asked.headers["location"].removeprefix("/requests/")
    plane = console.world.plane
    found = await plane.requests.get(a_caller(BEN), request)
    digest = found.action.digest()
    await plane.requests.answer(a_caller(CARL), found.id, Verdict.APPROVE, digest)
    assert console.world.directory.target_named("archive") is not None


async def test_who_may_not_apply_is_told_so_beside_what_they_wrote(console: Console) -> None:
    await console.sign_in("ana")
    refused = await console.post("/targets/plan", text=ARCHIVE)
    assert refused.status_code == 403
    assert 'role="alert"' in refused.text
    assert "archive" in refused.text
