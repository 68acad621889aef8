"""How long a score and an update take, and how large a profile is: the engine alone."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import fmean

from assent.evaluation.engine import Engine
from assent.evaluation.metrics import percentile
from assent.evaluation.prequential import Track
from assent.evaluation.rows import Row
from assent.evaluation.scorer import LearnMode
from benchmarks.figures import Figure, figure

EVENTS = 100


def timed(rows: Sequence[Row], rounds: int) -> list[Figure]:
    """Return the time of a score and of an update.

    The history and the first part of the rest warm up; every further part is a round. Each row
    is scored, then learned, so that neither finds what it needs in a cache that it would not
    have in use. Percentiles are within a round.
    """
    history = [row for row in rows if row.label is None]
    rest = [row for row in rows if row.label is not None]
    track = Track(Engine(LearnMode.TRUSTED))
    size = len(rest) // (rounds + 1)
    with spared_collector():
        for row in history:
            track.learn(row, row.label)
        _take(track, rest[:size])
        scores, updates = [], []
        for number in range(1, rounds + 1):
            scored, learned = len(track.score_ns), len(track.learn_ns)
            _take(track, rest[number * size : (number + 1) * size])
            scores.append(track.score_ns[scored:])
            updates.append(track.learn_ns[learned:])
    return [
        figure("score_p50_us", _each(scores, 50), "µs"),
        figure("score_p99_us", _each(scores, 99), "µs", "<= 50"),
        figure("update_p50_us", _each(updates, 50), "µs"),
        figure("update_p99_us", _each(updates, 99), "µs", "<= 20"),
    ]


def sizes(rows: Sequence[Row]) -> Figure:
    """Return the bytes that are kept of a subject after EVENTS events, the mean over subjects."""
    engine = Engine(LearnMode.TRUSTED)
    seen: dict[str, int] = {}
    found = []
    for row in rows:
        if row.label is not None:
            continue
        count = seen[row.subject] = seen.get(row.subject, 0) + 1
        if count <= EVENTS:
            engine.learn(row, label=None)
        if count == EVENTS:
            found.append(engine.subject_bytes(row.subject))
    return figure(f"bytes_per_subject_{EVENTS}", [fmean(found)], "bytes", "<= 5000")


def in_rounds(took_ns: Sequence[int], rounds: int, percent: float) -> list[float]:
    """Return a percentile in microseconds of each of so many equal parts, in time order."""
    size = len(took_ns) // rounds
    return _each([took_ns[part * size : (part + 1) * size] for part in range(rounds)], percent)


@contextmanager
def spared_collector() -> Iterator[None]:
    """Set the garbage collector as the gateway sets it when it starts."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _take(track: Track, rows: Sequence[Row]) -> None:
    for row in rows:
        track.score(row)
        track.learn(row, row.label)


def _each(rounds: Sequence[Sequence[int]], percent: float) -> list[float]:
    return [(percentile(taken, percent) or 0.0) / 1000 for taken in rounds]
