"""What happens in a session: the steps that a behaviour takes, and the rows made of them."""

from bisect import bisect
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp
from random import Random
from typing import NamedTuple

from benchmarks.risk.company import RESOURCES, SHAPES, TABLES, VERBS, Behaviour
from benchmarks.risk.rows import Feature, Row

DAY_S = 86_400
FIRST_DAY = datetime(2026, 1, 5, tzinfo=UTC)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
AD_HOC_SHAPES = 1_000_000
MOST_ROWS = 50_000_000


class Step(NamedTuple):
    """One action. at_s: seconds since the first day. ill: whether an attacker meant it.

    purpose: empty for the session's own.
    """

    at_s: float
    table: int
    verb: int
    shape: int
    rows: int
    bytes: int
    ill: bool = False
    purpose: str = ""


@dataclass(slots=True)
class Session:
    """A session that is planned. steps: makes what is done in it, from luck of its own.

    zone_h: the person's hours ahead of UTC. attacker: who acts where steps are ill. circumstance:
    a legitimate reason to look strange, empty for none. history: rows have no label. login: it
    is one sign-in, without actions.
    """

    start_s: float
    seed: str
    subject: str
    group: str
    zone_h: float
    network: list[str]
    device: list[str]
    client: list[str]
    purpose: str
    steps: Callable[[Random, float], list[Step]]
    attacker: str | None = None
    circumstance: str = ""
    history: bool = False
    login: bool = False


class Magnitudes:
    """How many rows the statements of a shape touch, drawn once for each shape."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._means: dict[tuple[int, int, int], float] = {}
        random = Random(f"{seed}/widths")
        self._widths = [random.lognormvariate(4.6, 0.7) for _ in TABLES]

    def draw(
        self, random: Random, table: int, verb: int, shape: int, louder: float
    ) -> tuple[int, int]:
        """Return rows and bytes of one statement, both log-normal around the shape's own mean."""
        key = (table, verb, shape)
        mean = self._means.get(key)
        if mean is None:
            own = random if shape >= SHAPES else Random(f"{self._seed}/shape/{key}")
            mean = own.gauss(3.0, 1.6) if verb == 0 else own.gauss(0.3, 0.5)
            if shape < SHAPES:
                self._means[key] = mean
        rows = min(MOST_ROWS, int(exp(random.gauss(mean + louder, 0.8))))
        return rows, int(rows * self._widths[table] * random.uniform(0.8, 1.25)) + 90


def length(random: Random) -> int:
    """Return how many actions a session has: 5 to 60, with a heavy tail."""
    return min(60, int(5 * random.paretovariate(1.3)))


def act(
    random: Random, start_s: float, count: int, behaviour: Behaviour, sizes: Magnitudes
) -> list[Step]:
    """Return `count` steps of the behaviour from `start_s` on."""
    steps: list[Step] = []
    table, at_s, draw, cumulative = -1, start_s, random.random, behaviour.cumulative
    for _ in range(count):
        luck = draw()
        if table < 0 or luck >= behaviour.stays + behaviour.goes_on:
            table = min(bisect(cumulative, draw()), len(cumulative) - 1)
        elif luck >= behaviour.stays:
            table = random.choice(behaviour.follows[table])
        verb = 0 if draw() < behaviour.reads else 1 + int(min(3.0, 4 * draw() ** 1.8))
        shape = _shape(random, table, verb, behaviour)
        rows, size = sizes.draw(random, table, verb, shape, behaviour.louder)
        steps.append(Step(at_s, table, verb, shape, rows, size))
        # Bursts and pauses: the gaps vary more than those of an exponential law.
        at_s += behaviour.gap_s * random.expovariate(1) * (0.25 if draw() < 0.5 else 1.75)
    return steps


def _shape(random: Random, table: int, verb: int, behaviour: Behaviour) -> int:
    if random.random() < behaviour.ad_hoc:
        return SHAPES + random.randrange(AD_HOC_SHAPES)
    rank = int(SHAPES * random.random() ** 3)
    if random.random() < 0.7:
        # A person's own ranking of the shapes, without keeping a table of it.
        offset = sum(behaviour.favourites.encode()) + 7 * table + 3 * verb
        return (rank + offset) % SHAPES
    return rank


def rows(session: Session, name: str, random: Random) -> Iterator[tuple[float, Row]]:
    """Yield the session's rows with their seconds since the first day."""
    latest: deque[float] = deque()
    tables: set[int] = set()
    for step in session.steps(random, session.start_s):
        features: dict[str, Feature] = {
            "network": session.network,
            "device": session.device,
            "client": session.client,
            "hour": hour(step.at_s, session.zone_h),
        }
        if not session.login:
            latest.append(step.at_s)
            while latest[0] <= step.at_s - 60:
                latest.popleft()
            tables.add(step.table)
            features |= {
                "resource": RESOURCES[step.table],
                "action": _action(step),
                "rows": step.rows,
                "bytes": step.bytes,
                "pace": len(latest),
                "fanout": len(tables),
                "purpose": [step.purpose or session.purpose],
            }
        yield step.at_s, _row(session, name, step, features)


def _row(session: Session, name: str, step: Step, features: dict[str, Feature]) -> Row:
    at = FIRST_DAY + timedelta(seconds=step.at_s)
    return {
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "subject": session.subject,
        "group": None if session.login else session.group,
        "session": name,
        "features": features,
        "label": None if session.history else int(step.ill),
        "attacker": session.attacker if step.ill else None,
        "circumstance": session.circumstance,
    }


def _action(step: Step) -> list[str]:
    table = TABLES[step.table].split(".", 1)[1]
    verb = VERBS[step.verb]
    return [f"{verb} {table}#shape{step.shape}", f"{verb} {table}", verb]


def hour(at_s: float, zone_h: float) -> list[str]:
    """Return the hour of the week in a zone as a chain: `Tue 14`, `14 weekday`, `weekday day`."""
    local_h = at_s / 3600 + zone_h
    day = WEEKDAYS[int(local_h // 24) % 7]
    of_day = int(local_h % 24)
    kind = "weekend" if day in ("Sat", "Sun") else "weekday"
    part = "day" if 7 <= of_day < 19 else "evening" if 19 <= of_day < 23 else "night"
    return [f"{day} {of_day:02}", f"{of_day:02} {kind}", f"{kind} {part}"]
