"""Every evasion in corpus.jsonl is read as what it does; its harmless twins pass."""

import json
from pathlib import Path
from typing import Any

import pytest

from assent.core.action import Operation
from assent.protocols.postgres.statements import RESOURCES, VERBS, Classifier

HERE = Path(__file__).parent


def rows(file: str) -> list[Any]:
    lines = (HERE / file).read_text(encoding="utf-8").splitlines()
    return [pytest.param(row, id=row["id"]) for row in map(json.loads, lines)]


@pytest.mark.parametrize("row", rows("corpus.jsonl"))
def test_an_evasion_is_read_as_what_it_does(row: dict[str, Any]) -> None:
    reading = Classifier().classify(row["text"])
    found = {
        "touches": sorted(
            f"{touch.verb} {touch.resource.kind} {touch.resource.name}" for touch in reading.touches
        ),
        "complete": reading.complete,
        "has_where": reading.has_where,
    }
    assert found == row["expect"], row["why"]
    assert {touch.verb for touch in reading.touches} <= VERBS
    assert {touch.resource.kind for touch in reading.touches} <= RESOURCES


@pytest.mark.parametrize("row", rows("corpus.jsonl"))
def test_what_is_not_understood_says_so_everywhere(row: dict[str, Any]) -> None:
    reading = Classifier().classify(row["text"])
    unknown = any(touch.operation is Operation.UNKNOWN for touch in reading.touches)
    assert reading.complete != unknown
    assert bool(reading.problems) == unknown


@pytest.mark.parametrize("row", rows("corpus.jsonl"))
def test_only_reads_are_ever_reused(row: dict[str, Any]) -> None:
    reading = Classifier().classify(row["text"])
    if reading.reusable:
        assert {touch.verb for touch in reading.touches} <= {"sql.read", "sql.session"}


@pytest.mark.parametrize("row", rows("harmless.jsonl"))
def test_a_harmless_statement_only_reads(row: dict[str, Any]) -> None:
    reading = Classifier().classify(row["text"])
    assert reading.complete, (row["why"], reading.problems)
    assert {touch.verb for touch in reading.touches} <= {"sql.read", "sql.session"}, row["why"]
