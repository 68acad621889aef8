"""How long a statement takes to be read: one that was read before, one of its shape, a new one."""

import time
from collections.abc import Callable

from assent.protocols.postgres.catalogue.model import Catalogue, Relation
from assent.protocols.postgres.statements import Classifier
from benchmarks.figures import Figure, figure

TABLES = 1_000
_COLUMNS = tuple(f"column_{number}" for number in range(10))
_TEXT = (
    "SELECT o.column_1, t.column_2, v.column_3 FROM table_1 o JOIN table_2 t ON t.column_1 = "
    "o.column_1 LEFT JOIN view_1 v USING (column_4) WHERE o.column_5 = {} "
    "ORDER BY o.column_6 LIMIT 10"
)
_TIMES = 500


def figures(rounds: int) -> list[Figure]:
    """Return µs a statement, medians of rounds, with a catalogue of 1,000 tables and views."""
    catalogue = _catalogue()
    warm = Classifier(("public",), catalogue)
    warm.classify(_TEXT.format(0))
    numbers = iter(range(1, 10_000_000))
    cold = [_timed(lambda _: _fresh(catalogue), 20) for _ in range(rounds)]
    return [
        figure(
            "read_known_text_us",
            [_timed(lambda _: warm.classify(_TEXT.format(0)), _TIMES) for _ in range(rounds)],
            "µs",
        ),
        figure(
            "read_known_shape_us",
            [
                _timed(lambda _: warm.classify(_TEXT.format(next(numbers))), _TIMES)
                for _ in range(rounds)
            ],
            "µs",
            "<= 30",
        ),
        figure("read_first_time_us", cold, "µs"),
    ]


def _fresh(catalogue: Catalogue) -> object:
    return Classifier(("public",), catalogue).classify(_TEXT.format(0))


def _timed(work: Callable[[int], object], times: int) -> float:
    began = time.perf_counter()
    for number in range(times):
        work(number)
    return (time.perf_counter() - began) / times * 1e6


def _catalogue() -> Catalogue:
    numbers = tuple(range(1, len(_COLUMNS) + 1))
    relations = [
        Relation(oid, "public", f"table_{oid}", "r", _COLUMNS, numbers, (25,) * len(_COLUMNS))
        for oid in range(1, TABLES + 1)
    ]
    listed = ", ".join(_COLUMNS)
    relations += [
        Relation(
            TABLES + oid,
            "public",
            f"view_{oid}",
            "v",
            _COLUMNS,
            numbers,
            (25,) * len(_COLUMNS),
            definition=f"SELECT {listed} FROM public.table_{oid}",
        )
        for oid in range(1, TABLES + 1)
    ]
    return Catalogue("bench", relations, schemas=("public",))
