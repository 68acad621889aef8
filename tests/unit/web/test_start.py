import asyncio
import re
import tomllib
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from assent.core.faults import ConflictFault
from assent.web.start import TargetForm, toml_of
from builders import ANA, DELETE_ALL, until
from console import HTMX, Console, a_console

HOLDS = """
@id("guard") @require("approve: 1 of dba") @hold("10m")
forbid (principal, action == Action::"sql.delete", resource);
"""
CHANGERS = """
@id("change.propose")
permit (principal in Group::"security", action in
[Action::"policy.change", Action::"target.change"], resource);
"""
FORM = TargetForm("shop", "db.internal", "5433", "shop", "gate", "file:shop.password", "dba, ops")


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path, HOLDS, CHANGERS) as found:
        plane = found.world.plane
        plane.configuring.begin({}, plane.directory.targets())
        await found.sign_in("carl")
        yield found


def done(page: str) -> list[str]:
    return re.findall(r'<li id="([a-z]+)" class="done"', page)


async def test_each_step_ticks_itself_up_to_the_entry_that_proves_it(console: Console) -> None:
    world = console.world
    page = await console.get("/start")
    assert done(page) == ["policy", "target", "second"]
    assert re.search(r'id="you" class="here" aria-current="step"', page)

    client = await world.connect(ANA)
    assert "connect" in done(await console.get("/start"))
    held = asyncio.ensure_future(world.did(client, DELETE_ALL))
    await until(lambda: len(list(world.waiting)) == 1)
    request = next(iter(world.waiting)).request
    page = await console.get("/start")
    assert "approve" not in done(page)
    assert f'href="/requests/{request.id}"' in page

    await console.sign_in("dora")
    await console.post(f"/requests/{request.id}/answer", verdict="approve")
    await held
    await console.sign_in("carl")
    page = await console.get("/start")
    assert done(page) == ["policy", "target", "second", "connect", "approve"]
    entry = re.search(r'href="(/log/ent_\w+)">Open the entry', page)
    assert entry
    assert "Verify" in await console.get(entry[1])


async def test_a_part_of_the_page_is_given_to_what_renews_it(console: Console) -> None:
    part = await console.http.get("/start", headers=HTMX)
    assert part.text.lstrip().startswith('<p class="note" role="status">')


async def test_the_first_target_is_applied_as_policies_decide(console: Console) -> None:
    plane = console.world.plane
    plane.directory.replace(plane.directory.subjects(), ())
    plane.configuring.begin({}, ())
    fields = {name: str(getattr(FORM, name)) for name in FORM.__dataclass_fields__}
    answer = await console.post("/start/target", **(fields | {"password": "hunter2"}))
    assert answer.status_code == 409
    assert "has to be a reference" in unescape(answer.text)
    assert "hunter2" not in answer.text
    answer = await console.post("/start/target", **fields)
    assert answer.status_code == 303, unescape(answer.text).split('role="alert"')[1][:300]
    assert answer.headers["location"] == "/start#target"
    found = plane.directory.target_named("shop")
    assert found is not None
    assert (found.host, found.owners) == ("db.internal", frozenset({"dba", "ops"}))
    # A second one would retire the first: it belongs into a file with both.
    assert (await console.post("/start/target", **fields)).status_code == 409


async def test_whoever_may_not_change_settings_has_no_such_page(console: Console) -> None:
    await console.sign_in("ana")
    assert (await console.http.get("/start")).status_code == 403
    assert (await console.post("/start/target", name="x")).status_code == 403


def test_what_is_typed_becomes_one_target_and_nothing_else() -> None:
    found = tomllib.loads(toml_of(FORM))["targets"]
    assert [one["name"] for one in found] == ["shop"]
    odd = TargetForm("shop", 'a"\n[[people]]', "5432", "d", "u", "file:x")
    with pytest.raises(ConflictFault):
        toml_of(odd)
    quoted = TargetForm("shop", 'a"b\\c', "5432", "d", "u", "file:x", 'o"1')
    assert tomllib.loads(toml_of(quoted))["targets"][0]["host"] == 'a"b\\c'


@pytest.mark.parametrize(
    "form",
    [
        TargetForm("", "h", "1", "d", "u", "file:x"),
        TargetForm("a b", "h", "1", "d", "u", "file:x"),
        TargetForm("a", "h", "x", "d", "u", "file:x"),
        TargetForm("a", "h", "0", "d", "u", "file:x"),
        TargetForm("a", "h", "65536", "d", "u", "file:x"),
        TargetForm("a", "", "1", "d", "u", "file:x"),
        TargetForm("a", "h", "1", "d", "", "file:x"),
        TargetForm("a", "h", "1", "d", "u", ""),
    ],
)
def test_what_cannot_be_a_target_is_refused(form: TargetForm) -> None:
    with pytest.raises(ConflictFault):
        toml_of(form)
