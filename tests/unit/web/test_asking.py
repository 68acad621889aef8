"""The pages on which people ask for access, and what they lead to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assent.core.ids import RequestId
from console import HTMX, Console, a_console

BOOKS = """
@id("dba-request") @max_duration("1h") @budget("rows 100")
permit (principal in Group::"dba", action == Action::"access.request", resource);
"""


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path, BOOKS) as console:
        yield console


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ana", "opens when you ask"),
        ("tim", "<b>people decide</b>: assent of 1 of dba"),
        ("carl", "closed to you"),
    ],
)
async def test_each_target_says_what_asking_would_lead_to(
    console: Console, name: str, words: str
) -> None:
    await console.sign_in(name)
    assert words in await console.get("/ask")
    assert words in await console.get("/ask/shop")


@pytest.mark.parametrize(
    ("name", "automatic", "people"),
    [("ana", 2, 0), ("tim", 0, 2), ("carl", 0, 0)],
)
async def test_a_target_answers_in_three_parts_what_is_theirs_and_what_it_takes(
    console: Console, name: str, automatic: int, people: int
) -> None:
    await console.sign_in(name)
    _, already, by_itself, by_people = (await console.get("/ask/shop")).split("<section>")
    assert "Nothing on it is open to you." in already
    assert by_itself.count("<li>") == automatic
    assert by_people.split("<form")[0].count("<li>") == people
    assert ("assent of 1 of dba" in by_people) == bool(people)


async def test_what_they_hold_already_is_named_before_they_ask_for_more(console: Console) -> None:
    await console.sign_in("ana")
    await console.post("/ask/shop", reason="month end", lasts_for="10m")
    already = (await console.get("/ask/shop")).split("<section>")[1]
    assert "until <time" in already
    assert "assent connect shop" in already


async def test_looking_writes_nothing_into_the_log(console: Console) -> None:
    await console.sign_in("ana")
    before = list(console.world.journal)
    await console.get("/ask")
    await console.get("/ask/shop")
    assert console.world.journal == before


async def test_what_needs_nobody_leads_to_what_was_granted_and_why(console: Console) -> None:
    await console.sign_in("ana")
    answer = await console.post("/ask/shop", reason="month end", lasts_for="10m")
    assert answer.status_code == 303
    path = answer.headers["location"]
    assert path.endswith("/granted")
    page = await console.get(path)
    for words in (
        'Granted: <b>shop</b> <span class="tag">dev</span> until <time',
        'datetime="2026-03-04T12:10:00.000000Z" data-countdown',
        "Permitted at once by <code>request</code>; risk",
        "no risk, however high, would have stopped it",
        "assent connect shop",
    ):
        assert words in page, words
    assert "Ask for more" in await console.get("/ask")


async def test_with_scripts_it_leads_on_as_well(console: Console) -> None:
    await console.sign_in("ana")
    answer = await console.post("/ask/shop", HTMX)
    assert answer.status_code == 204
    assert answer.headers["hx-redirect"].endswith("/granted")


async def test_what_people_decide_leads_to_the_request_with_every_term(console: Console) -> None:
    await console.sign_in("tim")
    fields = {
        "lasts_for": "20m",
        "read_only": "true",
        "tables": "orders",
        "budget": "rows 10",
        "starts": "first-use",
        "until": "2026-03-04T18:00",
        "zone": "UTC",
        "reason": "a <look>",
        "ticket": "SHOP-1",
    }
    answer = await console.post("/ask/shop", **fields)
    assert answer.status_code == 303
    path = answer.headers["location"]
    kept = await console.world.stored(path.rpartition("/")[2])
    assert (kept.reason, kept.ticket) == ("a <look>", "SHOP-1")
    await console.sign_in("ben")
    page = await console.get(path)
    for words in (
        "for 20 min, read-only, only on public.orders, at most 10 rows",
        "from its first use on, which is before 2026-03-04T18:00:00Z",
        "a &lt;look&gt;",
    ):
        assert words in page, words


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("lasts_for", "a while", "is not a duration"),
        ("lasts_for", "31d", "30 days at most"),
        ("verbs", "reed", "There is no verb <code>sql.reed</code>"),
        ("tables", "a" * 300, "is not a name"),
        ("budget", "plenty", "is not a budget"),
        ("window", "at night", "is no window"),
        ("until", "2020-01-01T00:00", "over already"),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    console: Console, field: str, value: str, words: str, headers: dict[str, str]
) -> None:
    await console.sign_in("ana")
    sent = {"reason": '"why"', field: value}
    answer = await console.post("/ask/shop", headers, **sent)
    assert answer.status_code in (409, 422)
    page = answer.text
    beside = page[page.index(f'id="{field.replace("_", "-")}-wrong"') :]
    assert words in beside[: beside.index("</p>")]
    assert "&#34;why&#34;</textarea>" in page
    assert f'value="{value}" maxlength' in page
    assert ("<html" in page) is (not headers)
    assert "request-opened" not in console.world.journal


async def test_what_nobody_could_assent_to_says_so_in_the_words_of_policies(
    console: Console,
) -> None:
    await console.sign_in("carl")
    answer = await console.post("/ask/shop")
    assert answer.status_code == 403
    assert "That was not taken." in answer.text


async def test_a_target_that_is_not_there_has_no_form(console: Console) -> None:
    await console.sign_in("ana")
    assert (await console.http.get("/ask/none")).status_code == 404
    assert (await console.post("/ask/none")).status_code == 404
    assert (await console.post("/ask/none", HTMX)).headers["hx-retarget"] == "#said"


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ({"csrf": ""}, {}, 403),
        ({"csrf": "0" * 64}, {}, 403),
        ({}, {"origin": "http://evil.test"}, 403),
        ({"starts": "yesterday"}, {}, 422),
        ({"reason": "x" * 2001}, {}, 422),
    ],
)
async def test_a_form_that_is_not_ours_asks_for_nothing(
    console: Console, fields: dict[str, str], headers: dict[str, str], status: int
) -> None:
    await console.sign_in("ana")
    answer = await console.post("/ask/shop", headers, **fields)
    assert answer.status_code == status
    assert await console.world.store.requests() == []


async def test_a_password_for_a_client_of_ones_own_is_shown_once(console: Console) -> None:
    await console.sign_in("ana")
    asked = await console.post("/ask/shop")
    path = asked.headers["location"].replace("/granted", "/password")
    shown = await console.post(path)
    assert shown.status_code == 200
    assert "no-store" in shown.headers["cache-control"]
    assert "host=gate.test port=6432 user=ana dbname=shop" in shown.text
    assert '<code id="password">token-' in shown.text
    assert 'id="password"' not in await console.get(asked.headers["location"])


async def test_what_was_granted_to_somebody_else_is_not_shown(console: Console) -> None:
    await console.sign_in("ana")
    path = (await console.post("/ask/shop")).headers["location"]
    for name in ("tim", "carl", "dora"):
        await console.sign_in(name)
        assert (await console.http.get(path)).status_code == 404
        taken = await console.post(path.replace("/granted", "/password"))
        assert taken.status_code == 404


async def test_what_is_over_says_so_and_opens_nothing(console: Console) -> None:
    await console.sign_in("ana")
    path = (await console.post("/ask/shop")).headers["location"]
    request = await console.world.stored(path.split("/")[2])
    assert request.grant is not None
    await console.world.grants.revoke_by_system(request.grant, "enough")
    assert "is over" in await console.get(path)
    requests = len(await console.world.store.requests())
    refused = await console.post(path.replace("/granted", "/password"))
    assert (refused.status_code, 'id="password"' in refused.text) == (409, False)
    assert len(await console.world.store.requests()) == requests


async def test_a_request_that_waits_has_granted_nothing(console: Console) -> None:
    await console.sign_in("tim")
    path = (await console.post("/ask/shop")).headers["location"]
    assert RequestId(path.rpartition("/")[2])
    assert (await console.http.get(f"{path}/granted")).status_code == 404
    assert "How to connect" not in await console.get(path)


async def test_once_assented_the_request_leads_to_how_to_connect(console: Console) -> None:
    await console.sign_in("tim")
    path = (await console.post("/ask/shop")).headers["location"]
    await console.sign_in("ben")
    assert (await console.post(f"{path}/answer", verdict="approve")).status_code == 303
    assert "How to connect" not in await console.get(path)
    await console.sign_in("tim")
    assert f'href="{path}/granted">How to connect' in await console.get(path)
    assert "Granted: <b>shop</b>" in await console.get(f"{path}/granted")
