"""Says where values go, beside what else a statement's reading says."""

from dataclasses import replace

from postgast import pg_query_pb2 as pb

from assent.core.action import Statement
from assent.protocols.postgres.statements.findings import Findings
from assent.protocols.postgres.statements.flows import followed
from assent.protocols.postgres.statements.flows_relations import Relations
from assent.protocols.postgres.statements.names import Names, quoted
from assent.protocols.postgres.statements.routines import fitting, left_out, reading_of, run_alone
from assent.protocols.postgres.statements.walk import Handlers, Reader, strings


class FlowReading:
    """Follows the statements of one session's names; remembers what views are made of."""

    def __init__(self, names: Names, handlers: Handlers) -> None:
        self._names = names
        self._handlers = handlers
        self._relations = Relations()

    def told(self, statement: Statement, tree: pb.ParseResult) -> Statement:
        """Return the reading with flows; only of one statement, and only with a catalogue."""
        if self._names.catalogue is None or len(tree.stmts) != 1:
            return statement
        node = tree.stmts[0].stmt
        flows, numbered = followed(node, self._names, self._function_reads, self._relations)
        prepares = {
            name: replace(inner, flows=flows, reusable=inner.reusable and not numbered)
            for name, inner in statement.prepares.items()
        }
        # `ORDER BY 1` and `ORDER BY 2` are one shape, and test other columns.
        reusable = statement.reusable and not numbered
        return replace(statement, flows=flows, prepares=prepares, reusable=reusable)

    def _function_reads(self, node: pb.FuncCall) -> frozenset[str] | None:
        """Return what any function reads that a call may mean, None where that is not certain."""
        routines = self._names.find_routines(strings(node.funcname), fitting(node))
        found: set[str] = set()
        for routine in routines:
            reader = Reader(self._names, self._handlers, Findings())
            defaults = (run_alone(reader, oid) for oid in left_out(routine, node))
            for reading in (reading_of(reader, routine), *defaults):
                columns = self._read_by(reading)
                if columns is None:
                    return None
                found |= columns
        return frozenset(found) if routines else None

    def _read_by(self, statement: Statement) -> set[str] | None:
        """Return the columns that a body reads, None when it does anything else."""
        found: set[str] = set()
        for touch in statement.touches if statement.complete else ():
            if touch.verb == "sql.session":
                continue
            relation = self._names.find_full(touch.resource.name)
            if touch.verb != "sql.read" or relation is None:
                return None
            columns = relation.columns if "*" in touch.columns else touch.columns
            found |= {f"{touch.resource.name}.{quoted(column)}" for column in columns}
        return found if statement.complete else None
