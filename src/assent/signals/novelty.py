"""How new a chain of values is for the person, with its history and the crowd in one sentence.

What several signals share that compare an action with what was learned.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from assent.core.evidence import Evidence, Known
from assent.core.familiarity import Familiarity
from assent.core.signal import Signal
from assent.risk.attackers import weights_of_chain
from assent.risk.dimensions import dimension
from assent.risk.likelihood import Likelihood, of_chain
from assent.signals.weighing import ALL, bounded, failed, found, grown, maturity, usual
from assent.signals.words import count_words, name_words, person_words, share_words

PROFILE = "profile"
_PROBATION_DAYS = 3

MOST_DAYS = 365
"""Somebody known for longer is known as well as somebody known for so long."""

Naming = Callable[[Familiarity, int], str]


def plain_name(seen: Familiarity, place: int) -> str:
    """Return a level's value as it is."""
    return name_words(seen.chain[place])


def learned(evidence: Evidence) -> Known | None:
    """Return what was learned of the person, None where it could not be read."""
    return None if "history" in evidence.unavailable else evidence.known


def profile_failed(name: str, evidence: Evidence, shares: Sequence[float] = ALL) -> Signal:
    """Return what a signal says when what was learned cannot be read."""
    reason = f"what is usual for {person_words(evidence)} cannot be read"
    return failed(name, reason, PROFILE, shares)


def measure_chain(
    name: str, aspect: str, evidence: Evidence, nothing: str, naming: Naming = plain_name
) -> Signal:
    """Return how unusual the chain of dimension `aspect` is.

    nothing: the reason where the action has no such aspect. naming: a level in words.
    """
    known = learned(evidence)
    if known is None:
        return profile_failed(name, evidence)
    seen = known.dimensions.get(aspect)
    if seen is None or not seen.chain:
        return usual(name, nothing)
    who, peers = person_words(evidence), _peers_words(evidence)
    return _measured(name, aspect, seen, who, peers, naming, min(known.days, MOST_DAYS))


# The same comparison is made for every action of a session; it costs more than to remember it.
@lru_cache(maxsize=4096)
def _measured(
    name: str, aspect: str, seen: Familiarity, who: str, peers: str, naming: Naming, days: int
) -> Signal:
    weighed = chain_weights(aspect, seen, days)
    return found(name, _history(seen, who, peers, naming), weighed, PROFILE)


def chain_weights(aspect: str, seen: Familiarity, days: int) -> tuple[int, ...]:
    """Return the weights of a chain, in thousandths of a bit. days: the person was seen on."""
    bits = weights_of_chain(dimension(aspect), likelihood_of(seen))
    return bounded(grown([1000.0 * value for value in bits], chain_maturity(seen, days)))


def chain_maturity(seen: Familiarity, days: int) -> float:
    """Return how much it says that a chain is new, 0 to 1."""
    own, everyone = (part[-1] if part else 0 for part in (seen.person, seen.everyone))
    return maturity(days, own, everyone)


def likelihood_of(seen: Familiarity) -> Likelihood:
    """Return what a chain says, also where rounding left everybody with less than the person."""
    own, every = seen.person, seen.everyone
    if (every and every[-1] <= (own[-1] if own else 0)) or (own and not every):
        seen = Familiarity(seen.dimension, seen.chain, own, seen.peers, own, seen.days)
    return of_chain(seen)


def history_words(seen: Familiarity, evidence: Evidence, naming: Naming = plain_name) -> str:
    """Return one sentence: the value, how often the person had it, and how usual it is.

    The most general level is named that is new for the person, the value itself if none is.
    """
    return _history(seen, person_words(evidence), _peers_words(evidence), naming)


def _history(seen: Familiarity, who: str, peers: str, naming: Naming) -> str:
    own, near, every = (
        part[-1] if part else 0 for part in (seen.person, seen.peers, seen.everyone)
    )
    if not own and not near and not every:
        return f"{naming(seen, 0)}: nothing was learned yet of {who} or anybody else"
    counts = seen.person if own else seen.peers if near else seen.everyone
    place = _most_general_new(counts, len(seen.chain))
    level = seen.level(place)
    value = naming(seen, place)
    if own and level.person > 0.0:
        days = f" on {count_words(level.days, 'day')}" if 0 < level.days < _PROBATION_DAYS else ""
        return f"{value}: {count_words(level.person, 'time')}{days} by {who}"
    start = f"never before by {who}" if own else f"nothing was learned of {who} yet"
    return f"{value}: {start}, {_crowd_words(seen, place, peers)}"


def _most_general_new(counts: Sequence[int], deep: int) -> int:
    return next((place for place in range(deep - 1, -1, -1) if not counts[place]), 0)


def _crowd_words(seen: Familiarity, place: int, peers: str) -> str:
    # The crowds without the person, who would otherwise be compared with themselves.
    own = seen.person[-1] if seen.person else 0
    of_own = seen.person[place] if seen.person else 0
    for counts, name in ((seen.peers, peers), (seen.everyone, "everybody else")):
        whole = counts[-1] - own if counts else 0
        count = counts[place] - of_own if counts else 0
        if whole > 0 and count > 0:
            return f"and {share_words(count, whole)} of what {name} does"
    return "nor by anybody else"


def _peers_words(evidence: Evidence) -> str:
    groups = evidence.subject.groups
    if len(groups) == 1:
        return name_words(min(groups))
    return f"everybody in the groups of {person_words(evidence)}"
