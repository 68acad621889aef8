"""Files of plans are read statement by statement, as sessions would read them."""

from dataclasses import replace
from typing import Any, cast

import pytest

from assent.core.faults import ConflictFault
from assent.gateway.catalogues import Catalogues
from assent.gateway.plan_reading import PlanReading
from assent.protocols.postgres.catalogue.knowledge import Knowledge
from assent.protocols.postgres.statements import Classifier
from builders import SHOP

BARE = replace(SHOP, without_catalogue=True, search_path=("sales", "public"))


class _Catalogues:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def ensure(self, target: Any, database: str) -> Knowledge:
        self.asked.append((target.name, database))
        return Knowledge(lambda path, _: Classifier(path), required=False)


def reading() -> tuple[PlanReading, _Catalogues]:
    catalogues = _Catalogues()
    return PlanReading(cast(Catalogues, catalogues)), catalogues


async def test_each_statement_is_a_text_with_what_it_does() -> None:
    plans, catalogues = reading()
    read = await plans.read(SHOP, "archive", "delete from orders; select 1 -- two\n;")
    assert [one.text for one in read] == ["delete from orders", "select 1 -- two"]
    assert [one.statement.kind for one in read] == ["sql.delete", "sql.session"]
    assert not read[0].statement.has_where
    assert catalogues.asked == [("shop", "archive")]


async def test_where_no_catalogue_is_read_names_are_those_of_the_path() -> None:
    plans, catalogues = reading()
    (one,) = await plans.read(BARE, "shop", "delete from orders")
    assert one.statement.touches[0].resource.name == "sales.orders"
    assert catalogues.asked == []


async def test_what_an_earlier_statement_does_to_names_counts_for_a_later_one() -> None:
    plans, _ = reading()
    read = await plans.read(BARE, "shop", "set search_path to hr; delete from people")
    assert {"hr.people"} <= {touch.resource.name for touch in read[1].statement.touches}


@pytest.mark.parametrize("text", ["\\i other.sql", "delete frm orders", "select 1;\n\\copy x"])
async def test_what_is_no_sql_is_refused(text: str) -> None:
    plans, _ = reading()
    with pytest.raises(ConflictFault, match="a plan holds nothing but SQL"):
        await plans.read(BARE, "shop", text)
