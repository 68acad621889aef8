"""Real queries of the Stack Exchange Data Explorer, run by people who are INVENTED.

The texts are what people wrote (857, T-SQL, one schema), but the set does not say who. So nothing
here shows how well real people can be told apart. Each invented person has a few topics (which
tables a query reads) and a repertoire of queries of them; sessions draw from it again and again,
and now and then anything of a topic. Numbers of rows are invented too, log-normal around a mean
that each query has. What is real: the shapes, which tables come together, lengths, heavy tails.

Attackers: `masquerader` (a session of another person's under this one's name), `bulk` (own
queries, ten times the rows), `sweep` (a session of queries over all tables, each table set once).
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import exp
from pathlib import Path
from random import Random

from benchmarks.risk.rows import Feature, Row, shared_data, write

TOPICS = 3
REPERTOIRE = 25
HISTORY_SHARE = 0.4
ATTACKS = ("masquerader", "bulk", "sweep")

_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_LITERAL = re.compile(r"'(?:[^']|'')*'|##[^#]*##|\b\d+(?:\.\d+)?\b")
_TABLE = re.compile(r"\b(?:from|join)\s+\[?([a-z_]\w*)", re.IGNORECASE)
_NAMED_HERE = re.compile(r"\b([a-z_]\w*)\s*(?:\([^()]*\)\s*)?as\s*\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Query:
    """One text. tables: which it reads, in order of the alphabet, joined by `+`."""

    shape: str
    tables: str
    length: int
    mean: float


def rows(
    path: Path, *, people: int = 40, sessions: int = 60, share: float = 0.02, seed: int = 1
) -> Iterator[Row]:
    """Yield `sessions` sessions of each person in turn; `at` counts the queries.

    share: how many sessions after the history are an attacker's.
    """
    queries = [read(text) for text in _texts(path)]
    persons = [_Person(queries, Random(f"{seed}/person/{number}")) for number in range(people)]
    random = Random(f"{seed}/sessions")
    at = 0
    for number in range(sessions):
        history = number < sessions * HISTORY_SHARE
        for who, person in enumerate(persons):
            attack = random.choice(ATTACKS) if not history and random.random() < share else None
            acting = person
            if attack == "masquerader" and people > 1:
                acting = random.choice([one for one in persons if one is not person])
            chosen = _sweep(queries, random) if attack == "sweep" else acting.session(random)
            for query in chosen:
                yield {
                    "at": at,
                    "subject": f"analyst-{who:03}",
                    "group": None,
                    "session": f"analyst-{who:03}-{number:03}",
                    "features": _features(query, random, 10 if attack == "bulk" else 1),
                    "label": None if history else int(attack is not None),
                    "attacker": attack,
                }
                at += 1


def read(text: str) -> Query:
    """Return shape, tables and length of a query's text."""
    bare = _COMMENT.sub(" ", text)
    own_names = {name.lower() for name in _NAMED_HERE.findall(bare)}
    tables = {name.lower() for name in _TABLE.findall(bare)} - own_names
    shape = " ".join(_LITERAL.sub("?", bare).lower().split())
    digest = sha256(shape.encode()).hexdigest()
    mean = Random(digest).gauss(4.5, 1.8)
    return Query(digest[:12], "+".join(sorted(tables)) or "none", len(text), mean)


class _Person:
    """An invented analyst: topics, and a repertoire with a Zipf law of use."""

    def __init__(self, queries: list[Query], random: Random) -> None:
        by_tables: dict[str, list[Query]] = {}
        for query in queries:
            by_tables.setdefault(query.tables, []).append(query)
        sizes = [len(found) ** 0.5 for found in by_tables.values()]
        topics = random.choices(list(by_tables.values()), sizes, k=TOPICS)
        self._topical = [query for topic in topics for query in topic]
        self._repertoire = random.choices(self._topical, k=REPERTOIRE)
        self._use = [1 / (rank + 1) for rank in range(REPERTOIRE)]
        self._everything = queries

    def session(self, random: Random) -> list[Query]:
        """Return 3 to 40 queries, with a heavy tail."""
        return [self._query(random) for _ in range(min(40, int(3 * random.paretovariate(1.4))))]

    def _query(self, random: Random) -> Query:
        luck = random.random()
        if luck < 0.75:
            return random.choices(self._repertoire, self._use)[0]
        return random.choice(self._topical if luck < 0.95 else self._everything)


def _sweep(queries: list[Query], random: Random) -> list[Query]:
    """Return queries of twenty different sets of tables."""
    shuffled = random.sample(queries, len(queries))
    return list({query.tables: query for query in shuffled}.values())[:20]


def _features(query: Query, random: Random, times: int) -> dict[str, Feature]:
    first = query.tables.split("+", 1)[0]
    return {
        "shape": [query.shape, query.tables],
        "tables": [query.tables, first],
        "length": query.length,
        "rows": int(exp(random.gauss(query.mean, 0.7))) * times,
    }


def _texts(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["QueryBody"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the rows; without the data, a line to standard error and nothing else."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.risk.queries")
    parser.add_argument("--people", type=int, default=40, help="default %(default)s")
    parser.add_argument("--sessions", type=int, default=60, help="of each; default %(default)s")
    parser.add_argument("--share", type=float, default=0.02, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default %(default)s")
    given = parser.parse_args(arguments)
    path = shared_data("sede_queries.jsonl")
    if path is None:
        return 0
    found = rows(
        path, people=given.people, sessions=given.sessions, share=given.share, seed=given.seed
    )
    return write(found)


if __name__ == "__main__":
    sys.exit(main())
