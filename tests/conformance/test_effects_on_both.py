"""Effects are found alike on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from assent.core.effect import (
    Came,
    DropEffects,
    Effect,
    EffectFilter,
    EffectOutcome,
    IndexEffects,
    Ran,
    StatementText,
    place_of,
)
from assent.core.ids import ActionId, EntryId, RequestId, SessionId, SubjectId, TargetId
from assent.stores import SqlStore, effect_reading, open_store
from conformance.postgres_cluster import PostgresCluster
from conformance.store_builders import MASTER, NOON, SIGNER, CountedIds, StoppedClock

ANA, BEN = SubjectId("sub_ana"), SubjectId("sub_ben")


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    if request.param == "sqlite":
        return tmp_path
    cluster = request.getfixturevalue("postgres")
    assert isinstance(cluster, PostgresCluster)
    return cluster.fresh_database()


@pytest.fixture
async def store(where: Path | str) -> AsyncIterator[SqlStore]:
    store = await open_store(where, SIGNER, CountedIds(), StoppedClock(), MASTER)
    yield store
    await store.close()


def an_effect(number: int, **changes: object) -> Effect:
    """Return an effect that came so many seconds after noon."""
    effect = Effect(
        place=place_of(number),
        at=NOON + timedelta(seconds=number),
        entry=EntryId(f"ent_{number}"),
        subject=ANA,
        verb="sql.read",
        operation="read",
        kind="Table",
        resource="public.orders",
        outcome=EffectOutcome.PERMITTED,
        score=number % 100,
        target=TargetId("tgt_shop"),
        session=SessionId("ses_1"),
        sequence=number,
        rows=number,
    )
    return replace(effect, **changes)  # type: ignore[arg-type]


async def numbers(store: SqlStore, **wanted: object) -> list[int]:
    """Return which effects are found, newest first, page after page."""
    found: list[int] = []
    before = None
    while True:
        page = await store.effects(EffectFilter(**wanted), before, limit=3)  # type: ignore[arg-type]
        found += [place >> 24 for place in (one.place for one in page.effects)]
        before = page.next
        if before is None:
            return found


async def filled(store: SqlStore) -> None:
    effects = (
        an_effect(1),
        an_effect(2, verb="sql.delete", rows=7_000),
        an_effect(3, verb="sql.delete", subject=BEN, resource='public."Orders"'),
        an_effect(4, resource="archive.public.orders", outcome=EffectOutcome.DENIED, rows=-1),
        an_effect(5, verb="session.open", resource="shop", kind="Target", sequence=None),
        an_effect(6, target=TargetId("tgt_books"), session=SessionId("ses_2"), rows=None),
        an_effect(7, outcome=EffectOutcome.RELEASED, request=RequestId("req_1")),
        an_effect(8, at=NOON - timedelta(days=30)),
    )
    texts = (
        StatementText(place_of(1), "SELECT * FROM orders WHERE mail = 'mia@north.example'"),
        StatementText(place_of(3), "delete from orders -- Größe \0 \ud7ff"),
        StatementText(place_of(6), "(),;"),
    )
    await store.commit((IndexEffects(effects, texts),), ())


@pytest.mark.parametrize("few", [effect_reading.FEW, 0])
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [7, 6, 5, 4, 3, 2, 1, 8]),
        ({"verbs": ("sql.delete",)}, [3, 2]),
        ({"verbs": ("sql.*",)}, [7, 6, 4, 3, 2, 1, 8]),
        ({"verbs": ("session.*", "sql.delete")}, [5, 3, 2]),
        ({"verbs": ("sq.*",)}, []),
        ({"resource": "orders"}, [7, 6, 4, 3, 2, 1, 8]),
        ({"resource": "ORDERS", "subject": BEN}, [3]),
        ({"resource": "public.orders"}, [7, 6, 4, 3, 2, 1, 8]),
        ({"resource": "archive.public.orders"}, [4]),
        ({"resource": "c.orders"}, []),
        ({"resource": "%.orders"}, []),
        ({"subject": BEN}, [3]),
        ({"but": ANA}, [3]),
        ({"target": TargetId("tgt_books")}, [6]),
        ({"session": SessionId("ses_2")}, [6]),
        ({"outcomes": (EffectOutcome.DENIED,)}, [4]),
        ({"outcomes": (EffectOutcome.PERMITTED, EffectOutcome.RELEASED)}, [7, 6, 5, 3, 2, 1, 8]),
        ({"rows_over": 6}, [7, 2, 8]),
        ({"rows_over": 7_000}, []),
        ({"since": NOON + timedelta(seconds=6)}, [7, 6]),
        ({"until": NOON + timedelta(seconds=2)}, [1, 8]),
        ({"until": NOON, "since": NOON - timedelta(days=31)}, [8]),
        ({"text": "mia"}, [1]),
        ({"text": "Orders"}, [3, 1]),
        ({"text": "orders mia@NORTH"}, [1]),
        ({"text": "größe"}, [3]),
        ({"text": "orders nobody"}, []),
        ({"text": "'"}, []),
        ({"text": "orders", "subject": BEN, "verbs": ("sql.delete",)}, [3]),
        ({"verbs": ("sql.delete",), "resource": "orders", "subject": ANA, "rows_over": 1000}, [2]),
    ],
)
async def test_each_filter_finds_what_fits_newest_first_page_after_page(
    store: SqlStore,
    wanted: dict[str, object],
    expected: list[int],
    few: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await filled(store)
    # Once by the filter that few fit, once as if many fitted all of them.
    monkeypatch.setattr(effect_reading, "FEW", few)
    assert await numbers(store, **wanted) == expected


async def test_a_walk_that_ends_early_says_where_to_go_on(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effect_reading, "FEW", 0)
    monkeypatch.setattr(effect_reading, "WALKS", (1, 2))
    await filled(store)
    page = await store.effects(EffectFilter(subject=ANA, verbs=("sql.delete",)))
    assert (page.effects, page.next is not None) == ([], True)
    assert await numbers(store, subject=ANA, verbs=("sql.delete",)) == [2]
    assert await numbers(store, text="mia") == [1]


async def test_what_is_stored_comes_back_and_again_it_changes_nothing(store: SqlStore) -> None:
    effect = an_effect(3, action=ActionId("act_1"), sequence=None, rows=None)
    late = an_effect(4, rows=None)
    came = (Came(5, ActionId("act_1"), rows=12, error=True),)
    ran = (Ran(SessionId("ses_1"), 4, rows=8), Ran(SessionId("ses_1"), 2, place_of(3)))
    for _ in range(2):
        await store.commit((IndexEffects((effect, late), (), came, ran),), ())
    page = await store.effects(EffectFilter())
    assert page.effects == [
        replace(late, rows=8),
        replace(effect, rows=12, error=True, sequence=2),
    ]


async def test_dropping_goes_on_until_nothing_is_left_and_takes_the_words_along(
    store: SqlStore,
) -> None:
    many = tuple(an_effect(number) for number in range(1, 1_501))
    words = tuple(StatementText(one.place, f"word{one.place >> 24}") for one in many)
    await store.commit((IndexEffects((*many, an_effect(2_000, subject=BEN)), words),), ())
    assert await numbers(store, text="word1500") == [1_500]
    drop, steps = DropEffects(subject=ANA), 0
    while await store.left_to_drop(drop):
        await store.commit((drop,), ())
        steps += 1
    assert steps == 2
    assert await numbers(store) == [2_000]
    assert await numbers(store, text="word1500") == []
    await store.commit((DropEffects(before=2_000),), ())
    assert await numbers(store) == [2_000]
    await store.commit((DropEffects(before=2_001),), ())
    assert await numbers(store) == []


async def test_erased_words_are_not_in_the_file_any_more(tmp_path: Path) -> None:
    store = await open_store(tmp_path, SIGNER, CountedIds(), StoppedClock(), MASTER)
    text = StatementText(place_of(1), "select 'umbrellastand'")
    await store.commit((IndexEffects((an_effect(1),), (text,)),), ())
    await store.commit((DropEffects(subject=ANA),), ())
    await store.close()
    left = b"".join(path.read_bytes() for path in tmp_path.glob("assent.db*"))
    assert b"public.orders" not in left
    assert b"umbrellastand" not in left
