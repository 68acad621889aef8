"""Invented people and agents: where they work, on what, when, and what changes in their lives."""

from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar

from benchmarks.risk.company import TABLES, Behaviour, Team, cumulate, personal, teams
from benchmarks.risk.internet import COUNTRIES, ZONES, Internet, Kind, Provider
from benchmarks.risk.sessions import Magnitudes

LAPTOPS = (
    ("Slate 14", "macOS 26"),
    ("Slate 16", "macOS 26"),
    ("Field 13", "Windows 11"),
    ("Field 15", "Windows 11"),
    ("Bench 14", "Linux 6"),
    ("Field 13 old", "Windows 10"),
)
POPULAR_LAPTOPS = (30, 14, 26, 16, 9, 5)
CLIENTS = ("psql", "dbeaver", "datagrip", "metabase", "python")
POPULAR_CLIENTS = (30, 28, 16, 18, 8)
PROJECT_DAYS = 14
OFFICES = COUNTRIES[:3]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Trip:
    """Days abroad, from `first` to `last`, both included."""

    first: int
    last: int
    provider: Provider


@dataclass(frozen=True, slots=True)
class Project:
    """Tables that are new to a whole team, from a day on for two weeks."""

    team: str
    first: int
    tables: tuple[int, ...]


@dataclass(slots=True)
class Person:
    """A person, or an agent. The lists of (day, …) hold what is true from that day on."""

    name: str
    country: str
    joined: int
    teams: list[tuple[int, Team]]
    home: Provider
    mobile: Provider
    devices: list[tuple[int, list[str]]]
    clients: list[tuple[int, list[str]]]
    at_office: float
    by_vpn: bool
    rhythm_h: float
    trips: list[Trip] = field(default_factory=list)
    agent: bool = False
    on_call: bool = False

    @property
    def zone_h(self) -> float:
        """Hours that the person's clock is ahead of UTC."""
        return ZONES[self.country]

    def team(self, day: int) -> Team:
        """Return the team that the person is in on a day."""
        return _since(self.teams, day)

    def device(self, day: int) -> list[str]:
        """Return the device as a chain: key, model, system."""
        return _since(self.devices, day)

    def client(self, day: int) -> list[str]:
        """Return the client as a chain: application with version, application."""
        return _since(self.clients, day)

    def abroad(self, day: int) -> Trip | None:
        """Return the trip that the person is on, if any."""
        return next((trip for trip in self.trips if trip.first <= day <= trip.last), None)


