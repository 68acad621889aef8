"""With the target's catalogue, a text is read as what it does behind its names.

Rows of looked_through.jsonl are read in a session of their own, after what ran in it before.
"""

from typing import Any

import psycopg
import pytest

from assent.core.action import Operation, Statement
from assent.protocols.postgres.statements import RESOURCES, VERBS, Classifier
from looking_through import PATH, Readers, load, told, wrong
from watched_server import WatchedServer, catalogue_of, furnished

LOOKED_THROUGH = load("looked_through.jsonl")
PRESENT = load("corpus.jsonl")
HARMLESS = [*load("harmless.jsonl"), *load("harmless_tools.jsonl"), *load("harmless_behind.jsonl")]


def named(rows: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(row, id=row["id"]) for row in rows]


def things(reading: Statement) -> set[str]:
    """Return what is touched, however it is reached, but for what could not be seen."""
    return {
        f"{touch.verb} {touch.resource.kind} {touch.resource.name}"
        for touch in reading.touches
        if touch.operation is not Operation.UNKNOWN and touch.resource.name not in ("session", "*")
    }


@pytest.mark.parametrize("row", named([row for row in LOOKED_THROUGH if "schema" not in row]))
def test_a_text_is_read_as_what_it_does_behind_its_names(
    row: dict[str, Any], schema_readers: dict[str, Readers]
) -> None:
    for release, readers in schema_readers.items():
        reading = readers.read(row)
        found = sorted(map(told, reading.touches))
        assert wrong(row, reading) == [], (release, row["why"], found)
        assert {touch.verb for touch in reading.touches} <= VERBS
        assert {touch.resource.kind for touch in reading.touches} <= RESOURCES
        unknown = any(touch.operation is Operation.UNKNOWN for touch in reading.touches)
        assert reading.complete != unknown
        if reading.reusable:
            assert {touch.verb for touch in reading.touches} <= {"sql.read", "sql.session"}


@pytest.mark.parametrize("row", named([row for row in LOOKED_THROUGH if "schema" in row]))
def test_a_text_is_read_with_all_that_its_database_has_besides(
    row: dict[str, Any], schema_servers: dict[str, WatchedServer]
) -> None:
    tried = 0
    for release, server in schema_servers.items():
        try:
            database = furnished(server, row["schema"])
        except psycopg.errors.FeatureNotSupported:
            # This release does not have the extension.
            continue
        reading = Readers(catalogue_of(server, database)).read(row)
        assert wrong(row, reading) == [], (release, row["why"])
        tried += 1
    if not tried:
        pytest.skip("no server that is there has the extension")


@pytest.mark.parametrize("row", named(PRESENT))
def test_with_a_catalogue_nothing_that_the_text_says_is_lost(
    row: dict[str, Any], readers: Readers
) -> None:
    without = Classifier().classify(row["text"])
    reading = readers.read(row)
    assert things(without) <= things(reading)
    assert reading.has_where <= without.has_where
    if reading.complete and not without.complete:
        # Blocks are read to their end; functions of that schema are there.
        assert "DO " in row["text"] or "evil." in row["text"]


@pytest.mark.parametrize("row", named(PRESENT))
def test_without_a_catalogue_it_reads_as_ever(row: dict[str, Any]) -> None:
    reading = Classifier(PATH, None).classify(row["text"])
    assert all(not touch.through for touch in reading.touches)
    assert reading.complete is row["expect"]["complete"]


@pytest.mark.parametrize("row", named(HARMLESS))
def test_with_a_catalogue_nothing_harmless_is_refused(
    row: dict[str, Any], schema_readers: dict[str, Readers]
) -> None:
    for release, readers in schema_readers.items():
        reading = readers.read(row)
        assert reading.complete, (release, row["why"], reading.problems)
        verbs = {touch.verb for touch in reading.touches}
        assert verbs <= {"sql.read", "sql.session"}, (release, row["why"])


@pytest.mark.parametrize("row", named(load("harmless_tools.jsonl")))
def test_what_tools_ask_on_connecting_only_looks(row: dict[str, Any], readers: Readers) -> None:
    for reading in (readers.read(row), Classifier().classify(row["text"])):
        assert reading.complete, (row["why"], reading.problems)
        for touch in reading.touches:
            schema = touch.resource.name.split(".")[0]
            looks = touch.verb == "sql.read" and schema in ("pg_catalog", "information_schema")
            assert looks or touch.verb == "sql.session", row["why"]


@pytest.mark.parametrize("row", named(load("harmless_behind.jsonl")))
def test_what_looks_worse_than_it_is_touches_no_more(row: dict[str, Any], readers: Readers) -> None:
    touched = {
        touch.resource.name for touch in readers.read(row).touches if touch.resource.kind == "Table"
    }
    assert touched == set(row["tables"]), row["why"]


def test_no_row_stands_twice() -> None:
    rows = [*PRESENT, *LOOKED_THROUGH, *load("open.jsonl"), *HARMLESS]
    ids = [row["id"] for row in rows]
    assert sorted({one for one in ids if ids.count(one) > 1}) == []
    assert len(PRESENT) + len(LOOKED_THROUGH) >= 600
