"""One person on the pages: who they are, and what administrators do about them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from assent.core.role import Role
from builders import ANA, BEN, DORA
from console import Console, a_console


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as console:
        directory = console.world.plane.directory
        admin = replace(directory.said(BEN.id), roles=frozenset({Role.ADMINISTRATOR}))
        await console.world.plane.people.put(admin, None)
        await console.sign_in("ben")
        yield console


async def test_a_person_whom_the_configuration_describes_is_suspended_for_a_reason(
    console: Console,
) -> None:
    world = console.world
    text = await console.get("/people/ana")
    assert "Suspend ana" in text
    assert "come from the configuration" in text
    without = await console.post("/people/ana/disable")
    assert without.status_code == 409
    assert "Say why" in without.text
    assert not world.plane.directory.subject(ANA.id).disabled
    done = await console.post("/people/ana/disable", reason="lost her laptop")
    assert done.headers["location"] == "/people/ana"
    assert world.plane.directory.subject(ANA.id).disabled
    text = await console.get("/people/ana")
    assert "Suspended here" in text
    assert "Lift the suspension" in text
    await console.post("/people/ana/enable", reason="found it")
    assert not world.plane.directory.subject(ANA.id).disabled


async def test_groups_and_roles_of_a_local_person_are_changed_by_a_form(console: Console) -> None:
    await console.post("/people", name="nora", groups="dba")
    fields = {"groups": "ops", "roles": "auditor", "display_name": "Nora", "reason": "moved"}
    done = await console.post("/people/nora/change", **fields)
    assert done.status_code == 303
    nora = console.world.plane.directory.subject_named("nora")
    assert nora is not None
    assert (nora.groups, nora.roles, nora.display_name) == ({"ops"}, {Role.AUDITOR}, "Nora")
    link = await console.post("/people/nora/recovery", reason="lost her phone")
    assert "/welcome/" in link.text
    bad = await console.post("/people/nora/change", groups="no/group", reason="x")
    assert bad.status_code == 409


async def test_nobody_acts_on_themselves(console: Console) -> None:
    text = await console.get("/people/ben")
    assert "This is you" in text
    assert "/people/ben/disable" not in text
    refused = await console.post("/people/ben/disable", reason="tired")
    assert refused.status_code == 409
    assert not console.world.plane.directory.subject(BEN.id).disabled


async def test_only_security_reports_a_compromise(console: Console) -> None:
    assert "/people/ana/compromised" not in await console.get("/people/ana")
    refused = await console.post("/people/ana/compromised", reason="phished")
    assert refused.status_code == 403
    directory = console.world.plane.directory
    guard = replace(directory.said(DORA.id), roles=frozenset({Role.SECURITY}))
    await console.world.plane.people.put(guard, None)
    await console.sign_in("dora")
    text = await console.get("/people/ana")
    assert 'action="/people/ana/compromised"' in text
    assert (await console.post("/people/ana/compromised", reason="phished")).status_code == 303
    assert "credential compromise" in await console.get("/people/ana")
    assert "security.event" in console.world.journal


async def test_a_page_of_somebody_who_is_not_there_is_missing(console: Console) -> None:
    assert (await console.http.get("/people/nobody")).status_code == 404
