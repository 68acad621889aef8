"""The verbs and kinds of resource that a statement can be read as."""

from typing import Final

from assent.core.action import Operation

# From the least to the most dangerous: the last one present names the whole statement.
_VERBS: Final[tuple[tuple[str, Operation], ...]] = (
    ("sql.session", Operation.READ),
    ("sql.read", Operation.READ),
    ("sql.notify", Operation.WRITE),
    ("sql.lock", Operation.WRITE),
    ("sql.maintain", Operation.ADMINISTER),
    ("sql.insert", Operation.WRITE),
    ("sql.update", Operation.WRITE),
    ("sql.create", Operation.ADMINISTER),
    ("sql.configure", Operation.ADMINISTER),
    ("sql.execute", Operation.EXECUTE),
    ("sql.alter", Operation.ADMINISTER),
    ("sql.delete", Operation.WRITE),
    ("sql.truncate", Operation.WRITE),
    ("sql.drop", Operation.ADMINISTER),
    ("sql.grant", Operation.ADMINISTER),
    ("sql.impersonate", Operation.ADMINISTER),
    ("sql.program", Operation.EXECUTE),
    ("sql.unknown", Operation.UNKNOWN),
)

OPERATIONS: Final[dict[str, Operation]] = dict(_VERBS)
DANGER: Final[dict[str, int]] = {verb: place for place, (verb, _) in enumerate(_VERBS)}

VERBS: Final = frozenset(OPERATIONS)
RESOURCES: Final = frozenset(
    {
        "Table",
        "Schema",
        "Database",
        "Role",
        "Function",
        "Setting",
        "Type",
        "Extension",
        "Channel",
        "Program",
        "File",
        "Object",
    }
)
