"""The seats of a remedy, and how people are best seated in them: a bipartite matching.

Every quorum of every stage has as many seats as it asks people. One person fills one seat, in
all stages together, and so does one authority: who acts in somebody's place takes their seat.
"""

from collections.abc import Iterator, Sequence
from itertools import product

from assent.core.assenting import ALTERNATIVE, Assenting, is_member
from assent.core.decision import Quorum

# What is behind this is left out, so that nobody's delegations can make a decision slow.
_MOST_WAYS = 256

Claim = frozenset[str]
"""The groups that somebody may sit for, of those that are asked."""


class Seats:
    """The seats of a remedy, in the order in which they are filled: stage after stage."""

    def __init__(self, stages: tuple[tuple[Quorum, ...], ...]) -> None:
        self.stages = stages
        self._groups: dict[tuple[int, int], Claim] = {
            (number, index): frozenset(quorum.group.split(ALTERNATIVE))
            for number, stage in enumerate(stages)
            for index, quorum in enumerate(stage)
        }
        self._asked: Claim = frozenset().union(*self._groups.values())

    def wanted(self, stage: int) -> int:
        """Return how many people the stage asks."""
        return sum(quorum.count for quorum in self.stages[stage])

    def claim_of(self, one: Assenting) -> Claim:
        """Return for which of the groups asked they may sit in their own right."""
        return frozenset(name for name in self._asked if is_member(one.person, name))

    def most(self, given: Sequence[Assenting]) -> list[list[int]]:
        """Return how many seats are filled, by stage and quorum, when they sit at their best.

        Best: the first stage as full as it can be, then the second one, and so on.
        """
        return max(map(self._filled, self._ways(given)), key=lambda way: ([*map(sum, way)], way))

    def _ways(self, given: Sequence[Assenting]) -> Iterator[list[Claim]]:
        """Yield what each may sit for, for every choice of whose places are taken."""
        present: set[str] = {one.person.id for one in given}
        choices: list[list[tuple[str, Claim]]] = []
        ways = 1
        for one in given:
            own = self.claim_of(one)
            options = [("", own)]
            for by, claim in self._delegated(one, present).items():
                if not claim <= own and ways * (len(options) + 1) <= _MOST_WAYS:
                    options.append((by, claim))
            ways *= len(options)
            choices.append(options)
        return _chosen(choices)

    def _delegated(self, one: Assenting, present: set[str]) -> dict[str, Claim]:
        """Return for whom else they may sit, and for what: nobody who is there themself."""
        found: dict[str, Claim] = {}
        for delegation in one.delegations:
            if delegation.by not in present and delegation.group in self._asked:
                before = found.get(delegation.by, frozenset())
                found[delegation.by] = before | {delegation.group}
        return found

    def _filled(self, claims: list[Claim]) -> list[list[int]]:
        """Return how many seats these fill: a maximum bipartite matching (Kuhn), in order."""
        sits: dict[int, tuple[int, int]] = {}
        filled = [[0] * len(stage) for stage in self.stages]
        for stage, index in self._groups:
            # INVARIANT: who sits once keeps a seat, so that no later one takes from an earlier.
            while filled[stage][index] < self.stages[stage][index].count:
                if not self._seat((stage, index), claims, sits, set()):
                    break
                filled[stage][index] += 1
        return filled

    def _seat(
        self,
        quorum: tuple[int, int],
        claims: list[Claim],
        sits: dict[int, tuple[int, int]],
        tried: set[int],
    ) -> bool:
        """Fill one more seat of the quorum, where others move to make room if they must."""
        asked = self._groups[quorum]
        for who, claim in enumerate(claims):
            if who in tried or asked.isdisjoint(claim) or sits.get(who) == quorum:
                continue
            tried.add(who)
            before = sits.get(who)
            if before is None or self._seat(before, claims, sits, tried):
                sits[who] = quorum
                return True
        return False


def _chosen(choices: Sequence[Sequence[tuple[str, Claim]]]) -> Iterator[list[Claim]]:
    """Yield every choice of one option each in which no authority is used twice."""
    for way in product(*choices):
        authorities = [authority for authority, _ in way if authority]
        if len(set(authorities)) == len(authorities):
            yield [claim for _, claim in way]
