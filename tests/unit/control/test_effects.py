"""What the index says of entries and segments, on a real store."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from assent.control.effects import NAME, Effects
from assent.control.following import Follower, Resting
from assent.core.effect import UNSAID, Effect, EffectFilter, EffectOutcome
from assent.core.entry import Entry, EntryKind
from assent.stores import SqlStore, open_store
from conformance.store_builders import MASTER, SIGNER, CountedIds, StoppedClock
from log_of_effects import ANA, BEN, MORNING, LogOfEffects, touch

ORDERS = touch("sql.read", "public.orders")
DELETED = touch("sql.delete", "public.orders", "write")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    store = await open_store(tmp_path, SIGNER, CountedIds(), StoppedClock(), MASTER)
    yield store
    await store.close()


@pytest.fixture
def log() -> LogOfEffects:
    return LogOfEffects()


async def indexed(store: SqlStore, log: LogOfEffects, *entries: Entry) -> list[Effect]:
    """Append entries, follow them, and return all effects, the oldest first."""
    await store.commit((), entries)
    await Follower(NAME, store, Effects(store, log.read_segment).handle).catch_up()
    page = await store.effects(EffectFilter(), limit=1_000)
    return list(reversed(page.effects))


async def test_each_touch_of_a_decision_is_an_effect_with_the_rows_of_its_result(
    store: SqlStore, log: LogOfEffects
) -> None:
    customers = touch("sql.read", "public.customers")
    decided = log.decided("a", DELETED, customers, DELETED)
    effects = await indexed(store, log, *decided, log.result("a", 12))
    assert [(one.verb, one.resource, one.rows) for one in effects] == [
        ("sql.delete", "public.orders", 12),
        ("sql.read", "public.customers", 12),
    ]
    (first, _) = effects
    assert (first.at, first.entry, first.subject, first.score) == (decided[0].at, "ent_a", ANA, 7)
    assert (first.outcome, first.session) == (EffectOutcome.PERMITTED, MORNING)


async def test_an_error_and_what_has_no_number_of_rows_are_told(
    store: SqlStore, log: LogOfEffects
) -> None:
    failed, refused = log.decided("a", DELETED), log.decided("b", DELETED, outcome="deny")
    effects = await indexed(store, log, *failed, log.result("a", UNSAID, "error"), *refused)
    assert [(one.rows, one.error, one.outcome.value) for one in effects] == [
        (UNSAID, True, "permitted"),
        (UNSAID, False, "denied"),
    ]


async def test_what_is_only_prepared_is_none_unless_it_was_refused(
    store: SqlStore, log: LogOfEffects
) -> None:
    permitted = log.decided("a", ORDERS, phase="prepare")
    refused = log.decided("b", DELETED, phase="prepare", outcome="deny")
    effects = await indexed(store, log, *permitted, *refused)
    assert [one.entry for one in effects] == ["ent_b"]


@pytest.mark.parametrize(
    ("end", "outcome"), [("rejected", "refused"), ("expired", "refused"), ("released", "released")]
)
async def test_what_was_held_keeps_one_effect_to_its_end(
    store: SqlStore, log: LogOfEffects, end: str, outcome: str
) -> None:
    held = (*log.decided("a", DELETED, outcome="deny"), log.opened("a", "req_1"))
    (effect,) = await indexed(store, log, *held)
    assert (effect.outcome, effect.request) == (EffectOutcome.HELD, "req_1")
    if end == "released":
        again, decided = log.decided("a", DELETED, request="req_1")
        # Each entry has an id of its own; the action is the same.
        decided = log.entry(decided.kind, decided.facts, payload=decided.payload, subject=ANA)
        rest = (again, decided, log.result("a", 3))
    else:
        rest = (log.settled("a", "req_1", end),)
    (effect,) = await indexed(store, log, *rest)
    assert (effect.outcome.value, effect.entry) == (outcome, "ent_a")
    assert effect.rows == (3 if end == "released" else UNSAID)


async def test_a_decision_that_served_again_is_an_effect_each_time(
    store: SqlStore, log: LogOfEffects
) -> None:
    decided = log.decided("a", ORDERS, reuse=True)
    segment = log.segment(
        1,
        [
            log.ran(1, "a", "permit"), log.came(1, 10),
            log.ran(2, "a"), log.came(2, 20),
            log.ran(3, "a", "refuse"),
            log.ran(4, "a"), log.came(4, UNSAID, "57014 cancelled"),
            log.ran(5, "a"),
        ],
    )  # fmt: skip
    effects = await indexed(store, log, *decided, segment)
    assert [(one.sequence, one.rows, one.error) for one in effects] == [
        (1, 10, False),
        (2, 20, False),
        (4, UNSAID, True),
        (5, None, False),
    ]
    late = log.segment(2, [log.came(5, 50), log.ran(6, "a"), log.came(6, 60)])
    effects = await indexed(store, log, late)
    assert [one.rows for one in effects][-2:] == [50, 60]
    assert {one.entry for one in effects} == {"ent_a"}


async def test_a_segment_that_was_logged_twice_counts_once(
    store: SqlStore, log: LogOfEffects
) -> None:
    decided = log.decided("a", ORDERS, reuse=True)
    frames = [log.ran(1, "a"), log.came(1, 1), log.ran(2, "a"), log.came(2, 2)]
    effects = await indexed(store, log, *decided, log.segment(1, frames), log.segment(1, frames))
    # The decision itself was never used first.
    assert [one.sequence for one in effects] == [None, 1, 2]


async def test_a_segment_that_cannot_be_read_and_a_decision_that_is_gone_have_none(
    store: SqlStore, log: LogOfEffects
) -> None:
    gone = log.segment(1, [log.ran(1, "never"), log.came(1, 1)])
    unreadable = log.segment(2, [])
    del log.segments[MORNING, 2]
    assert await indexed(store, log, gone, unreadable) == []


async def test_words_are_kept_only_of_what_policy_lets_be_searched(
    store: SqlStore, log: LogOfEffects
) -> None:
    secret = log.decided("a", ORDERS, text="select 'Mia'", reuse=True)
    open_ = log.decided("b", ORDERS, text="select 'Tom'", reuse=True, searchable=True)
    used = log.segment(
        1, [log.ran(1, "a", text="select 'Ida'"), log.ran(2, "b", text="select 'Kim'")]
    )
    await indexed(store, log, *secret, *open_, used)
    found = {
        word: len((await store.effects(EffectFilter(text=word))).effects)
        for word in ("mia", "tom", "ida", "kim", "select")
    }
    assert found == {"mia": 0, "tom": 1, "ida": 0, "kim": 1, "select": 2}


async def test_what_was_erased_or_pruned_leaves_the_index(
    store: SqlStore, log: LogOfEffects
) -> None:
    mine = log.decided("a", ORDERS, text="select 'Mia'", searchable=True)
    other = log.decided("b", ORDERS, text="select 'Tom'", subject=BEN, searchable=True)
    erased = log.entry(EntryKind.PAYLOAD_REDACTED, {"about": ANA, "keys": [], "entries": []})
    later = log.decided("c", ORDERS)
    effects = await indexed(store, log, *mine, *other, erased, *later)
    assert [one.entry for one in effects] == ["ent_b", "ent_c"]
    assert (await store.effects(EffectFilter(text="mia"))).effects == []
    pruned = log.entry(EntryKind.LOG_PRUNED, {"minimum": 4})
    effects = await indexed(store, log, pruned)
    assert [one.entry for one in effects] == ["ent_c"]
    assert (await store.effects(EffectFilter(text="tom"))).effects == []


async def test_an_entry_from_before_statements_were_kept_has_its_touches(
    store: SqlStore, log: LogOfEffects
) -> None:
    attempt, decided = log.decided("a", DELETED)
    old = log.entry(
        EntryKind.ATTEMPT, attempt.facts, payload={"text": "", "touches": [DELETED]}, subject=ANA
    )
    bare, second = log.decided("b")
    (first, nothing) = await indexed(store, log, old, decided, bare, second)
    assert (first.verb, first.resource) == ("sql.delete", "public.orders")
    assert (nothing.verb, nothing.resource) == ("sql.unknown", "")


@pytest.mark.parametrize(("enough_s", "rests"), [(0.0, True), (1e9, False)])
async def test_it_rests_within_a_page_as_soon_as_it_has_worked_enough(
    store: SqlStore,
    log: LogOfEffects,
    monkeypatch: pytest.MonkeyPatch,
    enough_s: float,
    rests: bool,
) -> None:
    monkeypatch.setattr("assent.control.effects._ENOUGH_S", enough_s)
    slept: list[float] = []

    async def sleep(for_s: float) -> None:
        slept.append(for_s)

    effects = Effects(store, log.read_segment, Resting(9.0, sleep, worked=lambda: 0.0))
    await store.commit((), log.decided("a", DELETED))
    await Follower(NAME, store, effects.handle).catch_up()
    # It looks once before it begins.
    assert (len(slept) > 1) is rests
