"""Names and texts as PostgreSQL's own commands take them: CREATE ROLE and GRANT have no parameters.

Source: PostgreSQL, "Lexical Structure". What could mean something else than itself is refused,
never mended.
"""

import re

from assent.core.faults import OperatorFault

_LONGEST_NAME_BYTES = 63
_PART = r'"(?:[^"]|"")+"|[^."]+'
_TABLE = re.compile(rf"({_PART})\.({_PART})")


def identifier(name: str) -> str:
    """Return a name as a quoted identifier.

    Raises OperatorFault for one that no object can have: the server cuts longer names, and what
    is left may be another object's.
    """
    if not 0 < len(_checked(name).encode()) <= _LONGEST_NAME_BYTES:
        raise _impossible(name, f"must have 1 to {_LONGEST_NAME_BYTES} bytes")
    return '"' + name.replace('"', '""') + '"'


def qualified(*parts: str) -> str:
    """Return a name of several parts."""
    return ".".join(map(identifier, parts))


def literal(text: str) -> str:
    """Return a text as a string literal, whatever `standard_conforming_strings` says."""
    escaped = _checked(text).replace("'", "''")
    if "\\" in escaped:
        return "E'" + escaped.replace("\\", "\\\\") + "'"
    return f"'{escaped}'"


def table_parts(name: str) -> tuple[str, str] | None:
    """Return schema and table of a full name as policies write it, None if it is not one."""
    found = _TABLE.fullmatch(name)
    return (_bare(found[1]), _bare(found[2])) if found else None


def _bare(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part


def _checked(text: str) -> str:
    if "\0" in text:
        raise _impossible(text, "must not hold a zero byte")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _impossible(ascii(text), "must be Unicode text") from None
    return text


def _impossible(text: str, words: str) -> OperatorFault:
    return OperatorFault("name-impossible", f"`{text[:80]}` {words}")
