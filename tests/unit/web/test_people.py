"""The pages about people: the list, and inviting somebody."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from assent.core.role import Role
from builders import BEN
from console import Console, a_console


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as console:
        directory = console.world.plane.directory
        admin = replace(directory.said(BEN.id), roles=frozenset({Role.ADMINISTRATOR}))
        await console.world.plane.people.put(admin, None)
        await console.sign_in("ben")
        yield console


async def test_the_list_says_who_is_there_and_how_they_sign_in(console: Console) -> None:
    text = await console.get("/people")
    for name in ("ana", "ben", "carl", "dora"):
        assert f'href="/people/{name}"' in text
    assert "password alone" in text
    found = await console.get("/people?role=administrator")
    assert 'href="/people/ben"' in found
    assert 'href="/people/ana"' not in found
    assert "Nobody fits" in await console.get("/people?signs_in=passkey")


async def test_who_is_invited_gets_a_link_that_is_shown_once(console: Console) -> None:
    answer = await console.post("/people", name="nora", groups="dba, ops", roles="operator")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert re.search(r"/welcome/[\w-]+", answer.text)
    nora = console.world.plane.directory.subject_named("nora")
    assert nora is not None
    assert (nora.groups, nora.roles) == ({"dba", "ops"}, {Role.OPERATOR})
    assert "/welcome/" not in await console.get("/people/nora")
    again = await console.post("/people", name="nora")
    assert again.status_code == 409
    assert "There is somebody called" in again.text
    assert 'value="nora"' in again.text


async def test_who_may_not_see_people_sees_none(console: Console) -> None:
    await console.sign_in("ana")
    assert (await console.http.get("/people")).status_code == 403
    assert (await console.http.get("/people/ben")).status_code == 403
