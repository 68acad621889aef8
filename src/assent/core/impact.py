"""The blast radius of a statement: what would happen, as far as it can be known before."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableImpact:
    """What happens to one table. rows: the planner's estimate, None where it made none.

    verb: `sql.delete` and so on. through: the foreign key, trigger or view by which it happens,
    empty where the text names the table. total_rows: how many the table has, as the target
    last counted, None where that is not known. indexes: how many must be kept up.
    """

    verb: str
    table: str
    rows: int | None = None
    total_rows: int | None = None
    indexes: int = 0
    through: str = ""


@dataclass(frozen=True, slots=True)
class Waiter:
    """Somebody who waits for a lock that the session holds. waits_s: for how many seconds."""

    user: str
    application: str
    waits_s: int
    text: str


@dataclass(frozen=True, slots=True)
class Impact:
    """What a statement would do, measured before it runs.

    rows: the planner's estimate of rows read or changed, None where it could not be asked.
    exact_rows: counted in the same snapshot, None where the operator does not allow it or it
    was not possible. cost: the planner's, in its own units. tables: each with how. triggers:
    names of those that fire. waiters: who waits for the session now. same_snapshot: whether it
    was asked through the session's own connection. unavailable: why something is missing, for
    people, empty when nothing is.
    """

    rows: int | None = None
    exact_rows: int | None = None
    cost: int | None = None
    tables: tuple[TableImpact, ...] = ()
    triggers: tuple[str, ...] = ()
    waiters: tuple[Waiter, ...] = ()
    same_snapshot: bool = False
    unavailable: str = ""
