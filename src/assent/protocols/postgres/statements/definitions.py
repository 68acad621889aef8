"""What a text makes or renames: for whoever follows a session until the catalogue has it.

Without a catalogue nothing is noted: then names are taken as they are written anyway.
"""

from collections.abc import Callable
from dataclasses import replace

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pb

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import Routine
from assent.protocols.postgres.statements import routines
from assent.protocols.postgres.statements.findings import Findings
from assent.protocols.postgres.statements.names import full_name, quoted, split_full
from assent.protocols.postgres.statements.walk import Reader, constant, strings, unwrap

# Names of relations, of functions, and of columns are noted; those of others lead nowhere.
_RELATIONS = frozenset(
    {
        pb.OBJECT_TABLE,
        pb.OBJECT_VIEW,
        pb.OBJECT_MATVIEW,
        pb.OBJECT_FOREIGN_TABLE,
        pb.OBJECT_SEQUENCE,
    }
)
_FUNCTIONS = frozenset({pb.OBJECT_FUNCTION, pb.OBJECT_PROCEDURE, pb.OBJECT_ROUTINE})
_NOTHING = Statement("sql.create", (), complete=True)


def define_query(reader: Reader, name: str, query: pb.Node) -> None:
    """Note that a name stands for a query."""
    if reader.names.catalogue is not None:
        _define(reader, name, _apart(reader, lambda inner: inner.visit(query)))


def define_copy(reader: Reader, name: str) -> None:
    """Note that a table holds what has been read so far.

    Whoever changes the copy changes nothing else: that is what its kind says.
    """
    if reader.names.catalogue is not None:
        so_far = reader.findings.statement()
        reads = tuple(touch for touch in so_far.touches if touch.verb == "sql.read")
        so_far = replace(so_far, touches=reads, defines={}, renames={})
        inner = _apart(reader, lambda inner: inner.findings.include(so_far))
        _define(reader, name, replace(inner, kind="sql.create"))


def define_table(reader: Reader, name: str) -> None:
    """Note a new table, which has nothing in it."""
    if reader.names.catalogue is not None:
        _define(reader, name, _NOTHING)


def define_function(reader: Reader, node: pb.CreateFunctionStmt) -> None:
    """Note what a new function does, as its body says."""
    routine = _routine(reader, node)

    def read(inner: Reader) -> None:
        if node.HasField("sql_body"):
            routines.read_standard_body(inner, node.sql_body)
        else:
            routines.read_body(inner, routine)

    if reader.names.catalogue is not None:
        _define(reader, full_name(routine), _apart(reader, read))


def define_trigger(reader: Reader, node: pb.CreateTrigStmt) -> None:
    """Note that whatever is done to a table may run a function from now on."""
    parts = strings(node.funcname)
    table = reader.table(node.relation)
    for routine in reader.names.find_routines(parts, None):
        inner = routines.reading_of(reader, routine, {"old": (table,), "new": (table,)})
        _define(reader, table, replace(inner, kind="sql.create"))


def define_rule(reader: Reader, table: str, node: pb.RuleStmt) -> None:
    """Note that whatever is done to a table may do what a rule says from now on."""

    def read(inner: Reader) -> None:
        inner.scope.name("old", (table,))
        inner.scope.name("new", (table,))
        inner.visit(node.where_clause)
        inner.visit_all(node.actions)

    if reader.names.catalogue is not None:
        _define(reader, table, replace(_apart(reader, read), kind="sql.create"))


def note_rename(reader: Reader, node: pb.RenameStmt) -> None:
    """Note which new name means what an old one did."""
    renames = reader.findings.renames
    if node.rename_type == pb.OBJECT_SCHEMA:
        renames[quoted(node.newname)] = quoted(node.subname)
    elif node.rename_type == pb.OBJECT_COLUMN:
        table = reader.table(node.relation)
        renames[f"{table}.{quoted(node.newname)}"] = f"{table}.{quoted(node.subname)}"
    elif node.rename_type in _RELATIONS:
        old = reader.table(node.relation)
        renames[_beside(old, node.newname)] = old
    elif node.rename_type in _FUNCTIONS:
        old = _function(reader, node.object)
        renames[_beside(old, node.newname)] = old


def note_move(reader: Reader, node: pb.AlterObjectSchemaStmt) -> None:
    """Note which name in another schema means what an old one did."""
    if node.object_type in _RELATIONS:
        old = reader.table(node.relation)
        name = node.relation.relname
    elif node.object_type in _FUNCTIONS:
        old = _function(reader, node.object)
        name = (_parts(node.object) or [""])[-1]
    else:
        return
    reader.findings.renames[f"{quoted(node.newschema)}.{quoted(name)}"] = old


def _define(reader: Reader, name: str, does: Statement) -> None:
    defines = reader.findings.defines
    before = defines.get(name)
    if before is not None:
        findings = Findings()
        findings.include(before)
        findings.include(does)
        does = replace(findings.statement(), kind=max(before.kind, does.kind))
    defines[name] = does


def _apart(reader: Reader, read: Callable[[Reader], None]) -> Statement:
    findings = Findings()
    inner = Reader(reader.names, reader.handlers, findings)
    read(inner)
    inner.finish()
    return findings.statement()


def _routine(reader: Reader, node: pb.CreateFunctionStmt) -> Routine:
    """Return what the catalogue will have of a function, as far as reading it needs."""
    options = {item.def_elem.defname: item.def_elem.arg for item in node.options}
    schema, name = split_full(reader.names.qualified(strings(node.funcname))) or ("", "")
    source = strings(options["as"].list.items)[:1] if "as" in options else []
    language = constant(options["language"]) if "language" in options else "sql"
    names = tuple(item.function_parameter.name for item in node.parameters)
    return Routine(
        0, schema, name, "p" if node.is_procedure else "f", (0, len(names)),
        (language or "").lower(), "v", body=source[0] if source else "", argument_names=names,
    )  # fmt: skip


def _beside(full: str, name: str) -> str:
    """Return a name in the schema of another one."""
    return f"{full[: full.rindex('.')]}.{quoted(name)}" if "." in full else quoted(name)


def _function(reader: Reader, node: Message) -> str:
    parts = _parts(node)
    found = reader.names.find_routines(parts, None)
    return full_name(found[0]) if found else reader.names.qualified(parts)


def _parts(node: Message) -> list[str]:
    inner = unwrap(node)
    return strings(inner.objname) if isinstance(inner, pb.ObjectWithArgs) else []
