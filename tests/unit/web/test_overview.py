import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from builders import ANA, BEN, MINUTE, asking_to
from console import Console, a_console


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as found:
        yield found


async def some_work(console: Console) -> None:
    """Two statements that were permitted, and a request that waits for people."""
    client = await console.world.connect(ANA)
    for number in range(2):
        await console.world.did(client, asking_to("sql.read", text=f"select {number}"))
    await console.world.plane.insight.rollups.catch_up()


async def test_whoever_looks_after_it_sees_what_was_decided(console: Console) -> None:
    await some_work(console)
    await console.sign_in("carl")
    page = unescape(await console.get("/overview?range=24h"))
    assert re.search(r"100 %</b> <small>of \d+ actions decided on", page)
    assert "1 in all; the most, 1, from 04 Mar 12:00 UTC." in page
    assert 'data-value="1.0"' in page
    assert "<rect class=" in page


async def test_what_is_wrong_stands_first_with_where_to_mend_it(console: Console) -> None:
    await console.sign_in("carl")
    page = unescape(await console.get("/overview"))
    first = page.index("Look at this first")
    assert first < page.index("Time to assent")
    # The canary of this world is off.
    assert re.search(r'<a href="/status">Canary: is off\.</a>', page)


async def test_everybody_else_sees_what_is_theirs_and_nothing_of_others(console: Console) -> None:
    await some_work(console)
    await console.sign_in("ana")
    page = await console.get("/overview")
    assert "Your access now" in page
    assert page.count('href="/sessions/') == 1
    await console.sign_in("tim")
    page = await console.get("/overview")
    assert "Nothing yet" in page
    assert 'href="/sessions/' not in page.split('id="region"')[1]


@pytest.mark.parametrize("span", ["24h", "7d", "30d", "nonsense", ""])
async def test_any_span_that_is_asked_for_gives_a_page(console: Console, span: str) -> None:
    await console.sign_in("carl")
    assert 'aria-current="page">' in await console.get(f"/overview?range={span}")


async def test_what_people_assented_to_counts_how_long_it_took(console: Console) -> None:
    world = console.world
    await world.step_up(BEN)
    await console.sign_in("tim")
    asked = await console.post("/ask/shop", reason="month end")
    request = asked.headers["location"].rsplit("/", 1)[1]
    world.clock.at += 2 * MINUTE
    await console.sign_in("dora")
    answer = await console.post(f"/requests/{request}/answer", verdict="approve")
    assert answer.status_code in (200, 303), answer.text
    await world.plane.insight.rollups.catch_up()
    await console.sign_in("carl")
    page = unescape(await console.get("/overview?range=24h"))
    assert "1 request that people assented to: half within 2 min" in page
