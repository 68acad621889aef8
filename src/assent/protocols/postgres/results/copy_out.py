"""What COPY sends, read as a stream of records and written again with its values masked.

Source: PostgreSQL documentation, COPY, "File Formats". A record may be cut anywhere.
"""

import re
import struct
from collections.abc import Callable, Sequence
from typing import Protocol

from assent.core.faults import PeerFault
from assent.protocols.postgres.messages import violation
from assent.protocols.postgres.results.copy_options import CopyOptions

# Takes the values of a record, None for NULL, and returns those that are shown.
Shown = Callable[[list[bytes | None]], Sequence[bytes | None]]

_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)


class Records(Protocol):
    """One format. `feed` returns what passes, whole records only; `end` raises where one is cut."""

    def feed(self, data: bytes) -> bytes: ...

    def end(self) -> None: ...


def records(options: CopyOptions, count: int, shown: Shown, most_bytes: int) -> Records:
    """Return what rewrites a COPY of so many columns. most_bytes: of one record."""
    if options.form == "binary":
        return BinaryRecords(count, shown, most_bytes)
    if options.form == "csv":
        return CsvRecords(options, count, shown, most_bytes)
    return TextRecords(options, count, shown, most_bytes)


class _Kept:
    """What is left of a record that is not whole; in pieces, so that a long one is joined once."""

    def __init__(self, most_bytes: int) -> None:
        self._pieces: list[bytes] = []
        self._most = most_bytes
        self.size = 0

    def with_more(self, data: bytes) -> bytes:
        if not self._pieces:
            return data
        whole = b"".join((*self._pieces, data))
        self._pieces.clear()
        self.size = 0
        return whole

    def keep(self, rest: bytes) -> None:
        if rest:
            self._pieces.append(rest)
            self.size += len(rest)
            if self.size > self._most:
                raise PeerFault(
                    "too-large", f"a row is over {self._most} bytes, more than can be masked"
                )

    def end(self) -> None:
        if self.size:
            raise violation("the target ended a COPY inside of a row")


class TextRecords:
    """The format `text`: lines, fields between delimiters, backslashes before what means more."""

    def __init__(self, options: CopyOptions, count: int, shown: Shown, most_bytes: int) -> None:
        self._delimiter = options.delimiter
        self._null = options.null
        self._header = options.header
        self._count = count
        self._shown = shown
        self._kept = _Kept(most_bytes)
        special = re.escape(options.delimiter)
        self._special = re.compile(rb"[\\\b\f\n\r\t\v]|" + special)

    def feed(self, data: bytes) -> bytes:
        """Take some of it."""
        if b"\n" not in data:
            self._kept.keep(data)
            return b""
        *lines, rest = self._kept.with_more(data).split(b"\n")
        self._kept.keep(rest)
        passed = []
        for line in lines:
            if self._header:
                self._header = False
                passed.append(line)
            else:
                passed.append(self._line(line))
        return b"\n".join((*passed, b""))

    def end(self) -> None:
        """Check that nothing is left."""
        self._kept.end()

    def _line(self, line: bytes) -> bytes:
        fields = self._fields(line)
        values = [None if field == self._null else _unescaped(field) for field in fields]
        shown = self._shown(list(values))
        return self._delimiter.join(
            field if new == value else self._null if new is None else self._escaped(new)
            for field, value, new in zip(fields, values, shown, strict=True)
        )

    def _fields(self, line: bytes) -> list[bytes]:
        fields = line.split(self._delimiter) if self._count else []
        if b"\\" + self._delimiter in line:
            # The delimiter itself was escaped; a backslash before it may be escaped as well.
            joined: list[bytes] = []
            for field in fields:
                if joined and _ends_escaping(joined[-1]):
                    joined[-1] += self._delimiter + field
                else:
                    joined.append(field)
            fields = joined
        if len(fields) != self._count:
            raise violation("a row of a COPY has other columns than it was said to have")
        return fields

    def _escaped(self, value: bytes) -> bytes:
        return self._special.sub(lambda found: b"\\" + _LETTERS.get(found[0], found[0]), value)


