"""Reads statements: a text in, all that it touches out."""

import re
from collections import OrderedDict
from typing import Final

from google.protobuf.message import DecodeError
from postgast import PgQueryError, parse
from postgast import pg_query_pb2 as pb

from assent.core.action import Statement
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.statements.findings import Findings, refused
from assent.protocols.postgres.statements.handlers import HANDLERS
from assent.protocols.postgres.statements.names import Names
from assent.protocols.postgres.statements.shape import shape_of
from assent.protocols.postgres.statements.walk import Reader

MAX_TEXT_BYTES: Final = 1 << 20
MAX_REMEMBERED_BYTES: Final = 8192
MAX_STATEMENTS: Final = 1000
# The parser's C code goes as deep as operators are chained, without looking at its stack: a
# text of 80 kB of `1+1+…` kills the process. A short text cannot go that deep; a long one is
# refused when it has more of what chains than a short one could have. A sign behind a comma
# or a parenthesis chains nothing.
SAFE_TEXT_BYTES: Final = 16 << 10
MAX_CHAINED: Final = 8_000
_STRING: Final = re.compile(r"'[^']*'")
_CHAINED: Final = re.compile(
    r"(?<![,(])(?<!, )[-+*/<>=~!@#%^&|`?:]+"
    r"|\b(?:collate|at|like|ilike|similar|is|isnull|notnull|between|in|overlaps|operator"
    r"|join|union|intersect|except)\b",
    re.IGNORECASE,
)


class Classifier:
    """Reads statements and remembers its readings. Pure: the same text, the same reading.

    search_path: schemas in which an unqualified name is looked up, first one first. catalogue:
    what the target holds; without one names are taken as they are written.
    capacity: how many texts, and how many shapes, are remembered.
    """

    def __init__(
        self,
        search_path: tuple[str, ...] = ("public",),
        catalogue: Catalogue | None = None,
        capacity: int = 4096,
    ) -> None:
        self._names = Names(search_path, catalogue)
        self._capacity = capacity
        self._texts: OrderedDict[str, Statement] = OrderedDict()
        self._shapes: OrderedDict[str, Statement] = OrderedDict()

    def classify(self, text: str) -> Statement:
        """Return what a text does, all statements of it. Never raises.

        What cannot be read is one touch `sql.unknown`, with the problem told.
        """
        known = self._texts.get(text)
        if known is not None:
            self._texts.move_to_end(text)
            return known
        shape = shape_of(text)
        statement = self._shapes.get(shape) if shape is not None else None
        if statement is None:
            statement = self._read(text)
            if shape is not None and statement.reusable:
                self._remember(self._shapes, shape, statement)
        elif shape is not None:
            self._shapes.move_to_end(shape)
        if len(text) <= MAX_REMEMBERED_BYTES:
            self._remember(self._texts, text, statement)
        return statement

    def _remember(self, table: "OrderedDict[str, Statement]", key: str, value: Statement) -> None:
        table[key] = value
        if len(table) > self._capacity:
            table.popitem(last=False)

    def _read(self, text: str) -> Statement:
        problem = _cannot_be_read(text)
        if problem:
            return refused(problem)
        try:
            tree = parse(text)
        except PgQueryError as error:
            return refused(f"cannot be parsed: {error.message}")
        except DecodeError:
            return refused("cannot be read: it is nested too deeply")
        if len(tree.stmts) > MAX_STATEMENTS:
            return refused(f"cannot be read: more than {MAX_STATEMENTS} statements in one text")
        return self._understand(tree)

    def _understand(self, tree: pb.ParseResult) -> Statement:
        findings = Findings()
        for raw in tree.stmts:
            Reader(self._names, HANDLERS, findings).visit(raw.stmt)
        # INVARIANT: executes of names that this text prepares do what it has prepared.
        for name in findings.executes & findings.prepares.keys():
            findings.include(findings.prepares[name])
        return findings.statement()


def _cannot_be_read(text: str) -> str:
    """Return why a text is not even parsed, or nothing."""
    # 1. The parser takes a NUL for the end, and would not see what follows it.
    if "\0" in text:
        return "cannot be read: it contains a NUL"
    # 2. Half a surrogate pair is not text.
    try:
        size_bytes = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        return "cannot be read: it is not valid Unicode"
    # 3. Bounds.
    if size_bytes > MAX_TEXT_BYTES:
        return f"cannot be read: it is longer than {MAX_TEXT_BYTES} bytes"
    if size_bytes > SAFE_TEXT_BYTES and _chained(text) > MAX_CHAINED:
        return "cannot be read: it is nested too deeply"
    return ""


def _chained(text: str) -> int:
    """Return how deep a text can go at most; strings count where they may not be strings."""
    if not ("\\" in text or "$" in text or '"' in text or "--" in text or "/*" in text):
        text = _STRING.sub("''", text)
    return sum(1 for _ in _CHAINED.finditer(text))
