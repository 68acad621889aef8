"""How a COPY TO STDOUT writes: read from its text by PostgreSQL's own grammar.

Whatever is not surely understood is a reason to refuse it where something must be masked.
"""

from collections.abc import Sequence

from google.protobuf.message import DecodeError
from msgspec import Struct
from postgast import PgQueryError, parse
from postgast import pg_query_pb2 as pb

from assent.protocols.postgres.startup import encoding

_LIKE = {"format", "delimiter", "null", "header", "quote", "escape", "encoding"}
# They say how it is written, and change nothing of how it is read again.
_HARMLESS = frozenset(("force_quote",))
_ON = frozenset(("", "true", "on", "1"))
_OFF = frozenset(("false", "off", "0"))


class CopyOptions(Struct, frozen=True, gc=False):
    """form: `text`, `csv` or `binary`. header: the first line names the columns.

    table: schema, empty where it was not written, and name of the table that is copied; None
    for a query.
    """

    form: str
    delimiter: bytes
    null: bytes
    header: bool
    quote: bytes
    escape: bytes
    table: tuple[str, str] | None


class CopiesOut(Struct, frozen=True):
    """The COPYs of a text that go to the client, among so many statements."""

    nodes: Sequence[pb.CopyStmt]
    statements: int


def copies_out(text: str) -> CopiesOut | None:
    """Return the COPYs to the client that a text has; None where it cannot be parsed."""
    try:
        tree = parse(text)
    except (PgQueryError, DecodeError):
        return None
    nodes = [
        raw.stmt.copy_stmt
        for raw in tree.stmts
        if raw.stmt.HasField("copy_stmt")
        and not (raw.stmt.copy_stmt.is_from or raw.stmt.copy_stmt.filename)
        and not raw.stmt.copy_stmt.is_program
    ]
    return CopiesOut(nodes, len(tree.stmts))


def options_of(node: pb.CopyStmt) -> CopyOptions:
    """Return the options of a COPY. Raises ValueError, with words for people, if not sure."""
    found: dict[str, str] = {}
    for item in node.options:
        name = item.def_elem.defname.lower()
        if name in _HARMLESS:
            continue
        if name not in _LIKE or name in found:
            raise ValueError(f"the option `{name[:80]}` of COPY is not understood")
        found[name] = _word(item.def_elem)
    form = found.get("format", "text").lower()
    if form not in ("text", "csv", "binary"):
        raise ValueError(f"the format `{form[:80]}` of COPY is not understood")
    if encoding(found.get("encoding", "utf8")) is None:
        raise ValueError("COPY in another encoding than UTF-8 is not understood")
    csv = form == "csv"
    quote = _byte(found.get("quote", '"'), "quote")
    relation = node.relation if node.HasField("relation") else None
    return CopyOptions(
        form,
        _byte(found.get("delimiter", "," if csv else "\t"), "delimiter"),
        found.get("null", "" if csv else "\\N").encode(),
        _is_on(found),
        quote,
        _byte(found["escape"], "escape") if "escape" in found else quote,
        None if relation is None else (relation.schemaname, relation.relname),
    )


def _word(option: pb.DefElem) -> str:
    if not option.HasField("arg"):
        return ""
    node = option.arg
    if node.HasField("string"):
        return str(node.string.sval)
    if node.HasField("boolean"):
        return "true" if node.boolean.boolval else "false"
    if node.HasField("integer"):
        return str(node.integer.ival)
    raise ValueError(f"the option `{option.defname[:80]}` of COPY is not understood")


def _is_on(found: dict[str, str]) -> bool:
    word = found.get("header", "false").lower()
    if word in _ON or word in _OFF:
        return word in _ON
    raise ValueError(f"the header `{word[:80]}` of COPY is not understood")


def _byte(text: str, name: str) -> bytes:
    encoded = text.encode()
    if len(encoded) != 1 or encoded in (b"\n", b"\r", b"\0"):
        raise ValueError(f"the {name} of COPY is not one character")
    return encoded
