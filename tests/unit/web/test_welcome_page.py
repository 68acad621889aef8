"""The links by which people come in: the first administrator, somebody invited, somebody again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from assent.control.local_person import PersonChange
from assent.core.role import Role
from assent.core.secret import Secret
from builders import MINUTE, a_caller, a_subject
from console import Console, a_console

CHOSEN = "violet otter makes tea at noon"
FORM = {"name": "root", "display_name": "Ruth", "password": CHOSEN, "again": CHOSEN}


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as found:
        yield found


async def first_path(console: Console) -> str:
    link = await console.world.plane.local_people.welcoming.first_link()
    assert link is not None
    return link.reveal()[link.reveal().index("/welcome/") :]


async def test_the_first_link_makes_one_administrator_and_signs_them_in(console: Console) -> None:
    path = await first_path(console)
    page = await console.http.get(path)
    assert "first administrator" in page.text
    assert page.headers["referrer-policy"] == "same-origin"
    assert (await console.http.post(path, data=FORM)).status_code == 303
    assert "administrator" in await console.get("/account")
    world = console.world
    root = world.directory.subject_named("root")
    assert root is not None
    assert root.source == "local"
    assert world.directory.roles_of(root) >= {Role.ADMINISTRATOR}
    assert await world.plane.local_people.welcoming.first_link() is None
    again = await console.http.post(path, data=FORM | {"name": "mallory"})
    assert again.status_code == 404
    assert "This link is over" in again.text
    assert world.directory.subject_named("mallory") is None


async def test_an_installation_with_an_administrator_cannot_be_taken_over(
    console: Console,
) -> None:
    path = await first_path(console)
    world = console.world
    boss = replace(a_subject("boss", "administrators"), source="scim")
    await world.plane.people.put(boss, None)
    answer = await console.http.post(path, data=FORM)
    assert answer.status_code == 404
    assert "there is an administrator already" in answer.text.lower()
    assert world.directory.subject_named("root") is None


async def test_a_later_link_and_time_end_the_first_one(console: Console) -> None:
    old = await first_path(console)
    new = await first_path(console)
    assert (await console.http.get(old)).status_code == 404
    assert (await console.http.get(new)).status_code == 200
    console.world.clock.advance(24 * 60 * MINUTE)
    assert (await console.http.get(new)).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("password", "short", "not the same"),
        ("again", "another one entirely", "not the same"),
        ("name", "no spaces", "letters, digits"),
    ],
)
async def test_what_is_wrong_is_said_and_the_link_stays_good(
    console: Console, field: str, value: str, words: str
) -> None:
    path = await first_path(console)
    answer = await console.http.post(path, data=FORM | {field: value})
    assert answer.status_code in (409, 422)
    assert words in answer.text
    assert (await console.http.post(path, data=FORM)).status_code == 303


async def test_an_invitation_sets_a_password_and_counts_once(console: Console) -> None:
    world = console.world
    await console.http.post(await first_path(console), data=FORM)
    accounts = world.plane.local_people.accounts
    root = world.directory.subject_named("root")
    assert root is not None
    wanted = PersonChange(groups=frozenset({"dba"}))
    invited = await accounts.invite(a_caller(root), "nora", wanted)
    path = invited.link.reveal()[invited.link.reveal().index("/welcome/") :]
    console.http.cookies.clear()
    chosen = {"password": CHOSEN, "again": CHOSEN}
    assert (await console.http.post(path, data=chosen)).status_code == 303
    assert "nora" in await console.get("/account")
    assert (await console.http.post(path, data=chosen)).status_code == 404
    token, _ = await world.sign_in.login("nora", Secret(CHOSEN), "192.0.2.1")
    assert token


async def test_a_link_from_another_site_does_nothing(console: Console) -> None:
    path = await first_path(console)
    answer = await console.http.post(path, data=FORM, headers={"origin": "http://evil.test"})
    assert answer.status_code == 403
    assert console.world.directory.subject_named("root") is None
