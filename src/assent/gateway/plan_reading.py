"""Reads the files of maintenance plans: statement by statement, as sessions would be read."""

from functools import lru_cache

from assent.control.plan_actions import PlannedStatement
from assent.core.faults import ConflictFault
from assent.core.resource import Target
from assent.gateway.catalogues import Catalogues
from assent.protocols.postgres.catalogue.knowledge import Knowledge
from assent.protocols.postgres.reading import Reading
from assent.protocols.postgres.statements import Classifier
from assent.protocols.postgres.statements.splitting import split


class PlanReading:
    """Takes a text apart and says what each statement of it does, in the order in which they run.

    What an earlier one changes of names, a later one is read with.
    """

    def __init__(self, catalogues: Catalogues) -> None:
        self._catalogues = catalogues
        self._reader_for = lru_cache(maxsize=64)(Classifier)

    async def read(self, target: Target, database: str, text: str) -> tuple[PlannedStatement, ...]:
        """Return the statements. Raises ConflictFault for what is no SQL, OutsideFault."""
        try:
            texts = split(text)
        except ValueError as fault:
            words = f"the file {str(fault)[:300]}; a plan holds nothing but SQL"
            raise ConflictFault("plan-unreadable", words) from None
        reading = Reading(await self._knowledge(target, database), target.search_path)
        found = []
        for one in texts:
            statement = reading.read(one)
            reading.ran(statement)
            found.append(PlannedStatement(one, statement))
        return tuple(found)

    async def _knowledge(self, target: Target, database: str) -> Knowledge:
        if target.without_catalogue:
            return Knowledge(lambda path, _: self._reader_for(path), required=False)
        return await self._catalogues.ensure(target, database)
