"""The attackers. Each is a function from a victim and a moment to the sessions of one campaign.

The definitions are in README.md. All steps that the attacker means are marked as ill; what the
victim does in the same session, as in a hijacked one, is not.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from benchmarks.risk.company import TABLES, Behaviour, Team, cumulate
from benchmarks.risk.internet import Kind
from benchmarks.risk.people import (
    CLIENTS,
    LAPTOPS,
    POPULAR_CLIENTS,
    POPULAR_LAPTOPS,
    Person,
    World,
)
from benchmarks.risk.sessions import DAY_S, Session, Step, act, length
from benchmarks.risk.workdays import Context, home_network, login, own_steps

DRIP_DAYS = 30
SENSITIVE = ("customers.public", "billing.public", "staff.public", "platform.public")

Steps = Callable[[Random, float], list[Step]]


@dataclass(frozen=True, slots=True)
class Occasion:
    """One campaign's victim and moment. own: the session of the victim that it is near.

    random: the campaign's luck. last_day: the first day that is over when the file ends.
    """

    world: World
    random: Random
    victim: Person
    own: Session
    kind: str
    seed: str
    last_day: int

    @property
    def day(self) -> int:
        """The day of the victim's own session."""
        return max(0, int(self.own.start_s // DAY_S))

    def session(
        self, start_s: float, context: Context, steps: Steps, purpose: str = "", number: int = 0
    ) -> Session:
        """Return a session under the victim's name; of a sign-in, on a day of the next month."""
        if self.own.login:
            start_s += self.random.randrange(1, 30) * DAY_S
        return replace(
            self.own,
            start_s=start_s,
            seed=f"{self.seed}/{number}",
            network=context.network,
            device=context.device,
            client=context.client,
            purpose=purpose or self.own.purpose,
            steps=_ill_login if self.own.login else steps,
            attacker=self.kind,
            circumstance="",
        )

    def ill(self, behaviour: Behaviour, count: Callable[[Random], int] = length) -> Steps:
        """Return steps of the behaviour that are all ill."""
        return partial(_all_ill, behaviour=behaviour, world=self.world, count=count)


def naive(at: Occasion) -> list[Session]:
    """Anywhere in the world, mostly from hosting, any device and client, at any hour."""
    kind = at.random.choices((Kind.HOSTING, Kind.HOME, Kind.MOBILE), (60, 35, 5))[0]
    country = at.world.internet.somewhere(at.random)
    network = at.world.internet.provider(at.random, country, kind).place(at.random)
    context = Context(network, _foreign_device(at.random), _any_client(at.random))
    start_s = at.day * DAY_S + at.random.uniform(0, DAY_S)
    return [at.session(start_s, context, at.ill(_looter()), "routine")]


def vpn(at: Occasion) -> list[Session]:
    """The victim's country, through a hosting provider; all else as the naive attacker."""
    provider = at.world.internet.provider(at.random, at.victim.country, Kind.HOSTING)
    place = provider.place(at.random)
    context = Context(place, _foreign_device(at.random), _any_client(at.random))
    start_s = at.day * DAY_S + at.random.uniform(0, DAY_S)
    return [at.session(start_s, context, at.ill(_looter()), "routine")]


def targeted(at: Occasion) -> list[Session]:
    """A popular local provider, the victim's model of device and client, in working hours."""
    return [at.session(_near(at), _like_the_victim(at), at.ill(_looter(quiet=True)))]


def very_targeted(at: Occasion) -> list[Session]:
    """The victim's /24, device and client; acts as a colleague of the same team would.

    In half of the cases also the victim's address. Of sign-ins, in half of the cases only the
    victim's provider, and in half only the model of the device.
    """
    same_team = [
        one
        for one in at.world.people
        if one is not at.victim and one.team(at.day).name == at.victim.team(at.day).name
    ]
    colleague = at.random.choice(same_team or [at.victim])
    behaviour = replace(at.world.behaviour(colleague, at.day), louder=0.7)
    context = _as_good_as_it_gets(at) if at.own.login else _at_home(at)
    return [at.session(_near(at), context, at.ill(behaviour))]


def stolen_device(at: Occasion) -> list[Session]:
    """The victim's device and network, and the behaviour of somebody from another team."""
    behaviour = replace(_stranger(at), ad_hoc=0.3)
    evening_s = (at.day * 24 + at.random.uniform(17, 23) - at.victim.zone_h) * 3600
    context = replace(_at_home(at), network=home_network(at.world, at.victim, at.day))
    return [at.session(evening_s, context, at.ill(behaviour))]


def impossible_travel(at: Occasion) -> list[Session]:
    """From a home abroad within the hour in which the victim is active at work."""
    countries = [one for one in at.world.internet.providers if one != at.own.network[3]]
    country = at.random.choice(countries)
    provider = at.world.internet.provider(at.random, country, Kind.HOME)
    context = replace(_like_the_victim(at), network=provider.place(at.random))
    start_s = at.own.start_s + at.random.uniform(300, 3600)
    return [at.session(start_s, context, at.ill(_looter(quiet=True)))]


def insider_slow(at: Occasion) -> list[Session]:
    """Their own everything; in five sessions a seventh of the actions are another team's."""
    steps = partial(
        _mixed,
        own=at.world.behaviour(at.victim, at.day),
        foreign=_stranger(at),
        world=at.world,
    )
    days = sorted(at.random.sample(range(12), 5))
    return [
        at.session(_near(at) + day * DAY_S, _own(at), steps, number=day)
        for day in days
        if at.day + day < at.last_day
    ]


def insider_bulk(at: Occasion) -> list[Session]:
    """Their own everything, on their own tables, and about twenty times as many rows."""
    own = at.world.behaviour(at.victim, at.day)
    behaviour = replace(own, louder=3.0, reads=0.99, ad_hoc=0.2)
    return [at.session(_near(at), _own(at), at.ill(behaviour))]


def insider_off_role(at: Occasion) -> list[Session]:
    """Their own everything, on the tables of another team."""
    return [at.session(_near(at), _own(at), at.ill(_stranger(at)))]


def hijacked_agent(at: Occasion) -> list[Session]:
    """An agent's usual session that turns: a burst over many tables with other statements."""
    steps = partial(_turning, own=at.world.behaviour(at.victim, at.day), world=at.world)
    return [at.session(_near(at), _own(at), steps)]


def poisoner(at: Occasion) -> list[Session]:
    """As targeted, a few harmless actions a day for 30 days; then takes what there is."""
    context = _like_the_victim(at)
    quiet = replace(_stranger(at), ad_hoc=0.0)
    begins_s = _near(at)
    # It begins early enough to come to its end.
    first = max(0, min(at.day, at.last_day - DRIP_DAYS - 1)) - at.day
    days = range(first, min(first + DRIP_DAYS, at.last_day - at.day - 1))
    drip = [
        at.session(begins_s + day * DAY_S, context, at.ill(quiet, _a_few), number=number)
        for number, day in enumerate(days)
    ]
    end_s = begins_s + (first + len(drip)) * DAY_S
    return [*drip, at.session(end_s, context, at.ill(_looter()), number=len(drip))]


ATTACKERS: dict[str, Callable[[Occasion], list[Session]]] = {
    "naive": naive,
    "vpn": vpn,
    "targeted": targeted,
    "very-targeted": very_targeted,
    "stolen-device": stolen_device,
    "impossible-travel": impossible_travel,
    "insider-slow": insider_slow,
    "insider-bulk": insider_bulk,
    "insider-off-role": insider_off_role,
    "hijacked-agent": hijacked_agent,
    "poisoner": poisoner,
}
OF_LOGINS = ("naive", "vpn", "targeted", "very-targeted")


def _near(at: Occasion) -> float:
    """Return a time of the same day a few hours from the victim's own session."""
    return max(0.0, at.own.start_s + at.random.uniform(-2, 3) * 3600)


def _own(at: Occasion) -> Context:
    return Context(at.own.network, at.own.device, at.own.client)


def _at_home(at: Occasion) -> Context:
    """Return the victim's device in the victim's /24, in half of the cases at their address."""
    network = at.own.network
    if at.random.random() < 0.5:
        prefix = network[1].removesuffix(".0/24")
        network = [f"{prefix}.{at.random.randrange(1, 255)}", *network[1:]]
    return Context(network, at.own.device, at.own.client)


def _as_good_as_it_gets(at: Occasion) -> Context:
    """Return what a takeover looked like that was bought or phished, not lived with."""
    network, device = at.own.network, at.own.device
    if at.random.random() < 0.5:
        network = at.victim.home.place(at.random)
    if at.random.random() < 0.5:
        device = [f"key-other-{at.random.getrandbits(32):08x}", *device[1:]]
    return Context(network, device, at.own.client)


def _like_the_victim(at: Occasion) -> Context:
    provider = at.world.internet.provider(at.random, at.victim.country, Kind.HOME)
    device = [f"key-other-{at.random.getrandbits(32):08x}", *at.own.device[1:]]
    return Context(provider.place(at.random), device, at.own.client)


def _foreign_device(random: Random) -> list[str]:
    model, system = random.choices(LAPTOPS, POPULAR_LAPTOPS)[0]
    return [f"key-other-{random.getrandbits(32):08x}", model, system]


def _any_client(random: Random) -> list[str]:
    client = random.choices(CLIENTS, POPULAR_CLIENTS)[0]
    return [f"{client}/{random.randrange(2, 7)}.0", client]


def _stranger(at: Occasion) -> Behaviour:
    """Return the behaviour of somebody from a team with another role."""
    team: Team = at.victim.team(at.day)
    others = [one for one in at.world.people if one.team(at.day).role != team.role]
    return at.world.behaviour(at.random.choice(others or at.world.people), at.day)


def _looter(*, quiet: bool = False) -> Behaviour:
    """Return the behaviour of a thief: valuable tables first, new statements, many rows."""
    weights = [4.0 if name.startswith(SENSITIVE) else 1.0 for name in TABLES]
    follows = tuple(((table + 1) % len(TABLES),) for table in range(len(TABLES)))
    return Behaviour(
        cumulate(weights),
        follows,
        reads=0.95,
        favourites="looter",
        stays=0.1,
        goes_on=0.5,
        ad_hoc=0.3 if quiet else 0.7,
        louder=1.0 if quiet else 2.0,
        gap_s=25 if quiet else 8,
    )


def _ill_login(random: Random, start_s: float) -> list[Step]:
    return [step._replace(ill=True) for step in login(random, start_s)]


def _a_few(random: Random) -> int:
    return random.randrange(3, 6)


def _all_ill(
    random: Random,
    start_s: float,
    *,
    behaviour: Behaviour,
    world: World,
    count: Callable[[Random], int],
) -> list[Step]:
    steps = act(random, start_s, count(random), behaviour, world.sizes)
    return [step._replace(ill=True) for step in steps]


def _mixed(
    random: Random, start_s: float, *, own: Behaviour, foreign: Behaviour, world: World
) -> list[Step]:
    """Return own steps of which every seventh, at least one, is what another would do."""
    steps = own_steps(random, start_s, behaviour=own, sizes=world.sizes)
    places = random.sample(range(len(steps)), max(1, len(steps) // 7))
    for place in places:
        [other] = act(random, steps[place].at_s, 1, foreign, world.sizes)
        steps[place] = other._replace(ill=True)
    return steps


def _turning(random: Random, start_s: float, *, own: Behaviour, world: World) -> list[Step]:
    """Return an agent's usual steps, then a fast burst over many tables.

    In half of the cases the agent says another purpose from then on.
    """
    usual = own_steps(random, start_s, behaviour=own, sizes=world.sizes)
    burst = replace(_looter(), gap_s=1.0, goes_on=0.8)
    turned = act(random, usual[-1].at_s + 2, random.randrange(15, 60), burst, world.sizes)
    purpose = random.choice(("", "debugging"))
    return [*usual, *(step._replace(ill=True, purpose=purpose) for step in turned)]
