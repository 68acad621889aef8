"""SET, RESET and set_config: which settings are harmless, and which change what follows."""

from typing import Final

from assent.protocols.postgres.statements.findings import Findings
from assent.protocols.postgres.statements.names import Names

# Whatever their value, they change how fast, how it is printed or when it gives up, but not
# what is touched.
_HARMLESS: Final = frozenset(
    [
        "application_name",
        "datestyle",
        "intervalstyle",
        "timezone",
        "extra_float_digits",
        "bytea_output",
        "xmlbinary",
        "xmloption",
        "statement_timeout",
        "lock_timeout",
        "transaction_timeout",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "client_min_messages",
        "client_connection_check_interval",
        "tcp_keepalives_idle",
        "tcp_keepalives_interval",
        "tcp_keepalives_count",
        "tcp_user_timeout",
        "work_mem",
        "maintenance_work_mem",
        "temp_buffers",
        "hash_mem_multiplier",
        "plan_cache_mode",
        "cursor_tuple_fraction",
        "constraint_exclusion",
        "default_statistics_target",
        "from_collapse_limit",
        "join_collapse_limit",
        "geqo",
        "jit",
        "jit_above_cost",
        "jit_inline_above_cost",
        "jit_optimize_above_cost",
        "random_page_cost",
        "seq_page_cost",
        "cpu_tuple_cost",
        "cpu_index_tuple_cost",
        "cpu_operator_cost",
        "parallel_setup_cost",
        "parallel_tuple_cost",
        "min_parallel_table_scan_size",
        "min_parallel_index_scan_size",
        "max_parallel_workers",
        "max_parallel_workers_per_gather",
        "max_parallel_maintenance_workers",
        "effective_cache_size",
        "effective_io_concurrency",
        "lc_messages",
        "lc_monetary",
        "lc_numeric",
        "lc_time",
        "synchronize_seqscans",
        "quote_all_identifiers",
        "restrict_nonsystem_relation_kind",
        "escape_string_warning",
        "transaction_isolation",
        "default_transaction_isolation",
        "transaction_deferrable",
        "default_transaction_deferrable",
        "default_toast_compression",
        "default_tablespace",
        "default_table_access_method",
        "check_function_bodies",
        "seed",
    ]
)
# Turned off, row security raises an error where it would have filtered: it opens nothing.
_HARMLESS_VALUES: Final[dict[str, frozenset[str]]] = {
    "row_security": frozenset({"on", "off", "true", "false", "1", "0"}),
    "standard_conforming_strings": frozenset({"on", "true", "yes", "1"}),
    "transaction_read_only": frozenset({"on", "true", "yes", "1"}),
    "default_transaction_read_only": frozenset({"on", "true", "yes", "1"}),
    "client_encoding": frozenset({"utf8", "utf-8", "unicode", "sql_ascii", "sqlascii"}),
}
# With another value of these, no later text can be read for sure.
_READING: Final = frozenset({"client_encoding", "standard_conforming_strings"})
_ROLES: Final = frozenset({"role", "session_authorization"})


def configure(
    findings: Findings,
    names: Names,
    setting: str,
    values: list[str] | None,
    split: bool = False,
) -> None:
    """Note that a setting gets these values; None when they are not known.

    split: the value is one text with all in it, as set_config takes it.
    """
    setting = setting.lower()
    findings.only_queries = False
    if setting in _ROLES:
        findings.touch("sql.impersonate", "Role", values[0] if values else "none")
    elif setting in _HARMLESS or setting.startswith("enable_"):
        findings.touch("sql.session", "Setting", setting)
    elif values is None:
        if setting == "search_path":
            findings.paths.setdefault(None)
        findings.unknown("Setting", setting, f"cannot see what `{setting}` is set to")
    elif setting == "search_path":
        _search_path(findings, names, values, split)
    elif _is_harmless_value(setting, values):
        findings.touch("sql.session", "Setting", setting)
    elif setting in _READING:
        problem = f"what follows `{setting}` = `{', '.join(values)}` cannot be read for sure"
        findings.unknown("Setting", setting, problem)
    else:
        findings.touch("sql.configure", "Setting", setting)


def reset(findings: Findings, setting: str) -> None:
    """Note that a setting goes back to what it was at the start, which is what is judged by.

    A role does not: to go back to the session's own is to become somebody else.
    """
    findings.only_queries = False
    if setting.lower() in _ROLES:
        findings.touch("sql.impersonate", "Role", "none")
    else:
        findings.touch("sql.session", "Setting", setting.lower() or "*")


def _is_harmless_value(setting: str, values: list[str]) -> bool:
    allowed = _HARMLESS_VALUES.get(setting, frozenset())
    return len(values) == 1 and values[0].lower() in allowed


def _search_path(findings: Findings, names: Names, values: list[str], split: bool) -> None:
    """An empty path makes names fail, and the one that is judged by changes nothing."""
    if split:
        values = [value.strip().strip('"') for value in values[0].split(",")]
    findings.paths.setdefault(tuple(value for value in values if value))
    same = tuple(values) == names.search_path
    verb = "sql.session" if same or values == [""] else "sql.configure"
    findings.touch(verb, "Setting", "search_path")
