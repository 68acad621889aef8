"""How often a proof of who somebody is may fail, so that guessing is slow and nobody is locked out.

Three counts: of a name from one network, of a network whatever the names, and of a name whatever
the networks. The last two only make strangers wait: networks from which that person never signed
in. So whoever guesses elsewhere, however long, never keeps anybody out of where they usually are.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from assent.core.clock import Clock
from assent.core.faults import TooManyFault

_MOST_KEYS = 10_000
_LONGEST_KEY = 160


@dataclass(frozen=True, slots=True)
class Limits:
    """So many failures within that time. of_pair: of a name from a network. of_name, of_network:
    of strangers alone.
    """

    of_pair: int
    of_name: int
    of_network: int
    within: timedelta


PASSWORDS = Limits(of_pair=10, of_name=30, of_network=100, within=timedelta(minutes=5))
# Whoever comes this far knows the password, and a code has only six digits.
CODES = Limits(of_pair=5, of_name=20, of_network=100, within=timedelta(minutes=30))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt, counted as a failure until it is forgiven.

    known: whether there is somebody of that name. acquainted: whether they signed in from that
    network before.
    """

    name: str
    network: str
    known: bool
    acquainted: bool
    at: datetime


class AttemptLimits:
    """Counts failures in bounded memory. Names that there are, are never crowded out by others."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        # By whether somebody has that name: made-up ones push out only each other.
        self._pairs = {known: _Counts(limits.of_pair, limits.within) for known in (True, False)}
        self._names = {known: _Counts(limits.of_name, limits.within) for known in (True, False)}
        self._networks = _Counts(limits.of_network, limits.within)

    def begin(self, name: str, network: str, *, known: bool, acquainted: bool) -> Attempt:
        """Count an attempt before it is checked: many may be under way at once.

        Raises TooManyFault, and counts nothing then.
        """
        now = self._clock.now()
        attempt = Attempt(name[:_LONGEST_KEY], network, known, acquainted, now)
        counts = self._counts(attempt)
        free_at = max(count.free_at(key, now) for count, key in counts)
        if free_at > now:
            wait_s = int((free_at - now).total_seconds()) + 1
            raise TooManyFault(f"too many attempts; try again {_in_words(wait_s)}", wait_s)
        for count, key in counts:
            count.add(key, now)
        return attempt

    def forgive(self, attempt: Attempt, *, all_of_them: bool = False) -> None:
        """Take an attempt back that did not fail. all_of_them: and what failed there before."""
        for count, key in self._counts(attempt):
            count.take_back(key, attempt.at)
        if all_of_them:
            self._pairs[attempt.known].clear((attempt.name, attempt.network))

    def _counts(self, attempt: Attempt) -> "list[tuple[_Counts, tuple[str, ...]]]":
        pair = (attempt.name, attempt.network)
        counts: list[tuple[_Counts, tuple[str, ...]]] = [(self._pairs[attempt.known], pair)]
        if not attempt.acquainted:
            counts.append((self._names[attempt.known], (attempt.name,)))
            counts.append((self._networks, (attempt.network,)))
        return counts


class _Counts:
    """Times of failures by key: the last `most` of each, of the keys that failed last."""

    def __init__(self, most: int, within: timedelta) -> None:
        self._most = most
        self._within = within
        self._failed: OrderedDict[tuple[str, ...], deque[datetime]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._failed)

    def free_at(self, key: tuple[str, ...], now: datetime) -> datetime:
        """Return from when on one more may fail; in the past, or `now`, where one may already."""
        times = self._failed.get(key, ())
        recent = [at for at in times if now - at < self._within]
        return recent[-self._most] + self._within if len(recent) >= self._most else now

    def add(self, key: tuple[str, ...], now: datetime) -> None:
        """Count one failure."""
        self._failed.setdefault(key, deque(maxlen=self._most)).append(now)
        self._failed.move_to_end(key)
        while len(self._failed) > _MOST_KEYS:
            self._failed.popitem(last=False)

    def take_back(self, key: tuple[str, ...], at: datetime) -> None:
        """Uncount one failure of that time."""
        times = self._failed.get(key)
        if times is not None and at in times:
            times.remove(at)
            if not times:
                del self._failed[key]

    def clear(self, key: tuple[str, ...]) -> None:
        """Forget the failures of a key."""
        self._failed.pop(key, None)


def network_of(address: str) -> str:
    """Return what counts as one place: an IPv4 address, the /64 network of an IPv6 one.

    Whoever has one address of a /64 has all of them (RFC 6177, section 2).
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:_LONGEST_KEY]
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((found, 64), strict=False))
    return str(found)


def _in_words(seconds: int) -> str:
    return f"in {seconds} seconds" if seconds < 90 else f"in {(seconds + 59) // 60} minutes"
