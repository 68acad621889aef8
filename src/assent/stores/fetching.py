"""How the store is asked: one statement, its rows as nouns, and whose fault it is if not."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import Connection, Select
from sqlalchemy.exc import SQLAlchemyError

from assent.core.faults import OutsideFault
from assent.stores.database import Database
from assent.stores.rows import Row

MOST_ROWS = 10_000
_MANY_ROWS = 512

Noun = TypeVar("Noun")
Stored = TypeVar("Stored")


class Fetching:
    """Asks the database; what it raises is an OutsideFault."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def _one(self, wanted: Select[Any], noun_of: Callable[[Row], Noun]) -> Noun | None:
        found = await self._all(wanted, noun_of)
        return found[0] if found else None

    async def _all(self, wanted: Select[Any], noun_of: Callable[[Row], Noun]) -> list[Noun]:
        return [decoded(noun_of, row) for row in await self._rows(wanted)]

    async def _grouped(
        self, wanted: Select[Any], noun_of: Callable[[Sequence[Row]], Noun]
    ) -> list[Noun]:
        """Return one noun of all rows of one `id`, which stand together."""
        found = await self._rows(wanted)
        if len(found) < _MANY_ROWS:
            return _grouped(found, noun_of)
        # Thousands of bodies are a second's work, which must not hold up the others.
        return await asyncio.to_thread(_grouped, found, noun_of)

    async def _rows(self, wanted: Select[Any]) -> Sequence[Row]:
        return await self._ask(partial(_fetch, wanted))

    async def _ask(self, question: Callable[[Connection], Noun]) -> Noun:
        try:
            return await self._database.read(question)
        except (SQLAlchemyError, OSError) as cause:
            raise OutsideFault("store-unavailable", "the store cannot be read") from cause


def bounded(limit: int, most: int = MOST_ROWS) -> int:
    """Return how many rows to ask for: none for a negative limit, never more than `most`."""
    return max(0, min(limit, most))


def decoded(noun_of: Callable[[Stored], Noun], stored: Stored) -> Noun:
    """Return the noun of what is stored. Raises OutsideFault for what we would not write."""
    try:
        return noun_of(stored)
    except ValueError as cause:
        raise OutsideFault(
            "store-unreadable", "a row of the store is not what this version writes"
        ) from cause


def _grouped(found: Sequence[Row], noun_of: Callable[[Sequence[Row]], Noun]) -> list[Noun]:
    by_id = groupby(found, key=lambda row: row["id"])
    return [decoded(noun_of, list(group)) for _, group in by_id]


def _fetch(wanted: Select[Any], connection: Connection) -> Sequence[Row]:
    return [row._asdict() for row in connection.execute(wanted)]
