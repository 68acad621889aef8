"""Function calls: harmless ones, those with known effects, and those that nobody can see into."""

from collections.abc import Callable
from typing import Final

from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.statements import routines
from assent.protocols.postgres.statements.builtin import is_catalogue_function, is_harmless
from assent.protocols.postgres.statements.expressions import names_something
from assent.protocols.postgres.statements.findings import SESSION
from assent.protocols.postgres.statements.names import CATALOGUE, full_name
from assent.protocols.postgres.statements.settings import configure
from assent.protocols.postgres.statements.walk import Reader, constant, strings

_EXECUTED: Final = frozenset(
    [
        "pg_terminate_backend",
        "pg_cancel_backend",
        "pg_reload_conf",
        "pg_rotate_logfile",
        "pg_promote",
        "pg_switch_wal",
        "pg_create_restore_point",
        "pg_backup_start",
        "pg_backup_stop",
        "pg_sleep",
        "pg_sleep_for",
        "pg_sleep_until",
        "pg_export_snapshot",
        "pg_log_backend_memory_contexts",
        "pg_log_standby_snapshot",
        "pg_logical_emit_message",
        "pg_stat_reset",
        "pg_stat_reset_backend_stats",
        "pg_stat_reset_replication_slot",
        "pg_stat_reset_shared",
        "pg_stat_reset_single_function_counters",
        "pg_stat_reset_single_table_counters",
        "pg_stat_reset_slru",
        "pg_stat_reset_subscription_stats",
        "pg_clear_attribute_stats",
        "pg_clear_relation_stats",
        "pg_restore_attribute_stats",
        "pg_restore_relation_stats",
        "pg_wal_replay_pause",
        "pg_wal_replay_resume",
        "pg_copy_logical_replication_slot",
        "pg_copy_physical_replication_slot",
        "pg_create_logical_replication_slot",
        "pg_create_physical_replication_slot",
        "pg_drop_replication_slot",
        "pg_replication_slot_advance",
        "pg_sync_replication_slots",
        "pg_logical_slot_get_changes",
        "pg_logical_slot_get_binary_changes",
        "pg_logical_slot_peek_changes",
        "pg_logical_slot_peek_binary_changes",
        "pg_replication_origin_create",
        "pg_replication_origin_drop",
        "pg_replication_origin_advance",
        "pg_replication_origin_session_setup",
        "pg_replication_origin_session_reset",
        "pg_replication_origin_xact_setup",
        "pg_replication_origin_xact_reset",
        "brin_desummarize_range",
        "brin_summarize_new_values",
        "brin_summarize_range",
        "gin_clean_pending_list",
        "pg_import_system_collations",
    ]
)
_FILES: Final = frozenset(
    [
        "pg_read_file",
        "pg_read_binary_file",
        "pg_stat_file",
        "pg_ls_dir",
        "pg_ls_logdir",
        "pg_ls_waldir",
        "pg_ls_tmpdir",
        "pg_ls_archive_statusdir",
        "pg_ls_logicalmapdir",
        "pg_ls_logicalsnapdir",
        "pg_ls_replslotdir",
        "pg_ls_summariesdir",
        "pg_current_logfile",
        "pg_hba_file_rules",
        "pg_ident_file_mappings",
        "pg_show_all_file_settings",
        "lo_import",
    ]
)
# Of extensions; whatever schema they are in.
_FOREIGN_FILES: Final = frozenset(
    [
        "pg_file_write",
        "pg_file_read",
        "pg_file_rename",
        "pg_file_unlink",
        "pg_file_sync",
        "pg_logdir_ls",
    ]
)
_LARGE_OBJECTS_READ: Final = frozenset(
    ["lo_get", "lo_open", "lo_close", "lo_lseek", "lo_lseek64", "lo_tell", "lo_tell64", "loread"]
)
_LARGE_OBJECTS_WRITTEN: Final = frozenset(
    [
        "lo_create",
        "lo_creat",
        "lo_from_bytea",
        "lo_put",
        "lo_truncate",
        "lo_truncate64",
        "lo_unlink",
        "lowrite",
    ]
)
# Of the one other schema that only a superuser can create in; drivers describe tables with them.
_INFORMATION_SCHEMA: Final = frozenset(
    [
        "_pg_char_max_length",
        "_pg_char_octet_length",
        "_pg_datetime_precision",
        "_pg_expandarray",
        "_pg_index_position",
        "_pg_interval_type",
        "_pg_numeric_precision",
        "_pg_numeric_precision_radix",
        "_pg_numeric_scale",
        "_pg_truetypid",
        "_pg_truetypmod",
    ]
)
_SEQUENCE_READ: Final = frozenset({"currval", "pg_sequence_last_value", "pg_get_sequence_data"})
_SESSION: Final = frozenset(
    {"pg_advisory_unlock", "pg_advisory_unlock_shared", "pg_advisory_unlock_all", "lastval"}
)

Rule = Callable[[Reader, str, pb.FuncCall], None]


def call(reader: Reader, node: pb.FuncCall) -> None:
    """Read a call with its arguments. A schema but pg_catalog makes a function unknown."""
    parts = strings(node.funcname)
    name = parts[-1]
    reader.visit_parts(node, "funcname")
    own = parts[:-1] in ([], [CATALOGUE]) and is_catalogue_function(name)
    if names_something([name]):
        reader.findings.literals_matter = True
    if _found(reader, parts, node, own) and not own:
        return
    reader.findings.functions.add(name if own else reader.names.qualified(parts))
    if own and is_harmless(name):
        return
    if parts[:-1] == ["information_schema"] and name in _INFORMATION_SCHEMA:
        return
    reader.findings.only_queries = False
    rule = _rule(name) if own else None
    if rule is not None:
        rule(reader, name, node)
    else:
        _unseen(reader, name if own else reader.names.qualified(parts), name, node)


