"""Real attackers' SSH sessions against a honeypot, among sign-ins of INVENTED people.

The attackers' addresses, times and refused passwords are real (12 to 24 February 2025); the
people, and whose name an attacker tries, are invented. The set knows no commands, networks or
countries, so the chain of a network ends at its /24, for the invented people as well. All of
this is the naive attacker: it shows what addresses, hours and failures do, and nothing else.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import count
from pathlib import Path
from random import Random

from benchmarks.risk import workdays
from benchmarks.risk.people import World
from benchmarks.risk.rows import Row, shared_data, write
from benchmarks.risk.sessions import DAY_S, hour

FIRST_DAY = datetime(2024, 12, 16, tzinfo=UTC)
"""A Monday eight weeks before the honeypot's first day, for people to become known."""
DAYS = 71


def rows(path: Path, *, people: int = 200, keep: float = 0.05, seed: int = 1) -> Iterator[Row]:
    """Yield sign-ins in time order. keep: share of the attackers' sessions that is used."""
    world = World(people, DAYS, seed, agents=0.0)
    legitimate = sorted(_sign_ins(world), key=lambda found: found[0])
    attacks = sorted(_attacks(path, world, keep), key=lambda found: found[0])
    numbers = count()
    for at_s, row in merge(legitimate, attacks, key=lambda found: found[0]):
        row["at"] = (FIRST_DAY + timedelta(seconds=at_s)).isoformat(timespec="milliseconds")
        row["session"] = f"ses-{next(numbers):06}"
        # What happens before the honeypot's first day is history.
        row["label"] = row["label"] if at_s >= attacks[0][0] else None
        yield row


def _sign_ins(world: World) -> Iterator[tuple[float, Row]]:
    for session in workdays.planned(world):
        if session.start_s >= 0:
            random = Random(f"{session.seed}/failures")
            failures = random.choices((0, 1, 2), (94, 5, 1))[0]
            hours = hour(session.start_s, session.zone_h)
            row = _row(session.subject, session.group, session.network[:2], hours, failures, None)
            yield session.start_s, row


def _attacks(path: Path, world: World, keep: float) -> Iterator[tuple[float, Row]]:
    random = Random(f"{world.seed}/cowrie")
    with path.open(encoding="utf-8", newline="") as lines:
        for found in csv.DictReader(lines):
            if found["protocol"] != "ssh" or random.random() >= keep:
                continue
            at = datetime.fromisoformat(found["start_time"].replace("Z", "+00:00"))
            at_s = (at - FIRST_DAY).total_seconds()
            if at_s >= DAYS * DAY_S:
                # Seven sessions lie weeks after all others, when no people are there any more.
                continue
            victim = random.choice(world.people)
            prefix = found["src_ip"].rpartition(".")[0]
            network = [found["src_ip"], f"{prefix}.0/24"]
            hours = hour(at_s, victim.zone_h)
            group = victim.team(int(at_s // DAY_S)).name
            failures = int(found["login_failed"])
            yield at_s, _row(victim.name, group, network, hours, failures, "naive")


def _row(
    subject: str,
    group: str,
    network: list[str],
    hours: list[str],
    failures: int,
    attacker: str | None,
) -> Row:
    return {
        "at": "",
        "subject": subject,
        "group": group,
        "session": None,
        "features": {"network": network, "hour": hours, "failures": failures},
        "label": int(attacker is not None),
        "attacker": attacker,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the rows; without the data, a line to standard error and nothing else."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.risk.cowrie")
    parser.add_argument("--people", type=int, default=200, help="default %(default)s")
    parser.add_argument("--keep", type=float, default=0.05, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default %(default)s")
    given = parser.parse_args(arguments)
    path = shared_data("cowrie_sessions_20k.csv")
    if path is None:
        return 0
    return write(rows(path, people=given.people, keep=given.keep, seed=given.seed))


if __name__ == "__main__":
    sys.exit(main())