class CsvRecords:
    """The format `csv`: a field is quoted as a whole or not at all, and may hold newlines then."""

    def __init__(self, options: CopyOptions, count: int, shown: Shown, most_bytes: int) -> None:
        quote, escape = re.escape(options.quote), re.escape(options.escape)
        delimiter = re.escape(options.delimiter)
        if quote == escape:
            inner = rb"[^%b]*+(?:%b%b[^%b]*+)*+" % (quote, quote, quote, quote)
        else:
            inner = rb"[^%b%b]*+(?:%b[\s\S][^%b%b]*+)*+" % (quote, escape, escape, quote, escape)
        # What it ends with must have been seen, or a doubled quote could be cut in two.
        self._field = re.compile(
            rb"(?:%b(%b)%b|([^%b%b\n]*+))(%b|\n)"
            % (quote, inner, quote, quote, delimiter, delimiter)
        )
        self._unescape = re.compile(escape + rb"([\s\S])")
        self._special = re.compile(rb"[%b%b]" % (quote, escape))
        self._options = options
        self._header = options.header
        self._count = count
        self._shown = shown
        self._kept = _Kept(most_bytes)

    def feed(self, data: bytes) -> bytes:
        """Take some of it."""
        if b"\n" not in data:
            self._kept.keep(data)
            return b""
        data = self._kept.with_more(data)
        passed = []
        at = 0
        while at < len(data):
            record = self._record(data, at)
            if record is None:
                break
            fields, end = record
            passed.append(data[at:end] if self._header else self._line(fields))
            self._header = False
            at = end
        self._kept.keep(data[at:])
        return b"".join(passed)

    def end(self) -> None:
        """Check that nothing is left."""
        self._kept.end()

    def _record(self, data: bytes, at: int) -> tuple[list[tuple[bytes, bytes | None]], int] | None:
        """Return the fields at `at`, as written and as meant, and where the record ends."""
        fields: list[tuple[bytes, bytes | None]] = []
        while True:
            found = self._field.match(data, at)
            if found is None:
                return None
            quoted, plain, ending = found.groups()
            written = data[at : found.end() - 1]
            if quoted is not None:
                fields.append((written, self._unescape.sub(rb"\1", quoted)))
            else:
                fields.append((written, None if plain == self._options.null else plain))
            at = found.end()
            if ending == b"\n":
                break
        if len(fields) != self._count and not self._header:
            raise violation("a row of a COPY has other columns than it was said to have")
        return fields, at

    def _line(self, fields: list[tuple[bytes, bytes | None]]) -> bytes:
        shown = self._shown([value for _, value in fields])
        pieces = []
        for (written, value), new in zip(fields, shown, strict=True):
            if new == value:
                pieces.append(written)
            else:
                pieces.append(self._options.null if new is None else self._quoted(new))
        return self._options.delimiter.join(pieces) + b"\n"

    def _quoted(self, value: bytes) -> bytes:
        quote, escape = self._options.quote, self._options.escape
        return quote + self._special.sub(lambda found: escape + found[0], value) + quote


class BinaryRecords:
    """The format `binary`: a header, rows with the lengths of their fields, and an end."""

    def __init__(self, count: int, shown: Shown, most_bytes: int) -> None:
        self._count = count
        self._shown = shown
        self._kept = _Kept(most_bytes)
        self._begun = self._over = False

    def feed(self, data: bytes) -> bytes:
        """Take some of it."""
        data = self._kept.with_more(data)
        at, passed = 0, []
        if not self._begun:
            begin = self._first_row(data)
            if begin is None:
                self._kept.keep(data)
                return b""
            self._begun = True
            passed.append(data[:begin])
            at = begin
        while (found := self._row(data, at)) is not None:
            record, at = found
            passed.append(record)
        self._kept.keep(data[at:])
        return b"".join(passed)

    def end(self) -> None:
        """Check that nothing is left."""
        self._kept.end()

    def _first_row(self, data: bytes) -> int | None:
        if not _SIGNATURE.startswith(data[: len(_SIGNATURE)]):
            raise violation("a binary COPY of the target does not begin as one")
        if len(data) < 19:
            return None
        flags, extension = struct.unpack_from("!II", data, 11)
        if flags:
            raise violation("a binary COPY of the target has flags that are not known")
        begin = 19 + int(extension)
        return begin if len(data) >= begin else None

    def _row(self, data: bytes, at: int) -> tuple[bytes, int] | None:
        if self._over and at < len(data):
            raise violation("the target sent more after the end of a COPY")
        if at + 2 > len(data):
            return None
        (count,) = struct.unpack_from("!h", data, at)
        if count == -1:
            self._over = True
            return data[at : at + 2], at + 2
        if count != self._count:
            raise violation("a row of a COPY has other columns than it was said to have")
        at += 2
        values: list[bytes | None] = []
        for _ in range(count):
            if at + 4 > len(data):
                return None
            (size,) = struct.unpack_from("!i", data, at)
            at += 4
            if at + size > len(data):
                return None
            values.append(None if size < 0 else data[at : at + size])
            at += max(size, 0)
        shown = self._shown(values)
        pieces = [struct.pack("!h", count)]
        for value in shown:
            pieces.append(struct.pack("!i", -1 if value is None else len(value)))
            pieces.append(value or b"")
        return b"".join(pieces), at


_LETTERS = {byte: letter for letter, byte in _ESCAPES.items()}


def _unescaped(field: bytes) -> bytes:
    if b"\\" not in field:
        return field
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), field)


def _ends_escaping(field: bytes) -> bool:
    """Return whether a backslash at its end escapes what follows."""
    return (len(field) - len(field.rstrip(b"\\"))) % 2 == 1
