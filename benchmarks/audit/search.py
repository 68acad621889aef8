"""Search by effect among two million effects in SQLite, and how fast the index grows."""

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from assent.core.effect import (
    Effect,
    EffectFilter,
    EffectOutcome,
    IndexEffects,
    StatementText,
    place_of,
)
from assent.core.ids import EntryId, SessionId, SubjectId, TargetId
from assent.stores import schema
from assent.stores.database import SqliteDatabase, locate
from assent.stores.effect_changes import apply
from assent.stores.effect_reading import find
from benchmarks.figures import Figure, figure

EFFECTS = 2_000_000
QUESTIONS = 300
_PEOPLE, _TABLES, _TARGETS = 1_000, 300, 8
_ON_A_PAGE = 100
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_VERBS = ("sql.read", "sql.insert", "sql.update", "sql.delete", "sql.drop")
_SHARES = (900, 50, 40, 9, 1)


async def run() -> list[Figure]:
    """Return the figures. Questions are of many kinds, each of another person, table and time."""
    with tempfile.TemporaryDirectory() as folder:
        database = SqliteDatabase(locate(Path(folder)))
        await database.write(schema.upgrade)
        rates = [rate async for rate in _fill(database)]
        # Others first, so that the file is in the machine's memory as that of a server is.
        first_ms = [1e3 * took async for took in _asked(database, 3)]
        times_ms = [1e3 * took async for took in _asked(database, 2)]
        await database.close()
    quantiles = statistics.quantiles(times_ms, n=100)
    return [
        figure("index_effects_per_s", rates, "effects/s"),
        figure("search_p50_ms_2m", [quantiles[49]], "ms"),
        figure("search_p99_ms_2m", [quantiles[98]], "ms", "<= 100"),
        figure("search_slowest_of_the_first_ms_2m", [max(first_ms)], "ms"),
    ]


async def _fill(database: SqliteDatabase, together: int = 500) -> AsyncIterator[float]:
    """Make the index, and yield ten times how many effects a second it took."""
    luck = random.Random(1)
    effects = _effects(luck)
    for _ in range(10):
        began = time.perf_counter()
        for _ in range(EFFECTS // 10 // together):
            some = tuple(next(effects) for _ in range(together))
            texts = tuple(_text(one, luck) for one in some if luck.random() < 0.1)
            await database.write(partial(apply, change=IndexEffects(some, texts)))
        yield EFFECTS / 10 / (time.perf_counter() - began)


def _effects(luck: random.Random) -> Iterator[Effect]:
    for number in range(EFFECTS):
        yield Effect(
            place=place_of(number),
            at=_BEGAN + timedelta(seconds=10 * number),
            entry=EntryId(f"ent_{number:026}"),
            subject=_person(luck),
            verb=luck.choices(_VERBS, _SHARES)[0],
            operation="read",
            kind="Table",
            resource=f"public.{_table(luck)}",
            outcome=EffectOutcome.DENIED if luck.random() < 0.01 else EffectOutcome.PERMITTED,
            score=5,
            target=TargetId(f"tgt_{luck.randrange(_TARGETS):026}"),
            session=SessionId(f"ses_{number // 200:026}"),
            sequence=number % 200 + 1,
            rows=int(luck.paretovariate(0.7)) - 1,
        )


def _person(luck: random.Random) -> SubjectId:
    return SubjectId(f"sub_{int(luck.paretovariate(1)) % _PEOPLE:026}")


def _table(luck: random.Random) -> str:
    return f"t{int(luck.paretovariate(0.8)) % _TABLES}"


def _text(effect: Effect, luck: random.Random) -> StatementText:
    words = f"select * from {effect.resource} where mail = 'x{luck.randrange(5_000)}@north.example'"
    return StatementText(effect.place, words)


async def _asked(database: SqliteDatabase, seed: int) -> AsyncIterator[float]:
    """Yield how many seconds each question took."""
    luck = random.Random(seed)
    for _ in range(QUESTIONS):
        wanted = _question(luck)
        began = time.perf_counter()
        await database.read(partial(find, wanted=wanted, before=None, limit=_ON_A_PAGE))
        yield time.perf_counter() - began


def _question(luck: random.Random) -> EffectFilter:
    since = _BEGAN + timedelta(seconds=10 * luck.randrange(EFFECTS))
    person, table = _person(luck), _table(luck)
    kinds = (
        EffectFilter(verbs=("sql.delete",), resource=table, subject=person, since=since),
        EffectFilter(verbs=("sql.*",), resource=f"public.{table}"),
        EffectFilter(rows_over=luck.choice((10, 1_000, 1_000_000)), until=since),
        EffectFilter(session=SessionId(f"ses_{luck.randrange(EFFECTS // 200):026}")),
        EffectFilter(outcomes=(EffectOutcome.DENIED,), subject=person),
        EffectFilter(verbs=("sql.drop",), target=TargetId(f"tgt_{luck.randrange(_TARGETS):026}")),
        EffectFilter(subject=person, resource=f"nowhere.{table}", verbs=("sql.read",)),
        EffectFilter(text=f"x{luck.randrange(5_000)}"),
        EffectFilter(text="north mail", verbs=("sql.update",)),
        EffectFilter(until=since),
    )
    return luck.choice(kinds)


if __name__ == "__main__":
    for one in asyncio.run(run()):
        print(one.name, one.value, one.unit)
