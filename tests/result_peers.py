"""A target with results, for tests of what is done to them: descriptions, rows, COPY."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from assent.core.action import Operation, Statement, Touch
from assent.core.enforcement import Enforcement
from assent.core.flows import Flows
from assent.core.plugins import Answer, Authorize, Connected, Permitted
from assent.core.resource import Resource
from assent.protocols.postgres.catalogue.knowledge import Knowledge
from assent.protocols.postgres.catalogue.model import Catalogue
from assent.protocols.postgres.messages import frame
from postgres_peers import Classifier, Gateway, Target

TEXT_OID, INT4_OID, UUID_OID, NUMERIC_OID = 25, 23, 2950, 1700


@dataclass(frozen=True)
class Column:
    """One column of a result. table, number: where it comes from, zero for computed."""

    name: str
    table: int = 0
    number: int = 0
    type: int = TEXT_OID
    format: int = 0


def described(*columns: Column) -> bytes:
    """Return a RowDescription."""
    body = struct.pack("!H", len(columns))
    for column in columns:
        body += column.name.encode() + b"\0"
        body += struct.pack(
            "!IHIhih", column.table, column.number, column.type, -1, -1, column.format
        )
    return frame(b"T", body)


def data_row(*values: bytes | None) -> bytes:
    """Return a DataRow."""
    body = struct.pack("!H", len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return frame(b"D", body)


def values_in(body: bytes) -> list[bytes | None]:
    """Return the values of the body of a DataRow."""
    (count,) = struct.unpack_from("!H", body)
    at, values = 2, []
    for _ in range(count):
        (size,) = struct.unpack_from("!i", body, at)
        at += 4
        values.append(None if size < 0 else body[at : at + size])
        at += max(size, 0)
    assert at == len(body), "a row is longer than its fields"
    return values


def copy_out(columns: int, *payloads: bytes, binary: bool = False) -> bytes:
    """Return a COPY to the client up to its CopyDone."""
    head = struct.pack("!bH", binary, columns) + struct.pack("!H", binary) * columns
    data = b"".join(frame(b"d", payload) for payload in payloads)
    return frame(b"H", head) + data + frame(b"c")


@dataclass
class Table:
    """What a statement answers."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[bytes | None]]


@dataclass
class ResultTarget(Target):
    """Answers texts with tables, raw messages or errors; `Execute`s of n rows suspend."""

    tables: dict[str, Table] = field(default_factory=dict)
    raw: dict[str, bytes] = field(default_factory=dict)
    left: dict[bytes, int] = field(default_factory=dict)

    def _message(self, kind: str, body: bytes) -> bytes:
        if self.skipping or self.copying:
            return super()._message(kind, body)
        if kind == "D":
            name = body[1:-1]
            text = (self.portals if body[:1] == b"P" else self.statements).get(name)
            if text is None:
                return self._error("34000", "portal does not exist")
            found = self.tables.get(text)
            head = frame(b"t", b"\0\0") if body[:1] == b"S" else b""
            return head + (described(*found.columns) if found else frame(b"n"))
        if kind == "B":
            self.left.pop(body.split(b"\0")[0], None)
        if kind == "E":
            name, most = body.split(b"\0")[0], struct.unpack("!I", body[-4:])[0]
            found = self.tables.get(self.portals.get(name, ""))
            if found is not None and self.status != b"E":
                return self._execute(name, found, most)
        return super()._message(kind, body)

    def _execute(self, portal: bytes, table: Table, most: int) -> bytes:
        self.ran.append(self.portals[portal])
        begin = self.left.get(portal, 0)
        rows = table.rows[begin:] if not most else table.rows[begin : begin + most]
        self.left[portal] = begin + len(rows)
        ended = frame(b"s") if most and len(rows) == most else frame(b"C", b"SELECT 1\0")
        return b"".join(data_row(*row) for row in rows) + ended

    def _run(self, text: str, *, simple: bool) -> bytes:
        if self.status == b"E" or not (text in self.tables or text in self.raw):
            return super()._run(text, simple=simple)
        self.ran.append(text)
        if text in self.raw:
            return self.raw[text]
        table = self.tables[text]
        rows = b"".join(data_row(*row) for row in table.rows)
        head = described(*table.columns) if simple else b""
        return head + rows + frame(b"C", f"SELECT {len(table.rows)}\0".encode())


class Readings(Classifier):
    """Knows some texts by heart."""

    def __init__(self, known: Mapping[str, Statement]) -> None:
        self._known = known

    def classify(self, text: str) -> Statement:
        """Return the reading of a text."""
        return self._known.get(text) or super().classify(text)


def reads(*outputs: str, read: str = "", complete: bool = True, known: bool = True) -> Statement:
    """Return the reading of a query. outputs: columns of each, in words; read: further ones."""
    shown = tuple(frozenset(output.split()) for output in outputs)
    all_read = frozenset(read.split()).union(*shown)
    touches = tuple(
        Touch(
            "sql.read",
            Operation.READ,
            Resource("Table", name.rpartition(".")[0]),
            frozenset((name.rpartition(".")[2],)),
        )
        for name in sorted(all_read)
    )
    flows = Flows(shown, all_read) if known else None
    return Statement("sql.read", touches, complete, reusable=complete, flows=flows)


class ResultGateway(Gateway):
    """A gateway whose permits have an enforcement, with a catalogue and readings by heart."""

    def __init__(
        self,
        enforcement: Enforcement | None,
        target: ResultTarget,
        readings: Mapping[str, Statement] | None = None,
        catalogue: Catalogue | None = None,
        *,
        reused: bool = False,
        **options: Any,
    ) -> None:
        self.enforcement = enforcement
        self.reused = reused
        self.knowledge = Knowledge(lambda path, _: Readings(readings or {}), required=False)
        if catalogue is not None:
            self.knowledge.replace(catalogue)
        super().__init__(self._permit, target=target, **options)

    def _permit(self, question: Authorize) -> Answer:
        until = self.now + timedelta(minutes=1) if self.reused else None
        return Permitted("ent_1", reuse_until=until, enforcement=self.enforcement)

    def connected(self) -> Connected:
        """Return the answer to Connect."""
        return replace(super().connected(), knowledge=self.knowledge)

    def rows(self) -> list[list[bytes | None]]:
        """Return the rows that the client got since the last time."""
        return [values_in(body) for tag, body in self.take() if tag == "D"]
