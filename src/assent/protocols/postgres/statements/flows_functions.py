"""What functions do with their arguments, and what columns they have in FROM."""

from collections.abc import Iterable
from typing import Final

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements.builtin import (
    is_catalogue_function,
    is_catalogue_operator,
    is_harmless,
)
from assent.protocols.postgres.statements.flows_scope import UNKNOWN, Level
from assent.protocols.postgres.statements.flows_tracer import Tracer
from assent.protocols.postgres.statements.names import CATALOGUE
from assent.protocols.postgres.statements.routines import fitting, is_quiet
from assent.protocols.postgres.statements.walk import strings

# Of pg_catalog, with effects, but the result is made of the arguments and of no table.
_EFFECTS_ONLY: Final = frozenset(
    [
        "currval",
        "lastval",
        "nextval",
        "pg_cancel_backend",
        "pg_export_snapshot",
        "pg_notify",
        "pg_sequence_last_value",
        "pg_sleep",
        "pg_sleep_for",
        "pg_sleep_until",
        "pg_terminate_backend",
        "set_config",
        "setval",
    ]
)
# Harmless ones that give any number of rows: what they are given decides how many there are.
_SETS: Final = frozenset(
    [
        "aclexplode",
        "generate_series",
        "generate_subscripts",
        "json_array_elements",
        "json_array_elements_text",
        "json_each",
        "json_each_text",
        "json_object_keys",
        "json_populate_recordset",
        "json_to_recordset",
        "jsonb_array_elements",
        "jsonb_array_elements_text",
        "jsonb_each",
        "jsonb_each_text",
        "jsonb_object_keys",
        "jsonb_path_query",
        "jsonb_path_query_tz",
        "jsonb_populate_recordset",
        "jsonb_to_recordset",
        "pg_extension_update_paths",
        "pg_get_publication_tables",
        "pg_mcv_list_items",
        "pg_options_to_table",
        "pg_partition_ancestors",
        "pg_partition_tree",
        "pg_snapshot_xip",
        "pg_stat_get_activity",
        "pg_stat_get_progress_info",
        "pg_tablespace_databases",
        "pg_timezone_abbrevs_abbrevs",
        "regexp_matches",
        "regexp_split_to_table",
        "string_to_table",
        "ts_debug",
        "ts_parse",
        "ts_token_type",
        "txid_snapshot_xip",
        "unnest",
    ]
)
# Those that have one column in FROM, which is called after them or after the alias.
_ONE_COLUMN: Final = frozenset(
    [
        "generate_series",
        "generate_subscripts",
        "json_object_keys",
        "jsonb_object_keys",
        "jsonb_path_query",
        "jsonb_path_query_tz",
        "regexp_matches",
        "regexp_split_to_table",
        "string_to_table",
        "now",
        "current_schemas",
    ]
)
_COLUMNS: Final = {
    "aclexplode": ("grantor", "grantee", "privilege_type", "is_grantable"),
    "json_array_elements": ("value",),
    "json_array_elements_text": ("value",),
    "json_each": ("key", "value"),
    "json_each_text": ("key", "value"),
    "jsonb_array_elements": ("value",),
    "jsonb_array_elements_text": ("value",),
    "jsonb_each": ("key", "value"),
    "jsonb_each_text": ("key", "value"),
    "pg_options_to_table": ("option_name", "option_value"),
    "pg_timezone_names": ("name", "abbrev", "utc_offset", "is_dst"),
}
# An array of rows would be unnested into their columns; one of these cannot be of rows.
_SCALARS: Final = frozenset(
    [
        "bool",
        "boolean",
        "bpchar",
        "bytea",
        "char",
        "cidr",
        "date",
        "float4",
        "float8",
        "inet",
        "int",
        "int2",
        "int4",
        "int8",
        "interval",
        "json",
        "jsonb",
        "name",
        "numeric",
        "oid",
        "text",
        "time",
        "timestamp",
        "timestamptz",
        "timetz",
        "uuid",
        "varchar",
        "xid",
    ]
)


def call(tracer: Tracer, node: pb.FuncCall, level: Level, found: set[str]) -> None:
    """Follow a call: its arguments flow into its result, and so does what its body reads."""
    arguments: set[str] = set()
    for nodes in (node.args, node.agg_order):
        tracer.gather_all(nodes, level, arguments)
    if node.HasField("agg_filter"):
        tracer.gather(node.agg_filter, level, arguments)
    if node.HasField("over"):
        tracer.window(node.over, level, arguments)
    name = own_name(tracer, node)
    if not name and node.funcname and not _is_column(tracer, node, level):
        _foreign(tracer, node, level, arguments)
    elif name in _SETS:
        level.tested |= arguments
    elif name and not is_harmless(name):
        # What it is given can be seen elsewhere: a setting, a notification, the server's log.
        tracer.stored |= arguments
        if name not in _EFFECTS_ONLY and not name.startswith(("pg_advisory_", "pg_try_advisory_")):
            arguments.add(UNKNOWN)
    found |= arguments


