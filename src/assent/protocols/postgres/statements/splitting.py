"""A file of statements taken apart as psql sends them: one text each. Pure."""

from assent.protocols.postgres.statements.texts import tree_of

_WHITESPACE = " \t\n\r\f\v"
# Plain bytes of UTF-8: where a statement begins and ends is told in them.
_ENCODING = "utf-8"


def split(text: str) -> tuple[str, ...]:
    """Return the statements in a text, each without its `;` and what is blank around it.

    Comments before a statement are left out. Raises ValueError where the text cannot be read:
    psql's own commands are no SQL.
    """
    tree = tree_of(text)
    if isinstance(tree, str):
        raise ValueError(tree)
    encoded = text.encode(_ENCODING)
    found = []
    for statement in tree.stmts:
        begin = statement.stmt_location
        end = begin + statement.stmt_len if statement.stmt_len else len(encoded)
        found.append(encoded[begin:end].decode(_ENCODING).strip(_WHITESPACE))
    return tuple(found)
