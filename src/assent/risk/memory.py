"""What was learned of everybody: each person's profile, their peers' counts, everyone's.

Crowds are the sums of the profiles of those in them, so that a person can be compared with the
others alone, and forgetting somebody takes their part out of every crowd.
"""

from collections.abc import Sequence

from msgspec import Struct

from assent.core.evidence import Known
from assent.core.familiarity import Familiarity, Magnitude
from assent.risk.dimensions import FORGETTING, Dimension
from assent.risk.fading import PROMOTED_AFTER_DAYS, FadingCounts, days_of
from assent.risk.keys import amount_keys, bucket_of, chain_keys
from assent.risk.likelihood import Likelihood, chain_likelihood
from assent.risk.profile import Profile

MOST_PEER_GROUPS = 4
"""Groups that somebody is compared with; further ones, in order of name, are left out."""

MOST_PER_CHAIN = 8
"""Values of one dimension in one action, such as its tables; the least usual one speaks."""

_MILLI = 1000.0


class Seen(Struct, frozen=True, gc=False):
    """One aspect of an action as it was seen: a chain, specific to general, or an amount.

    after: what a step follows. times: how much it counts when it is learned, 1 for once.
    """

    dimension: Dimension
    chain: tuple[str, ...] = ()
    amount: float = -1.0
    after: str = ""
    times: float = 1.0


class Crowd:
    """The counts of several people together."""

    __slots__ = ("tables",)

    def __init__(self) -> None:
        self.tables = {half_life: FadingCounts(half_life) for half_life in set(FORGETTING.values())}


class Memory:
    """Looks up how usual something is, and learns what became usual."""

    def __init__(self) -> None:
        self.profiles: dict[str, Profile] = {}
        self.groups: dict[str, Crowd] = {}
        self.everyone = Crowd()

    def reading(self, person: str, groups: Sequence[str], now: float) -> "Reading":
        """Return what is known of one person at `now`, in days since 1970. groups: theirs."""
        profile = self.profiles.get(person) or _NOBODY
        peers = [crowd for group in groups[:MOST_PEER_GROUPS] if (crowd := self.groups.get(group))]
        return Reading(profile, peers, self.everyone, now)

    def known(self, person: str, groups: Sequence[str], seen: Sequence[Seen], now: float) -> Known:
        """Return how usual each of `seen` is, as evidence; of one dimension the least usual.

        Somebody who was never learned from has a profile without counts: their peers speak.
        """
        reading = self.reading(person, groups, now)
        dimensions: dict[str, Familiarity] = {}
        amounts: dict[str, Magnitude] = {}
        for aspect in seen:
            name = aspect.dimension.name
            if aspect.chain:
                found = reading.familiarity(aspect)
                other = dimensions.get(name)
                if other is None or _usual(found) < _usual(other):
                    dimensions[name] = found
            else:
                amounts[name] = reading.magnitude(aspect)
        profile = reading.profile
        days = profile.last_day - profile.first_day + 1 if profile.sessions else 0
        return Known(dimensions, amounts, profile.sessions, days)

    def learn(
        self,
        person: str,
        groups: Sequence[str],
        seen: Sequence[Seen],
        now: float,
        *,
        weight: float = 1.0,
        strong: bool = False,
        confirmed: bool = False,
        unbounded: bool = False,
    ) -> None:
        """Make `seen` more usual for the person, their peers and everyone.

        weight: 0–1, how sure it is that it was the person. strong: they proved who they are
        with a strong factor. confirmed: somebody vouches, so no probation. unbounded: history
        that the operator vouches for as a whole, which no weekly budget holds back.
        """
        profile = self.profiles.get(person)
        if profile is None:
            profile = self.profiles[person] = Profile()
        crowds = [self.everyone]
        for group in groups[:MOST_PEER_GROUPS]:
            crowd = self.groups.get(group)
            if crowd is None:
                crowd = self.groups[group] = Crowd()
            crowds.append(crowd)
        share = 1.0
        for aspect in seen:
            wanted = aspect.times * weight
            given = wanted
            if aspect.after:
                # A step is held back as what it follows was, just before it.
                given = wanted * share
            elif not unbounded:
                given = _afford(profile, aspect, wanted, now)
                share = given / wanted if wanted > 0.0 else 0.0
            if given > 0.0:
                _take(profile, crowds, aspect, given, now, strong, confirmed)

    def count_session(self, person: str) -> None:
        """Count that one more session of the person was learned from."""
        self.profiles.setdefault(person, Profile()).sessions += 1

    def forget(self, person: str, groups: Sequence[str], now: float) -> bool:
        """Take a person out of their own profile and every crowd; return whether they were in."""
        profile = self.profiles.pop(person, None)
        if profile is None:
            return False
        self._count_in_crowds(profile, groups, now, -1.0)
        return True

    def admit(self, person: str, groups: Sequence[str], profile: Profile, now: float) -> None:
        """Take over a profile that was kept, and count it in every crowd."""
        self.profiles[person] = profile
        self._count_in_crowds(profile, groups, now, 1.0)

    def _count_in_crowds(
        self, profile: Profile, groups: Sequence[str], now: float, sign: float
    ) -> None:
        crowds = [self.everyone]
        crowds += [self.groups.setdefault(name, Crowd()) for name in groups[:MOST_PEER_GROUPS]]
        for half_life, table in profile.tables.items():
            fade = sign * table.fade(now)
            for crowd in crowds:
                counts = crowd.tables[half_life]
                growth = counts.growth(now) * fade
                for key, kept in table.weights.items():
                    counts.add(key, kept * growth)


