"""Functions and procedures of the target: what their bodies touch."""

from collections.abc import Mapping, Sequence
from typing import Final

from postgast import pg_query_pb2 as pb

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import Routine
from assent.protocols.postgres.statements import plpgsql
from assent.protocols.postgres.statements.builtin import is_catalogue_function, is_harmless
from assent.protocols.postgres.statements.findings import Findings
from assent.protocols.postgres.statements.inside import reading, tree_inside
from assent.protocols.postgres.statements.names import CATALOGUE, Names, full_name
from assent.protocols.postgres.statements.scope import Scope
from assent.protocols.postgres.statements.walk import Reader

Rows = Mapping[str, tuple[str, ...]]

# An argument of which nothing is known.
NOT_SEEN: Final = pb.Node(param_ref=pb.ParamRef(number=0))
_COMPILED: Final = frozenset({"c", "internal"})
# Functions of extensions that do more than compute, whatever schema they are in.
_FAR_REACHING: Final = ("dblink", "pg_file_", "pg_logdir", "postgres_fdw", "lo_", "pg_read", "cron")


def run(reader: Reader, oid: int) -> bool:
    """Read what the server calls by itself; return whether it is anything that is known.

    What is called under another name is a routine, or one of pg_catalog, whatever that does.
    """
    catalogue = reader.names.catalogue
    routine = by_oid(reader, oid)
    if routine is not None:
        if not is_quiet(routine):
            call(reader, routine)
        return True
    name = catalogue.builtins.get(oid) if catalogue else None
    if name is not None and is_catalogue_function(name) and not is_harmless(name):
        function = [pb.Node(string=pb.String(sval=part)) for part in (CATALOGUE, name)]
        reader.visit(pb.FuncCall(funcname=function, args=[NOT_SEEN]))
    return name is not None


def run_alone(reader: Reader, oid: int) -> Statement:
    """Return what the server calls by itself, apart from everything else."""
    inner = Reader(reader.names, reader.handlers, Findings())
    run(inner, oid)
    return inner.findings.statement()


def by_oid(reader: Reader, oid: int) -> Routine | None:
    """Return a routine of the catalogue, None for one of pg_catalog."""
    return reader.names.catalogue.routine(oid) if reader.names.catalogue else None


def is_quiet(routine: Routine) -> bool:
    """Whether it is compiled code that is not known to do more than compute.

    Only a superuser can make one, as extensions do. It counts as harmless where the server calls
    it by itself: behind a default, a cast, or an operator that has the name of a known one.
    """
    return routine.language in _COMPILED and not routine.name.startswith(_FAR_REACHING)


def can_be_read(routine: Routine) -> bool:
    """Whether its body is in a language that is read, or it is made of others."""
    readable = routine.language in ("sql", "plpgsql") and bool(routine.body)
    return routine.kind == "a" or readable


def call(reader: Reader, routine: Routine) -> None:
    """Note a call of this routine, and what it does."""
    full = full_name(routine)
    through = reader.findings.through or f"function {full}"
    reader.findings.behind(reading_of(reader, routine), through)


def reading_of(reader: Reader, routine: Routine, rows: Rows | None = None) -> Statement:
    """Return what a routine does. rows: what `old` and `new` are rows of, in a trigger's."""
    names = _names(reader.names, routine)

    def read(inner: Reader) -> None:
        for name, tables in (rows or {}).items():
            inner.scope.name(name, tables)
        read_body(inner, routine)

    key = ("routine", routine.oid, tuple(sorted((rows or {}).items())))
    return reading(reader, key, names, read)


def _names(names: Names, routine: Routine) -> Names:
    if routine.search_path is None:
        return names.under(names.session_path)
    return names.under(routine.search_path, session=True)


def read_body(reader: Reader, routine: Routine) -> None:
    """Read what a routine does, here; its inputs are no columns."""
    for name in (routine.name, *routine.argument_names):
        reader.scope.name(name, ())
    full = full_name(routine)
    reader.findings.functions.add(full)
    what = f"function {full}"
    if routine.search_path and "$user" in routine.search_path:
        problem = f"cannot see which schema `$user` is to the function `{full}`"
        reader.findings.unknown("Function", full, problem)
    if routine.kind == "a":
        _aggregate(reader, routine)
    elif not can_be_read(routine):
        problem = f"cannot see what the function `{full}` does: it is in `{routine.language[:80]}`"
        reader.findings.unknown("Function", full, problem)
    elif routine.language == "sql":
        _read_sql(reader, routine, what)
    else:
        plpgsql.read(reader, routine.body, routine.argument_names, what)
    if reader.findings.paths:
        problem = f"the function `{full}` moves search_path, so names in it may mean others"
        reader.findings.unknown("Function", full, problem)


def _aggregate(reader: Reader, routine: Routine) -> None:
    """Read the functions that an aggregate is made of; those of pg_catalog only compute."""
    for oid in routine.support:
        run(reader, oid)


def _read_sql(reader: Reader, routine: Routine, what: str) -> None:
    """Read a body in SQL: text, or a standard body, which the server writes with full names."""
    if not is_standard_body(routine.body):
        for raw in tree_inside(reader, routine.body, what).stmts:
            reader.visit(raw.stmt)
        return
    reader.names = reader.names.under(())
    text = f"CREATE FUNCTION f() RETURNS record LANGUAGE sql {routine.body}"
    for raw in tree_inside(reader, text, what).stmts:
        read_standard_body(reader, raw.stmt.create_function_stmt.sql_body)


def is_standard_body(body: str) -> bool:
    """Whether a body is not text but `RETURN …` or `BEGIN ATOMIC …`."""
    words = body.split(None, 2)
    first = [word.upper() for word in words[:2]]
    return first[:1] == ["RETURN"] or first == ["BEGIN", "ATOMIC"]


def read_standard_body(reader: Reader, body: pb.Node) -> None:
    """Read `RETURN …` or `BEGIN ATOMIC …`."""
    if body.HasField("return_stmt"):
        reader.visit(body.return_stmt.returnval)
    for block in body.list.items:
        for statement in block.list.items:
            if statement.HasField("return_stmt"):
                reader.visit(statement.return_stmt.returnval)
            else:
                reader.visit(statement)


def read_do(reader: Reader, node: pb.DoStmt) -> None:
    """Read the program of DO, if it is PL/pgSQL."""
    options = {item.def_elem.defname: item.def_elem.arg.string.sval for item in node.args}
    if options.get("language", "plpgsql") != "plpgsql" or "as" not in options:
        reader.findings.unknown("Object", "DO", "cannot see what the program of `DO` does")
        return
    with reader.inside(Scope(None)):
        plpgsql.read(reader, options["as"], (), "DO")


def fitting(node: pb.FuncCall) -> int | None:
    """Return how many arguments a call gives, None if that does not tell the overload."""
    if node.func_variadic or node.agg_within_group:
        return None
    return len(node.args)


def left_out(routine: Routine, node: pb.FuncCall) -> tuple[int, ...]:
    """Return oids of the functions that compute the arguments that a call does not give."""
    given = fitting(node)
    everything = given is not None and given >= len(routine.argument_names)
    return () if everything else routine.defaults


def of_an_operator(reader: Reader, name: Sequence[str]) -> tuple[int, ...]:
    """Return oids of the functions behind any operator of that name outside of pg_catalog."""
    catalogue = reader.names.catalogue
    return catalogue.operators.get(name[-1], ()) if catalogue and name else ()
