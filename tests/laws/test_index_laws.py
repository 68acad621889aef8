"""The index of effects, made again from the log, is the one that was kept as it grew."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assent.control.effects import NAME, Effects
from assent.control.following import Follower
from assent.core.canonical import Json
from assent.core.changes import Change, MoveCursor
from assent.core.effect import DropEffects, Effect, EffectFilter
from assent.core.entry import Entry, EntryKind
from assent.core.faults import OutsideFault
from assent.core.ports import Store
from assent.stores import SqlStore, open_store
from conformance.store_builders import MASTER, SIGNER, CountedIds, StoppedClock
from log_of_effects import ANA, BEN, LogOfEffects, touch

TOUCHES = [touch("sql.read", "public.orders"), touch("sql.delete", "public.lines", "write")]
NAMES = ("a", "b", "c")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                *("permit", "reusable", "deny", "result", "opened", "settled"),
                *("segment", "again", "erased", "pruned"),
            )
        ),
        st.sampled_from(NAMES),
        st.integers(0, 3),
    ),
    max_size=14,
)


def entries_of(steps: Sequence[tuple[str, str, int]], log: LogOfEffects) -> list[list[Entry]]:
    """Return what the steps append, each what one commit would; whatever does not fit, too."""
    made: list[list[Entry]] = []
    sequence, number, decided, segments = 0, 0, 0, list[Any]()
    for what, name, count in steps:
        subject = BEN if name == "b" else ANA
        entries: list[Entry] = []
        if what in ("permit", "reusable", "deny"):
            # The first decision of a name has that name, for segments to name it.
            decided += 1
            attempt, decision = log.decided(
                name,
                *TOUCHES[: 1 + count % 2],
                outcome="deny" if what == "deny" else "permit",
                reuse=what == "reusable",
                subject=subject,
                text=f"select {name} word{count}",
                searchable=count > 1,
            )
            unique = log.entry(
                decision.kind,
                decision.facts,
                payload=decision.payload,
                subject=subject,
                id=f"ent_{name}" if decided == 1 else "",
            )
            entries = [attempt, unique]
        elif what == "result":
            entries = [log.result(name, count, "error" if count == 3 else "done")]
        elif what == "opened":
            entries = [log.opened(name, f"req_{name}")]
        elif what == "settled":
            entries = [log.settled(name, f"req_{name}", ("rejected", "completed")[count % 2])]
        elif what == "segment":
            frames: list[dict[str, Json]] = [log.came(sequence, 9)] if sequence else []
            for each in range(count):
                sequence += 1
                verdict = "permit" if each == 0 and count == 3 else "reuse"
                frames.append(log.ran(sequence, name, verdict, f"select word{count}"))
                if each:
                    frames.append(log.came(sequence, each))
            number += 1
            segments.append((number, frames))
            entries = [log.segment(number, frames)]
        elif what == "again" and segments:
            entries = [log.segment(*segments[-1])]
        elif what == "erased":
            facts: dict[str, Json] = {"about": subject, "keys": [], "entries": []}
            entries = [log.entry(EntryKind.PAYLOAD_REDACTED, facts)]
        elif what == "pruned":
            entries = [log.entry(EntryKind.LOG_PRUNED, {"minimum": count})]
        if entries:
            made.append(entries)
    return made


class Failing:
    """A store whose commits fail now and then, after or before they were made."""

    def __init__(self, store: SqlStore, failures: list[int]) -> None:
        self._store = store
        self._failures = failures

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, changes: Sequence[Change], entries: Sequence[Entry]) -> None:
        how = self._failures.pop() if self._failures else 0
        if how == 1:
            raise OutsideFault("away", "before")
        await self._store.commit(changes, entries)
        if how == 2:
            raise OutsideFault("away", "after")


async def kept(store: SqlStore, log: LogOfEffects, page: int, failures: list[int]) -> None:
    failing = cast(Store, Failing(store, failures))
    while True:
        follower = Follower(NAME, failing, Effects(failing, log.read_segment).handle, page=page)
        try:
            return await follower.catch_up()
        except OutsideFault:
            continue


async def dumped(store: SqlStore) -> tuple[list[Effect], dict[str, list[int]]]:
    effects = list((await store.effects(EffectFilter(), limit=1_000)).effects)
    words = {}
    for word in ("select", "a", "b", "word1", "word2", "word3"):
        page = await store.effects(EffectFilter(text=word), limit=1_000)
        words[word] = [one.place for one in page.effects]
    return effects, words


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS, st.integers(1, 5), st.lists(st.integers(0, 2), max_size=12))
async def test_an_index_made_again_is_the_one_that_was_kept(
    steps: list[tuple[str, str, int]], page: int, failures: list[int]
) -> None:
    log = LogOfEffects()
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(Path(folder), SIGNER, CountedIds(), StoppedClock(), MASTER)
        try:
            for entries in entries_of(steps, log):
                await store.commit((), entries)
                await kept(store, log, page, failures)
            as_it_grew = await dumped(store)
            everything = DropEffects(before=2**30)
            await store.commit((everything, MoveCursor(NAME, 0)), ())
            assert await dumped(store) == ([], {word: [] for word in as_it_grew[1]})
            await kept(store, log, 256, [])
            assert await dumped(store) == as_it_grew
        finally:
            await store.close()