_NOBODY = Profile()


class Reading:
    """Counts of one person at one moment, in thousandths of an event."""

    __slots__ = ("everyone", "fades", "now", "peer_fades", "peers", "person_fades", "profile")

    def __init__(
        self, profile: Profile, peers: Sequence[Crowd], everyone: Crowd, now: float
    ) -> None:
        self.profile = profile
        self.peers = peers
        self.everyone = everyone
        self.now = now
        self.person_fades = {
            half_life: table.fade(now) * _MILLI for half_life, table in profile.tables.items()
        }
        self.fades = {
            half_life: table.fade(now) * _MILLI for half_life, table in everyone.tables.items()
        }
        # Several groups are one crowd of peers: their mean.
        self.peer_fades = [
            {
                half_life: table.fade(now) * _MILLI / len(peers)
                for half_life, table in crowd.tables.items()
            }
            for crowd in peers
        ]

    def of_person(self, half_life: int, keys: Sequence[int]) -> list[float]:
        """Return the person's counts of these keys."""
        get = self.profile.tables[half_life].weights.get
        fade = self.person_fades[half_life]
        return [get(key, 0.0) * fade for key in keys]

    def of_everyone(self, half_life: int, keys: Sequence[int]) -> list[float]:
        """Return everyone's counts of these keys, the person's among them."""
        get = self.everyone.tables[half_life].weights.get
        fade = self.fades[half_life]
        return [get(key, 0.0) * fade for key in keys]

    def of_peers(self, half_life: int, keys: Sequence[int]) -> list[float]:
        """Return the peers' counts of these keys; empty without peers."""
        found: list[float] = []
        for crowd, fades in zip(self.peers, self.peer_fades, strict=True):
            get = crowd.tables[half_life].weights.get
            fade = fades[half_life]
            more = [get(key, 0.0) * fade for key in keys]
            found = [a + b for a, b in zip(found, more, strict=True)] if found else more
        return found

    def days(self, half_life: int, keys: Sequence[int]) -> list[int]:
        """Return on how many days the person was seen with each value."""
        get = self.profile.tables[half_life].marks.get
        return [days_of(get(key, 0)) for key in keys]

    def familiarity(self, aspect: Seen) -> Familiarity:
        """Return how usual a chain is, in whole numbers."""
        half_life = aspect.dimension.half_life_days
        keys = chain_keys(aspect.dimension.name, aspect.chain, aspect.after)
        return Familiarity(
            aspect.dimension.name,
            aspect.chain,
            tuple(map(int, self.of_person(half_life, keys.all))),
            tuple(map(int, self.of_peers(half_life, keys.all))),
            tuple(map(int, self.of_everyone(half_life, keys.all))),
            tuple(self.days(half_life, keys.values)),
        )

    def likelihood(self, aspect: Seen) -> Likelihood:
        """Return what a chain says, without rounding its counts as evidence does."""
        half_life = aspect.dimension.half_life_days
        keys = chain_keys(aspect.dimension.name, aspect.chain, aspect.after)
        return chain_likelihood(
            len(aspect.chain),
            self.of_person(half_life, keys.all),
            self.of_peers(half_life, keys.all),
            self.of_everyone(half_life, keys.all),
            self.days(half_life, keys.values),
        )

    def magnitude(self, aspect: Seen) -> Magnitude:
        """Return how usual an amount of this size is, in whole numbers."""
        return Magnitude(
            aspect.dimension.name,
            int(max(0.0, aspect.amount)),
            *map(int, self.amounts(aspect)),
        )

    def amounts(self, aspect: Seen) -> tuple[float, float, float, float, float, float]:
        """Return what is counted at least as large, and in all: person, peers, everyone."""
        half_life = aspect.dimension.half_life_days
        keys = amount_keys(aspect.dimension.name, bucket_of(aspect.amount))
        own = self.of_person(half_life, keys.all)
        peers = self.of_peers(half_life, keys.all) or (0.0,)
        every = self.of_everyone(half_life, keys.all)
        return (
            sum(own) - own[-1],
            own[-1],
            sum(peers) - peers[-1],
            peers[-1],
            sum(every) - every[-1],
            every[-1],
        )