class World:
    """Everything that is the same in all sessions, drawn from the seed alone.

    public: a service that the world signs in to, without offices and without a company's egress.
    """

    def __init__(
        self, people: int, days: int, seed: int, *, agents: float = 0.05, public: bool = False
    ) -> None:
        self.seed, self.days, self.public = seed, days, public
        random = Random(f"{seed}/world")
        self.internet = Internet(random)
        self.offices = {
            country: self.internet.found(country, Kind.COMPANY, 1) for country in OFFICES
        }
        self.egress = self.internet.found(OFFICES[0], Kind.COMPANY, 1)
        self.teams = teams(random, max(4, people // 25))
        self.sizes = Magnitudes(str(seed))
        self.projects = self._projects(random)
        count = round(people * agents)
        self.people = [
            self._person(Random(f"{seed}/person/{number}"), number)
            for number in range(people - count)
        ]
        self.agents = [
            self._agent(Random(f"{seed}/agent/{number}"), number) for number in range(count)
        ]
        self._behaviours: dict[tuple[str, str, int], Behaviour] = {}

    def behaviour(self, person: Person, day: int) -> Behaviour:
        """Return how the person acts on a day, with the team's project when one is on."""
        team = person.team(day)
        running = [
            number
            for number, project in enumerate(self.projects)
            if project.team == team.name and project.first <= day < project.first + PROJECT_DAYS
        ]
        key = (person.name, team.name, running[0] if running else -1)
        if key not in self._behaviours:
            random = Random(f"{self.seed}/behaviour/{person.name}/{team.name}")
            made = (_narrow if person.agent else personal)(random, team, person.name)
            if running:
                made = _with_project(made, self.projects[running[0]])
            self._behaviours[key] = made
        return self._behaviours[key]

    def in_project(self, person: Person, day: int) -> bool:
        """Return whether the person's team works on a project on that day."""
        name = person.team(day).name
        return any(
            one.team == name and one.first <= day < one.first + PROJECT_DAYS
            for one in self.projects
        )

    def _projects(self, random: Random) -> list[Project]:
        found = []
        for team in self.teams:
            if random.random() < self.days / 90:
                rare = [table for table, weight in enumerate(team.mix) if weight < 0.005]
                tables = tuple(random.sample(rare or range(len(TABLES)), 3))
                found.append(Project(team.name, random.randrange(self.days), tables))
        return found

    def _person(self, random: Random, number: int) -> Person:
        country = self._country(random)
        team = random.choice(self.teams)
        joined = random.randrange(5, self.days) if self.days > 5 and random.random() < 0.12 else 0
        history = [(0, team)]
        if random.random() < 0.04:
            history.append((random.randrange(self.days), random.choice(self.teams)))
        return Person(
            name=f"person-{number:04}",
            country=country,
            joined=joined,
            teams=history,
            home=self.internet.provider(random, country, Kind.HOME),
            mobile=self.internet.provider(random, country, Kind.MOBILE),
            devices=_devices(random, number, self.days),
            clients=_clients(random, self.days),
            at_office=0.0 if self.public else random.betavariate(1.5, 1.5),
            by_vpn=random.random() < 0.4 and not self.public,
            rhythm_h=random.gauss(8.6, 0.9),
            trips=self._trips(random, country),
            on_call=team.role in ("engineering", "operations"),
        )

    def _country(self, random: Random) -> str:
        """Return an office's country; of a public service 42.3 % are at home, as is published."""
        if not self.public:
            return random.choices(OFFICES, (60, 25, 15))[0]
        if random.random() < 0.423:
            return COUNTRIES[0]
        return random.choices(COUNTRIES[1:], [1 / rank for rank in range(1, len(COUNTRIES))])[0]

    def _trips(self, random: Random, home: str) -> list[Trip]:
        found: list[Trip] = []
        for start in range(0, self.days, 60):
            if random.random() >= 0.15:
                continue
            first = start + random.randrange(60)
            country = self.internet.somewhere(random)
            if country != home and not any(trip.first <= first <= trip.last for trip in found):
                provider = self.internet.provider(random, country, Kind.HOME)
                found.append(Trip(first, first + random.randrange(1, 6), provider))
        return found

    def _agent(self, random: Random, number: int) -> Person:
        key = f"workload-{random.getrandbits(48):012x}"
        office = self.offices[OFFICES[0]]
        return Person(
            name=f"agent-{number:03}",
            country=OFFICES[0],
            joined=0,
            teams=[(0, random.choice(self.teams))],
            home=office,
            mobile=office,
            devices=[(0, [key, "container", "Linux 6"])],
            clients=[(0, ["agent/0.9", "agent"])],
            at_office=1.0,
            by_vpn=False,
            rhythm_h=0.0,
            agent=True,
        )


def _since(values: list[tuple[int, Value]], day: int) -> Value:
    return [value for first, value in values if first <= day][-1]


def _devices(random: Random, number: int, days: int) -> list[tuple[int, list[str]]]:
    first = [0]
    if random.random() < 0.1 * days / 60:
        first.append(random.randrange(days))
    found = []
    for day in first:
        model, system = random.choices(LAPTOPS, POPULAR_LAPTOPS)[0]
        found.append((day, [f"key-{number:04}-{random.getrandbits(32):08x}", model, system]))
    return found


def _clients(random: Random, days: int) -> list[tuple[int, list[str]]]:
    client = random.choices(CLIENTS, POPULAR_CLIENTS)[0]
    version = random.randrange(3, 6)
    found = [(0, [f"{client}/{version}.0", client])]
    day = 0
    while (day := day + random.randrange(20, 60)) < days:
        version += 1
        found.append((day, [f"{client}/{version}.0", client]))
    return found


def _narrow(random: Random, team: Team, name: str) -> Behaviour:
    """Return the behaviour of an agent: few tables, always the same statements, fast."""
    weights = [0.0] * len(TABLES)
    for table in random.choices(range(len(TABLES)), team.mix, k=6):
        weights[table] += random.random()
    return Behaviour(
        cumulate(weights),
        team.follows,
        team.reads,
        name,
        stays=0.5,
        goes_on=0.0,
        ad_hoc=0.01,
        gap_s=random.uniform(3, 9),
    )


def _with_project(behaviour: Behaviour, project: Project) -> Behaviour:
    """Return the behaviour with 30 % of the draws on the project's tables."""
    before = [0.0, *behaviour.cumulative[:-1]]
    weights = [end - start for start, end in zip(before, behaviour.cumulative, strict=True)]
    weights = [0.7 * weight for weight in weights]
    for table in project.tables:
        weights[table] += 0.1
    return replace(behaviour, cumulative=cumulate(weights))
