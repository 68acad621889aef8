"""How engines do on the simulator, by kind of attacker: each kind against all of the people.

All is the harness's own: sessions are scored row by row, learned when they have ended, and
compared at one threshold for everybody.
"""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assent.evaluation import blocks, metrics
from assent.evaluation.metrics import FALSE_ALARMS, Item, Ranking
from assent.evaluation.options import By, Feedback, Options
from assent.evaluation.peers import chosen
from assent.evaluation.prequential import Run, Track
from assent.evaluation.rows import Row, read
from assent.evaluation.run import own_engine
from assent.evaluation.scorer import Calibrated, LearnMode
from benchmarks.risk import simulate
from benchmarks.risk.rows import Row as Line

_AT_1 = FALSE_ALARMS.index("1")


@dataclass(frozen=True, slots=True)
class Told:
    """How well attacks are told from people. caught: share at 1 % false alarms."""

    auc: float
    caught: float


@dataclass(frozen=True, slots=True)
class Judged:
    """What one engine made of a simulation. ece: None where it has no probability."""

    all: Told
    ece: float | None
    attackers: Mapping[str, Told]


def parsed(lines: Iterable[Line]) -> list[Row]:
    """Return the rows as the evaluation reads them."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return list(read(io.BytesIO(text.encode()), "the simulation"))


def judge(
    simulated: simulate.Options, peers: Sequence[str] = (), feedback: Feedback = Feedback.AFTER
) -> dict[str, Judged]:
    """Return by name what our engine and the peers make of all sessions of a simulation."""
    lines = list(simulate.rows(simulated))
    rows = parsed(lines)
    options = Options(by=By.SESSION, feedback=feedback)
    ends = dict(blocks.ends(rows, options))
    scorers, _ = chosen.build(peers, LearnMode.TRUSTED)
    run = Run([own_engine(LearnMode.TRUSTED), *scorers], options, ends)
    run.over(rows, lambda _: None)
    attackers = {
        (line["subject"], line["session"]): line["attacker"] for line in lines if line["label"]
    }
    # A session is judged at its last row, so this is the order of what was judged.
    who = [attackers.get(block) for block in sorted(ends, key=ends.__getitem__)]
    return {track.scorer.name: _judged(track, who) for track in run.tracks}


def _judged(track: Track, who: Sequence[str | None]) -> Judged:
    scorer, items = track.scorer, track.items
    people = [item for item in items if not item.positive]
    by_attacker: dict[str, list[Item]] = {}
    for item, attacker in zip(items, who, strict=True):
        if item.positive != (attacker is not None):
            raise ValueError("the sessions are not in the order in which they were judged")
        if attacker is not None:
            by_attacker.setdefault(attacker, []).append(item)
    ece = None
    if isinstance(scorer, Calibrated):
        probabilities = [scorer.probability(item.score) for item in items]
        ece = metrics.expected_calibration_error(probabilities, [item.positive for item in items])
    return Judged(
        _told(items),
        ece,
        {name: _told([*people, *found]) for name, found in sorted(by_attacker.items())},
    )


def _told(items: Sequence[Item]) -> Told:
    figures = Ranking(items).figures()
    auc, caught = figures.auc, figures.tpr_at[_AT_1]
    if auc is None or caught is None:
        raise ValueError("there are no attacks, or no people, to tell apart")
    return Told(auc, caught)
