"""The page on being away and on delegations."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from builders import CARL, NOON, a_caller
from console import HTMX, Console, a_console

DELEGATIONS = """
@id("delegations") @max_duration("7d")
permit (principal in Group::"dba", action == Action::"delegation.give",
  resource == System::"delegations");
@id("delegations-of-temps") @max_duration("7d")
permit (principal in Group::"temps", action == Action::"delegation.give",
  resource == System::"delegations");
@id("temps-ask-to-delegate") @require("approve: 1 of dba")
forbid (principal in Group::"temps", action == Action::"delegation.give", resource);
"""


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path, DELEGATIONS) as console:
        await console.sign_in("ben")
        yield console


async def test_who_stands_in_for_nobody_learns_what_it_is(console: Console) -> None:
    page = await console.get("/standing-in")
    assert "Nobody. A delegation lets somebody answer" in page
    assert "For nobody. When somebody delegates to you" in page
    assert '<option value="dba">as one of dba</option>' in page


async def test_who_is_away_says_until_when_and_comes_back(console: Console) -> None:
    answer = await console.post("/standing-in/away", until="2026-03-10T09:00", zone="UTC")
    assert (answer.status_code, answer.headers["location"]) == (303, "/standing-in")
    page = await console.get("/standing-in")
    assert "You are away until" in page
    assert '<time datetime="2026-03-10T09:00:00.000000Z" data-local>' in page
    answer = await console.post("/standing-in/back", HTMX)
    assert "Welcome back" in answer.text
    assert "I am away" in answer.text


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("until", "2026-03-01T09:00", "over already"),
        ("until", "2030-03-01T09:00", "within 366 days"),
        ("until", "", "write a date and a time"),
        ("zone", "Mars/Base", "no time zone <code>Mars/Base</code>"),
    ],
)
async def test_an_absence_that_cannot_be_is_told_beside_its_field(
    console: Console, field: str, value: str, words: str, headers: dict[str, str]
) -> None:
    sent = {"until": "2026-03-10T09:00", "zone": "UTC", field: value}
    answer = await console.post("/standing-in/away", headers, **sent)
    assert answer.status_code == 409
    beside = answer.text[answer.text.index(f'id="{field}-wrong"') :]
    assert words in beside[: beside.index("</p>")]
    assert f'value="{value}"' in answer.text


async def test_a_place_is_given_held_and_ended(console: Console) -> None:
    fields = {"group": "dba", "to": "carl", "lasts_for": "2d", "reason": "<leave>"}
    answer = await console.post("/standing-in/delegate", HTMX, **fields)
    assert "carl stands in for you now." in answer.text
    assert "<b>dba</b> to carl until" in answer.text
    assert "&lt;leave&gt;" in answer.text
    await console.sign_in("carl")
    page = await console.get("/standing-in")
    assert "<b>dba</b> from ben until" in page
    (held,) = console.world.delegations.about(CARL.id, NOON)
    ended = await console.post(f"/standing-in/delegations/{held.id}/end")
    assert (ended.status_code, ended.headers["location"]) == (303, "/standing-in")
    assert "For nobody." in await console.get("/standing-in")


async def test_a_place_by_name_is_told_as_such(console: Console) -> None:
    fields = {"group": "@me", "to": "carl", "lasts_for": "1d"}
    answer = await console.post("/standing-in/delegate", HTMX, **fields)
    assert "what asks you by name</b> to carl" in answer.text
    await console.sign_in("carl")
    assert "what asks them by name</b> from ben" in await console.get("/standing-in")


async def test_a_delegation_that_people_decide_leads_to_its_request(console: Console) -> None:
    await console.sign_in("tim")
    fields = {"group": "temps", "to": "dora", "lasts_for": "1d"}
    answer = await console.post("/standing-in/delegate", **fields)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/requests/req_")
    assert answer.headers["location"].count("/") == 2


@pytest.mark.parametrize("headers", [{}, HTMX])
@pytest.mark.parametrize(
    ("field", "value", "status", "words"),
    [
        ("to", "nobody", 404, "no person <code>nobody</code>"),
        ("to", "dora", 409, "is in <code>dba</code> already"),
        ("group", "security", 403, "can delegate it"),
        ("lasts_for", "31d", 409, "30 days at most"),
        ("lasts_for", "", 409, "is not a duration"),
    ],
)
async def test_a_delegation_that_cannot_be_is_told_beside_its_field(
    console: Console, field: str, value: str, status: int, words: str, headers: dict[str, str]
) -> None:
    sent = {"group": "dba", "to": "carl", "lasts_for": "1d", field: value}
    answer = await console.post("/standing-in/delegate", headers, **sent)
    assert answer.status_code == status
    beside = answer.text[answer.text.index(f'id="{field.replace("_", "-")}-wrong"') :]
    assert words in beside[: beside.index("</p>")]


async def test_what_no_policy_permits_is_told_above_the_fields(console: Console) -> None:
    await console.sign_in("carl")
    fields = {"group": "security", "to": "ben", "lasts_for": "1d"}
    answer = await console.post("/standing-in/delegate", **fields)
    assert answer.status_code == 403
    assert "That was not taken." in answer.text


async def test_a_delegation_of_others_is_not_ones_own_to_end(console: Console) -> None:
    await console.post("/standing-in/delegate", group="dba", to="carl", lasts_for="1d")
    (held,) = console.world.delegations.about(CARL.id, NOON)
    await console.sign_in("dora")
    answer = await console.post(f"/standing-in/delegations/{held.id}/end")
    assert answer.status_code == 404
    assert console.world.delegations.about(CARL.id, NOON) == [held]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("away", {"until": "2026-03-10T09:00"}),
        ("back", {}),
        ("delegate", {"group": "dba", "to": "carl", "lasts_for": "1d"}),
        ("delegations/grt_1/end", {}),
    ],
)
async def test_a_form_that_is_not_ours_changes_nobodys_place(
    console: Console, path: str, fields: dict[str, str]
) -> None:
    for sent, headers in (({"csrf": "0" * 64}, {}), ({}, {"origin": "null"})):
        answer = await console.post(f"/standing-in/{path}", headers, **{**fields, **sent})
        assert answer.status_code == 403
    assert console.world.delegations.about(CARL.id, NOON) == []
    assert console.world.absences.current(a_caller(CARL)) is None
