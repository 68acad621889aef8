"""What has been found in a text so far; `statement()` is the sum of it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from assent.core.action import Statement, Touch
from assent.core.resource import Resource
from assent.protocols.postgres.statements.verbs import DANGER, OPERATIONS

SESSION = Resource("Object", "session")
# What a table is a part of, or has as a part, as `through` says it.
PARTS = ("partition of ", "partition ", "inherits ", "inherited by ")

# Verb, resource, and by what it happens.
Key: TypeAlias = tuple[str, Resource, str]


class Findings:
    """Collects touches, in order of appearance, and what they are worth.

    through: by what the next touches happen, empty where the text names them itself. settled:
    touches that come from a reading that has looked behind its names already. only, whole:
    tables that are named with ONLY, and without it. locked: by LOCK, which reaches no other
    server. literals_matter: some literal decides what
    is touched, so the shape alone does not.
    """

    def __init__(self) -> None:
        self.touched: dict[Key, set[str]] = {}
        self.through = ""
        self.settled: set[Key] = set()
        self.only: set[str] = set()
        self.whole: set[str] = set()
        self.locked: set[str] = set()
        self.problems: dict[str, None] = {}
        self.functions: set[str] = set()
        self.types: set[str] = set()
        self.prepares: dict[str, Statement] = {}
        self.executes: set[str] = set()
        self.unresolved: set[str] = set()
        self.defines: dict[str, Statement] = {}
        self.renames: set[tuple[str, str]] = set()
        self.paths: dict[tuple[str, ...] | None, None] = {}
        self.has_where = True
        self.complete = True
        self.literals_matter = False
        self.only_queries = True

    def touch(self, verb: str, kind: str, name: str, columns: Iterable[str] = ()) -> None:
        """Note that `verb` is done to that resource; columns add up."""
        key = (verb, Resource(kind, name), self.through)
        self.touched.setdefault(key, set()).update(columns)
        self.settled.discard(key)

    def unknown(self, kind: str, name: str, problem: str) -> None:
        """Note something that cannot be seen; problem: a sentence for people."""
        self.touch("sql.unknown", kind, name)
        self.problems.setdefault(problem)
        self.complete = False

    @contextmanager
    def by(self, through: str) -> Iterator[None]:
        """Note what is touched as happening through that."""
        outer, self.through = self.through, through
        try:
            yield
        finally:
            self.through = outer

    def include(self, other: Statement) -> None:
        """Add all that another statement does."""
        for touch in other.touches:
            key = (touch.verb, touch.resource, touch.through)
            if touch.through and key not in self.touched:
                self.settled.add(key)
            self.touched.setdefault(key, set()).update(touch.columns)
        self._include_rest(other)

    def behind(self, other: Statement, through: str) -> None:
        """Add what happens through something, as a reading that has looked behind its names.

        What it does through others in turn keeps the name of that.
        """
        for touch in other.touches:
            if touch.verb == "sql.session" and touch.resource == SESSION:
                continue
            key = (touch.verb, touch.resource, touch.through or through)
            if key not in self.touched:
                self.settled.add(key)
            self.touched.setdefault(key, set()).update(touch.columns)
        self.only_queries = self.only_queries and other.reusable
        self.prepares.update(other.prepares)
        self._include_rest(other)

    def _include_rest(self, other: Statement) -> None:
        self.problems.update(dict.fromkeys(other.problems))
        self.functions |= other.functions
        self.types |= other.types
        self.executes |= other.executes
        self.unresolved |= other.unresolved
        self.defines.update(other.defines)
        self.renames |= other.renames
        self.paths.update(dict.fromkeys(other.paths))
        self.has_where = self.has_where and other.has_where
        self.complete = self.complete and other.complete

    def statement(self) -> Statement:
        """Return what was found. With nothing touched, only the session is."""
        if not self.touched:
            self.touch("sql.session", SESSION.kind, SESSION.name)
        touches = tuple(
            Touch(verb, OPERATIONS[verb], resource, frozenset(columns), through, _part_of(through))
            for (verb, resource, through), columns in self.touched.items()
        )
        return Statement(
            kind=max((touch.verb for touch in touches), key=DANGER.__getitem__),
            touches=touches,
            complete=self.complete,
            has_where=self.has_where,
            reusable=self._reusable(touches),
            functions=frozenset(self.functions),
            problems=tuple(self.problems),
            prepares=dict(self.prepares),
            executes=frozenset(self.executes),
            unresolved=frozenset(self.unresolved),
            defines=dict(self.defines),
            renames=frozenset(self.renames),
            paths=tuple(self.paths),
            types=frozenset(self.types),
        )

    def _reusable(self, touches: tuple[Touch, ...]) -> bool:
        """Only queries that only read, or that touch nothing at all, such as `SELECT 1`."""
        only_reads = all(touch.verb == "sql.read" or touch.resource == SESSION for touch in touches)
        plain = not (self.literals_matter or self.prepares or self.executes or self.unresolved)
        return self.complete and self.only_queries and only_reads and plain


def _part_of(through: str) -> str:
    """Return the table that a touch is on a part of, or the whole of; empty for none."""
    for word in PARTS:
        if through.startswith(word):
            return through.removeprefix(word)
    return ""


def refused(problem: str) -> Statement:
    """Return the reading of a text that cannot be read at all."""
    findings = Findings()
    findings.unknown("Object", "statement", problem)
    return findings.statement()
