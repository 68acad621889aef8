"""What has been found in a text so far; `statement()` is the sum of it."""

from collections.abc import Iterable

from assent.core.action import Statement, Touch
from assent.core.resource import Resource
from assent.protocols.postgres.statements.verbs import DANGER, OPERATIONS

SESSION = Resource("Object", "session")


class Findings:
    """Collects touches, in order of appearance, and what they are worth.

    literals_matter: some literal decides what is touched, so the shape alone does not.
    """

    def __init__(self) -> None:
        self.touched: dict[tuple[str, Resource], set[str]] = {}
        self.problems: dict[str, None] = {}
        self.functions: set[str] = set()
        self.prepares: dict[str, Statement] = {}
        self.executes: set[str] = set()
        self.has_where = True
        self.complete = True
        self.literals_matter = False
        self.only_queries = True

    def touch(self, verb: str, kind: str, name: str, columns: Iterable[str] = ()) -> None:
        """Note that `verb` is done to that resource; columns add up."""
        self.touched.setdefault((verb, Resource(kind, name)), set()).update(columns)

    def unknown(self, kind: str, name: str, problem: str) -> None:
        """Note something that cannot be seen; problem: a sentence for people."""
        self.touch("sql.unknown", kind, name)
        self.problems.setdefault(problem)
        self.complete = False

    def include(self, other: Statement) -> None:
        """Add all that another statement does."""
        for touch in other.touches:
            self.touch(touch.verb, touch.resource.kind, touch.resource.name, touch.columns)
        self.problems.update(dict.fromkeys(other.problems))
        self.functions |= other.functions
        self.executes |= other.executes
        self.has_where = self.has_where and other.has_where
        self.complete = self.complete and other.complete

    def statement(self) -> Statement:
        """Return what was found. With nothing touched, only the session is."""
        if not self.touched:
            self.touch("sql.session", SESSION.kind, SESSION.name)
        touches = tuple(
            Touch(verb, OPERATIONS[verb], resource, frozenset(columns))
            for (verb, resource), columns in self.touched.items()
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
        )

    def _reusable(self, touches: tuple[Touch, ...]) -> bool:
        """Only queries that only read, or that touch nothing at all, such as `SELECT 1`."""
        only_reads = all(touch.verb == "sql.read" or touch.resource == SESSION for touch in touches)
        plain = not (self.literals_matter or self.prepares or self.executes)
        return self.complete and self.only_queries and only_reads and plain


def refused(problem: str) -> Statement:
    """Return the reading of a text that cannot be read at all."""
    findings = Findings()
    findings.unknown("Object", "statement", problem)
    return findings.statement()
