"""What people and agents do of their own accord: their sessions of every day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

from benchmarks.risk.company import PURPOSES, Behaviour
from benchmarks.risk.internet import Kind
from benchmarks.risk.people import Person, World
from benchmarks.risk.sessions import DAY_S, Magnitudes, Session, Step, act, length

LEASE_DAYS = 21
NEW_DAYS = 10


@dataclass(frozen=True, slots=True)
class Context:
    """Where a session comes from. circumstance: why it may look strange, empty for nothing."""

    network: list[str]
    device: list[str]
    client: list[str]
    circumstance: str = ""


def planned(world: World) -> Iterator[Session]:
    """Yield the legitimate sessions of a workplace, person by person, each in time order."""
    for person in world.people:
        for day in range(person.joined, world.days):
            yield from _working_day(world, person, day)
    for agent in world.agents:
        for day in range(world.days):
            yield from _agent_day(world, agent, day)


def logins(world: World) -> Iterator[Session]:
    """Yield sign-ins only, as many a person as in the published set of logins.

    Median 2, p90 9, p99 28 a person (Wiefling et al., TOPS 2023): a log-normal law of median 2
    and sigma 1.14, rounded, at least one.
    """
    for person in world.people:
        random = Random(f"{world.seed}/logins/{person.name}")
        count = max(1, round(2 * random.lognormvariate(0, 1.14)))
        days = sorted(random.choices(range(world.days), k=count))
        sessions = []
        for number, day in enumerate(days):
            start_s = _start_s(random, person, day, random.uniform(0, 14))
            context = context_of(world, random, person, day)
            seed = f"{world.seed}/login/{person.name}/{number}"
            session = _session(person, day, start_s, context, "", login, seed)
            session.login = True
            sessions.append(session)
        yield from sorted(sessions, key=lambda one: one.start_s)


def context_of(world: World, random: Random, person: Person, day: int) -> Context:
    """Return where the person works from, and with what, at some time of a day."""
    device, client = person.device(day), person.client(day)
    if person.agent:
        return Context([f"{person.home.prefixes[0]}.7", *_company(person)], device, client)
    trip = person.abroad(day)
    if person.by_vpn and random.random() < (0.8 if trip else 0.3):
        network = world.egress.place(Random(f"{world.seed}/egress/{random.randrange(3)}"))
        away = trip is not None or person.country != world.egress.country
        return Context(network, device, client, "vpn" if away else "")
    if trip is not None:
        lease = Random(f"{world.seed}/trip/{person.name}/{trip.first}")
        return Context(trip.provider.place(lease), device, client, "travel")
    luck = random.random()
    if luck < 0.06:
        # Behind carrier-grade NAT the address changes all the time, sometimes with the country.
        roams = random.random() < 0.05
        country = world.internet.somewhere(random) if roams else person.country
        away = country != person.country
        mobile = world.internet.provider(random, country, Kind.MOBILE) if away else person.mobile
        return Context(mobile.place(random), device, client, "roaming" if away else "mobile")
    if random.random() < person.at_office:
        office = world.offices[person.country]
        return Context(office.place(Random(random.randrange(4))), device, client)
    return Context(home_network(world, person, day), device, client)


def home_network(world: World, person: Person, day: int) -> list[str]:
    """Return the person's network at home: a lease of three weeks, mostly in the same /24."""
    own = Random(f"{world.seed}/home/{person.name}")
    prefix = own.choice(person.home.prefixes)
    lease = Random(f"{world.seed}/lease/{person.name}/{day // LEASE_DAYS}")
    moves = lease.random() < 0.3
    return person.home.place(lease, None if moves else prefix)


def own_steps(
    random: Random, start_s: float, *, behaviour: Behaviour, sizes: Magnitudes
) -> list[Step]:
    """Return what somebody does in a session of their own."""
    return act(random, start_s, length(random), behaviour, sizes)


def login(random: Random, start_s: float) -> list[Step]:
    """Return a sign-in as the only step."""
    return [Step(start_s, 0, 0, 0, 0, 0)]


def purpose_of(random: Random, person: Person, day: int) -> str:
    """Return what the person says that a session is for."""
    return random.choices(PURPOSES, person.team(day).purposes)[0]


def _working_day(world: World, person: Person, day: int) -> Iterator[Session]:
    random = Random(f"{world.seed}/day/{person.name}/{day}")
    behaviour = world.behaviour(person, day)
    steps = partial(own_steps, behaviour=behaviour, sizes=world.sizes)
    works = random.random() < (0.9 if day % 7 < 5 else 0.03)
    hours = random.choices((1, 2, 3), (40, 40, 20))[0] if works else 0
    for number, after_h in enumerate(sorted(random.uniform(0, 8.5) for _ in range(hours))):
        start_s = _start_s(random, person, day, after_h)
        context = context_of(world, random, person, day)
        seed = f"{world.seed}/session/{person.name}/{day}/{number}"
        purpose = purpose_of(random, person, day)
        yield _session(
            person, day, start_s, _changed(world, person, day, context), purpose, steps, seed
        )
    # One week in four on call, and then every third night something breaks.
    on_call = person.on_call and (day // 7 + int(person.name[-4:])) % 4 == 0
    if on_call and random.random() < 0.33:
        at_s = (day + 1) * DAY_S + (random.uniform(0, 6) - person.zone_h) * 3600
        network = home_network(world, person, day)
        night = Context(network, person.device(day), person.client(day), "on-call")
        seed = f"{world.seed}/night/{person.name}/{day}"
        yield _session(person, day, at_s, night, "INC", steps, seed)


def _agent_day(world: World, agent: Person, day: int) -> Iterator[Session]:
    random = Random(f"{world.seed}/agent-day/{agent.name}/{day}")
    steps = partial(own_steps, behaviour=world.behaviour(agent, day), sizes=world.sizes)
    for number in range(random.randrange(2, 6)):
        start_s = day * DAY_S + random.randrange(24) * 3600 + random.uniform(0, 120)
        context = context_of(world, random, agent, day)
        seed = f"{world.seed}/session/{agent.name}/{day}/{number}"
        yield _session(agent, day, start_s, context, "routine", steps, seed)


def _changed(world: World, person: Person, day: int, context: Context) -> Context:
    """Return the context with the change in the person's life that is the most recent."""
    if context.circumstance not in ("", "mobile"):
        return context
    name = context.circumstance
    if person.joined and day < person.joined + NEW_DAYS:
        name = "new-starter"
    elif any(0 < first <= day < first + NEW_DAYS for first, _ in person.teams):
        name = "role-change"
    elif any(0 < first <= day < first + NEW_DAYS for first, _ in person.devices):
        name = "new-device"
    elif world.in_project(person, day):
        name = "project"
    return Context(context.network, context.device, context.client, name)


def _session(
    person: Person,
    day: int,
    start_s: float,
    context: Context,
    purpose: str,
    steps: Callable[[Random, float], list[Step]],
    seed: str,
) -> Session:
    return Session(
        start_s=start_s,
        seed=seed,
        subject=person.name,
        group="agents" if person.agent else person.team(day).name,
        zone_h=person.zone_h,
        network=context.network,
        device=context.device,
        client=context.client,
        purpose=purpose,
        steps=steps,
        circumstance=context.circumstance,
    )


def _start_s(random: Random, person: Person, day: int, after_h: float) -> float:
    local_h = max(0.0, person.rhythm_h + after_h + random.gauss(0, 0.4))
    return day * DAY_S + (local_h - person.zone_h) * 3600


def _company(person: Person) -> list[str]:
    provider = person.home
    return [f"{provider.prefixes[0]}.0/24", provider.name, provider.country]
