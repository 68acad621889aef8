"""The lists of the catalogue hold what the reading rests on."""

import pytest

from assent.protocols.postgres.statements.builtin import (
    is_catalogue_function,
    is_catalogue_operator,
    is_catalogue_relation,
    is_harmless,
    takes_any_row,
)


@pytest.mark.parametrize("name", ["lower", "now", "count", "random", "pg_table_is_visible"])
def test_what_only_computes_is_harmless(name: str) -> None:
    assert is_harmless(name)


@pytest.mark.parametrize(
    "name",
    """
    query_to_xml table_to_xml schema_to_xml database_to_xml cursor_to_xml ts_stat pg_read_file
    pg_ls_dir lo_export lo_import lo_get set_config nextval pg_sleep pg_terminate_backend
    pg_advisory_lock pg_notify pg_reload_conf pg_logical_slot_get_changes ts_rewrite
    """.split(),  # noqa: SIM905
)
def test_what_does_more_than_compute_is_not_harmless(name: str) -> None:
    assert not is_harmless(name)
    assert is_catalogue_function(name)


def test_what_is_not_in_the_catalogue_is_not_known() -> None:
    assert not is_catalogue_function("dblink")
    assert not is_catalogue_relation("orders")
    assert not is_catalogue_operator("<!-!>")


def test_relations_operators_and_row_functions_are_known() -> None:
    assert is_catalogue_relation("pg_authid")
    assert is_catalogue_operator("#>")
    assert is_catalogue_operator("#")
    assert takes_any_row("row_to_json")
    assert not takes_any_row("lower")


def test_the_header_of_a_list_is_not_a_name() -> None:
    assert not any(is_harmless(name) for name in ("", "#"))
