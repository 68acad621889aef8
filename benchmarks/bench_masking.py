"""What masks cost: thin rows in bulk, masked in one column, against the same rows unmasked."""

import asyncio
import os
from collections import defaultdict

from assent.demo.world import World
from benchmarks.bulk import read_all
from benchmarks.figures import Figure, figure, publish
from benchmarks.roads import Roads, open_roads

ROUNDS = int(os.environ.get("ASSENT_BENCH_ROUNDS", "5"))
_GOAL = ">= 0.5"
_ROWS = 1_900_000
# Kept twice, so that one is touched by no rule that masks.
_TABLE = (
    "create table {} as select i as id, 'user' || i % 50000 || '@example.com' as email,"
    " repeat(md5(i::text), 2) as words from generate_series(1, {}) i"
)
_POLICY = """
@id("masked.people-%s")
@mask("pii.email: %s") @mask_inference("allow")
permit (
  principal in Group::"engineers", action == Action::"sql.read",
  resource == Table::"shop/public.people_%s"
);
"""
_HOWS = ("redact", "hash", "partial", "null")


async def run() -> None:
    """Run the suite and publish its figures."""
    async with open_roads(_prepare) as roads:
        publish("masking", await _bulk(roads))


def _prepare(created: World) -> None:
    rules = "".join(_POLICY % (how, how, how) for how in _HOWS)
    (created.folder / "policies" / "masking.cedar").write_text(rules)
    text = created.config.read_text()
    labels = "".join(f'"public.people_{how}.email" = ["pii.email"]\n' for how in _HOWS)
    created.config.write_text(text.replace("[targets.labels]\n", "[targets.labels]\n" + labels))


async def _bulk(roads: Roads) -> list[Figure]:
    connection = await roads.database.connect(as_superuser=False)
    tables = {"unmasked": "plain", **{how: f"people_{how}" for how in _HOWS}}
    try:
        for table in tables.values():
            await connection.execute(_TABLE.format(table, _ROWS))
    finally:
        await connection.close()
    rates: dict[str, list[float]] = defaultdict(list)
    order = list(tables.items())
    for _ in range(ROUNDS):
        road = await roads.credential()
        # Each is once the first and once the last, as the machine's pace changes.
        order = [*order[1:], order[0]]
        for name, table in order:
            query = f"select id, email, words from {table}"
            size, took_s = await asyncio.to_thread(read_all, road, query)
            if size < _ROWS * 60:
                raise RuntimeError(f"the answer to `{query}` has only {size} bytes")
            # In rows, since masked ones are shorter.
            rates[name].append(_ROWS / took_s / 1e6)
    figures = [
        figure(
            f"masked_{how}_vs_unmasked",
            [ours / plain for ours, plain in zip(rates[how], rates["unmasked"], strict=True)],
            "ratio",
            _GOAL if how in ("redact", "null") else None,
        )
        for how in _HOWS
    ]
    return figures + [figure(f"rows_{name}", rates[name], "M/s") for name in tables]
