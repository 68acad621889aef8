"""An invented company: tables, teams, what each team does with which tables, and for what."""

from dataclasses import dataclass
from itertools import accumulate
from random import Random

TABLES = tuple(
    f"{database}.{table}"
    for database, tables in {
        "orders": "invoices lines returns shipments carts coupons prices taxes",
        "customers": "people addresses consents cards segments notes logins",
        "billing": "accounts payments refunds ledgers disputes payouts mandates currencies",
        "catalogue": "products variants stocks suppliers images categories reviews",
        "support": "tickets replies macros ratings calls escalations shifts",
        "staff": "employees salaries contracts absences payrolls candidates reviews",
        "analytics": "visits funnels cohorts experiments forecasts exports metrics dashboards",
        "platform": "services deployments secrets flags incidents jobs queues audits",
    }.items()
    for table in (f"public.{name}" for name in tables.split())
)
RESOURCES = tuple([name, name.rsplit(".", 1)[0], name.split(".", 1)[0]] for name in TABLES)
VERBS = ("sql.read", "sql.insert", "sql.update", "sql.delete", "sql.alter")
SHAPES = 12
PURPOSES = ("INC", "REQ", "PROJ", "routine", "reporting", "debugging", "migration")
ROLES = {
    # Role: databases at home in it, share of reads, purposes with weights as in PURPOSES.
    "support": (("support", "customers", "orders"), 0.93, (2, 8, 0, 6, 0, 1, 0)),
    "engineering": (("platform", "orders", "catalogue"), 0.80, (3, 1, 5, 1, 0, 7, 2)),
    "billing": (("billing", "orders"), 0.85, (1, 6, 1, 6, 3, 0, 0)),
    "logistics": (("orders", "catalogue"), 0.88, (1, 3, 1, 8, 1, 0, 0)),
    "analytics": (("analytics", "orders", "catalogue"), 0.97, (0, 2, 5, 2, 8, 0, 0)),
    "operations": (("platform", "billing"), 0.78, (7, 2, 1, 3, 0, 4, 3)),
    "personnel": (("staff",), 0.87, (0, 5, 1, 7, 2, 0, 0)),
    "sales": (("customers", "orders", "analytics"), 0.95, (0, 4, 2, 4, 6, 0, 0)),
}


@dataclass(frozen=True, slots=True)
class Team:
    """A team's habits. mix: weight by table, sums to 1. follows: what comes after a table.

    reads: share of reads among its actions. purposes: weights, in the order of PURPOSES.
    """

    name: str
    role: str
    mix: tuple[float, ...]
    follows: tuple[tuple[int, ...], ...]
    reads: float
    purposes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How somebody acts in a session.

    cumulative: cumulated weights of tables. stays, goes_on: probability that the next action is
    on the same table, or on one that follows it in `follows`. ad_hoc: share of statements that
    nobody wrote before. louder: added to the logarithm of the number of rows. gap_s: mean
    seconds between actions. favourites: seed of which shapes of statements are preferred.
    """

    cumulative: tuple[float, ...]
    follows: tuple[tuple[int, ...], ...]
    reads: float
    favourites: str
    stays: float = 0.35
    goes_on: float = 0.35
    ad_hoc: float = 0.05
    louder: float = 0.0
    gap_s: float = 40.0


def teams(random: Random, count: int) -> list[Team]:
    """Return `count` teams; when there are more teams than roles, roles repeat with a number."""
    roles = list(ROLES)
    found = []
    for number in range(count):
        role = roles[number % len(roles)]
        home, reads, purposes = ROLES[role]
        mix = _mix(random, home)
        follows = tuple(tuple(random.choices(range(len(TABLES)), mix, k=3)) for _ in TABLES)
        name = role if count <= len(roles) else f"{role}-{number // len(roles) + 1}"
        found.append(Team(name, role, mix, follows, reads, purposes))
    return found


def personal(random: Random, team: Team, favourites: str) -> Behaviour:
    """Return one person's behaviour: a Dirichlet draw around the team's mix, with a thin rest."""
    drawn = [random.gammavariate(12 * weight, 1) for weight in team.mix]
    total = sum(drawn)
    weights = [
        0.955 * own / total + 0.04 * usual + 0.005 / len(TABLES)
        for own, usual in zip(drawn, team.mix, strict=True)
    ]
    gap_s = random.lognormvariate(3.5, 0.4)
    ad_hoc = random.betavariate(1.5, 25)
    return Behaviour(
        cumulate(weights), team.follows, team.reads, favourites, ad_hoc=ad_hoc, gap_s=gap_s
    )


def cumulate(weights: list[float] | tuple[float, ...]) -> tuple[float, ...]:
    """Return cumulated weights that end in 1."""
    total = sum(weights)
    return tuple(accumulate(weight / total for weight in weights))


def _mix(random: Random, home: tuple[str, ...]) -> tuple[float, ...]:
    """Return a Zipf law over the tables, those at home first, the others five times rarer."""
    tables = list(range(len(TABLES)))
    random.shuffle(tables)
    tables.sort(key=lambda table: RESOURCES[table][2] not in home)
    weights = [0.0] * len(TABLES)
    for rank, table in enumerate(tables):
        local = RESOURCES[table][2] in home
        weights[table] = (1.0 if local else 0.2) / (rank + 1) ** 1.2
    total = sum(weights)
    return tuple(weight / total for weight in weights)
