"""A table by attacker and by false friend: how each fares at one threshold for all sessions.

`python -m benchmarks.risk.by_attacker simulated.jsonl [--engine freeman] [--alarms 0.01]`. A
session is scored row by row, then learned, as `assent risk evaluate --by session` does it.
"""

import argparse
import io
import json
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assent.evaluation.peers.freeman import Peer as Freeman
from assent.evaluation.rows import Row, read
from assent.evaluation.run import own_engine
from assent.evaluation.scorer import Aggregating, LearnMode, Scorer


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. auc: against all legitimate sessions; None for false friends.

    over: the share of the sessions that is over the threshold.
    """

    name: str
    sessions: int
    auc: float | None
    over: float


@dataclass(slots=True)
class _Session:
    rows: list[Row] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    attacker: str = ""
    circumstance: str = ""


def table(lines: Iterable[str], scorer: Scorer, *, alarms: float = 0.01) -> list[Line]:
    """Return attackers first, then false friends, each by name.

    lines: of a file of the simulator. alarms: share of the legitimate sessions over the threshold.
    """
    scored = list(_scored(lines, scorer))
    legitimate = sorted(score for session, score in scored if not session.attacker)
    if not legitimate:
        return []
    threshold = legitimate[min(len(legitimate) - 1, int(len(legitimate) * (1 - alarms)))]
    attacks: dict[str, list[float]] = {}
    friends: dict[str, list[float]] = {}
    for session, score in scored:
        if session.attacker:
            attacks.setdefault(session.attacker, []).append(score)
        elif session.circumstance:
            friends.setdefault(session.circumstance, []).append(score)
    return [
        *(_line(name, found, legitimate, threshold) for name, found in sorted(attacks.items())),
        *(_line(name, found, None, threshold) for name, found in sorted(friends.items())),
    ]


def _scored(lines: Iterable[str], scorer: Scorer) -> Iterator[tuple[_Session, float]]:
    """Yield every session that has labels with its score; learn each when it has ended."""
    texts = list(lines)
    rows = list(read(io.BytesIO("".join(texts).encode()), "the file"))
    ends = {row.session or str(index): index for index, row in enumerate(rows)}
    running: dict[str, _Session] = {}
    for index, (text, row) in enumerate(zip(texts, rows, strict=True)):
        name = row.session or str(index)
        session = running.setdefault(name, _Session())
        if row.label is not None:
            extra = json.loads(text)
            session.scores.append(scorer.score(row))
            session.attacker = session.attacker or extra.get("attacker") or ""
            session.circumstance = extra.get("circumstance", "")
        session.rows.append(row)
        if ends[name] != index:
            continue
        if session.scores:
            yield session, _score(scorer, session)
        for one in running.pop(name).rows:
            scorer.learn(one, label=one.label)


def _score(scorer: Scorer, session: _Session) -> float:
    if isinstance(scorer, Aggregating):
        labelled = [row for row in session.rows if row.label is not None]
        return scorer.block_score(session.scores, labelled)
    return sum(session.scores) / len(session.scores)


def _line(name: str, scores: list[float], legitimate: list[float] | None, threshold: float) -> Line:
    over = sum(score > threshold for score in scores) / len(scores)
    if legitimate is None:
        return Line(name, len(scores), None, over)
    # Ties count half.
    below = sum(bisect_left(legitimate, one) + bisect_right(legitimate, one) for one in scores)
    return Line(name, len(scores), below / 2 / len(scores) / len(legitimate), over)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.risk.by_attacker")
    parser.add_argument("file", type=Path)
    parser.add_argument("--engine", choices=("own", "freeman"), default="own")
    parser.add_argument("--alarms", type=float, default=0.01, help="default %(default)s")
    given = parser.parse_args(arguments)
    made = own_engine if given.engine == "own" else Freeman
    with given.file.open(encoding="utf-8") as lines:
        found = table(lines, made(LearnMode.TRUSTED), alarms=given.alarms)
    print(f"{'who':20} {'sessions':>8} {'AUC':>7} {'over':>7}")
    for line in found:
        auc = "" if line.auc is None else f"{line.auc:.3f}"
        print(f"{line.name:20} {line.sessions:8} {auc:>7} {line.over:7.1%}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