def own_name(tracer: Tracer, node: pb.FuncCall) -> str:
    """Return the name of a function of pg_catalog, empty for any other.

    Without a schema, one of the same name that fits better may be meant.
    """
    parts = strings(node.funcname)
    if not parts:
        return ""
    name = parts[-1]
    if parts[:-1] == [CATALOGUE]:
        return name
    if parts[:-1] == ["information_schema"] and name.startswith("_pg_"):
        # Only a superuser can create there; those that are there only compute.
        return "abs"
    if len(parts) > 1 or not is_catalogue_function(name):
        return ""
    return "" if tracer.names.find_routines(parts, fitting(node)) else name


def _is_column(tracer: Tracer, node: pb.FuncCall, level: Level) -> bool:
    """Whether it is a column in the notation of a function: `email(customers)`."""
    name = node.funcname[-1].string.sval
    if len(node.funcname) != 1 or len(node.args) != 1:
        return False
    if not node.args[0].HasField("column_ref") or tracer.names.find_routines([name], None):
        return False
    fields = strings(node.args[0].column_ref.fields)
    source = level.source(fields[0]) if len(fields) == 1 else None
    return source is not None and name in source.named


def _foreign(tracer: Tracer, node: pb.FuncCall, level: Level, arguments: set[str]) -> None:
    """Follow a call of a function that somebody created."""
    reads = tracer.function_reads(node)
    parts = strings(node.funcname)
    one_of_both = len(parts) == 1 and is_catalogue_function(parts[0])
    one_row = not _gives_a_set(tracer, node)
    if not one_row:
        level.tested |= arguments
    if reads is None or (one_of_both and not is_harmless(parts[0])):
        # What it is given may go anywhere.
        tracer.stored |= arguments
        arguments.add(UNKNOWN)
    else:
        tracer.read |= reads
        if not one_row:
            level.tested |= reads
        arguments |= reads


def _gives_a_set(tracer: Tracer, node: pb.FuncCall) -> bool:
    """Whether it may give any number of rows, whichever function of that name is called."""
    parts = strings(node.funcname)
    found = tracer.names.find_routines(parts, fitting(node))
    one_row = bool(found) and not any(routine.returns_set for routine in found)
    return not one_row or (len(parts) == 1 and parts[0] in _SETS)


def operator(tracer: Tracer, name: list[str], found: set[str]) -> None:
    """Follow an operator: one that somebody created may call what reads tables."""
    if not name or name[:-1] == [CATALOGUE]:
        return
    catalogue = tracer.names.catalogue
    oids = () if catalogue is None else catalogue.operators.get(name[-1], ())
    known = not name[:-1] and is_catalogue_operator(name[-1])
    if not (only_compute(tracer, oids) if oids else known):
        found.add(UNKNOWN)


def only_compute(tracer: Tracer, oids: Iterable[int]) -> bool:
    """Whether functions can be taken to look at their arguments alone.

    Only a superuser can install one in C; one in SQL can read tables, immutable or not.
    """
    catalogue = tracer.names.catalogue
    if catalogue is None:
        return False
    for oid in oids:
        routine = catalogue.routine(oid)
        if routine is None and not is_harmless(catalogue.builtins.get(oid, "")):
            return False
        if routine is not None and not is_quiet(routine):
            return False
    return True


def from_columns(tracer: Tracer, node: pb.Node, alias: str) -> tuple[str, ...] | None:
    """Return the columns that a call has in FROM, None where they are not known."""
    if not node.HasField("func_call"):
        return None
    name = own_name(tracer, node.func_call)
    if name in _COLUMNS:
        return _COLUMNS[name]
    if name in _ONE_COLUMN:
        return (alias or name,)
    if name == "unnest" and all(_is_of_scalars(one) for one in node.func_call.args):
        count = len(node.func_call.args)
        return (alias if alias and count == 1 else name,) * count
    return None


def _is_of_scalars(node: pb.Node) -> bool:
    """Whether an array surely is not one of rows."""
    if node.HasField("type_cast"):
        names = strings(node.type_cast.type_name.names)
        return names[:-1] in ([], [CATALOGUE]) and names[-1] in _SCALARS
    if node.HasField("a_array_expr"):
        elements = node.a_array_expr.elements
        return bool(elements) and all(_is_of_scalars(one) for one in elements)
    return bool(node.HasField("a_const"))
