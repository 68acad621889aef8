"""Names of things, as a policy writes them: `schema.table`, in the case the server sees."""

from collections.abc import Sequence

from assent.protocols.postgres.catalogue.model import Catalogue, Relation
from assent.protocols.postgres.statements.builtin import is_catalogue_relation

CATALOGUE = "pg_catalog"
TEMPORARY = "pg_temp"


class Names:
    """Finds what a name means. search_path: the schemas of unqualified names, first one first.

    catalogue: what the target holds. Without one the first schema is taken for all of them, since
    which one really has the name only the server knows. An empty path means `public`.
    """

    def __init__(self, search_path: Sequence[str], catalogue: Catalogue | None = None) -> None:
        self.search_path = tuple(search_path)
        self.catalogue = catalogue
        self.first_schema = next((name for name in search_path if name), "public")

    def find(self, schema: str, name: str) -> Relation | None:
        """Return what the catalogue has under a name, None for pg_catalog's own and the unknown."""
        if self.catalogue is None or (not schema and is_catalogue_relation(name)):
            return None
        return self.catalogue.find(schema, name, self.search_path)

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
