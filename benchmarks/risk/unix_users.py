"""Masqueraders among real UNIX users, in the manner of Schonlau et al. (2001).

The commands are real (Lane and Brodley, Purdue; 8 users, names of commands in order, no clock
and no arguments); who masquerades when is drawn. The first commands of each user are history
without labels. After them come blocks of 100, each a session: with 1 % probability a masquerade
begins, and it goes on with 80 % after each block. A masqueraded block is replaced by consecutive
commands of another user that appear nowhere else in the output.

Sources of masquerades: `held-out` (users 7 and 8, who are then no subjects), any users by
number (`--sources 1,2`), or `all`: everybody is a subject, and the last fifth of everybody's
commands is put aside for masquerades against the others.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.risk.rows import Row, shared_data, write

BLOCK = 100
HISTORY = 5_000
CONTINUES = 0.8


@dataclass(slots=True)
class Stream:
    """The blocks of one subject: without labels first, then those that may be replaced."""

    subject: str
    history: list[list[str]]
    tested: list[list[str]]


def rows(
    folder: Path, *, sources: str = "held-out", begins: float = 0.01, seed: int = 1
) -> Iterator[Row]:
    """Yield the commands of all subjects, a block of each in turn; `at` counts them.

    sources: `held-out`, `all`, or numbers of users with commas. begins: probability that a block
    without masquerader is followed by one with.
    """
    users = {path.name: _commands(path) for path in sorted(folder.glob("USER*"))}
    streams, pools = _parts(users, sources)
    random = Random(f"{seed}/unix-users")
    at = 0
    for number in range(max(len(one.history) for one in streams)):
        for one in streams:
            if number < len(one.history):
                name = f"{one.subject}-history-{number:03}"
                yield from _block(at, one.subject, name, one.history[number], None, None)
                at += len(one.history[number])
    masquerade = _Masquerade(pools, random, begins)
    for number in range(max(len(one.tested) for one in streams)):
        for one in streams:
            if number < len(one.tested):
                replaced = masquerade.block(one.subject)
                commands = replaced or one.tested[number]
                name = f"{one.subject}-block-{number:03}"
                label, attacker = (1, "masquerader") if replaced else (0, None)
                yield from _block(at, one.subject, name, commands, label, attacker)
                at += len(commands)


class _Masquerade:
    """Draws who is masqueraded, and takes the commands from the pools of the others."""

    def __init__(self, pools: dict[str, list[list[str]]], random: Random, begins: float) -> None:
        self._pools = pools
        self._random = random
        self._begins = begins
        self._runs: dict[str, tuple[str, int]] = {}

    def block(self, subject: str) -> list[str] | None:
        """Return commands to replace the subject's next block by, None to leave it."""
        running = subject in self._runs
        if self._random.random() >= (CONTINUES if running else self._begins):
            self._runs.pop(subject, None)
            return None
        if not running:
            others = [name for name, pool in self._pools.items() if pool and name != subject]
            if not others:
                return None
            source = self._random.choice(others)
            self._runs[subject] = source, self._random.randrange(len(self._pools[source]))
        source, place = self._runs[subject]
        pool = self._pools[source]
        # What was taken is gone, so the next block of the source now has the same place.
        return pool.pop(place) if place < len(pool) else None


def _parts(
    users: dict[str, list[str]], sources: str
) -> tuple[list[Stream], dict[str, list[list[str]]]]:
    """Return the subjects' streams, and the blocks that masqueraders may use by source."""
    if sources == "all":
        kept = {name: commands[: len(commands) * 4 // 5] for name, commands in users.items()}
        pools = {name: _blocks(users[name][len(kept[name]) :]) for name in users}
        return [_stream(name, commands) for name, commands in kept.items()], pools
    numbers = "7,8" if sources == "held-out" else sources
    held_out = {f"USER{number.strip()}" for number in numbers.split(",")}
    if not held_out < users.keys():
        known = ", ".join(users)
        raise SystemExit(f"sources are `held-out`, `all` or numbers of some of {known}")
    pools = {name: _blocks(users[name]) for name in sorted(held_out)}
    return [_stream(name, users[name]) for name in users if name not in held_out], pools


def _stream(subject: str, commands: list[str]) -> Stream:
    split = min(HISTORY, len(commands) // 3) // BLOCK * BLOCK
    return Stream(subject, _blocks(commands[:split]), _blocks(commands[split:]))


def _blocks(commands: list[str]) -> list[list[str]]:
    """Return full blocks only; what is left over at the end is not used."""
    ends = range(BLOCK, len(commands) + 1, BLOCK)
    return [commands[end - BLOCK : end] for end in ends]


def _commands(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _block(
    at: int, subject: str, session: str, commands: list[str], label: int | None, who: str | None
) -> Iterator[Row]:
    for number, command in enumerate(commands):
        yield {
            "at": at + number,
            "subject": subject,
            "group": None,
            "session": session,
            "features": {"command": command},
            "label": label,
            "attacker": who,
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the rows; without the data, a line to standard error and nothing else."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.risk.unix_users")
    parser.add_argument("--sources", default="held-out", help="held-out, all, or numbers: 1,2")
    parser.add_argument("--begins", type=float, default=0.01, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default %(default)s")
    options = parser.parse_args(arguments)
    folder = shared_data("unix_users")
    if folder is None:
        return 0
    found = rows(folder, sources=options.sources, begins=options.begins, seed=options.seed)
    return write(found)


if __name__ == "__main__":
    sys.exit(main())