def _usual(seen: Familiarity) -> tuple[int, int, int]:
    return (
        seen.person[0],
        seen.peers[0] if seen.peers else 0,
        seen.everyone[0],
    )


def _afford(profile: Profile, aspect: Seen, wanted: float, now: float) -> float:
    half_life = aspect.dimension.half_life_days
    if aspect.chain:
        total = chain_keys(aspect.dimension.name, aspect.chain).total
    else:
        total = amount_keys(aspect.dimension.name, 0).total
    return profile.afford(total, profile.tables[half_life].get(total, now), wanted, now)


def _take(
    profile: Profile,
    crowds: Sequence[Crowd],
    aspect: Seen,
    amount: float,
    now: float,
    strong: bool,
    confirmed: bool,
) -> None:
    """Count one aspect for the person and for the crowds around them."""
    half_life = aspect.dimension.half_life_days
    own = profile.tables[half_life]
    growth = own.growth(now) * amount
    counted: list[tuple[int, float]] = []
    if aspect.chain:
        keys = chain_keys(aspect.dimension.name, aspect.chain, aspect.after)
        _make_room(own, crowds, half_life, now)
        weights, today = own.weights, int(now)
        for key, kinds in zip(keys.values, keys.kinds, strict=True):
            if key not in weights:
                # A kind is counted once, whole, as soon as there is something of it.
                counted.append((kinds, min(1.0, 1.0 / amount)))
                own.pin(kinds)
            counted.append((key, 1.0))
            own.see(key, today, strong=strong, confirmed=confirmed)
        counted.append((keys.total, 1.0))
        own.pin(keys.total)
    else:
        for key in (*amount_keys(aspect.dimension.name, bucket_of(aspect.amount)).into,):
            counted.append((key, 1.0))
            own.pin(key)
    for key, share in counted:
        own.add(key, growth * share)
    for crowd in crowds:
        table = crowd.tables[half_life]
        growth = table.growth(now) * amount
        for key, share in counted:
            table.add(key, growth * share)
        table.make_room()


def _make_room(own, crowds: Sequence[Crowd], half_life: int, now: float) -> None:
    key = own.faintest()
    if key is not None:
        lost = own.drop(key) * own.fade(now)
        for crowd in crowds:
            table = crowd.tables[half_life]
            table.add(key, -lost * table.growth(now))


__all__ = ["PROMOTED_AFTER_DAYS", "Crowd", "Memory", "Reading", "Seen"]
