"""What was learned of everybody: each person's profile, their peers' counts, everyone's.

Crowds are the sums of the profiles of those in them, so that a person can be compared with the
others alone, and forgetting somebody takes their part out of every crowd.
"""

from collections.abc import Sequence
from itertools import repeat
from operator import add

from msgspec import Struct
from msgspec.structs import replace

from assent.core.canonical import LARGEST
from assent.core.evidence import Known
from assent.core.familiarity import Familiarity, Magnitude
from assent.risk.dimensions import Dimension
from assent.risk.fading import YOUNG_DAYS, Counts, PersonalCounts
from assent.risk.keys import amount_keys, bucket_of, chain_keys
from assent.risk.likelihood import of_chain
from assent.risk.profile import Profile

MOST_PEER_GROUPS = 4
"""Groups that somebody is compared with; further ones, in order of name, are left out."""

LANDMARK = 20_454.0
"""2026-01-01: the day that kept weights are in terms of. Good for 15 years before and after."""

_MILLI = 1000.0
_MOST_REMEMBERED = 256


class Seen(Struct, frozen=True, gc=False):
    """One aspect of an action as it was seen: a chain, specific to general, or an amount.

    after: what a step follows. times: how much it counts when it is learned, 1 for once.
    """

    dimension: Dimension
    chain: tuple[str, ...] = ()
    amount: float = -1.0
    after: str = ""
    times: float = 1.0


class Memory:
    """Looks up how usual something is, and learns what became usual."""

    def __init__(self, landmark: float = LANDMARK) -> None:
        self.landmark = landmark
        self.profiles: dict[str, Profile] = {}
        self.groups: dict[str, Counts] = {}
        self.everyone = Counts()

    def reading(self, person: str, groups: Sequence[str], now: float) -> "Reading":
        """Return what is known of one person at `now`, in days since 1970. groups: theirs."""
        profile = self.profiles.get(person) or _NOBODY
        peers = [crowd for group in groups[:MOST_PEER_GROUPS] if (crowd := self.groups.get(group))]
        return Reading(profile, peers, self.everyone, now - self.landmark, self.landmark)

    def known(self, person: str, groups: Sequence[str], seen: Sequence[Seen], now: float) -> Known:
        """Return how usual each of `seen` is, as evidence; of one dimension the least usual.

        Somebody who was never learned from has a profile without counts: their peers speak.
        """
        return self.known_by(self.reading(person, groups, now), seen)

    def known_by(self, reading: "Reading", seen: Sequence[Seen]) -> Known:
        """Return what `known` does, of a person who is being read already."""
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
        gap = reading.gap(seen) if days > YOUNG_DAYS else 0
        return Known(dimensions, amounts, profile.sessions, days, gap)

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
                crowd = self.groups[group] = Counts()
            crowds.append(crowd)
        age = now - self.landmark
        share = 1.0
        for aspect in seen:
            growth = 2.0 ** (age / aspect.dimension.half_life_days)
            wanted = aspect.times * weight
            if aspect.after:
                # A step is held back as what it follows was, just before it.
                given = wanted * share
            elif unbounded:
                given = wanted
            else:
                given = _afford(profile, aspect, wanted, growth, now)
                share = given / wanted if wanted > 0.0 else 0.0
            if given > 0.0:
                seal = (int(now), strong, confirmed)
                _take(profile.counts, crowds, aspect, given * growth, given, seal)

    def count_session(self, person: str) -> None:
        """Count that one more session of the person was learned from."""
        self.profiles.setdefault(person, Profile()).sessions += 1

    def forget(self, person: str, groups: Sequence[str]) -> bool:
        """Take a person out of their own profile and every crowd; return whether they were in."""
        profile = self.profiles.pop(person, None)
        if profile is None:
            return False
        self._count_in_crowds(profile, groups, -1.0)
        return True

    def admit(self, person: str, groups: Sequence[str], profile: Profile) -> None:
        """Take over a profile that was kept, and count it in every crowd."""
        self.profiles[person] = profile
        self._count_in_crowds(profile, groups, 1.0)

    def _count_in_crowds(self, profile: Profile, groups: Sequence[str], sign: float) -> None:
        crowds = [self.everyone]
        crowds += [self.groups.setdefault(name, Counts()) for name in groups[:MOST_PEER_GROUPS]]
        for crowd in crowds:
            for key, kept in profile.counts.weights.items():
                crowd.add(key, sign * kept)


_NOBODY = Profile()


