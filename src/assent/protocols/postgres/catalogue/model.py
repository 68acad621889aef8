"""What a target's database holds, as one snapshot: relations, routines, triggers, keys.

All of it is what the server said at one moment. Names are looked up as the server would; what
is not here is not there, or is newer than the snapshot.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

# As many arguments as one likes.
UNLIMITED = 2**31 - 1
# A definition or a body that was locked when it was asked for: no text that anybody can parse.
NOT_READ = "not read: locked"


class Trigger(Struct, frozen=True, gc=False):
    """A trigger of a table. events: `insert`, `update`, `delete`, `truncate`. function: its oid."""

    name: str
    events: frozenset[str]
    function: int


class Rule(Struct, frozen=True, gc=False):
    """A rewrite rule but a view's own. event: `select` … `delete`. definition: CREATE RULE."""

    name: str
    event: str
    definition: str


class ForeignKey(Struct, frozen=True, gc=False):
    """A key of another table that refers to this one.

    table: the oid of the other. on_delete, on_update: `cascade`, `set null`, `set default`,
    `restrict` or `no action`. columns: of the other table; referenced: of this one.
    """

    name: str
    table: int
    columns: tuple[str, ...]
    referenced: tuple[str, ...]
    on_delete: str
    on_update: str


class Relation(Struct, frozen=True, gc=False):
    """A table, view, materialised view, foreign table, partitioned table or sequence.

    kind: `pg_class.relkind`. columns: in order, without dropped ones; numbers: theirs, as
    RowDescription gives them; types: oids. children: oids of what inherits from it or is a
    partition of it, directly. parents: the other way round. definition: a view's query.
    runs: oids of the functions that its defaults, constraints, generated columns, indexes and
    the types of its columns call. rows: as the server last counted, -1 for never. indexes: how
    many. server: of a foreign table. row_security: whether policies filter its rows.
    policy_runs: oids of the functions that its policies call; policy_reads: oids of the other
    relations that they read, with columns. sequences: oids of those that its defaults take
    numbers of, but for its own. generated: each computed column, with those that it is computed
    from. Functions of pg_catalog are among these where they do more than compute.
    """

    oid: int
    schema: str
    name: str
    kind: str
    columns: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    types: tuple[int, ...] = ()
    children: tuple[int, ...] = ()
    parents: tuple[int, ...] = ()
    definition: str = ""
    triggers: tuple[Trigger, ...] = ()
    rules: tuple[Rule, ...] = ()
    referenced_by: tuple[ForeignKey, ...] = ()
    runs: tuple[int, ...] = ()
    rows: int = -1
    indexes: int = 0
    server: str = ""
    row_security: bool = False
    policy_runs: tuple[int, ...] = ()
    policy_reads: tuple[tuple[int, tuple[str, ...]], ...] = ()
    sequences: tuple[int, ...] = ()
    generated: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Routine(Struct, frozen=True, gc=False):
    """A function or procedure outside of pg_catalog.

    kind: `f` function, `p` procedure, `a` aggregate, `w` window. arguments: how many a call
    gives at least and at most, UNLIMITED for variadic ones. language: `sql`, `plpgsql`, `c`, …
    volatility: `i`, `s` or `v`.
    definer: it runs with its owner's rights. body: its source, or the SQL of a standard body.
    argument_names: of what a call gives, in order, empty where unnamed. search_path: set on it,
    None where it runs with the caller's. support: oids of the functions of an aggregate.
    defaults: oids of those that compute arguments that a call leaves out. returns_set: it may
    give any number of rows.
    """

    oid: int
    schema: str
    name: str
    kind: str
    arguments: tuple[int, int]
    language: str
    volatility: str
    definer: bool = False
    body: str = ""
    argument_names: tuple[str, ...] = ()
    search_path: tuple[str, ...] | None = None
    support: tuple[int, ...] = ()
    defaults: tuple[int, ...] = ()
    returns_set: bool = True


class EventTrigger(Struct, frozen=True, gc=False):
    """Runs `function` on DDL of the whole database. event: `ddl_command_start` and so on."""

    name: str
    event: str
    function: int


class Catalogue:
    """One snapshot. version: a digest of it; equal versions hold the same.

    operators: names of operators outside of pg_catalog → oids of the functions behind them.
    casts: (schema, name) of a type → oids of the functions that a value may pass through to become
    one of it: casts to it, and checks, also of the types that it is made of. builtins: oids →
    names of those functions of pg_catalog that something of the operator's own calls.
    """

    __slots__ = (
        "_routines", "builtins", "by_oid", "casts", "event_triggers", "operators", "relations",
        "routines", "schemas", "version",
    )  # fmt: skip

    def __init__(
        self,
        version: str,
        relations: Iterable[Relation],
        routines: Iterable[Routine] = (),
        operators: Mapping[str, tuple[int, ...]] | None = None,
        casts: Mapping[tuple[str, str], tuple[int, ...]] | None = None,
        event_triggers: Sequence[EventTrigger] = (),
        schemas: Iterable[str] = (),
        builtins: Mapping[int, str] | None = None,
    ) -> None:
        self.version = version
        self.by_oid: dict[int, Relation] = {}
        self.relations: dict[tuple[str, str], Relation] = {}
        for relation in relations:
            self.by_oid[relation.oid] = relation
            self.relations[relation.schema, relation.name] = relation
        self.routines: dict[tuple[str, str], tuple[Routine, ...]] = {}
        self._routines: dict[int, Routine] = {}
        for routine in routines:
            key = (routine.schema, routine.name)
            self.routines[key] = (*self.routines.get(key, ()), routine)
            self._routines[routine.oid] = routine
        self.operators = dict(operators or {})
        self.casts = dict(casts or {})
        self.event_triggers = tuple(event_triggers)
        self.builtins = dict(builtins or {})
        self.schemas = frozenset(schemas) | {schema for schema, _ in self.relations}

    def __iter__(self) -> Iterator[Relation]:
        return iter(self.by_oid.values())

    def find(self, schema: str, name: str, path: Sequence[str]) -> Relation | None:
        """Return the relation that a name means; schema: empty to look along the path."""
        if schema:
            return self.relations.get((schema, name))
        for candidate in path:
            found = self.relations.get((candidate, name))
            if found is not None:
                return found
        return None

    def find_routines(self, schema: str, name: str, path: Sequence[str]) -> tuple[Routine, ...]:
        """Return every routine that a call of that name may mean, in all schemas of the path.

        Which overload is taken depends on types that are not known here: any of them may be.
        """
        if schema:
            return self.routines.get((schema, name), ())
        return tuple(
            routine for candidate in path for routine in self.routines.get((candidate, name), ())
        )

    def find_casts(self, schema: str, name: str, path: Sequence[str]) -> tuple[int, ...]:
        """Return what may be called to make a value of the type that a name means.

        Only types for which anything is called are known: any of the path may be meant.
        """
        if not self.casts:
            return ()
        schemas = (schema,) if schema else ("pg_catalog", *path)
        found = (oid for one in schemas for oid in self.casts.get((one, name), ()))
        return tuple(dict.fromkeys(found))

    def routine(self, oid: int) -> Routine | None:
        """Return the routine with that oid, None if it is pg_catalog's or not there."""
        return self._routines.get(oid)

    def column(self, oid: int, number: int) -> tuple[Relation, str] | None:
        """Return what RowDescription's table and column numbers name, None if not known."""
        relation = self.by_oid.get(oid)
        if relation is None:
            return None
        for place, known in enumerate(relation.numbers):
            if known == number:
                return relation, relation.columns[place]
        return None
