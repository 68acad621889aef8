"""`assent risk evaluate`: the engine on anybody's data, beside what others do."""

from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from assent.cli import output
from assent.cli.exit_codes import CommandFault, ExitCode
from assent.cli.output import AsJson
from assent.core.faults import OperatorFault

if TYPE_CHECKING:
    from datetime import datetime

    from assent.evaluation.options import Options
    from assent.evaluation.report import Report

Learn = Annotated[
    Literal["trusted", "all", "none"],
    Parameter(name="--learn", help="What is learned after the training part."),
]
TellLabels = Annotated[
    Literal["after", "none"],
    Parameter(name="--feedback", help="Whether labels are told once a row was scored."),
]
TrainUntil = Annotated[
    str | None,
    Parameter(name="--train-until", help="Rows before this `at` are learned and not measured."),
]
Blocks = Annotated[
    Literal["row", "subject", "session"],
    Parameter(name="--by", help="What is judged: rows, or subjects or sessions as a whole."),
]
Samples = Annotated[
    int,
    Parameter(
        name="--bootstrap",
        validator=Number(gte=0, lte=10_000),
        help="Samples for the intervals; 0 for none.",
    ),
]
Peers = Annotated[
    str,
    Parameter(name="--peers", help="What to compare with: `all`, `none`, or names with commas."),
]

_QUIET_NS = 1_000_000_000
_EVERY_NS = 200_000_000


def evaluate(
    file: Path,
    /,
    *,
    learn: Learn = "trusted",
    feedback: TellLabels = "after",
    train_until: TrainUntil = None,
    by: Blocks = "row",
    bootstrap: Samples = 200,
    peers: Peers = "all",
    as_json: AsJson = False,
) -> None:
    """Measure the risk engine on labelled data: each row is scored first, and then learned.

    Parameters
    ----------
    file
        JSON lines in time order; `-` is standard input. `docs/how-to/evaluate-the-risk-engine.md`
        has the format.
    """
    from assent.evaluation.options import By, Feedback, Options
    from assent.evaluation.peers.chosen import named
    from assent.evaluation.run import evaluate as measure
    from assent.evaluation.scorer import LearnMode

    try:
        options = Options(
            learn=LearnMode(learn),
            feedback=Feedback(feedback),
            train_until=None if train_until is None else _until(train_until),
            by=By(by),
            bootstrap=bootstrap,
            peers=named(peers),
        )
        report = measure(file, options, _Progress())
    except OperatorFault as fault:
        # Data and options of this command are no configuration of a server.
        raise CommandFault(ExitCode.USAGE, fault.code, fault.detail) from fault
    finally:
        output.live("")
    _show(report, options, as_json)


class _Progress:
    """Says what is being done, from the first second on and not too often."""

    def __init__(self) -> None:
        self._next_ns = perf_counter_ns() + _QUIET_NS

    def __call__(self, text: str) -> None:
        now_ns = perf_counter_ns()
        if now_ns >= self._next_ns:
            output.live(text)
            self._next_ns = now_ns + _EVERY_NS


def _until(text: str) -> "datetime | int":
    from assent.evaluation.rows import instant

    try:
        return int(text)
    except ValueError:
        pass  # Then it has to be an instant.
    try:
        return instant(text)
    except ValueError as error:
        raise CommandFault(
            ExitCode.USAGE, "bad-train-until", f"--train-until: {error}, or an integer"
        ) from error


def _show(report: "Report", options: "Options", as_json: bool) -> None:
    from assent.evaluation import report as tell

    for name, reason in report.left_out.items():
        output.note(f"{name} is left out: {reason}")
    if not report.ours.n:
        output.note("nothing was measured: no row after the training part has a label")
    if as_json:
        output.show_json(tell.as_json(report))
        return
    counted = output.counted(report.ours.n, options.by.value)
    output.say(
        f"{counted} with a label, {output.counted(report.ours.positives, 'attack')}; "
        f"{output.counted(report.rows, 'row')} of {output.counted(report.subjects, 'subject')}"
    )
    output.say("\nAttacks told from the rest; intervals of 95 %, subjects resampled")
    output.table(*tell.figures_table(report), "")
    output.say("\nOf the first n legitimate events of a subject, asked about in the median")
    output.table(*tell.reapprovals_table(report), "")
    output.say("\nCalibration and cost")
    output.table(*tell.cost_table(report), "")
