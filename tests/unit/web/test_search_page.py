"""The page that finds what was done: its form, what it shows, and what it leaves alone."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from assent.core.effect import Effect, EffectFilter, EffectOutcome, IndexEffects, place_of
from assent.core.entry import EntryKind
from assent.core.ids import EntryId, RequestId
from builders import ANA, BEN, NOON, SHOP
from console import HTMX, Console, a_console


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    async with a_console(tmp_path) as console:
        deleted = Effect(
            place=place_of(1),
            at=NOON - timedelta(hours=1),
            entry=EntryId("ent_1"),
            subject=ANA.id,
            verb="sql.delete",
            operation="write",
            kind="Table",
            resource="public.<orders>",
            outcome=EffectOutcome.PERMITTED,
            score=7,
            target=SHOP.id,
            rows=1_234,
        )
        refused = replace(
            deleted,
            place=place_of(2),
            entry=EntryId("ent_2"),
            subject=BEN.id,
            outcome=EffectOutcome.REFUSED,
            request=RequestId("req_1"),
            rows=-1,
        )
        await console.world.store.commit((IndexEffects((deleted, refused)),), ())
        yield console


async def reads(console: Console) -> int:
    """Return how often the log says that somebody read it."""
    found = await console.world.store.entries(0, 1_000)
    return sum(EntryKind.LOG_READ.value.encode() in one.leaf for one in found)


async def test_the_form_alone_looks_for_nothing(console: Console) -> None:
    await console.sign_in("carl")
    page = await console.get("/search")
    assert "Find what was done, by its effect" in page
    assert "The log says that you searched" in page
    assert 'href="/search" data-key="s" aria-current="page"' in page
    assert await reads(console) == 0


async def test_what_fits_is_shown_and_hides_nothing(console: Console) -> None:
    await console.sign_in("carl")
    page = await console.get("/search?verb=sql.*&resource=%3Corders%3E&since=yesterday")
    for words in ("public.&lt;orders&gt;", "1,234", "sql.delete", "ent_1", "shop", "ana", "ben"):
        assert words in page, words
    assert '<a href="/requests/req_1">refused</a>' in page
    assert 'value="&lt;orders&gt;"' in page
    assert await reads(console) == 1
    (part,) = [await console.http.get("/search?by=ben", headers=HTMX)]
    assert "<html" not in part.text
    assert "ent_2" in part.text
    assert "ent_1" not in part.text


async def test_who_oversees_nothing_finds_their_own_and_is_offered_nobody(
    console: Console,
) -> None:
    await console.sign_in("ana")
    page = await console.get("/search?verb=sql")
    assert "ent_1" in page
    assert "ent_2" not in page
    assert 'id="by"' not in page
    assert '<option value="ben">' not in page
    assert ">Search</a>" not in page
    assert (await console.http.get("/search?by=ben")).status_code == 403
    assert await reads(console) == 0


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("since=soon", "is no time"),
        ("rows_over=many", "is no number of rows"),
        ("verb=what%3F", "is no verb"),
        ("outcome=odd", "is no outcome"),
        ("by=nobody", "there is no person"),
        ("target=nowhere", "there is no target"),
        ("before=1-x", "is where no page ends"),
        ("text=%3F", "has no word"),
    ],
)
async def test_what_it_does_not_understand_is_told(
    console: Console, query: str, words: str
) -> None:
    await console.sign_in("carl")
    answer = await console.http.get(f"/search?{query}")
    assert answer.status_code in (404, 422)
    assert words in answer.text.lower()


async def test_pages_lead_on_to_what_is_older(console: Console) -> None:
    effects = (await console.world.store.effects(EffectFilter())).effects
    many = tuple(
        replace(effects[0], place=place_of(100 + n), entry=EntryId(f"ent_m{n}")) for n in range(60)
    )
    await console.world.store.commit((IndexEffects(many),), ())
    await console.sign_in("carl")
    page = await console.get("/search?verb=sql.delete")
    assert page.count('<tr role="row">') == 51
    (older,) = [part.split('"')[0] for part in page.split('class="button" href="')[1:]]
    rest = await console.get(older.replace("&amp;", "&"))
    assert rest.count('<tr role="row">') == 13
    assert ">Older</a>" not in rest
    assert await reads(console) == 1
