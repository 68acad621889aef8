"""Names of things, as a policy writes them: `schema.table`, in the case the server sees."""

import re
import sys
from collections.abc import Hashable, Sequence

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import Catalogue, Relation, Routine
from assent.protocols.postgres.statements.builtin import is_catalogue_relation

CATALOGUE = "pg_catalog"
TEMPORARY = "pg_temp"


# One part of a name, in quotes or not.
_PART = r'("(?:[^"]|"")*"|[^".]*)'
_FULL = re.compile(rf"{_PART}\.{_PART}")


class Memory:
    """Readings of what lies behind names, under one catalogue and one path of the session.

    being_read: keys of readings that are under way, outermost first, with their depth. met: the
    outermost of these that was met again since. spent: readings made for the current text.
    """

    __slots__ = ("being_read", "met", "readings", "spent")

    def __init__(self) -> None:
        self.readings: dict[Hashable, Statement] = {}
        self.being_read: dict[Hashable, int] = {}
        self.met = sys.maxsize
        self.spent = 0


class Names:
    """Finds what a name means. search_path: the schemas of unqualified names, first one first.

    catalogue: what the target holds. Without one the first schema is taken for all of them, since
    which one really has the name only the server knows. An empty path means `public`.
    session_path: the path of whoever calls, which functions without one of their own run with.
    """

    def __init__(self, search_path: Sequence[str], catalogue: Catalogue | None = None) -> None:
        self.search_path = tuple(search_path)
        self.session_path = self.search_path
        self.catalogue = catalogue
        self.memory = Memory()
        self.first_schema = _first(search_path, catalogue)

    def under(self, path: Sequence[str], *, session: bool = False) -> "Names":
        """Return the same names looked up in other schemas. session: as if it were set so."""
        names = Names(path, self.catalogue)
        names.memory = self.memory
        if not session:
            names.session_path = self.session_path
        return names

    def find(self, schema: str, name: str) -> Relation | None:
        """Return what the catalogue has under a name, None for pg_catalog's own and the unknown."""
        if self.catalogue is None:
            return None
        path = self.search_path
        if not schema and is_catalogue_relation(name):
            # A path that names pg_catalog has it looked in at that place, otherwise before all.
            path = path[: path.index(CATALOGUE)] if CATALOGUE in path else ()
        return self.catalogue.find(schema, name, path)

    def find_full(self, full: str) -> Relation | None:
        """Return what the catalogue has under a full name."""
        parts = split_full(full)
        return self.catalogue.relations.get(parts) if self.catalogue and parts else None

    def find_routines(self, parts: Sequence[str], arguments: int | None) -> tuple[Routine, ...]:
        """Return what a call of that name may mean; arguments: how many, None for any number."""
        if self.catalogue is None or not parts:
            return ()
        schema = parts[-2] if len(parts) > 1 else ""
        found = self.catalogue.find_routines(schema, parts[-1], self.search_path)
        if arguments is None:
            return found
        return tuple(one for one in found if one.arguments[0] <= arguments <= one.arguments[1])

    def find_casts(self, parts: Sequence[str]) -> tuple[int, ...]:
        """Return oids of what may be called to make a value of the type of that name."""
        if self.catalogue is None or not parts:
            return ()
        schema = parts[-2] if len(parts) > 1 else ""
        return self.catalogue.find_casts(schema, parts[-1], self.search_path)

    def relation(self, schema: str, name: str) -> str:
        """Return the full name of a table, view or sequence; schema: empty when not given.

        The server looks an unqualified name up in pg_catalog before any other schema.
        """
        if not schema:
            found = self.find(schema, name)
            if found is not None:
                schema = found.schema
            else:
                schema = CATALOGUE if is_catalogue_relation(name) else self.first_schema
        return f"{quoted(schema)}.{quoted(name)}"

    def listed_relation(self, parts: Sequence[str]) -> str:
        """Return the full name of a relation from its parts; a database in front is dropped."""
        schema = parts[-2] if len(parts) > 1 else ""
        return self.relation(schema, parts[-1] if parts else "")

    def qualified(self, parts: Sequence[str]) -> str:
        """Return the full name of anything in a schema but relations."""
        schema = parts[-2] if len(parts) > 1 else self.first_schema
        return f"{quoted(schema)}.{quoted(parts[-1] if parts else '')}"


def quoted(part: str) -> str:
    """Return one part of a name; in quotes if it could be confused with several."""
    return '"' + part.replace('"', '""') + '"' if "." in part or '"' in part else part


def _first(path: Sequence[str], catalogue: Catalogue | None) -> str:
    """Return where things are made: the first schema of a path, of those that there are."""
    named = [name for name in path if name]
    there = [name for name in named if catalogue is None or name in catalogue.schemas]
    return next(iter(there or named), "public")


def full_name(thing: Relation | Routine) -> str:
    """Return the full name of what the catalogue has."""
    return f"{quoted(thing.schema)}.{quoted(thing.name)}"


def split_full(full: str) -> tuple[str, str] | None:
    """Return schema and name of a full name, None if it is not one."""
    found = _FULL.fullmatch(full)
    if found is None:
        return None
    schema, name = (unquoted(part) for part in found.groups())
    return schema, name


def unquoted(part: str) -> str:
    """Return one part of a name as the server has it."""
    return part[1:-1].replace('""', '"') if part.startswith('"') else part
