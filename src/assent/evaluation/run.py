"""One evaluation, from a file to a report."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import islice
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from assent.core.faults import OperatorFault
from assent.evaluation import blocks, metrics
from assent.evaluation.bootstrap import intervals
from assent.evaluation.metrics import Ranking, percentile
from assent.evaluation.options import By, Options
from assent.evaluation.peers import chosen
from assent.evaluation.prequential import Run, Track
from assent.evaluation.report import Report, Result
from assent.evaluation.rows import Row, read
from assent.evaluation.scorer import Calibrated, LearnMode, Measurable, Scorer

STANDARD_INPUT = Path("-")

_MOST_MEASURED = 10_000


def own_engine(learn: LearnMode) -> Scorer:
    """Return a new engine of ours, which has learned nothing."""
    module = import_module("assent.evaluation.engine")
    return cast(Scorer, module.Engine(learn))


def evaluate(
    path: Path,
    options: Options,
    progress: Callable[[str], None] = lambda _: None,
    engine: Callable[[LearnMode], Scorer] = own_engine,
) -> Report:
    """Return how the engine and the peers of the options do on a file, `-` being stdin.

    progress is told what is being done, a sentence at a time. Raises OperatorFault when a row
    or an option does not fit, OSError when the file cannot be read.
    """
    peers, left_out = chosen.build(options.peers, options.learn)
    with _opened(path, twice=options.by is not By.ROW) as file:
        name = "<stdin>" if path == STANDARD_INPUT else str(path)
        run = _run([engine(options.learn), *peers], file, name, options, progress)
    return _report(run, options, left_out, progress)


def _run(
    scorers: Sequence[Scorer],
    file: BinaryIO,
    name: str,
    options: Options,
    progress: Callable[[str], None],
) -> Run:
    ends = {}
    if options.by is not By.ROW:
        progress("looking where blocks end")
        ends = dict(blocks.ends(_rows(file, name, options), options))
        file.seek(0)
    run = Run(scorers, options, ends)
    run.over(_rows(file, name, options), lambda done: progress(f"{done} rows scored"))
    return run


def _rows(file: BinaryIO, name: str, options: Options) -> Iterator[Row]:
    rows = read(file, name)
    for first in islice(rows, 1):
        try:
            options.is_training(first.at)
        except TypeError as error:
            raise OperatorFault(
                "bad-train-until",
                f"`{options.train_until}` cannot be compared with `at` of the file, which is "
                f"`{first.at}`; give an instant for instants and an integer for integers",
                "--train-until",
            ) from error
        yield first
    yield from rows


@contextmanager
def _opened(path: Path, *, twice: bool) -> Iterator[BinaryIO]:
    """Open a file; one that cannot be read twice is copied to a temporary file if it must."""
    with ExitStack() as stack:
        if path == STANDARD_INPUT:
            file: BinaryIO = sys.stdin.buffer
        else:
            file = stack.enter_context(path.open("rb"))
        if twice and (path == STANDARD_INPUT or not file.seekable()):
            copy = stack.enter_context(TemporaryFile())
            copyfileobj(file, copy)
            copy.seek(0)
            file = cast(BinaryIO, copy)
        yield file


def _report(
    run: Run, options: Options, left_out: dict[str, str], progress: Callable[[str], None]
) -> Report:
    progress("computing figures")
    # Only subjects that have something to resample are drawn.
    order: dict[int, int] = {}
    for one in run.tracks[0].items:
        order.setdefault(one.subject, len(order))
    rankings = {
        track.scorer.name: Ranking(
            [metrics.Item(one.score, one.positive, order[one.subject]) for one in track.items]
        )
        for track in run.tracks
    }
    samples = options.bootstrap if order else 0
    middle = intervals(
        rankings,
        len(order),
        samples,
        lambda done: progress(f"{done} of {samples} samples for intervals"),
    )
    ours, *peers = [
        _result(track, run, rankings[track.scorer.name], middle[track.scorer.name])
        for track in run.tracks
    ]
    return Report(
        options=options,
        rows=run.rows,
        subjects=len(run.subjects),
        ours=ours,
        peers=tuple(peers),
        left_out=left_out,
    )


def _result(
    track: Track,
    run: Run,
    ranking: Ranking,
    middle: dict[str, tuple[float, float] | None],
) -> Result:
    scorer, items = track.scorer, track.items
    probabilities = (
        [scorer.probability(one.score) for one in items] if isinstance(scorer, Calibrated) else []
    )
    positives = [one.positive for one in items]
    return Result(
        name=scorer.name,
        n=len(items),
        positives=sum(positives),
        figures=ranking.figures(),
        intervals=middle,
        reapprovals=metrics.reapprovals(items),
        ece=metrics.expected_calibration_error(probabilities, positives),
        brier=metrics.brier(probabilities, positives),
        score_us=_microseconds(track.score_ns),
        update_us=_microseconds(track.learn_ns),
        bytes_per_subject=_bytes_per_subject(scorer, run.subjects),
    )


def _microseconds(nanoseconds: Sequence[int]) -> tuple[float | None, float | None]:
    """Return the median and the 99th percentile."""
    ordered = sorted(nanoseconds)
    half, most = percentile(ordered, 50), percentile(ordered, 99)
    return (half / 1000 if half is not None else None, most / 1000 if most is not None else None)


def _bytes_per_subject(scorer: Scorer, subjects: dict[str, int]) -> float | None:
    if not isinstance(scorer, Measurable) or not subjects:
        return None
    measured = list(islice(subjects, _MOST_MEASURED))
    return sum(scorer.subject_bytes(subject) for subject in measured) / len(measured)
