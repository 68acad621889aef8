"""How much a grant is good for: what it covers, how much of it, and when again and again."""

import re
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

        What every client does to get along, such as SET, BEGIN or reading the catalogue, always
        is. What is read through a view is covered where the view is, and what a table's owner
        made happen with it (a trigger, a rule, a key) where its verb is; what a function does
        that the text itself names must be covered by itself.
        """
        if is_housekeeping(touch):
            return True
        if self.read_only and touch.operation is not Operation.READ:
            return False
        if self.verbs and touch.verb not in self.verbs:
            return False
        if not self.resources or touch.through.startswith(_MADE_BY_OWNERS):
            return True
        name = touch.resource.name
        if touch.resource.kind in _IN_SCHEMAS and _is_nobodys(name, touch.resource.kind):
            return True
        if self.names(name) or (touch.part_of and self.names(touch.part_of)):
            return True
        through, _, view = touch.through.partition(" ")
        return through == "view" and self.names(view)

    def names(self, name: str) -> bool:
        """Return whether its resources name this one, or the schema that it is in."""
        return name in self.resources or f"{schema_of(name)}.*" in self.resources

    def within(self, other: "Scope") -> bool:
        """Return whether `other` covers all that this one does."""
        return (
            (self.read_only or not other.read_only)
            and (not other.verbs or (bool(self.verbs) and self.verbs <= other.verbs))
            and (not other.resources or (bool(self.resources) and self._is_inside(other)))
        )

    def _is_inside(self, other: "Scope") -> bool:
        return all(name in other.resources or other.names(name) for name in self.resources)


def schema_of(name: str) -> str:
    """Return what a full name lies in: `public` for `public."a.b"`; empty for a bare one."""
    found = _FULL_NAME.fullmatch(name)
    return found["schema"] if found else ""


def is_housekeeping(touch: Touch) -> bool:
    """Return whether this is what every client does to get along, and nobody's data.

    The session's own affairs, its opening, and reading the catalogue, but for what of it shows
    values, passwords or what others do.
    """
    if touch.verb in ("session.open", "sql.session"):
        return True
    name = touch.resource.name
    return (
        touch.verb == "sql.read"
        and touch.resource.kind == "Table"
        and _within(name, ("information_schema", "pg_catalog"))
        and name.rpartition(".")[2] not in _TELLING
    )


def _is_nobodys(name: str, kind: str) -> bool:
    """Return whether it is no table of anybody's: the server's own function, or temporary."""
    if kind in ("Function", "Type") and ("." not in name or _within(name, ("pg_catalog",))):
        return True
    return _within(name, ("pg_temp",))


def _within(name: str, schemas: tuple[str, ...]) -> bool:
    # PostgreSQL keeps `pg_` for itself; in another database than its own, it stands before it.
    schema = schema_of(name)
    return '"' not in name and (schema in schemas or schema.rpartition(".")[2] in schemas)


_PART = r'(?:"(?:[^"]|"")*"|[^".]+)'
_FULL_NAME = re.compile(rf"(?P<schema>{_PART}(?:\.{_PART})*)\.(?:{_PART}|\*)")
_IN_SCHEMAS = frozenset({"Table", "Function", "Type", "Object"})
# It comes with something that the text names, and that must be covered itself.
_MADE_BY_OWNERS = (
    "trigger ",
    "rule ",
    "foreign key ",
    "default or check ",
    "row security ",
)
# Of the catalogue: values of columns, secrets, what others do, large objects.
_TELLING = frozenset(
    {
        "pg_authid",
        "pg_file_settings",
        "pg_foreign_server",
        "pg_hba_file_rules",
        "pg_ident_file_mappings",
        "pg_largeobject",
        "pg_shadow",
        "pg_stat_activity",
        "pg_statistic",
        "pg_statistic_ext_data",
        "pg_stats",
        "pg_stats_ext",
        "pg_stats_ext_exprs",
        "pg_subscription",
        "pg_user_mapping",
        "pg_user_mappings",
    }
)
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

    def least(self, other: "Budget") -> "Budget":
        """Return of each limit the smaller one."""
        mine, theirs = self.amounts(), other.amounts()
        return Budget(
            **{
                name: min(
                    (most for most in (mine[name], theirs[name]) if most is not None), default=None
                )
                for name in AMOUNTS
            }
        )

    def left(self, spent: "Spent") -> dict[str, int]:
        """Return how much of each limit is left, 0 at least, of those that there are."""
        return {
            name: max(0, most - getattr(spent, name))
            for name, most in self.amounts().items()
            if most is not None
        }


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

    def minus(self, less: "Spent") -> "Spent":
        """Return this without what was counted too much."""
        return Spent(*(getattr(self, name) - getattr(less, name) for name in AMOUNTS))

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
