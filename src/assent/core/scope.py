"""How much a grant is good for: what it covers, how much of it, and when again and again."""

from dataclasses import dataclass
from datetime import timedelta

from assent.core.action import Operation, Touch


@dataclass(frozen=True, slots=True)
class Scope:
    """What a grant covers; empty means everything that policies permit.

    verbs: such as `sql.select`. resources: full names of tables or of schemas with `.*`, such as
    `public.orders`, `sales.*`. read_only: nothing but reads, whatever the verbs say.
    """

    verbs: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    read_only: bool = False

    @property
    def is_everything(self) -> bool:
        """Whether it leaves out nothing."""
        return not (self.verbs or self.resources or self.read_only)

    def covers(self, touch: Touch) -> bool:
        """Return whether this touch is within it.

        What is touched through something else is covered where that something is, for whoever
        may read a view reads what is behind it; its verb must be covered all the same.
        """
        if self.read_only and touch.operation not in (Operation.READ, Operation.EXECUTE):
            return False
        if self.verbs and touch.verb not in self.verbs:
            return False
        if not self.resources or touch.resource.kind not in _NAMED_BY_SCOPE:
            return True
        names = (touch.resource.name, touch.part_of, touch.through.partition(" ")[2])
        return any(self._names(name) for name in names if name)

    def _names(self, name: str) -> bool:
        schema = name.rpartition(".")[0]
        return name in self.resources or f"{schema}.*" in self.resources

    def within(self, other: "Scope") -> bool:
        """Return whether `other` covers all that this one does."""
        return (
            (self.read_only or not other.read_only)
            and (not other.verbs or (bool(self.verbs) and self.verbs <= other.verbs))
            and (not other.resources or (bool(self.resources) and self._is_inside(other)))
        )

    def _is_inside(self, other: "Scope") -> bool:
        return all(
            name in other.resources or f"{name.rpartition('.')[0]}.*" in other.resources
            for name in self.resources
        )


_NAMED_BY_SCOPE = frozenset({"Table"})
EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Budget:
    """How much may be done under a grant, None for as much as policies let; each 1 or more.

    actions: of any kind. writes: actions that change something. rows, bytes: of results, and
    rows changed. risk_points: the sum of the scores of what was done.
    """

    actions: int | None = None
    writes: int | None = None
    rows: int | None = None
    bytes: int | None = None
    risk_points: int | None = None

    @property
    def is_limited(self) -> bool:
        """Whether anything is limited at all."""
        return any(most is not None for most in self.amounts().values())

    def amounts(self) -> dict[str, int | None]:
        """Return every limit by its name."""
        return {name: getattr(self, name) for name in AMOUNTS}


@dataclass(frozen=True, slots=True)
class Spent:
    """How much was done under a grant; it never falls."""

    actions: int = 0
    writes: int = 0
    rows: int = 0
    bytes: int = 0
    risk_points: int = 0

    def plus(self, more: "Spent") -> "Spent":
        """Return both together."""
        return Spent(*(getattr(self, name) + getattr(more, name) for name in AMOUNTS))

    def over(self, budget: Budget) -> tuple[str, ...]:
        """Return the names of the limits that are used up: nothing more may be done then."""
        return tuple(
            name
            for name, most in budget.amounts().items()
            if most is not None and getattr(self, name) >= most
        )


UNLIMITED = Budget()
NOTHING_SPENT = Spent()
AMOUNTS = ("actions", "writes", "rows", "bytes", "risk_points")
"""What a budget limits."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours that come again: on these days from one time of day to another, in a zone.

    weekdays: 1 Monday to 7 Sunday, of the day on which it begins. from_minute, to_minute: after
    midnight; where `to` is not behind `from` it ends on the next day. zone: an IANA name.
    """

    weekdays: frozenset[int]
    from_minute: int
    to_minute: int
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Terms:
    """What access is asked for, or offered instead: never more than was asked.

    lasts_for: None for as long as policies let.
    """

    lasts_for: timedelta | None = None
    scope: Scope = EVERYTHING
    budget: Budget = UNLIMITED
