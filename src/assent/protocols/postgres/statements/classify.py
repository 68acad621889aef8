"""Reads statements: a text in, all that it touches out."""

from collections import OrderedDict
from typing import Final

from postgast import pg_query_pb2 as pb

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements.findings import Findings, refused
from assent.protocols.postgres.statements.flows_reading import FlowReading
from assent.protocols.postgres.statements.handlers import HANDLERS
from assent.protocols.postgres.statements.names import Names
from assent.protocols.postgres.statements.shape import shape_of
from assent.protocols.postgres.statements.texts import tree_of
from assent.protocols.postgres.statements.views import narrowed
from assent.protocols.postgres.statements.walk import Reader

MAX_REMEMBERED_BYTES: Final = 8192
MAX_STATEMENTS: Final = 1000
MAX_PATHS: Final = 8


class Classifier:
    """Reads statements and remembers its readings. Pure: the same text, the same reading.

    search_path: schemas in which an unqualified name is looked up, first one first. catalogue:
    what the target holds; without one names are taken as they are written.
    capacity: how many texts, and how many shapes, are remembered.
    """

    def __init__(
        self,
        search_path: tuple[str, ...] = ("public",),
        catalogue: Catalogue | None = None,
        capacity: int = 4096,
    ) -> None:
        self._names = Names(search_path, catalogue)
        self._flows = FlowReading(self._names, HANDLERS)
        self._capacity = capacity
        self._texts: OrderedDict[str, Statement] = OrderedDict()
        self._shapes: OrderedDict[str, Statement] = OrderedDict()

    def classify(self, text: str) -> Statement:
        """Return what a text does, all statements of it. Never raises.

        What cannot be read is one touch `sql.unknown`, with the problem told.
        """
        known = self._texts.get(text)
        if known is not None:
            self._texts.move_to_end(text)
            return known
        shape = shape_of(text)
        statement = self._shapes.get(shape) if shape is not None else None
        if statement is None:
            statement = self._read(text)
            if shape is not None and statement.reusable:
                self._remember(self._shapes, shape, statement)
        elif shape is not None:
            self._shapes.move_to_end(shape)
        if len(text) <= MAX_REMEMBERED_BYTES:
            self._remember(self._texts, text, statement)
        return statement

    def _remember(self, table: "OrderedDict[str, Statement]", key: str, value: Statement) -> None:
        table[key] = value
        if len(table) > self._capacity:
            table.popitem(last=False)

    def _read(self, text: str) -> Statement:
        tree = tree_of(text)
        if isinstance(tree, str):
            return refused(tree)
        if len(tree.stmts) > MAX_STATEMENTS:
            return refused(f"cannot be read: more than {MAX_STATEMENTS} statements in one text")
        return self._understand(tree)

    def _meanings(self, findings: Findings) -> list[Names]:
        """Return the names under each path that an earlier statement of the text may have set."""
        if self._names.catalogue is None or not findings.paths:
            return [self._names]
        if None in findings.paths or len(findings.paths) > MAX_PATHS:
            problem = "search_path is moved before: unqualified names may mean something else"
            findings.unknown("Setting", "search_path", problem)
        paths = [path for path in findings.paths if path is not None][:MAX_PATHS]
        return [self._names, *(self._names.under(path, session=True) for path in paths)]

    def _understand(self, tree: pb.ParseResult) -> Statement:
        findings = Findings()
        self._names.memory.spent = 0
        for raw in tree.stmts:
            for names in self._meanings(findings):
                Reader(names, HANDLERS, findings).visit(raw.stmt)
        for names in self._meanings(findings):
            Reader(names, HANDLERS, findings).finish()
        # INVARIANT: executes of names that this text prepares do what it has prepared.
        for name in findings.executes & findings.prepares.keys():
            findings.include(findings.prepares[name])
        return narrowed(self._flows.told(findings.statement(), tree))
