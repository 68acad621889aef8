"""How a session's statements are read: with what is known of names right now, and moved by it."""

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.knowledge import Knowledge
from assent.protocols.postgres.session_names import SessionNames

_MOST_MISSING = 1_000


class Reading:
    """Reads the texts of one session. search_path: the target's, as the session began with.

    user: whom the target knows it as.
    """

    __slots__ = ("_missing", "_missing_version", "_until", "knowledge", "names")

    def __init__(self, knowledge: Knowledge, search_path: tuple[str, ...], user: str = "") -> None:
        self.knowledge = knowledge
        self.names = SessionNames(search_path, user)
        self._missing: set[str] = set()
        self._missing_version = -1
        # Which changes must have been seen before what the session made is in the catalogue.
        self._until: int | None = None

    @property
    def version(self) -> int:
        """Moves whenever a text may be read differently from before."""
        return self.knowledge.version + self.names.version

    def read(self, text: str) -> Statement:
        """Return what a text does."""
        return self.names.read(self.knowledge.reader, text)

    def ran(self, statement: Statement) -> bool:
        """Take up what a statement that is let through does to names; return whether it does."""
        before = self.names.version
        self.names.ran(statement)
        return self.names.version != before

    def told(self, search_path: str) -> bool:
        """Take up what the target reports of its path; return whether that moves names."""
        before = self.names.version
        self.names.reported(search_path)
        return self.names.version != before

    def committed(self) -> None:
        """What was let through and may have changed names is there for everybody to see."""
        self.knowledge.outdated()
        self._until = self.knowledge.changes

    def settle(self) -> None:
        """Forget what the catalogue says by now; only outside of a transaction."""
        if self._until is not None and self.knowledge.has_seen(self._until):
            self._until = None
            self.names.refreshed()

    def misses(self, statement: Statement) -> bool:
        """Return whether the target should be asked anew for names that are not known.

        Once for each: what is still missing then is missing at the target.
        """
        if self._missing_version != self.knowledge.version or len(self._missing) > _MOST_MISSING:
            self._missing.clear()
            self._missing_version = self.knowledge.version
        missing = statement.unresolved - self._missing
        self._missing |= missing
        return bool(missing)
