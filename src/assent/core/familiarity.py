"""How well known a value is: to the person, to their peers, to everybody.

Counts are in thousandths of an event, faded by age when they were read, so that a decision's
evidence holds whole numbers and its replay needs no clock.
"""

from msgspec import Struct


class Level(Struct, frozen=True, gc=False):
    """One step of a chain, as it is shown. Counts in events; everybody's include the person's.

    days: on how many days the person was seen with it, 3 for three or more.
    """

    value: str
    person: float
    peers: float
    everyone: float
    days: int


class Familiarity(Struct, frozen=True, array_like=True, gc=False):
    """One dimension of an action, compared with what was learned.

    chain: the values, the most specific first, such as address, /24, network, country.
    person, peers, everyone: thousandths of an event: first of each value in the order of the
    chain, then the kinds of value at each of these levels, then all of the dimension; empty
    where nothing was learned. days: for each value, on how many days the person was seen with
    it, 3 for three or more; fewer is probation, in which it counts in part only.
    """

    dimension: str
    chain: tuple[str, ...]
    person: tuple[int, ...] = ()
    peers: tuple[int, ...] = ()
    everyone: tuple[int, ...] = ()
    days: tuple[int, ...] = ()

    def level(self, place: int) -> Level:
        """Return one level of the chain, 0 for the most specific."""
        return Level(
            self.chain[place],
            self.person[place] / 1000 if self.person else 0.0,
            self.peers[place] / 1000 if self.peers else 0.0,
            self.everyone[place] / 1000 if self.everyone else 0.0,
            self.days[place] if self.days else 0,
        )


class Magnitude(Struct, frozen=True, array_like=True, gc=False):
    """A number compared with what was learned: how much of it was at least as large.

    value: the number itself, rounded. *_above: counts of values as large or larger, in
    thousandths. person, peers, everyone: all counts of the dimension, in thousandths.
    """

    dimension: str
    value: int
    person_above: int = 0
    person: int = 0
    peers_above: int = 0
    peers: int = 0
    everyone_above: int = 0
    everyone: int = 0
