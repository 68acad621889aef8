"""SYNTHETIC requests for access and whether an approver denied them: no row ever happened.

A stand-in for published sets of human approvals, which may not be shipped: eight categorical
features of high cardinality with heavy tails, related to each other as in a company (a manager
belongs to a department, a title to a family), 5.8 % denied, and next to no subject twice. What
is decided follows effects of single values and of pairs of them that are drawn, and luck. It has
no time but an order; denied is not the same as an attack.
"""

import argparse
import sys
from bisect import bisect
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from math import exp
from random import Random

from benchmarks.risk.rows import Row, write

DENIED = 0.058
SIZES = {
    "department": 300,
    "manager": 1_500,
    "rollup": 100,
    "division": 25,
    "family": 60,
    "title": 320,
    "description": 1_800,
    "resource": 5_000,
}
SINGLE_EFFECTS = {
    "resource": 1.6,
    "manager": 1.4,
    "department": 0.8,
    "rollup": 0.4,
    "title": 0.5,
    "description": 0.6,
}
PAIR_EFFECTS = {
    ("resource", "department"): 1.1,
    ("resource", "title"): 0.9,
    ("manager", "resource"): 0.5,
    ("rollup", "title"): 1.3,
}
LUCK = 0.25
PILOT = 4_000


def rows(*, count: int = 20_000, seed: int = 1) -> Iterator[Row]:
    """Yield `count` requests; label 1 is denied."""
    company = _Company(seed)
    threshold = company.threshold()
    random = Random(f"{seed}/requests")
    for at in range(count):
        values = company.request(random)
        denied = random.random() < _share(company.effect(values) - threshold)
        subject = random.randrange(count) if random.random() < 0.03 else at
        yield {
            "at": at,
            "subject": f"employee-{subject:06}",
            "group": values["department"],
            "session": None,
            "features": {name: values[name] for name in SIZES},
            "label": int(denied),
            "attacker": "denied" if denied else None,
        }


class _Company:
    """Who works where and asks for what, and what approvers think of it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        random = Random(f"{seed}/company")
        draw = {name: _zipf(size) for name, size in SIZES.items()}
        self._resources = draw["resource"]
        self._division = [draw["division"](random) for _ in range(SIZES["rollup"])]
        self._rollup = [draw["rollup"](random) for _ in range(SIZES["department"])]
        self._department = [draw["department"](random) for _ in range(SIZES["manager"])]
        self._family = [draw["family"](random) for _ in range(SIZES["title"])]
        self._manager = draw["manager"]
        self._description = draw["description"]
        # What people of a department and of a title ask for: few things, again and again.
        self._asked = [
            [draw["resource"](random) for _ in range(30)] for _ in range(SIZES["department"])
        ]
        self._titles = [
            [draw["title"](random) for _ in range(8)] for _ in range(SIZES["department"])
        ]
        self._effects: dict[str, float] = {}

    def request(self, random: Random) -> dict[str, str]:
        """Return the values of one request."""
        manager = self._manager(random)
        department = self._department[manager]
        usual = random.random() < 0.75
        asked, titles = self._asked[department], self._titles[department]
        resource = asked[int(30 * random.random() ** 2)] if usual else self._resources(random)
        title = titles[int(8 * random.random() ** 2)]
        rollup = self._rollup[department]
        numbers = {
            "department": department,
            "manager": manager,
            "rollup": rollup,
            "division": self._division[rollup],
            "family": self._family[title],
            "title": title,
            "description": (title * 7 + self._description(random)) % SIZES["description"],
            "resource": resource,
        }
        return {name: f"{name}-{number}" for name, number in numbers.items()}

    def effect(self, values: dict[str, str]) -> float:
        """Return how much speaks against the request, in log-odds without the base rate."""
        total = sum(size * self._drawn(values[name]) for name, size in SINGLE_EFFECTS.items())
        return total + sum(
            size * self._drawn(f"{values[first]}/{values[second]}")
            for (first, second), size in PAIR_EFFECTS.items()
        )

    def threshold(self) -> float:
        """Return the log-odds to subtract so that 5.8 % of all requests are denied."""
        random = Random(f"{self._seed}/pilot")
        effects = [self.effect(self.request(random)) for _ in range(PILOT)]
        low, high = -20.0, 40.0
        for _ in range(50):
            middle = (low + high) / 2
            share = sum(_share(one - middle) for one in effects) / PILOT
            low, high = (middle, high) if share > DENIED else (low, middle)
        return low

    def _drawn(self, key: str) -> float:
        """Return the standard normal effect of a value or a pair, the same each time."""
        if key not in self._effects:
            self._effects[key] = Random(f"{self._seed}/effect/{key}").gauss(0, 1)
        return self._effects[key]


def _share(log_odds: float) -> float:
    return 1 / (1 + exp(-log_odds / LUCK))


def _zipf(size: int) -> Callable[[Random], int]:
    """Return a draw of a number below `size`, the small ones often, by a Zipf law."""
    cumulative = list(accumulate(1 / (rank + 3) ** 0.9 for rank in range(size)))
    return lambda random: bisect(cumulative, random.random() * cumulative[-1])


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the rows; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.risk.approvals", description=__doc__
    )
    parser.add_argument("--rows", type=int, default=20_000, help="default %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="default %(default)s")
    options = parser.parse_args(arguments)
    return write(rows(count=options.rows, seed=options.seed))


if __name__ == "__main__":
    sys.exit(main())
