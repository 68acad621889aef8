"""How verbs and resources are named in a signal's reason."""

from collections.abc import Sequence

_LONGEST_NAME = 80


def verb_words(verb: str) -> str:
    """Return a verb as people write it: `sql.delete` as `DELETE`, others as they are."""
    family, dot, name = verb.partition(".")
    return name.upper() if dot and family == "sql" else verb


def name_words(name: str) -> str:
    """Return a resource's name, cut when it is too long to be read in a notice."""
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def list_words(names: Sequence[str], joint: str = "and") -> str:
    """Return `a`, `a and b` or `a, b and 3 more`. names: at least one, most important first."""
    if len(names) == 1:
        return name_words(names[0])
    if len(names) == 2:
        return f"{name_words(names[0])} {joint} {name_words(names[1])}"
    return f"{name_words(names[0])}, {name_words(names[1])} {joint} {len(names) - 2} more"
