"""The page of grants: one's own, those of others, more of it and no more of it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from assent.core.grant import Grant
from assent.core.scope import Spent
from builders import ANA, BEN, a_caller
from console import HTMX, Console, a_console

BUDGETS = """
@id("dba-request") @max_duration("1h") @budget("rows 100")
permit (principal in Group::"dba", action == Action::"access.request", resource);
"""


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path, BUDGETS) as console:
        yield console


async def granted(console: Console, name: str, **fields: str) -> Grant:
    """Return what somebody got who asked on the page; they are signed in from then on."""
    await console.sign_in(name)
    answer = await console.post("/ask/shop", **fields)
    request = await console.world.stored(answer.headers["location"].split("/")[2])
    grant = console.world.grants.get(request.grant)
    assert grant is not None
    return grant


async def test_who_has_nothing_learns_what_a_grant_is(console: Console) -> None:
    await console.sign_in("ana")
    page = await console.get("/grants")
    assert "You hold no access now" in page
    assert 'href="/ask"' in page
    assert "Others" not in page


async def test_a_grant_shows_what_it_covers_and_what_is_left(console: Console) -> None:
    grant = await granted(
        console, "ana", reason="<why>", read_only="true", budget="rows 200, bytes 1MiB"
    )
    console.world.grants.spend(grant.id, Spent(rows=50, bytes=1 << 20))
    page = await console.get("/grants")
    for words in (
        "Covers reading.",
        "&lt;why&gt;",
        f'datetime="{grant.ends_at:%Y-%m-%dT%H:%M:%S}.000000Z" data-countdown',
        "50 of 200 rows used",
        'class="used" x="0" y="0" width="25.0"',
        "1 MiB of 1 MiB used",
        "Its budget is used up",
        "Give it back",
        "Extend",
    ):
        assert words in page, words


async def test_open_sessions_are_shown_under_what_they_rest_on(console: Console) -> None:
    await granted(console, "ana")
    assert "none; connect with" in await console.get("/grants")
    await console.world.connect(ANA)
    assert "psql · 127.0.0.1" in await console.get("/grants")


async def test_hours_that_are_not_now_are_told(console: Console) -> None:
    await granted(console, "ana", window="sat 08:00-12:00", zone="UTC")
    page = await console.get("/grants")
    assert "in the hours sat 08:00-12:00 UTC" in page
    assert "Outside its hours now." in page


async def test_a_clock_that_waits_says_so_and_runs_nowhere(console: Console) -> None:
    await granted(console, "ana", lasts_for="10m", starts="first-use")
    page = await console.get("/grants")
    assert "waits to be used" in page
    assert "10 min from its first use, which is before" in page
    assert "data-countdown" not in page


async def test_more_time_is_asked_for_on_the_page(console: Console) -> None:
    grant = await granted(console, "ana", reason="month end")
    answer = await console.post(f"/grants/{grant.id}/extend", HTMX, lasts_for="5m")
    assert answer.status_code == 204
    path = answer.headers["hx-redirect"]
    request = await console.world.stored(path.split("/")[2])
    assert request.reason == "month end"
    assert request.action.details["extends"] == grant.id
    assert "2026-03-04T12:05:00" in await console.get(path)


@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_more_time_that_is_no_time_is_told_on_the_grant(
    console: Console, headers: dict[str, str]
) -> None:
    grant = await granted(console, "ana")
    answer = await console.post(f"/grants/{grant.id}/extend", headers, lasts_for="long")
    assert answer.status_code == 409
    assert "<code>long</code> is not a duration" in answer.text
    assert ("<html" in answer.text) is (not headers)


async def test_what_is_given_back_is_over_and_stays_on_the_page_as_such(console: Console) -> None:
    grant = await granted(console, "ana")
    client = await console.world.connect(ANA)
    answer = await console.post(f"/grants/{grant.id}/give-back", HTMX)
    assert "Given back. It is over for good." in answer.text
    assert console.world.grants.get(grant.id) is None
    assert client.cuts
    assert "given back" in await console.get("/grants")
    again = await console.post(f"/grants/{grant.id}/give-back", HTMX)
    assert again.status_code == 404
    assert "That was not taken." in again.text


async def test_the_name_of_a_target_stands_for_no_grant_here(console: Console) -> None:
    grant = await granted(console, "ana")
    for act in ("give-back", "extend"):
        assert (await console.post(f"/grants/shop/{act}")).status_code == 404
    assert console.world.grants.get(grant.id) is not None


@pytest.mark.parametrize("act", ["give-back", "extend", "revoke"])
async def test_what_somebody_else_holds_is_not_ones_own_to_change(
    console: Console, act: str
) -> None:
    grant = await granted(console, "ana")
    await console.sign_in("tim")
    answer = await console.post(f"/grants/{grant.id}/{act}", because="mine now")
    assert answer.status_code in (403, 404)
    assert console.world.grants.get(grant.id) == grant


@pytest.mark.parametrize(
    ("fields", "headers"),
    [({"csrf": ""}, {}), ({"csrf": "0" * 64}, {}), ({}, {"origin": "http://evil.test"})],
)
@pytest.mark.parametrize("act", ["give-back", "extend", "revoke"])
async def test_a_form_that_is_not_ours_ends_and_extends_nothing(
    console: Console, act: str, fields: dict[str, str], headers: dict[str, str]
) -> None:
    grant = await granted(console, "ana")
    answer = await console.post(
        f"/grants/{grant.id}/{act}", headers, **{"because": "why not", **fields}
    )
    assert answer.status_code == 403
    assert console.world.grants.counting(a_caller(ANA), False) == [grant]


@pytest.mark.parametrize("name", ["carl", "ben"])
async def test_security_and_owners_see_what_others_hold_and_revoke_it(
    console: Console, name: str
) -> None:
    grant = await granted(console, "ana")
    await console.sign_in(name)
    page = await console.get("/grants?whose=everybody")
    assert "ana on <b>shop</b>" in page
    assert "Give it back" not in page
    refused = await console.post(f"/grants/{grant.id}/revoke", because=" ")
    assert refused.status_code == 409
    assert "Say why" in refused.text
    answer = await console.post(f"/grants/{grant.id}/revoke", because="the laptop is lost")
    assert (answer.status_code, answer.headers["location"]) == (303, "/grants?whose=everybody")
    assert "Nobody else has anything now" in await console.get("/grants?whose=everybody")
    await console.sign_in("ana")
    assert f"ended by {name}: the laptop is lost" in await console.get("/grants")


async def test_who_answers_for_nothing_sees_nobody_elses(console: Console) -> None:
    await granted(console, "ana")
    await console.sign_in("tim")
    page = await console.get("/grants?whose=everybody")
    assert "ana" not in page.replace("Standing", "")
    assert "You hold no access now" in page


async def test_what_is_over_by_time_is_told_so(console: Console) -> None:
    grant = await granted(console, "ben", lasts_for="5m")
    console.world.clock.advance(timedelta(minutes=5))
    page = await console.get("/grants")
    assert "You hold no access now" in page
    assert "its time was over" in page
    assert grant.subject == BEN.id


@pytest.mark.parametrize("path", ["/grants", "/grants/part", "/ask", "/ask/shop", "/standing-in"])
async def test_each_page_is_for_people_who_signed_in_and_forbids_what_is_not_ours(
    console: Console, path: str
) -> None:
    console.http.cookies.clear()
    away = await console.http.get(path)
    assert away.headers["location"].startswith("/sign-in")
    await console.sign_in("ana")
    answer = await console.http.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "no-store" in answer.headers["cache-control"]
    assert "style=" not in answer.text
    assert "<style" not in answer.text
    assert "onclick" not in answer.text


async def test_more_than_a_page_holds_is_counted(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assent.web.grant_views.MOST_GRANTS", 1)
    for _ in range(3):
        await granted(console, "ana")
    assert "2 more, begun earlier, are not shown" in await console.get("/grants")