def _found(reader: Reader, parts: list[str], node: pb.FuncCall, own: bool) -> bool:
    """Read what the target has under a function's name; return whether it has anything.

    own: pg_catalog has it too, and is looked in first; another one is called where it fits
    better. One in C is then taken for the same thing for a type of its extension.
    """
    found = reader.names.find_routines(parts, routines.fitting(node))
    for routine in found:
        if own and routines.is_quiet(routine):
            continue
        for oid in routines.left_out(routine, node):
            routines.run(reader, oid)
        if routines.can_be_read(routine):
            routines.call(reader, routine)
        else:
            full = full_name(routine)
            reader.findings.functions.add(full)
            reader.findings.only_queries = False
            _unseen(reader, full, routine.name, node)
    system = parts[:-1] in ([CATALOGUE], ["information_schema"])
    if not (found or own or system or reader.names.catalogue is None):
        reader.findings.unresolved.add(reader.names.qualified(parts))
    return bool(found)


def _rule(name: str) -> Rule | None:
    """Return what is done about a function of pg_catalog that has effects."""
    if name.startswith(("pg_advisory_", "pg_try_advisory_")) and name not in _SESSION:
        return _locks
    for names, rule in _RULES:
        if name in names:
            return rule
    return None


def _unseen(reader: Reader, full: str, name: str, node: pb.FuncCall) -> None:
    if name.startswith("dblink"):
        problem = f"`{full}` runs SQL on another server, which cannot be seen"
    elif "_to_xml" in name or name in ("ts_stat", "ts_rewrite"):
        problem = f"`{full}` runs SQL that it is given as text, which cannot be seen"
    else:
        problem = f"cannot see what the function `{full}` does"
    if name in _FOREIGN_FILES:
        _file(reader, full, node)
    reader.findings.unknown("Function", full, problem)


def _execute(reader: Reader, name: str, node: pb.FuncCall) -> None:
    reader.findings.touch("sql.execute", "Function", name)


def _locks(reader: Reader, name: str, node: pb.FuncCall) -> None:
    reader.findings.touch("sql.lock", "Function", name)


def _session(reader: Reader, name: str, node: pb.FuncCall) -> None:
    reader.findings.touch("sql.session", SESSION.kind, SESSION.name)


def _file(reader: Reader, name: str, node: pb.FuncCall) -> None:
    path = constant(node.args[0]) if node.args else None
    reader.findings.touch("sql.program", "File", path or "*")


def _export(reader: Reader, name: str, node: pb.FuncCall) -> None:
    path = constant(node.args[1]) if len(node.args) > 1 else None
    reader.findings.touch("sql.program", "File", path or "*")


def _read_large_object(reader: Reader, name: str, node: pb.FuncCall) -> None:
    reader.findings.touch("sql.read", "Table", "pg_catalog.pg_largeobject", "*")


def _write_large_object(reader: Reader, name: str, node: pb.FuncCall) -> None:
    reader.findings.touch("sql.update", "Table", "pg_catalog.pg_largeobject", "*")


def _sequence(reader: Reader, node: pb.FuncCall) -> str:
    text = constant(node.args[0]) if node.args else None
    if not text or not text.replace("_", "").replace(".", "").isalnum() or text.isdigit():
        return "*"
    # The server folds the case of what regclass is given, as it does for any name.
    return reader.names.listed_relation(text.lower().split("."))


def _advance(reader: Reader, name: str, node: pb.FuncCall) -> None:
    reader.findings.touch("sql.update", "Object", _sequence(reader, node))


def _read_sequence(reader: Reader, name: str, node: pb.FuncCall) -> None:
    reader.findings.touch("sql.read", "Object", _sequence(reader, node))


def _notify(reader: Reader, name: str, node: pb.FuncCall) -> None:
    channel = constant(node.args[0]) if node.args else None
    reader.findings.touch("sql.notify", "Channel", channel or "*")


def _set_config(reader: Reader, name: str, node: pb.FuncCall) -> None:
    """Read set_config as SET; its first argument has to be a constant, or pinned to one."""
    plain = len(node.args) == 3 and not any(a.HasField("named_arg_expr") for a in node.args)
    setting = _constant_or_pinned(reader, node.args[0]) if plain else None
    if setting is None:
        problem = "cannot see what `set_config` sets: its arguments are not constants"
        reader.findings.unknown("Setting", "*", problem)
        return
    value = constant(node.args[1])
    values = None if value is None else [value]
    configure(reader.findings, reader.names, setting, values, split=True)


def _constant_or_pinned(reader: Reader, node: pb.Node) -> str | None:
    fields = strings(node.column_ref.fields)
    if len(fields) == 1:
        return reader.scope.pinned.get(fields[0])
    return constant(node)


_RULES: Final[tuple[tuple[frozenset[str], Rule], ...]] = (
    (_EXECUTED, _execute),
    (_FILES, _file),
    (frozenset({"lo_export"}), _export),
    (_LARGE_OBJECTS_READ, _read_large_object),
    (_LARGE_OBJECTS_WRITTEN, _write_large_object),
    (frozenset({"nextval", "setval"}), _advance),
    (_SEQUENCE_READ, _read_sequence),
    (frozenset({"pg_notify"}), _notify),
    (frozenset({"set_config"}), _set_config),
    (_SESSION, _session),
)