class Reading:
    """Counts of one person at one moment, in thousandths of an event."""

    __slots__ = ("_told", "age", "everyone", "landmark", "peers", "profile")

    def __init__(
        self,
        profile: Profile,
        peers: Sequence[Counts],
        everyone: Counts,
        age: float,
        landmark: float = 0.0,
    ) -> None:
        self.profile = profile
        self.peers = peers
        self.everyone = everyone
        self.age = age
        self.landmark = landmark
        self._told: dict[tuple[str, tuple[str, ...], str], Familiarity] = {}

    def fade(self, dimension: Dimension) -> float:
        """Return what a kept weight is multiplied with to be thousandths of an event now."""
        return float(_MILLI * 2.0 ** (-self.age / dimension.half_life_days))

    def of_person(self, keys: Sequence[int]) -> list[float]:
        """Return the person's kept weights of these keys."""
        return list(map(self.profile.counts.weights.get, keys, repeat(0.0)))

    def of_everyone(self, keys: Sequence[int]) -> list[float]:
        """Return everyone's kept weights of these keys, the person's among them."""
        return list(map(self.everyone.weights.get, keys, repeat(0.0)))

    def of_peers(self, keys: Sequence[int]) -> list[float]:
        """Return the peers' kept weights of these keys, of several groups their mean; or none."""
        if not self.peers:
            return []
        found = list(map(self.peers[0].weights.get, keys, repeat(0.0)))
        if len(self.peers) > 1:
            for crowd in self.peers[1:]:
                found = list(map(add, found, map(crowd.weights.get, keys, repeat(0.0))))
            found = [kept / len(self.peers) for kept in found]
        return found

    def familiarity(self, aspect: Seen) -> Familiarity:
        """Return how usual a chain is, in whole numbers; asked again, the same answer."""
        asked = (aspect.dimension.name, aspect.chain, aspect.after)
        found = self._told.get(asked)
        if found is None:
            if len(self._told) >= _MOST_REMEMBERED:
                self._told.clear()
            found = self._told[asked] = self._familiarity(aspect)
        return found

    def _familiarity(self, aspect: Seen) -> Familiarity:
        keys = chain_keys(aspect.dimension.name, aspect.chain, aspect.after)
        fade = self.fade(aspect.dimension)
        return Familiarity(
            aspect.dimension.name,
            aspect.chain,
            _whole(self.of_person(keys.all), fade),
            _whole(self.of_peers(keys.all), fade),
            _whole(self.of_everyone(keys.all), fade),
            tuple(map(self.profile.counts.days, keys.values)),
        )

    def gap(self, seen: Sequence[Seen]) -> int:
        """Return by how many thousandths of a bit young values make this look more usual.

        Each chain is compared as it is and without what days alone made usual of late.
        """
        young = self.profile.counts.young
        if not young:
            return 0
        widest = 0.0
        today = int(self.age + self.landmark)
        for aspect in seen:
            if not aspect.chain or aspect.after:
                continue
            keys = chain_keys(aspect.dimension.name, aspect.chain).values
            lately = [self.profile.counts.is_young(key, today) for key in keys]
            if any(lately):
                fast = self.familiarity(aspect)
                own = [0 if new else count for count, new in zip(fast.person, lately, strict=False)]
                slow = replace(fast, person=(*own, *fast.person[len(own) :]))
                widest = max(widest, of_chain(slow).bits(0) - of_chain(fast).bits(0))
        return round(widest * _MILLI)

    def magnitude(self, aspect: Seen) -> Magnitude:
        """Return how usual an amount of this size is, in whole numbers."""
        keys = amount_keys(aspect.dimension.name, bucket_of(aspect.amount)).all
        fade = self.fade(aspect.dimension)
        counted: list[int] = []
        for kept in (self.of_person(keys), self.of_peers(keys), self.of_everyone(keys)):
            total = kept.pop() if kept else 0.0
            counted += (int(sum(kept) * fade), int(total * fade))
        amount = min(LARGEST, int(max(0.0, aspect.amount)))
        return Magnitude(aspect.dimension.name, amount, *counted)


def _whole(kept: Sequence[float], fade: float) -> tuple[int, ...]:
    """Return counts in whole thousandths, or nothing where all of them are 0."""
    return tuple([int(weight * fade) for weight in kept]) if any(kept) else ()


def _usual(seen: Familiarity) -> tuple[int, ...]:
    return tuple(counts[0] if counts else 0 for counts in (seen.person, seen.peers, seen.everyone))


def _afford(profile: Profile, aspect: Seen, wanted: float, growth: float, now: float) -> float:
    if aspect.chain:
        total = chain_keys(aspect.dimension.name, aspect.chain).total
    else:
        total = amount_keys(aspect.dimension.name, 0).total
    held = profile.counts.weights.get(total, 0.0) / growth
    return profile.afford(total, held, wanted, now)


def _take(
    own: PersonalCounts,
    crowds: Sequence[Counts],
    aspect: Seen,
    kept: float,
    amount: float,
    seal: tuple[int, bool, bool],
) -> None:
    """Count one aspect for the person and the crowds around them.

    kept: the amount as it is kept. seal: the day, whether they proved who they are with a
    strong factor, and whether somebody vouches.
    """
    if not aspect.chain:
        into = amount_keys(aspect.dimension.name, bucket_of(aspect.amount)).into
        own.pinned.update(into)
        _add(own, crowds, into, kept)
        return
    keys = chain_keys(aspect.dimension.name, aspect.chain, aspect.after)
    today, strong, confirmed = seal
    weights, probation = own.weights, own.probation
    counted = keys.counted
    for place, key in enumerate(keys.values):
        if key not in weights:
            # Its kind is counted once, whole, as soon as there is something of it.
            kind = keys.kinds[place]
            own.pinned.update((kind, keys.total))
            _add(own, crowds, (kind,), kept * min(1.0, 1.0 / amount))
            _make_room(own, crowds)
            own.see(key, today, strong=strong, confirmed=confirmed)
        elif key in probation:
            own.see(key, today, strong=strong, confirmed=confirmed)
    _add(own, crowds, counted, kept)


def _add(own: Counts, crowds: Sequence[Counts], keys: Sequence[int], kept: float) -> None:
    for counts in (own, *crowds):
        weights = counts.weights
        get = weights.get
        for key in keys:
            weights[key] = get(key, 0.0) + kept


def _make_room(own: PersonalCounts, crowds: Sequence[Counts]) -> None:
    for crowd in crowds:
        crowd.make_room()
    key = own.faintest()
    if key is not None:
        lost = own.drop(key)
        for crowd in crowds:
            crowd.add(key, -lost)
