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


_VERBS = {
    "sql.insert": "insert",
    "sql.update": "update",
    "sql.delete": "delete",
    "sql.truncate": "empty",
    "sql.read": "read",
}
_MOST_NAMED = 6


def describe(impact: Impact) -> tuple[str, ...]:
    """Return what people are told of an impact, the most important line first."""
    changes = [one for one in impact.tables if one.verb != "sql.read"]
    lines = [_headline(impact, changes)]
    taken_along = [one for one in changes if one.through]
    lines += [f"with it, by {one.through}: {_table_words(one)}" for one in taken_along]
    lines = [line for line in lines if line][:_MOST_NAMED]
    if impact.triggers:
        lines.append(f"fires: {', '.join(impact.triggers[:_MOST_NAMED])}")
    if impact.waiters:
        who = ", ".join(
            f"{one.user} ({one.application or 'no name'}) for {one.waits_s} s"
            for one in impact.waiters[:_MOST_NAMED]
        )
        lines.append(f"waiting now for locks of this session: {who}")
    if impact.unavailable:
        lines.append(f"how much is not known: {impact.unavailable}")
    return tuple(lines)


def _headline(impact: Impact, changes: list[TableImpact]) -> str:
    direct = [one for one in changes if not one.through]
    if not direct:
        return "" if impact.rows is None else f"would read about {impact.rows:,} rows"
    first, *others = direct[:_MOST_NAMED]
    words = [_table_words(first, impact.exact_rows), *map(_table_words, others)]
    return f"would {'; '.join(words)}"


def _table_words(one: TableImpact, counted: int | None = None) -> str:
    """Return what happens to one table. counted: so many rows it hits, counted beforehand."""
    verb = _VERBS.get(one.verb, "change")
    rows = "an unknown number" if one.rows is None else f"about {one.rows:,}"
    indexes = "" if not one.indexes else f", {one.indexes} index{'es' * (one.indexes > 1)}"
    if one.verb == "sql.insert":
        # How many a table has already says nothing about how many are added.
        return f"{verb} {rows}{' of' * (one.rows is None)} rows into `{one.table}`{indexes}"
    total = "" if one.total_rows is None else f" of {one.total_rows:,}"
    of = " of" if one.rows is None and not total else ""
    exactly = "" if counted is None else f" (counted now: {counted:,})"
    return f"{verb} {rows}{of}{total} rows{exactly} of `{one.table}`{indexes}"
