"""How a session's statements are read: with what is known of the target's names right now."""

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.knowledge import Knowledge


class Reading:
    """Reads the texts of one session. search_path: the target's, as the session began with."""

    def __init__(self, knowledge: Knowledge, search_path: tuple[str, ...]) -> None:
        self.knowledge = knowledge
        self._search_path = search_path

    @property
    def version(self) -> int:
        """Moves whenever a text may be read differently from before."""
        return self.knowledge.version

    def read(self, text: str) -> Statement:
        """Return what a text does."""
        return self.knowledge.reader(self._search_path).classify(text)
