"""What a text makes or renames: for whoever follows a session until the catalogue has it.

Without a catalogue nothing is noted: then names are taken as they are written anyway.
"""

from collections.abc import Callable, Iterable
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
# Of a key: its rows go with, or are set to something else.
_CASCADES = frozenset({"c", "n", "d"})
_EFFECTS = frozenset(
    f"sql.{verb}"
    for verb in (
        "read", "insert", "update", "delete", "truncate", "lock", "notify", "execute", "program",
        "configure", "impersonate", "unknown",
    )
)  # fmt: skip
# What stands for whatever statement makes or changes something.
ANY_DEFINITION = "*"
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
        so_far = replace(so_far, touches=reads, defines={}, renames=frozenset())
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
    table = reader.table(node.relation)
    _define_fired(reader, table, strings(node.funcname), {"old": (table,), "new": (table,)})


def define_event_trigger(reader: Reader, node: pb.CreateEventTrigStmt) -> None:
    """Note that whatever makes or changes anything may run a function from now on."""
    _define_fired(reader, ANY_DEFINITION, strings(node.funcname), {})


def define_cast(reader: Reader, node: pb.CreateCastStmt) -> None:
    """Note that making a value of a type may call a function from now on."""
    target = reader.names.qualified(strings(node.targettype.names))
    if node.HasField("func"):
        _define_fired(reader, target, strings(node.func.objname), {})


def define_type(reader: Reader, name: str, read: Callable[[Reader], None]) -> None:
    """Note that making a value of a type does what its checks do."""
    if reader.names.catalogue is not None:
        _define(reader, name, replace(_apart(reader, read), kind="sql.create"))


def _define_fired(reader: Reader, name: str, function: list[str], rows: routines.Rows) -> None:
    if reader.names.catalogue is None:
        return
    found = reader.names.find_routines(function, None)
    for routine in found:
        inner = routines.reading_of(reader, routine, rows)
        _define(reader, name, replace(inner, kind="sql.create"))
    if not found:
        full = reader.names.qualified(function)
        _define_unknown(reader, name, f"cannot see what the function `{full}` does", {full})


def define_altered(reader: Reader, name: str) -> None:
    """Note that something does what nobody knows until it is looked at again."""
    if reader.names.catalogue is not None:
        _define_unknown(reader, name, f"cannot see what `{name}` does since it was altered", set())


def _define_unknown(reader: Reader, name: str, problem: str, functions: set[str]) -> None:
    findings = Findings()
    findings.unknown("Object", name, problem)
    findings.functions |= functions
    _define(reader, name, replace(findings.statement(), kind="sql.create"))


def define_like(reader: Reader, name: str, source: pb.RangeVar) -> None:
    """Note that a table computes what another one computes: its defaults and checks."""
    relation = reader.names.find_full(reader.table(source))

    def read(inner: Reader) -> None:
        for oid in relation.runs if relation else ():
            routines.run(inner, oid)

    if relation is not None and relation.runs:
        _define(reader, name, replace(_apart(reader, read), kind="sql.create"))


def note_relatives(reader: Reader, parent: pb.RangeVar, child: str) -> None:
    """Note that one table comes to be below another: what is done to either is done to both."""
    full = reader.table(parent)
    reader.findings.renames |= {(full, child), (child, full)}


def note_keys(reader: Reader, table: str, nodes: Iterable[pb.Node]) -> None:
    """Note that rows of a table may go or change with those that it refers to from now on."""
    for node in nodes:
        constraint = node.constraint
        if node.HasField("column_def"):
            note_keys(reader, table, node.column_def.constraints)
        elif constraint.HasField("pktable") and _CASCADES & {
            constraint.fk_del_action, constraint.fk_upd_action,
        }:  # fmt: skip
            reader.findings.renames.add((reader.table(constraint.pktable), table))


def note_effects(reader: Reader) -> None:
    """Note what defining a table has read and run: using the table may do that again."""
    findings = reader.findings
    tables = {
        resource.name
        for verb, resource, through in findings.touched
        if verb in ("sql.alter", "sql.create") and resource.kind == "Table" and not through
    }
    effects = tuple(
        touch
        for touch in (findings.statement().touches if tables else ())
        if touch.verb in _EFFECTS and not touch.through.startswith("event trigger ")
    )
    for table in sorted(tables):
        does = tuple(touch for touch in effects if touch.resource.name != table)
        if does or findings.types:
            complete = all(touch.verb != "sql.unknown" for touch in does)
            problems = () if complete else tuple(findings.problems)
            made = Statement("sql.create", does, complete, problems=problems)
            functions, types = frozenset(findings.functions), frozenset(findings.types)
            _define(reader, table, replace(made, functions=functions, types=types))


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
        renames.add((quoted(node.newname), quoted(node.subname)))
    elif node.rename_type == pb.OBJECT_COLUMN:
        table = reader.table(node.relation)
        renames.add((f"{table}.{quoted(node.newname)}", f"{table}.{quoted(node.subname)}"))
    elif node.rename_type in _RELATIONS:
        old = reader.table(node.relation)
        renames.add((_beside(old, node.newname), old))
    elif node.rename_type in _FUNCTIONS:
        old = _function(reader, node.object)
        renames.add((_beside(old, node.newname), old))


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
    reader.findings.renames.add((f"{quoted(node.newschema)}.{quoted(name)}", old))


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
